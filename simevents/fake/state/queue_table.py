"""The queues of SMQ and their messages in a database.

This module reads and writes rows; what a queue may be named and what a receipt handle looks like
is decided above. Each method that looks for messages takes the cloud's time: a message can be
received from its `Message.visible_at` on, and is gone from its `Message.expires_at` on. `settle`
applies what only time does.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .clock import Epoch

FIRST_PRIORITY, LAST_PRIORITY = 1, 16
"""Messages of a lower number are received first."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue; *attributes* has the names of the API."""

    queue_id: int
    region: str
    """Empty for a queue that was made where nobody said one; it is in all regions."""
    name: str
    created_at: Epoch
    modified_at: Epoch
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewMessage:
    message_id: str
    body: str
    """As it was sent; mostly Base64, but the service does not look into it."""
    properties: str
    """JSON of the properties that the sender has added; empty for none."""
    priority: int
    enqueued_at: Epoch
    expires_at: Epoch
    visible_at: Epoch
    """When it can be received, for the first time or again."""
    receipt: str
    """The part of the receipt handle that nobody can guess; empty while there is no handle."""


@dataclass(frozen=True, slots=True)
class Message(NewMessage):
    """A message as it is stored."""

    number: int
    queue_id: int
    receives: int
    received_at: Epoch | None
    """When it was received first."""


@dataclass(frozen=True, slots=True)
class Counts:
    active: int
    """Can be received."""
    inactive: int
    """Received, and not visible again yet."""
    delayed: int
    """Not visible yet for the first time."""


_QUEUE_COLUMNS = "queue_id, region, name, created_at, modified_at, attributes"
_MESSAGE_COLUMNS = (
    "message_id, body, properties, priority, enqueued_at, expires_at, visible_at, receipt,"
    " number, queue_id, receives, received_at"
)


