"""The deliveries that changes of the cloud have caused, and the attempts to make each.

A delivery is written in the transaction of its change. This module stores; which rule asks for
a delivery and how it is sent is decided above.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .change_log import ChangeLog
from .clock import Epoch

WAITING = "waiting"
"""No attempt has ended yet."""
RETRYING = "retrying"
"""An attempt failed; another one follows at `Delivery.due_at`."""
DELIVERED = "delivered"
FAILED = "failed"
"""The last attempt failed."""
REFUSED = "refused"
"""The target is not on this machine, and nobody has allowed its host."""

FINISHED = frozenset({DELIVERED, FAILED, REFUSED})

MOST_FINISHED = 100_000
"""The number of finished deliveries that are kept."""

_TRIMMED_EVERY = 1_000

_NO_SETTINGS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One message for one target of one rule."""

    notice_id: str
    """Of the change; the same for every rule and target."""
    at: Epoch
    """The cloud's time of the change."""
    region: str
    instance_id: str
    event_id: str
    """Empty for a change that is not one of a system event."""
    name: str
    """CloudMonitor's name of the change, or the type on EventBridge."""
    status: str
    """The status of the event or the state of the instance after the change."""
    via: str
    """``cloudmonitor`` or ``eventbridge``."""
    rule: str
    target_id: str
    lane: str
    """Within a lane, the first attempts are made in order: rule and target, in one text."""
    kind: str
    """``webhook``, ``http``, ``queue``, ``function`` or ``in_process``: who sends it."""
    address: str
    """URL, queue, ``service/function`` or name of the target in this process."""
    body: bytes
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the sender of this kind needs besides."""
    retry: str = "none"
    """The strategy, of `delivery.retries`."""
    blocks: bool = False
    """Whether later deliveries of the lane wait until this one has finished."""
    dead_letter: str = ""
    """The queue for the message after the last attempt has failed; empty for none."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it is stored."""

    delivery_id: int
    new: NewDelivery
    state: str
    due_at: Epoch | None
    """The cloud's time of the next attempt; None if there is none."""
    attempts: int
    """Attempts that have begun."""
    message_id: str
    """Of the message in a queue; else empty."""
    acknowledged_at: Epoch | None
    """When the target confirmed it: 2xx, a function that returned, a message that was deleted."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery; *outcome* is delivered, failed or refused."""

    delivery_id: int
    number: int
    at: Epoch
    outcome: str
    http_status: int
    """0 where no answer came, or none can come."""
    answer: str
    """The beginning of the answer, or why there was none."""
    seconds: float
    """Of real time."""

    @property
    def is_repeat(self) -> bool:
        """Whether an earlier attempt had begun, which may have reached the target."""
        return self.number > 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    outcome: str
    """delivered, failed or refused."""
    http_status: int = 0
    answer: str = ""
    seconds: float = 0.0
    message_id: str = ""
    """Of the message that was placed in a queue."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that has ended, at the cloud's time *at*."""

    delivery_id: int
    number: int
    """1 for the first attempt."""
    outcome: Outcome
    at: Epoch
    retry_at: Epoch | None
    """The cloud's time of the next attempt; None if there is none."""
    dead: Delivery | None = None
    """The delivery, if it has failed for good and has a dead-letter queue."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the target has confirmed it; a message in a queue is confirmed by deletion."""
        return self.outcome.outcome == DELIVERED and not self.outcome.message_id


_COLUMNS = (
    "delivery_id, notice_id, at, region, instance_id, event_id, name, status, via, rule, target_id,"
    " lane, kind, address, body, settings, retry, blocks, dead_letter, state, due_at, attempts,"
    " message_id, acknowledged_at"
)


