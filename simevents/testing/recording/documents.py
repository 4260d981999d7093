"""Texts with a structure of their own in parameters and members: patterns, targets, messages.

They are parsed and written again: names on the list keep their values, other values are replaced by
one of the same type. A message of a queue may be in Base64. Patterns, targets and events have the
forms that the API documents; of messages only those about events are known, by their members.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

from ...allow_list import SCRUBBED, clean, masked, plain, shown_name, shown_text

QUEUES = "2015-06-06"
"""The API version of the queues' data plane."""
MESSAGE = "MessageBody"

_CONTENT = frozenset(
    {
        *("action", "eventId", "eventStatus", "eventType", "executeFinishTime", "executeStartTime"),
        *("instanceId", "notBefore", "publishTime", "resourceId", "resourceType", "state"),
    }
)
"""Of the content of an event of ECS."""

_NOTICE = frozenset(
    {
        *("curLevel", "eventRealname", "eventRealnameEn", "eventTime", "eventType", "groupId"),
        *("id", "instanceName", "level", "name", "product", "regionId", "regionName", "resource"),
        *("resourceId", "ruleName", "serviceType", "status", "traceId", "ver"),
        *(f"content.{name}" for name in _CONTENT),
    }
)
"""Of CloudMonitor's message. ``userId`` is the account."""

_EVENT = frozenset(
    {
        *("aliyuneventbusname", "aliyunpublishtime", "aliyunregionid", "datacontenttype", "id"),
        *("source", "specversion", "subject", "time", "type"),
        *(f"data.{name}" for name in _CONTENT),
    }
)
"""Of an event on a bus."""

_PATTERN = _EVENT | {
    f"{name}.{operator}"
    for name in _EVENT
    for operator in (
        *("anything-but", "anything-but.prefix", "anything-but.suffix", "cidr", "contains"),
        *("exists", "numeric", "prefix", "suffix"),
    )
}

_SENT_EVENT = frozenset(
    {
        *("DataContentType", "Id", "Source", "SpecVersion", "Subject", "Time", "Type"),
        *(f"Data.{name}" for name in _CONTENT),
    }
)

_TARGET = frozenset(
    {
        *("DeadLetterQueue.Arn", "ErrorsTolerance", "Id", "ParamList.Form"),
        *("ParamList.ResourceKey", "PushRetryStrategy", "Type"),
    }
)
"""The address of a target, and the values of its parameters, may contain a secret."""

_POLICY = frozenset({"DeadLetterTargetQueue", "Enabled", "MaxReceiveCount"})

_DOCUMENTS = {
    ("2019-01-01", "Content"): _CONTENT,
    ("2019-01-01", "EventContent"): _NOTICE,
    ("2020-04-01", "Event"): _EVENT,
    ("2020-04-01", "EventList"): _SENT_EVENT,
    ("2020-04-01", "EventPattern"): _PATTERN,
    ("2020-04-01", "EventTargets"): _TARGET,
    ("2020-04-01", "FilterPattern"): _PATTERN,
    ("2020-04-01", "TargetIds"): frozenset({""}),
    ("2020-04-01", "Targets"): _TARGET,
    ("2022-01-19", "DlqPolicy"): _POLICY,
    (QUEUES, MESSAGE): _NOTICE | _EVENT,
}
"""By API version and the last part of the name."""

_OF_NOTICES = ({"name", "product", "ver"}, {"source", "specversion", "type"})


def document(version: str, name: str, text: str, *, is_allowed: bool = False) -> str | None:
    """*text* as it may be written; None for a parameter or member that is no document.

    A document that cannot be parsed is replaced as a whole. What the project has allowed is kept,
    without what looks like a secret or an account id.
    """
    last = plain(name).rpartition(".")[2]
    kept = _DOCUMENTS.get((version, last))
    if kept is None or not text:
        return None
    if last == MESSAGE:
        return _message(text, kept, is_allowed=is_allowed)
    if is_allowed:
        return shown_text(text)
    try:
        return _written(_scrubbed(json.loads(text), "", kept))
    except (ValueError, RecursionError):
        return SCRUBBED


def digest(body: str) -> str:
    """The member MessageBodyMD5 for a message with *body*."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest().upper()


def _message(text: str, kept: frozenset[str], *, is_allowed: bool) -> str:
    """A message that is in Base64 stays so: its reader decodes it."""
    inner = _from_base64(text)
    plain_text = text if inner is None else inner
    shown = shown_text(plain_text) if is_allowed else _notice(plain_text, kept)
    if _is_same(shown, plain_text):
        # With its spaces: clients compare the digest.
        return text
    return shown if inner is None else base64.b64encode(shown.encode()).decode()


def _is_same(shown: str, text: str) -> bool:
    try:
        return bool(json.loads(shown) == json.loads(text))
    except (ValueError, RecursionError):
        return shown == text


def _notice(text: str, kept: frozenset[str]) -> str:
    try:
        members = json.loads(text)
        if isinstance(members, dict) and any(names <= members.keys() for names in _OF_NOTICES):
            return _written(_scrubbed(members, "", kept))
    except (ValueError, RecursionError):
        pass
    return SCRUBBED


def _from_base64(text: str) -> str | None:
    # The replacement itself could be Base64.
    if text == SCRUBBED:
        return None
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _scrubbed(value: Any, path: str, kept: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            shown_name(name): _scrubbed(member, f"{path}.{name}" if path else name, kept)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_scrubbed(item, path, kept) for item in value]
    if path not in kept:
        return masked(value)
    if isinstance(value, str):
        return clean(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(clean(str(value))) if is_number else value


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