class Queues:
    """The queues in a database, and their messages."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def create(self, region: str, name: str, attributes: Mapping[str, Any], now: Epoch) -> Queue:
        """A new queue; none of that name may exist in the region."""
        cursor = self._db.execute(
            "INSERT INTO queues (region, name, created_at, modified_at, attributes)"
            " VALUES (?, ?, ?, ?, ?)",
            (region, name, now, now, json.dumps(dict(attributes))),
        )
        assert cursor.lastrowid is not None
        return Queue(cursor.lastrowid, region, name, now, now, dict(attributes))

    def change(self, queue: Queue, attributes: Mapping[str, Any], now: Epoch) -> None:
        self._db.execute(
            "UPDATE queues SET attributes = ?, modified_at = ? WHERE queue_id = ?",
            (json.dumps(dict(attributes)), now, queue.queue_id),
        )

    def delete(self, queue: Queue) -> None:
        """Delete a queue with its messages."""
        self._db.execute("DELETE FROM messages WHERE queue_id = ?", (queue.queue_id,))
        self._db.execute("DELETE FROM queues WHERE queue_id = ?", (queue.queue_id,))

    def get(self, region: str, name: str) -> Queue | None:
        rows = self._db.execute(
            f"SELECT {_QUEUE_COLUMNS} FROM queues WHERE region = ? AND name = ?", (region, name)
        )
        return next(map(_queue, rows), None)

    def by_id(self, queue_id: int) -> Queue | None:
        rows = self._db.execute(
            f"SELECT {_QUEUE_COLUMNS} FROM queues WHERE queue_id = ?", (queue_id,)
        )
        return next(map(_queue, rows), None)

    def find(self, region: str | None = None, name: str | None = None) -> list[Queue]:
        """Queues by name; with *region* or *name*, only those, and those without a region."""
        rows = self._db.execute(
            f"SELECT {_QUEUE_COLUMNS} FROM queues"
            " WHERE (?1 IS NULL OR region IN (?1, '')) AND (?2 IS NULL OR name = ?2)"
            " ORDER BY name, region",
            (region, name),
        )
        return [_queue(row) for row in rows]

    def send(self, queue: Queue, messages: Iterable[NewMessage]) -> list[int]:
        """Add messages; their numbers, in the same order."""
        return [self._insert(queue.queue_id, new) for new in messages]

    def _insert(self, queue_id: int, new: NewMessage) -> int:
        cursor = self._db.execute(
            "INSERT INTO messages (queue_id, message_id, body, properties, priority, enqueued_at,"
            " expires_at, visible_at, receipt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(queue_id, new.message_id, new.body, new.properties, new.priority),
                *(new.enqueued_at, new.expires_at, new.visible_at, new.receipt),
            ),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def visible(self, queue: Queue, now: Epoch, most: int) -> list[Message]:
        """Messages that can be received: by priority, then by the time they became visible."""
        found: list[Message] = []
        # Priority by priority, since an index cannot have a range before the order.
        for priority in range(FIRST_PRIORITY, LAST_PRIORITY + 1):
            rows = self._db.execute(
                f"SELECT {_MESSAGE_COLUMNS} FROM messages"
                " WHERE queue_id = ? AND priority = ? AND visible_at <= ?"
                " ORDER BY visible_at, number LIMIT ?",
                (queue.queue_id, priority, now, most - len(found)),
            )
            found += [Message(*row) for row in rows]
            if len(found) >= most:
                break
        return found

    def next_visible_at(self, queue: Queue, now: Epoch) -> Epoch | None:
        """When the next message can be received, after *now*; None if time alone brings none.

        A message of another queue that dies may come to this one.
        """
        moments: list[Epoch | None] = []
        for priority in range(FIRST_PRIORITY, LAST_PRIORITY + 1):
            moments += self._db.execute(
                "SELECT min(visible_at) FROM messages"
                " WHERE queue_id = ? AND priority = ? AND visible_at > ?",
                (queue.queue_id, priority, now),
            ).fetchone()
        moments += self._db.execute(
            "SELECT min(dead_at) FROM messages WHERE dead_at > ?", (now,)
        ).fetchone()
        return min((moment for moment in moments if moment is not None), default=None)

    def message(self, number: int) -> Message | None:
        rows = self._db.execute(
            f"SELECT {_MESSAGE_COLUMNS} FROM messages WHERE number = ?", (number,)
        )
        return next((Message(*row) for row in rows), None)

    def received(
        self, message: Message, receipt: str, now: Epoch, visible_at: Epoch, *, is_last: bool
    ) -> None:
        """A consumer has it until *visible_at*; if *is_last*, it dies then."""
        self._db.execute(
            "UPDATE messages SET receipt = ?, visible_at = ?, receives = receives + 1,"
            " received_at = coalesce(received_at, ?), dead_at = ? WHERE number = ?",
            (receipt, visible_at, now, visible_at if is_last else None, message.number),
        )

    def hide(self, message: Message, receipt: str, visible_at: Epoch) -> None:
        """Let it be visible again at another time."""
        self._db.execute(
            "UPDATE messages SET receipt = ?1, visible_at = ?2,"
            " dead_at = CASE WHEN dead_at IS NULL THEN NULL ELSE ?2 END WHERE number = ?3",
            (receipt, visible_at, message.number),
        )

    def remove(self, message: Message) -> None:
        self._db.execute("DELETE FROM messages WHERE number = ?", (message.number,))

    def counts(self, queue: Queue, now: Epoch) -> Counts:
        ((active, inactive, delayed),) = self._db.execute(
            "SELECT coalesce(sum(visible_at <= ?1), 0),"
            " coalesce(sum(visible_at > ?1 AND receives > 0), 0),"
            " coalesce(sum(visible_at > ?1 AND receives = 0), 0)"
            " FROM messages WHERE queue_id = ?2",
            (now, queue.queue_id),
        ).fetchall()
        return Counts(active, inactive, delayed)

    def set_back(self, seconds: float) -> None:
        """The cloud's clock is set back by *seconds*: waits of messages go on."""
        self._db.execute(
            "UPDATE messages SET visible_at = visible_at - ?1, expires_at = expires_at - ?1,"
            " dead_at = dead_at - ?1",
            (seconds,),
        )

    def settle(self, now: Epoch, bury: Callable[[Message, Epoch], bool]) -> None:
        """Delete the messages whose time is over, and call *bury* with those that died, and when.

        *bury* returns whether the message has a grave; otherwise it can be received again.
        """
        dead = self._db.execute(
            f"SELECT {_MESSAGE_COLUMNS}, dead_at FROM messages WHERE dead_at <= ?"
            " AND dead_at < expires_at ORDER BY dead_at, number",
            (now,),
        ).fetchall()
        for *row, dead_at in dead:
            message = Message(*row)
            if bury(message, dead_at):
                self.remove(message)
            else:
                self._db.execute(
                    "UPDATE messages SET dead_at = NULL WHERE number = ?", (message.number,)
                )
        # Afterwards: after a leap of the clock, a message died before its time was over.
        self._db.execute("DELETE FROM messages WHERE expires_at <= ?", (now,))


def _queue(row: Any) -> Queue:
    queue_id, region, name, created_at, modified_at, attributes = row
    return Queue(queue_id, region, name, created_at, modified_at, json.loads(attributes))