class Outbox:
    """The deliveries in a database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._touched: set[str] = {
            lane
            for (lane,) in db.execute(
                "SELECT DISTINCT lane FROM deliveries WHERE state = 'waiting'"
            )
        }
        self._retried: set[str] = set()
        self.is_used = db.execute("SELECT 1 FROM deliveries LIMIT 1").fetchone() is not None
        """Whether there has been a delivery; while there was none, nobody needs to look."""
        self.cleared = 0
        """How often all deliveries have been deleted."""
        self.changes = ChangeLog()
        """By the id of the delivery, as a text."""
        self._finished = 0

    def add(self, deliveries: Iterable[NewDelivery], delay: float = 0.0) -> None:
        """Write deliveries; each is due *delay* seconds after its change.

        They are written as they come: a thousand rules make more of a change than memory holds.
        """
        count = 0

        def rows() -> Iterator[tuple[object, ...]]:
            nonlocal count
            for new in deliveries:
                count += 1
                yield self._row(new, delay)

        self._db.executemany(
            "INSERT INTO deliveries (notice_id, at, region, instance_id, event_id, name, status,"
            " via, rule, target_id, lane, kind, address, settings, body, retry, blocks,"
            " dead_letter, state, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows(),
        )
        if count:
            (last,) = self._db.execute("SELECT last_insert_rowid()").fetchone()
            self.changes.note(str(id) for id in range(last - count + 1, last + 1))

    def _row(self, new: NewDelivery, delay: float) -> tuple[object, ...]:
        self._touched.add(new.lane)
        self.is_used = True
        return (
            *(new.notice_id, new.at, new.region, new.instance_id, new.event_id),
            *(new.name, new.status, new.via, new.rule, new.target_id, new.lane),
            *(new.kind, new.address, json.dumps(dict(new.settings)) if new.settings else "{}"),
            *(new.body, new.retry, int(new.blocks), new.dead_letter, WAITING, new.at + delay),
        )

    def get(self, delivery_id: int) -> Delivery | None:
        found = self._select("delivery_id = ?", delivery_id)
        return found[0] if found else None

    def find(self, where: str = "1", *values: object, limit: int = -1) -> list[Delivery]:
        """Deliveries in the order of their changes; *where* is a condition in SQL."""
        return self._select(where, *values, limit=limit)

    def newest(self, limit: int) -> list[Delivery]:
        """The last *limit* deliveries, in the order of their changes."""
        first = self._db.execute(
            "SELECT delivery_id FROM deliveries ORDER BY delivery_id DESC LIMIT 1 OFFSET ?",
            (limit - 1,),
        ).fetchone()
        return self.find() if first is None else self.find("delivery_id >= ?", *first)

    def attempts(self, first: int, last: int) -> dict[int, list[Attempt]]:
        """The attempts that have ended, oldest first, of the deliveries from *first* to *last*."""
        rows = self._db.execute(
            "SELECT delivery_id, number, at, outcome, http_status, answer, seconds FROM attempts"
            " WHERE delivery_id BETWEEN ? AND ? ORDER BY delivery_id, number",
            (first, last),
        )
        found: dict[int, list[Attempt]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(Attempt(*row))
        return found

    def last_id(self) -> int:
        """The id of the newest delivery; 0 before the first."""
        found = self._db.execute("SELECT max(delivery_id) FROM deliveries").fetchone()[0]
        return int(found or 0)

    # For the dispatcher.

    def take_touched(self) -> tuple[set[str], set[str]]:
        """The lanes that have had, since the last call: new deliveries, and some to send again."""
        touched, self._touched = self._touched, set()
        retried, self._retried = self._retried, set()
        return touched, retried

    def touch(self, lane: str) -> None:
        """Let somebody look at the first attempts of the lane."""
        self._touched.add(lane)

    def touch_retries(self, lane: str) -> None:
        """Let somebody look at the retries of the lane."""
        self._retried.add(lane)

    def waiting(self, lane: str, now: Epoch, limit: int) -> list[Delivery]:
        """The first deliveries of a lane that are due and have had no attempt that ended."""
        return self._select(
            "lane = ? AND state = 'waiting' AND due_at <= ?", lane, now, limit=limit
        )

    def lanes_due(self, now: Epoch) -> list[str]:
        """The lanes with a delivery that waits and is due."""
        rows = self._db.execute(
            "SELECT DISTINCT lane FROM deliveries WHERE due_at <= ? AND state = 'waiting'", (now,)
        )
        return [lane for (lane,) in rows]

    def lanes_to_retry(self, now: Epoch) -> list[str]:
        """The lanes with a retry that is due."""
        rows = self._db.execute(
            "SELECT DISTINCT lane FROM deliveries WHERE state = 'retrying' AND +due_at <= ?", (now,)
        )
        return [lane for (lane,) in rows]

    def is_blocked(self, lane: str) -> bool:
        """Whether a delivery of the lane is retried that later ones have to wait for."""
        found = self._db.execute(
            "SELECT 1 FROM deliveries WHERE state = 'retrying' AND lane = ? AND blocks LIMIT 1",
            (lane,),
        )
        return found.fetchone() is not None

    def retries_due(self, lane: str, now: Epoch, limit: int) -> list[Delivery]:
        """The first retries of a lane that are due, those that have waited longest first."""
        return self._select(
            "state = 'retrying' AND lane = ? AND due_at <= ?",
            *(lane, now),
            order="due_at, delivery_id",
            limit=limit,
        )

    def next_due(self, now: Epoch) -> Epoch | None:
        """The time of the next attempt after *now*; None if there is none."""
        found = self._db.execute("SELECT min(due_at) FROM deliveries WHERE due_at > ?", (now,))
        first: Epoch | None = found.fetchone()[0]
        return first

    def record(self, begun: Sequence[int], ended: Sequence[Ended]) -> None:
        """Attempts at *begun* begin now, and others have *ended*.

        If the fake ends before one that has begun does, the next one is a repeat.
        """
        self.changes.note(str(id) for id in (*begun, *(each.delivery_id for each in ended)))
        self._db.executemany(
            "UPDATE deliveries SET attempts = attempts + 1 WHERE delivery_id = ?",
            [(id,) for id in begun],
        )
        if not ended:
            return
        self._db.executemany(
            "UPDATE deliveries SET state = ?, due_at = ?, message_id = ?,"
            " acknowledged_at = coalesce(acknowledged_at, ?) WHERE delivery_id = ?",
            [
                (
                    each.outcome.outcome if each.retry_at is None else RETRYING,
                    each.retry_at,
                    each.outcome.message_id,
                    each.at if each.is_confirmed else None,
                    each.delivery_id,
                )
                for each in ended
            ],
        )
        self._db.executemany(
            "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(each.delivery_id, each.number, each.at, each.outcome.outcome),
                    *(each.outcome.http_status, each.outcome.answer, each.outcome.seconds),
                )
                for each in ended
            ],
        )
        before = self._finished // _TRIMMED_EVERY
        self._finished += len(ended)
        if self._finished // _TRIMMED_EVERY > before:
            self._trim()

    def send_again(self, delivery_id: int, now: Epoch) -> None:
        """Let the next attempt be due now, whatever became of the earlier ones.

        The first attempt of a delivery that waits, and an attempt under way, are the next one.
        """
        self.changes.note([str(delivery_id)])
        self._db.execute(
            "UPDATE deliveries SET due_at = ?, state = CASE state WHEN 'waiting' THEN state"
            " ELSE 'retrying' END WHERE delivery_id = ?",
            (now, delivery_id),
        )
        lanes = self._db.execute(
            "SELECT lane FROM deliveries WHERE delivery_id = ?", (delivery_id,)
        )
        for (lane,) in lanes:
            self.touch(lane)
            self.touch_retries(lane)

    def set_back(self, seconds: float) -> None:
        """The cloud's clock is set back by *seconds*: what is due is still due, and waits go on."""
        if self.is_used:
            self._db.execute(
                "UPDATE deliveries SET due_at = due_at - ? WHERE due_at IS NOT NULL", (seconds,)
            )

    def acknowledge(self, message_id: str, now: Epoch) -> None:
        """The message in a queue was deleted by its consumer."""
        if self.is_used:
            updated = self._db.execute(
                "UPDATE deliveries SET acknowledged_at = ? WHERE message_id = ?"
                " AND message_id <> '' AND acknowledged_at IS NULL RETURNING delivery_id",
                (now, message_id),
            )
            self.changes.note(str(id) for (id,) in updated.fetchall())

    def clear(self) -> None:
        self._db.execute("DELETE FROM deliveries")
        self._db.execute("DELETE FROM attempts")
        self.cleared += 1
        self.changes.forget()

    def _trim(self) -> None:
        """Drop the oldest finished deliveries beyond the limit, with their attempts."""
        limit = self._db.execute(
            "SELECT delivery_id FROM deliveries WHERE due_at IS NULL"
            " ORDER BY delivery_id DESC LIMIT 1 OFFSET ?",
            (MOST_FINISHED,),
        ).fetchone()
        if limit is not None:
            self._db.execute(
                "DELETE FROM attempts WHERE delivery_id IN (SELECT delivery_id FROM deliveries"
                " WHERE delivery_id <= ? AND due_at IS NULL)",
                limit,
            )
            self._db.execute(
                "DELETE FROM deliveries WHERE delivery_id <= ? AND due_at IS NULL", limit
            )

    def _select(
        self, where: str, *values: object, order: str = "delivery_id", limit: int = -1
    ) -> list[Delivery]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM deliveries WHERE {where} ORDER BY {order} LIMIT ?",
            (*values, limit),
        )
        return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    settings, retry, blocks, dead_letter = row[15:19]
    of_new = (
        *row[1:14],
        bytes(row[14]),
        _NO_SETTINGS if settings == "{}" else json.loads(settings),
        retry,
        bool(blocks),
        dead_letter,
    )
    state, due_at, attempts, message_id, acknowledged_at = row[19:]
    return Delivery(
        row[0], NewDelivery(*of_new), state, due_at, attempts, message_id, acknowledged_at
    )
