"""Queues: their names, how they are created and found, and what time does to their messages."""

import re
from collections.abc import Mapping
from typing import Any

from ..protocol.api_errors import ApiError
from ..state.catalog import DEFAULT_REGION
from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.queue_table import Message, NewMessage, Queue
from . import errors
from .attributes import DEAD_LETTERS, DEFAULTS, RETENTION

LONGEST_NAME = 120
KIND = "mns-queue"
"""Of the tags of queues."""

_ANY = ""
"""The region of a queue whose region nobody has said."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def check_name(name: str) -> str:
    """*name*. Raises ApiError if no queue may have it."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ApiError(errors.QUEUE_NAME_LENGTH, most=str(LONGEST_NAME))
    if _NAME.fullmatch(name) is None:
        raise ApiError(errors.QUEUE_NAME_INVALID)
    return name


def find(cloud: Cloud, region: str, name: str) -> Queue | None:
    """The queue of that name in *region*.

    A queue that was made at an address that says no region is found in all of them: the
    alicloud plugin creates queues so. Without a region, the queue of the default region is
    found, or else that of any.
    """
    found = cloud.store.queues.get(region, name) or cloud.store.queues.get(_ANY, name)
    if found or region:
        return found
    found = cloud.store.queues.get(DEFAULT_REGION, name)
    return found or next(iter(cloud.store.queues.find(name=name)), None)


def existing(cloud: Cloud, region: str, name: str) -> Queue:
    """The queue of that name. Raises ApiError if there is none."""
    found = find(cloud, region, check_name(name))
    if found is None:
        raise ApiError(errors.QUEUE_NOT_EXIST)
    return found


def create(cloud: Cloud, region: str, name: str, given: Mapping[str, Any]) -> tuple[Queue, bool]:
    """The queue with the *given* attributes, and whether it is new.

    Raises ApiError if there is one with other attributes.
    """
    wanted = {**DEFAULTS, **given}
    there = find(cloud, region, check_name(name))
    if there is not None:
        if there.attributes != wanted:
            raise ApiError(errors.QUEUE_ALREADY_EXIST)
        return there, False
    made = cloud.store.queues.create(region or _ANY, name, wanted, cloud.now())
    cloud.wakeups.wake(subject(made))
    return made, True


def ensure_queue(cloud: Cloud, region: str, name: str) -> Queue:
    """The queue of that name, whatever its attributes; it is made if there is none.

    Call this within a transaction. Raises ApiError if the name is not valid.
    """
    there = find(cloud, region, check_name(name))
    return there or create(cloud, region, name, {})[0]


def change(cloud: Cloud, queue: Queue, given: Mapping[str, Any]) -> None:
    """Set the *given* attributes, for what is sent or received later; the others stay."""
    cloud.store.queues.change(queue, {**queue.attributes, **given}, cloud.now())
    cloud.wakeups.wake(subject(queue))


def delete(cloud: Cloud, queue: Queue) -> None:
    cloud.store.queues.delete(queue)
    cloud.store.delete(KIND, tag_id(queue))
    cloud.wakeups.wake(subject(queue))


def tag_id(queue: Queue) -> str:
    return f"{queue.region}/{queue.name}"


def subject(queue: Queue) -> str:
    """What those wait for who wait for messages of *queue*."""
    return f"queue/{queue.region}/{queue.name}"


def settle(cloud: Cloud) -> None:
    """Apply what only time does to messages. Call this within a transaction, before reads."""
    cloud.store.queues.settle(cloud.now(), lambda message, at: _bury(cloud, message, at))


def _bury(cloud: Cloud, message: Message, at: Epoch) -> bool:
    """Put a message that was received too often into the dead-letter queue; whether there is one.

    There it is a new message, with an id of its own.
    """
    source = cloud.store.queues.by_id(message.queue_id)
    policy = source.attributes[DEAD_LETTERS] if source is not None else {}
    target = policy.get("DeadLetterTargetQueue")
    grave = find(cloud, source.region, target) if source and target else None
    if grave is None or grave.queue_id == message.queue_id:
        return False
    dead = NewMessage(
        message_id=new_message_id(cloud, at),
        body=message.body,
        properties=message.properties,
        priority=message.priority,
        enqueued_at=at,
        expires_at=at + grave.attributes[RETENTION],
        visible_at=at,
        receipt="",
    )
    cloud.store.queues.send(grave, [dead])
    cloud.wakeups.wake(subject(grave))
    return True


def new_message_id(cloud: Cloud, at: Epoch) -> str:
    """An id in the vendor's format: three numbers in hexadecimal digits, and one in decimals."""
    serial = cloud.random.getrandbits(96)
    return f"{serial >> 32:016X}-1-{int(at * 1000):X}-{serial & 0xFFFFFFFF:09d}"
