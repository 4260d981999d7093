"""Reads what a client wants to send, change or delete from the XML of its request."""

import json
from typing import Any

from ..protocol.api_errors import ApiError
from . import errors
from .attributes import (
    BOUNDS,
    DEAD_LETTERS,
    DELAY,
    LOGGING,
    dead_letters,
    read_flag,
    read_numbers,
)
from .messages import DEFAULT_PRIORITY, MOST_IN_BATCH, PRIORITY, Draft
from .xml_reader import Element

_PROPERTIES = {"UserProperties": "PropertyValue", "SystemProperties": "SystemPropertyValue"}


def queue_attributes(body: Element | None) -> dict[str, Any]:
    """The attributes that are given for a queue. Raises ApiError."""
    if body is None:
        return {}
    if body.name != "Queue":
        raise ApiError(errors.SCHEMA_VIOLATED, name=_shown(body.name))
    texts = {name: text.strip() for name, text in body.texts().items()}
    given = read_numbers(texts)
    if texts.get(LOGGING):
        given[LOGGING] = read_flag(LOGGING, texts[LOGGING])
    policy = body.child(DEAD_LETTERS)
    if policy is not None:
        members: dict[str, Any] = dict(policy.texts())
        members["Enabled"] = read_flag("Enabled", members.get("Enabled") or "false")
        given[DEAD_LETTERS] = dead_letters(members)
    return given


def message(body: Element) -> Draft:
    """One message. Raises ApiError."""
    if body.name != "Message":
        raise ApiError(errors.SCHEMA_VIOLATED, name=_shown(body.name))
    texts = body.texts()
    priority, delay = texts.get("Priority", "").strip(), texts.get(DELAY, "").strip()
    return Draft(
        body=texts.get("MessageBody", ""),
        priority=PRIORITY.read("Priority", priority) if priority else DEFAULT_PRIORITY,
        delay=BOUNDS[DELAY].read(DELAY, delay) if delay else None,
        properties=_properties(body),
    )


def batch(body: Element, root: str, item: str) -> list[Element]:
    """The items of a batch: at least one, and at most 16. Raises ApiError."""
    if body.name != root or any(child.name != item for child in body.children):
        raise ApiError(errors.SCHEMA_VIOLATED, name=_shown(body.name))
    if not 1 <= len(body.children) <= MOST_IN_BATCH:
        raise ApiError(
            errors.OUT_OF_BOUNDS, name=root, least="1", most=str(MOST_IN_BATCH), unit="items"
        )
    return body.children


def _properties(body: Element) -> str:
    found = {}
    for kind, each in _PROPERTIES.items():
        given = body.child(kind)
        values = [value.texts() for value in given.children if value.name == each] if given else []
        if values:
            found[kind] = values
    return json.dumps(found) if found else ""


def _shown(name: str) -> str:
    return name[:64]
