"""Messages: they are sent, received, looked at, kept invisible, and deleted.

All functions are called within a transaction, those that look for messages after
`queues.settle`. Times are the cloud's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..protocol.api_errors import ApiError
from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.queue_table import FIRST_PRIORITY, LAST_PRIORITY, Message, NewMessage, Queue
from . import errors, queues
from .attributes import (
    BOUNDS,
    DEAD_LETTERS,
    DELAY,
    MAXIMUM_SIZE,
    RETENTION,
    VISIBILITY_TIMEOUT,
    Bounds,
)

MOST_IN_BATCH = 16
DEFAULT_PRIORITY = 8
PRIORITY = Bounds(FIRST_PRIORITY, LAST_PRIORITY, "")

_HANDLE = re.compile(r"1-([0-9]{1,18})-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that a client wants to send."""

    body: str
    priority: int = DEFAULT_PRIORITY
    delay: int | None = None
    """Seconds until it can be received; None for what the queue says."""
    properties: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    message_id: str
    body: str
    handle: str
    """Of a message that cannot be received yet; empty for others."""


def send_message(cloud: Cloud, region: str, queue: str, body: bytes) -> str:
    """Put a message into a queue; returns its id.

    *body* is text as UTF-8; it is stored as it is. Call this within a transaction, in the fake's
    loop. Raises ApiError if the queue is missing or the body is empty or too large.
    """
    found = queues.existing(cloud, region, queue)
    return send(cloud, found, Draft(body.decode("utf-8", "replace"))).message_id


def send(cloud: Cloud, queue: Queue, draft: Draft) -> Sent:
    """Put a message into *queue*. Raises ApiError if its body is empty or too large."""
    if not draft.body:
        raise ApiError(errors.SCHEMA_VIOLATED, name="MessageBody")
    Bounds(1, queue.attributes[MAXIMUM_SIZE], "bytes").check(
        "MessageBody", len(draft.body.encode())
    )
    now = cloud.now()
    delay = queue.attributes[DELAY] if draft.delay is None else draft.delay
    new = NewMessage(
        message_id=queues.new_message_id(cloud, now),
        body=draft.body,
        properties=draft.properties,
        priority=draft.priority,
        enqueued_at=now,
        expires_at=now + queue.attributes[RETENTION],
        visible_at=now + delay,
        receipt=_new_receipt(cloud) if delay else "",
    )
    (number,) = cloud.store.queues.send(queue, [new])
    cloud.wakeups.wake(queues.subject(queue))
    return Sent(new.message_id, new.body, _handle(number, new.receipt))


def receive(cloud: Cloud, queue: Queue, most: int) -> list[Message]:
    """Messages for a consumer, who has them for the visibility time-out of the queue."""
    now = cloud.now()
    visible_at = now + queue.attributes[VISIBILITY_TIMEOUT]
    deadly = queue.attributes[DEAD_LETTERS].get("MaxReceiveCount")
    taken = []
    for message in cloud.store.queues.visible(queue, now, most):
        receipt = _new_receipt(cloud)
        receives = message.receives + 1
        is_last = deadly is not None and receives >= deadly
        cloud.store.queues.received(message, receipt, now, visible_at, is_last=is_last)
        taken.append(
            replace(
                message,
                receipt=receipt,
                visible_at=visible_at,
                receives=receives,
                received_at=now if message.received_at is None else message.received_at,
            )
        )
    return taken


def peek(cloud: Cloud, queue: Queue, most: int) -> list[Message]:
    """The messages that would be received; they stay as they are."""
    return cloud.store.queues.visible(queue, cloud.now(), most)


def delete(cloud: Cloud, queue: Queue, handle: str) -> None:
    """Delete a message that its consumer has dealt with. Raises ApiError."""
    message = _held(cloud, queue, handle)
    cloud.store.queues.remove(message)
    cloud.store.outbox.acknowledge(message.message_id, cloud.now())


def delete_all(cloud: Cloud, queue: Queue, handles: Iterable[str]) -> list[tuple[str, ApiError]]:
    """Delete several messages; the handles of those that could not be deleted, and why."""
    failed = []
    for handle in handles:
        try:
            delete(cloud, queue, handle)
        except ApiError as error:
            failed.append((handle, error))
    return failed


def change_visibility(cloud: Cloud, queue: Queue, handle: str, seconds: int) -> tuple[str, Epoch]:
    """Let a message be visible again in *seconds* from now; its new handle, and when it is.

    Raises ApiError.
    """
    BOUNDS[VISIBILITY_TIMEOUT].check(VISIBILITY_TIMEOUT, seconds)
    message = _held(cloud, queue, handle)
    receipt, visible_at = _new_receipt(cloud), cloud.now() + seconds
    cloud.store.queues.hide(message, receipt, visible_at)
    # It may become visible earlier than those thought who wait.
    cloud.wakeups.wake(queues.subject(queue))
    return _handle(message.number, receipt), visible_at


def handle_of(message: Message) -> str:
    return _handle(message.number, message.receipt)


def _held(cloud: Cloud, queue: Queue, handle: str) -> Message:
    """The message whose current handle this is. Raises ApiError."""
    parts = _HANDLE.fullmatch(handle)
    if parts is None:
        raise ApiError(errors.RECEIPT_HANDLE_ERROR)
    message = cloud.store.queues.message(int(parts[1]))
    if message is None:
        raise ApiError(errors.MESSAGE_NOT_EXIST)
    if message.queue_id != queue.queue_id:
        raise ApiError(errors.RECEIPT_HANDLE_ERROR)
    # Only the latest handle is good, until the message can be received again.
    if message.receipt != parts[2] or message.visible_at <= cloud.now():
        raise ApiError(errors.MESSAGE_NOT_EXIST)
    return message


def _handle(number: int, receipt: str) -> str:
    return f"1-{number}-{receipt}" if receipt else ""


def _new_receipt(cloud: Cloud) -> str:
    return f"{cloud.random.getrandbits(64):016x}"
