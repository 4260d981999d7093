"""What the cloud remembers of system events: rows in, rows out.

The life cycle is applied here, so that every reader sees the same past. Which events
a caller may see, and what a row looks like in an answer, is for the actions.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...models import OPEN_STATUSES, EventCycleStatus
from . import lifecycle
from .clock import Epoch


@dataclass(frozen=True, slots=True)
class EventRow:
    event_id: str
    region: str
    instance_id: str
    event_type: str
    status: EventCycleStatus
    published_at: Epoch
    not_before: Epoch
    finished_at: Epoch | None
    simulated: bool
    reason: str
    visible_at: Epoch = 0.0
    """Before this the API does not show it: a read that lags behind the write."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What only real events have: ReasonCode, ImpactLevel, ExtendedAttribute."""
    number: int = 0
    """Counts up with each event; given by the store."""


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time; an end of None is open."""

    start: Epoch | None = None
    end: Epoch | None = None
    with_ends: bool = True


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: those that meet all that is given; what is empty or None asks nothing."""

    region: str | None = None
    event_ids: Collection[str] = ()
    instance_ids: Collection[str] = ()
    statuses: Collection[str] = ()
    event_types: Collection[str] = ()
    not_before: Range = Range()
    published: Range = Range()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Of the instance; an empty value matches any."""
    visible_at: Epoch | None = None
    unfinished_or_since: Epoch | None = None


_EVENT_COLUMNS = (
    "event_id, region, instance_id, event_type, status, published_at, not_before, finished_at,"
    " simulated, reason, visible_at, details, rowid"
)


class Events:
    """The events in a database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, events: Sequence[EventRow], executing_seconds: float) -> None:
        """Remember new events; a maintenance event lasts *executing_seconds*."""
        self._db.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    event.event_id,
                    event.region,
                    event.instance_id,
                    event.event_type,
                    event.status,
                    event.published_at,
                    event.not_before,
                    event.finished_at,
                    lifecycle.due_at(
                        event.event_type, event.status, event.not_before, executing_seconds
                    ),
                    int(event.simulated),
                    event.reason,
                    event.visible_at,
                    json.dumps(dict(event.details)),
                )
                for event in events
            ],
        )
        self._remember(
            [
                (event.event_id, event.finished_at or event.published_at, event.status)
                for event in events
            ]
        )

    def move(
        self,
        event_ids: Iterable[str],
        status: EventCycleStatus,
        at: Epoch,
        executing_seconds: float = 0.0,
    ) -> None:
        """Record that events became *status*; in a final one they have finished."""
        finished_at = at if status in lifecycle.FINAL else None
        moved = list(event_ids)
        self._db.executemany(
            "UPDATE events SET status = ?, finished_at = ?, due_at = NULL WHERE event_id = ?",
            [(status, finished_at, event_id) for event_id in moved],
        )
        self._remember([(event_id, at, status) for event_id in moved])
        if status in lifecycle.FINAL:
            return
        for event in self.find(EventFilter(event_ids=moved)):
            self._set_due(
                event.event_id, event.event_type, status, event.not_before, executing_seconds
            )

    def settle(self, now: Epoch, executing_seconds: float) -> None:
        """Let every transition that is due by *now* happen, one after the other."""
        due = (
            "SELECT event_id, event_type, status, not_before, due_at FROM events"
            " WHERE due_at <= ? ORDER BY due_at"
        )
        while rows := self._db.execute(due, (now,)).fetchall():
            for event_id, event_type, status, not_before, due_at in rows:
                target = lifecycle.following(event_type, EventCycleStatus(status))
                finished_at = due_at if target in lifecycle.FINAL else None
                self._db.execute(
                    "UPDATE events SET status = ?, finished_at = ? WHERE event_id = ?",
                    (target, finished_at, event_id),
                )
                self._remember([(event_id, due_at, target)])
                self._set_due(event_id, event_type, target, not_before, executing_seconds)

    def _set_due(
        self,
        event_id: str,
        event_type: str,
        status: EventCycleStatus,
        not_before: Epoch,
        executing_seconds: float,
    ) -> None:
        due_at = lifecycle.due_at(event_type, status, not_before, executing_seconds)
        self._db.execute("UPDATE events SET due_at = ? WHERE event_id = ?", (due_at, event_id))

    def find(
        self,
        wanted: EventFilter = EventFilter(),
        *,
        newest_first: bool = True,
        after: tuple[Epoch, int] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> list[EventRow]:
        """Events by publish time. *after* is that and the number of the last one seen."""
        where, values = _conditions(wanted)
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        if after is not None:
            where += f" AND (published_at, rowid) {beyond} (?, ?)"
            values += after
        rows = self._db.execute(
            f"SELECT {_EVENT_COLUMNS} FROM events WHERE {where}"
            f" ORDER BY published_at {order}, rowid {order} LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [_event(row) for row in rows]

    def count(self, wanted: EventFilter) -> int:
        where, values = _conditions(wanted)
        found = self._db.execute(f"SELECT count(*) FROM events WHERE {where}", values)
        return int(found.fetchone()[0])

    def history(self, event_id: str) -> list[tuple[Epoch, str]]:
        """What became of an event and when, oldest first."""
        rows = self._db.execute(
            "SELECT at, status FROM event_history WHERE event_id = ? ORDER BY rowid",
            (event_id,),
        )
        return rows.fetchall()

    def count_open(self, region: str | None = None, *, simulated: bool = False) -> int:
        """Those in a status that can be cancelled; only the simulated ones when asked."""
        open_statuses = sorted(OPEN_STATUSES)
        found = self._db.execute(
            "SELECT count(*) FROM events WHERE status IN (?1, ?2)"
            " AND (?3 IS NULL OR region = ?3) AND simulated >= ?4",
            (*open_statuses, region, int(simulated)),
        )
        return int(found.fetchone()[0])

    def _remember(self, moves: Sequence[tuple[str, Epoch, EventCycleStatus]]) -> None:
        self._db.executemany("INSERT INTO event_history VALUES (?, ?, ?)", moves)


def _conditions(wanted: EventFilter) -> tuple[str, list[Any]]:
    """The filter as SQL; never empty, so that more can be added with AND."""
    # The plus keeps SQLite from going through a whole region where ids name a few rows.
    by_id = "+" if wanted.event_ids or wanted.instance_ids else ""
    parts: list[tuple[str, list[Any]]] = [
        (f"{by_id}region = ?", [wanted.region]) if wanted.region is not None else ("", []),
        _one_of("event_id", wanted.event_ids),
        _one_of("instance_id", wanted.instance_ids),
        _one_of("status", wanted.statuses),
        _one_of("event_type", wanted.event_types),
        *_within("not_before", wanted.not_before),
        # Shown in whole seconds, so that is what a range is compared with.
        *_within("CAST(published_at AS INTEGER)", wanted.published),
        *(_tagged(key, value) for key, value in wanted.tags.items()),
        ("visible_at <= ?", [wanted.visible_at]) if wanted.visible_at is not None else ("", []),
    ]
    if wanted.unfinished_or_since is not None:
        since = wanted.unfinished_or_since
        parts.append(("(finished_at IS NULL OR finished_at >= ?)", [since]))
    clauses = [clause for clause, _ in parts if clause]
    return " AND ".join(clauses) or "1", [value for _, values in parts for value in values]


def _one_of(column: str, values: Collection[str]) -> tuple[str, list[str]]:
    if not values:
        return "", []
    return f"{column} IN ({', '.join('?' * len(values))})", list(values)


def _within(column: str, range: Range) -> list[tuple[str, list[Any]]]:
    equal = "=" if range.with_ends else ""
    ends = ((f"{column} >{equal} ?", range.start), (f"{column} <{equal} ?", range.end))
    return [(clause, [end]) for clause, end in ends if end is not None]


def _tagged(key: str, value: str) -> tuple[str, list[str]]:
    clause = (
        "EXISTS (SELECT 1 FROM tags WHERE tags.kind = 'instance' AND tags.id = instance_id"
        " AND tags.key = ? AND ? IN ('', tags.value))"
    )
    return clause, [key, value]


def _event(row: tuple[Any, ...]) -> EventRow:
    *head, published_at, not_before, finished_at, simulated, reason, visible_at, details, number = (
        row
    )
    event_id, region, instance_id, event_type, status = head
    return EventRow(
        event_id,
        region,
        instance_id,
        event_type,
        EventCycleStatus(status),
        published_at,
        not_before,
        finished_at,
        bool(simulated),
        reason,
        visible_at,
        json.loads(details),
        number,
    )
