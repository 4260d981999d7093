"""The table of system events and its history.

This module applies the life cycle, so that all readers see the same history. The
actions decide which events a caller can see, and how a row is written in an answer.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...models import OPEN_STATUSES, EventCycleStatus
from . import lifecycle
from .change_log import ChangeLog
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
    """The API does not return the event before this time; this simulates delayed reads."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Members that only real events have: ReasonCode, ImpactLevel, ExtendedAttribute."""
    number: int = 0
    """A sequence number, which the database assigns."""


@dataclass(frozen=True, slots=True)
class Range:
    """A range of time; None means that there is no limit on that side."""

    start: Epoch | None = None
    end: Epoch | None = None
    with_ends: bool = True


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Selects the events that meet every given condition; an empty or None one is ignored."""

    region: str | None = None
    event_ids: Collection[str] = ()
    instance_ids: Collection[str] = ()
    statuses: Collection[str] = ()
    event_types: Collection[str] = ()
    not_before: Range = Range()
    published: Range = Range()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of the instance; an empty value matches any value."""
    resource_group_id: str = ""
    """The resource group of the instance."""
    visible_at: Epoch | None = None
    unfinished_or_since: Epoch | None = None


_NO_DETAILS = "{}"

_EVENT_COLUMNS = (
    "event_id, region, instance_id, event_type, status, published_at, not_before, finished_at,"
    " simulated, reason, visible_at, details, rowid"
)


_MOST_VARIABLES = 500
"""Of a statement."""

_Move = tuple[str, Epoch, EventCycleStatus]
"""The id of an event, the time of a change, and the status since then."""

Change = tuple[EventRow, Epoch]
"""An event as it is after a change of its status, and the time of the change."""


