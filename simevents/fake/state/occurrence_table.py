"""What has happened to instances and is no change of a system event, and what is about to happen.

CloudMonitor's reads answer from the first. The second is the end of each transition of an
instance that takes time.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from .clock import Epoch
from .occurrences import Interruption, StateChange

_STATE, _INTERRUPTION = "state", "interruption"


class Occurrences:
    """The changes of states, and the interruptions."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, occurrences: Sequence[StateChange | Interruption]) -> int:
        """Write *occurrences* with consecutive numbers; the first of them is returned."""
        (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM occurrences").fetchone()
        self._db.executemany(
            "INSERT INTO occurrences VALUES (?, ?, ?, ?, ?, ?)",
            [
                (number, each.at, each.region, each.instance_id, *_kind_and_detail(each))
                for number, each in enumerate(occurrences, last + 1)
            ],
        )
        return int(last) + 1

    def between(self, start: Epoch, end: Epoch) -> list[StateChange | Interruption]:
        """Those from *start* to *end*, newest first."""
        rows = self._db.execute(
            "SELECT instance_id, region, detail, at, number, kind FROM occurrences"
            " WHERE at BETWEEN ? AND ? ORDER BY at DESC, number DESC",
            (start, end),
        )
        return [_occurrence(*row) for row in rows]


def _kind_and_detail(occurrence: StateChange | Interruption) -> tuple[str, str]:
    if isinstance(occurrence, StateChange):
        return _STATE, occurrence.state
    return _INTERRUPTION, occurrence.action


def _occurrence(
    instance_id: str, region: str, detail: str, at: Epoch, number: int, kind: str
) -> StateChange | Interruption:
    if kind == _STATE:
        return StateChange(instance_id, region, detail, at, number)
    return Interruption(instance_id, region, at, detail, number)


@dataclass(frozen=True, slots=True)
class Transition:
    """The state that an instance will have from *at* on."""

    instance_id: str
    region: str
    state: str
    at: Epoch


class Transitions:
    """The transitions of instances that have not ended; an instance has one at most."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, transition: Transition) -> None:
        """Write *transition* in place of the one that the instance has."""
        self._db.execute(
            "INSERT OR REPLACE INTO transitions VALUES (?, ?, ?, ?)",
            (transition.instance_id, transition.region, transition.state, transition.at),
        )

    def drop(self, instance_id: str) -> None:
        self._db.execute("DELETE FROM transitions WHERE instance_id = ?", (instance_id,))

    def next_due(self) -> Epoch | None:
        """When the next transition ends; None if there is none."""
        first: Epoch | None = self._db.execute("SELECT min(at) FROM transitions").fetchone()[0]
        return first

    def take(self, at: Epoch) -> list[Transition]:
        """Remove and return those that end at *at*."""
        rows = self._db.execute(
            "SELECT instance_id, region, state, at FROM transitions WHERE at = ?"
            " ORDER BY instance_id",
            (at,),
        ).fetchall()
        self._db.execute("DELETE FROM transitions WHERE at = ?", (at,))
        return [Transition(*row) for row in rows]
