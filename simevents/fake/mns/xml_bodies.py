"""The XML of answers, byte for byte as the vendor's clients need it.

An answer is a root with pairs of a name and a value. The namespace of ``Error`` and ``Errors`` has
no slash at its end: the vendor's Java client reads errors in no other one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from ..protocol import wire
from ..protocol.api_errors import ApiError
from ..state.clock import Epoch
from ..state.queue_table import Counts, Message, Queue
from .attributes import BOUNDS, LOGGING
from .messages import Sent, handle_of

NAMESPACE = "http://mns.aliyuncs.com/doc/v1/"

Members = Sequence[tuple[str, Union[str, int, "Members"]]]

# What the properties of a message are called, and each of them.
_PROPERTIES = {"UserProperties": "PropertyValue", "SystemProperties": "SystemPropertyValue"}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    root: str = ""
    """Empty for an answer without a body."""
    members: Members = ()
    location: str = ""
    """The header of this name."""
    code: str = ""
    """Of the error, if it is one."""


def written(answer: Answer) -> bytes:
    """The body of an answer."""
    if not answer.root:
        return b""
    is_error = answer.root in ("Error", "Errors")
    namespace = NAMESPACE.removesuffix("/") if is_error else NAMESPACE
    content = f'<{answer.root} xmlns="{namespace}">{_joined(answer.members)}</{answer.root}>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{content}'.encode()


def _joined(members: Members) -> str:
    parts = []
    for name, value in members:
        if isinstance(value, int):
            content = str(value)
        elif isinstance(value, str):
            # A parser makes a line feed of a bare carriage return.
            content = wire.xml_text(value).replace("\r", "&#13;")
        else:
            content = _joined(value)
        parts.append(f"<{name}>{content}</{name}>")
    return "".join(parts)


def error(failed: ApiError, request_id: str, host: str) -> Answer:
    members = (
        ("Code", failed.code),
        ("Message", failed.text),
        ("RequestId", request_id),
        ("HostId", host),
    )
    return Answer(failed.status, "Error", members, code=failed.code)


def milliseconds(moment: Epoch) -> int:
    return int(moment * 1000)


def digest(body: str) -> str:
    """MessageBodyMD5 is over the text as it is stored."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest().upper()


def sent(message: Sent) -> Members:
    members: list[tuple[str, str]] = [
        ("MessageId", message.message_id),
        ("MessageBodyMD5", digest(message.body)),
    ]
    return [*members, ("ReceiptHandle", message.handle)] if message.handle else members


def peeked(message: Message) -> Members:
    received_at = message.enqueued_at if message.received_at is None else message.received_at
    return [
        ("MessageId", message.message_id),
        ("MessageBody", message.body),
        ("MessageBodyMD5", digest(message.body)),
        ("EnqueueTime", milliseconds(message.enqueued_at)),
        ("FirstDequeueTime", milliseconds(received_at)),
        ("DequeueCount", message.receives),
        ("Priority", message.priority),
        *_properties(message.properties),
    ]


def received(message: Message) -> Members:
    """As when it is peeked, with its handle and the time until which it is good."""
    members = list(peeked(message))
    members.insert(1, ("ReceiptHandle", handle_of(message)))
    members.insert(5, ("NextVisibleTime", milliseconds(message.visible_at)))
    return members


def _properties(stored: str) -> Members:
    if not stored:
        return []
    return [
        (kind, [(_PROPERTIES[kind], list(each.items())) for each in values])
        for kind, values in json.loads(stored).items()
    ]


def attributes(queue: Queue, counts: Counts) -> Members:
    return [
        ("QueueName", queue.name),
        ("CreateTime", int(queue.created_at)),
        ("LastModifyTime", int(queue.modified_at)),
        *((name, int(queue.attributes[name])) for name in BOUNDS),
        ("ActiveMessages", counts.active),
        ("InactiveMessages", counts.inactive),
        ("DelayMessages", counts.delayed),
        ("LoggingEnabled", str(queue.attributes[LOGGING])),
    ]