class Events:
    """The events in a database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.on_changes: Callable[[Sequence[Change]], None] | None = None
        """Called in the transaction of each publication and each change of a status."""
        self.changed = ChangeLog()

    def add(self, events: Sequence[EventRow], executing_seconds: float) -> None:
        """Insert new events; a maintenance event is Executing for *executing_seconds*."""
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
                    json.dumps(dict(event.details)) if event.details else _NO_DETAILS,
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
        if self.on_changes is not None:
            self.on_changes([(event, event.finished_at or event.published_at) for event in events])

    def move(
        self,
        event_ids: Iterable[str],
        status: EventCycleStatus,
        at: Epoch,
        executing_seconds: float = 0.0,
    ) -> None:
        """Change the status of events to *status*; a final status also sets the finish time."""
        finished_at = at if status in lifecycle.FINAL else None
        moved = list(event_ids)
        self._db.executemany(
            "UPDATE events SET status = ?, finished_at = ?, due_at = NULL WHERE event_id = ?",
            [(status, finished_at, event_id) for event_id in moved],
        )
        moves = [(event_id, at, status) for event_id in moved]
        self._remember(moves)
        if status not in lifecycle.FINAL:
            for event in self.find(EventFilter(event_ids=moved)):
                self._set_due(
                    event.event_id, event.event_type, status, event.not_before, executing_seconds
                )
        self._tell(moves)

    def settle(self, now: Epoch, executing_seconds: float) -> None:
        """Apply all transitions that are due by *now*, in the order of their times."""
        while (first := self.next_due()) is not None and first <= now:
            due = self._db.execute(
                "SELECT event_id, event_type, status, not_before FROM events WHERE due_at = ?"
                " ORDER BY rowid",
                (first,),
            )
            moves: list[_Move] = []
            for event_id, event_type, status, not_before in due.fetchall():
                target = lifecycle.following(event_type, EventCycleStatus(status))
                finished_at = first if target in lifecycle.FINAL else None
                self._db.execute(
                    "UPDATE events SET status = ?, finished_at = ? WHERE event_id = ?",
                    (target, finished_at, event_id),
                )
                moves.append((event_id, first, target))
                self._set_due(event_id, event_type, target, not_before, executing_seconds)
            self._remember(moves)
            self._tell(moves)

    def next_due(self) -> Epoch | None:
        """The time of the next automatic transition; None if there is none."""
        found = self._db.execute("SELECT min(due_at) FROM events WHERE due_at IS NOT NULL")
        first: Epoch | None = found.fetchone()[0]
        return first

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
        event_filter: EventFilter = EventFilter(),
        *,
        newest_first: bool = True,
        after: tuple[Epoch, int] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> list[EventRow]:
        """Events in order of publish time.

        *after* is the publish time and number of the last event of the previous page.
        """
        where, values = _conditions(event_filter)
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

    def count(self, event_filter: EventFilter) -> int:
        where, values = _conditions(event_filter)
        found = self._db.execute(f"SELECT count(*) FROM events WHERE {where}", values)
        return int(found.fetchone()[0])

    def history(self, event_id: str) -> list[tuple[Epoch, str]]:
        """The statuses that an event has had, each with its time, oldest first."""
        rows = self._db.execute(
            "SELECT at, status FROM event_history WHERE event_id = ? ORDER BY rowid",
            (event_id,),
        )
        return rows.fetchall()

    def changes(self, start: Epoch, end: Epoch) -> Iterator[Change]:
        """The publications and changes of statuses from *start* to *end*, newest first."""
        columns = ", ".join(
            f"events.{name}" for name in _EVENT_COLUMNS.replace("rowid", "_rowid_").split(", ")
        )
        rows = self._db.execute(
            f"SELECT event_history.at, event_history.status, {columns} FROM event_history"
            " JOIN events USING (event_id) WHERE at BETWEEN ? AND ?"
            " ORDER BY at DESC, event_history.rowid DESC",
            (start, end),
        )
        for at, status, *row in rows.fetchall():
            yield replace(_event(tuple(row)), status=EventCycleStatus(status)), at

    def count_open(self, region: str | None = None, *, simulated: bool = False) -> int:
        """The number of events that can be cancelled; with *simulated*, only simulated ones."""
        open_statuses = sorted(OPEN_STATUSES)
        found = self._db.execute(
            "SELECT count(*) FROM events WHERE status IN (?1, ?2)"
            " AND (?3 IS NULL OR region = ?3) AND simulated >= ?4",
            (*open_statuses, region, int(simulated)),
        )
        return int(found.fetchone()[0])

    def _remember(self, moves: "Sequence[_Move]") -> None:
        self._db.executemany("INSERT INTO event_history VALUES (?, ?, ?)", moves)
        self.changed.note(event_id for event_id, _, _ in moves)

    def _tell(self, moves: "Sequence[_Move]") -> None:
        if self.on_changes is None:
            return
        ids = [event_id for event_id, _, _ in moves]
        events: dict[str, EventRow] = {}
        for start in range(0, len(ids), _MOST_VARIABLES):
            part = EventFilter(event_ids=ids[start : start + _MOST_VARIABLES])
            events |= {event.event_id: event for event in self.find(part)}
        self.on_changes(
            [
                (replace(events[event_id], status=status), at)
                for event_id, at, status in moves
                if event_id in events
            ]
        )


def _conditions(event_filter: EventFilter) -> tuple[str, list[Any]]:
    """The filter as SQL; never empty, so that the caller can append conditions with AND."""
    # With ids, the plus prevents SQLite from using the index on region, which is slower.
    by_id = "+" if event_filter.event_ids or event_filter.instance_ids else ""
    parts: list[tuple[str, list[Any]]] = [
        (f"{by_id}region = ?", [event_filter.region])
        if event_filter.region is not None
        else ("", []),
        _one_of("event_id", event_filter.event_ids),
        _one_of("instance_id", event_filter.instance_ids),
        _one_of("status", event_filter.statuses),
        _one_of("event_type", event_filter.event_types),
        *_within("not_before", event_filter.not_before),
        *_dated(event_filter.not_before),
        # Answers show whole seconds, so ranges are compared with whole seconds.
        *_within("CAST(published_at AS INTEGER)", event_filter.published),
        *(_tagged(key, value) for key, value in event_filter.tags.items()),
        *_in_group(event_filter.resource_group_id),
        ("visible_at <= ?", [event_filter.visible_at])
        if event_filter.visible_at is not None
        else ("", []),
    ]
    if event_filter.unfinished_or_since is not None:
        since = event_filter.unfinished_or_since
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


def _dated(range: Range) -> list[tuple[str, list[Any]]]:
    """With a range of NotBefore, no event without a NotBefore: an Inquiring one has none."""
    return [] if range == Range() else [("status <> ?", [EventCycleStatus.INQUIRING])]


def _in_group(resource_group_id: str) -> list[tuple[str, list[Any]]]:
    if not resource_group_id:
        return []
    clause = (
        "EXISTS (SELECT 1 FROM resources WHERE kind = 'instance' AND id = instance_id"
        " AND json_extract(attributes, '$.ResourceGroupId') = ?)"
    )
    return [(clause, [resource_group_id])]


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
        {} if details == _NO_DETAILS else json.loads(details),
        number,
    )
