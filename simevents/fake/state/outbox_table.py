"""The deliveries that changes of the cloud have caused, and the attempts to make each.

A delivery is written in the transaction of its change. This module stores; which rule asks for
a delivery and how it is sent is decided above.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """What the sender of this kind needs besides; see `delivery.outbox.senders`."""
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
    is_repeat: bool
    """Whether an earlier attempt may have reached the target: it was under way when the fake
    ended, or somebody asked to send it again."""


_COLUMNS = (
    "delivery_id, notice_id, at, region, instance_id, event_id, name, status, via, rule, target_id,"
    " lane, kind, address, body, settings, retry, blocks, dead_letter, state, due_at, attempts,"
    " message_id, acknowledged_at"
)


class Outbox:
    """The deliveries in a database."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, deliveries: Iterable[NewDelivery]) -> None:
        """Write deliveries, each due at the time of its change."""
        self._db.executemany(
            "INSERT INTO deliveries (notice_id, at, region, instance_id, event_id, name, status,"
            " via, rule, target_id, lane, kind, address, settings, body, retry, blocks,"
            " dead_letter, state, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(new.notice_id, new.at, new.region, new.instance_id, new.event_id),
                    *(new.name, new.status, new.via, new.rule, new.target_id, new.lane),
                    *(new.kind, new.address, json.dumps(dict(new.settings)), new.body),
                    *(new.retry, int(new.blocks), new.dead_letter, WAITING, new.at),
                )
                for new in deliveries
            ],
        )

    def get(self, delivery_id: int) -> Delivery | None:
        found = self._select("delivery_id = ?", delivery_id)
        return found[0] if found else None

    def find(self, where: str = "1", *values: object, limit: int = -1) -> list[Delivery]:
        """Deliveries in the order of their changes; *where* is a condition in SQL."""
        return self._select(where, *values, limit=limit)

    def acknowledge(self, message_id: str, now: Epoch) -> None:
        """The message in a queue was deleted by its consumer."""
        self._db.execute(
            "UPDATE deliveries SET acknowledged_at = ? WHERE message_id = ? AND message_id <> ''"
            " AND acknowledged_at IS NULL",
            (now, message_id),
        )

    def attempts(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        """The attempts that have ended, oldest first, by delivery."""
        found: dict[int, list[Attempt]] = {id: [] for id in delivery_ids}
        for delivery_id in delivery_ids:
            rows = self._db.execute(
                "SELECT delivery_id, number, at, outcome, http_status, answer, seconds, is_repeat"
                " FROM attempts WHERE delivery_id = ? ORDER BY number",
                (delivery_id,),
            )
            found[delivery_id] = [_attempt(row) for row in rows]
        return found

    def _select(self, where: str, *values: object, limit: int = -1) -> list[Delivery]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM deliveries WHERE {where} ORDER BY delivery_id LIMIT ?",
            (*values, limit),
        )
        return [_delivery(row) for row in rows]


def _delivery(row: Any) -> Delivery:
    settings, retry, blocks, dead_letter = row[15:19]
    of_new = (*row[1:14], bytes(row[14]), json.loads(settings), retry, bool(blocks), dead_letter)
    state, due_at, attempts, message_id, acknowledged_at = row[19:]
    return Delivery(
        row[0], NewDelivery(*of_new), state, due_at, attempts, message_id, acknowledged_at
    )


def _attempt(row: Any) -> Attempt:
    values = (*row[:7], bool(row[7]))
    return Attempt(*values)
