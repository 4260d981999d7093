"""Reads the JSON bodies of control requests, one kind of field at a time.

Every failure names the field and what would be right.
"""

from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request

from ...models import is_instance_id, parse_duration, parse_time
from ..protocol.api_errors import FAULT_ERRORS
from ..protocol.registry import ACTIONS
from ..state.catalog import REGIONS
from ..state.clock import END_OF_TIME
from ..state.faults import Fault
from ..state.throttling import ANY


class BadBody(Exception):
    """A control request cannot be carried out; its text is the answer."""


async def read(request: Request, known: set[str] | None) -> dict[str, Any]:
    """The body, an object with none but the *known* fields; None lets any pass."""
    try:
        body = orjson.loads(await request.body())
    except ValueError:
        raise BadBody("the body must be a JSON object") from None
    if not isinstance(body, dict):
        raise BadBody("the body must be a JSON object")
    unknown = sorted(set(body) - known) if known is not None else []
    if unknown:
        raise BadBody(f'unknown field "{unknown[0]}"; known are {", ".join(sorted(known or ()))}')
    return body


def text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise BadBody(f'"{name}" must be given, as a string')
    return value


def instance_ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("instance_ids")
    if not isinstance(ids, list) or not ids:
        raise BadBody('"instance_ids" must be a list of instance ids')
    for id in ids:
        if not isinstance(id, str) or not is_instance_id(id):
            raise BadBody(f'"instance_ids" holds {id!r}, which is not a valid instance id (i-…)')
    return ids


def moment(body: dict[str, Any], name: str) -> datetime:
    given = text(body, name)
    try:
        return parse_time(given)
    except ValueError:
        raise BadBody(
            f'"{name}" must be a UTC time such as 2026-01-02T03:04:05Z, not {given!r}'
        ) from None


def seconds(body: dict[str, Any], name: str) -> float:
    given = text(body, name)
    try:
        parsed = parse_duration(given)
    except ValueError:
        raise BadBody(
            f'"{name}" must be a duration such as 30s, 15m or 2h, not {given!r}'
        ) from None
    if parsed < 0:
        raise BadBody(f'"{name}" must not be negative: time in the cloud runs forward (use "set")')
    return min(parsed, END_OF_TIME)


def fault(body: dict[str, Any]) -> Fault:
    action = text(body, "action")
    known = {covered.name for covered in ACTIONS.values()}
    if action not in known | {"*"}:
        raise BadBody(f'"action" must be "*" or an action of /_fake/actions, not {action!r}')
    if body.get("error") is not None and body["error"] not in FAULT_ERRORS:
        raise BadBody(f'"error" must be one of {", ".join(FAULT_ERRORS)}, not {body["error"]!r}')
    if body.get("cut") not in (None, "before", "after"):
        raise BadBody('"cut" must be "before" or "after"')
    numbers = {"latency", "visibility_delay", "probability", "skip", "times", "seed"}
    for name in numbers & set(body):
        value = body[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadBody(f'"{name}" must be a number, 0 or more')
    for name in {"timeout", "garbage", "partial"} & set(body):
        if not isinstance(body[name], bool):
            raise BadBody(f'"{name}" must be true or false')
    return Fault(**body)


def rate(body: dict[str, Any]) -> float:
    rate = body["rate"]
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1e6:
        raise BadBody('"rate" must be a number from 0 (frozen) to 1000000')
    return float(rate)


def region(body: dict[str, Any], default: str, is_any: bool) -> str:
    """A region of the published list, or any text when *is_any*."""
    name = text(body, "region", default)
    if name not in REGIONS and not is_any:
        raise BadBody(f'"region" is {name!r}, which is none of Alibaba Cloud\'s')
    return name


def details(body: dict[str, Any]) -> dict[str, Any]:
    """What only real events have, spelled as the API spells it."""
    found: dict[str, Any] = {}
    for name, member in (("reason_code", "ReasonCode"), ("impact_level", "ImpactLevel")):
        if name in body:
            found[member] = text(body, name)
    if "extended_attribute" in body:
        attribute = body["extended_attribute"]
        if not isinstance(attribute, dict):
            raise BadBody('"extended_attribute" must be an object')
        found["ExtendedAttribute"] = attribute
    return found


def limits(body: dict[str, Any]) -> dict[str, int]:
    """Calls per minute by action, or by ``*``."""
    known = {action.name for action in ACTIONS.values()} | {ANY}
    for name, limit in body.items():
        if name not in known:
            raise BadBody(f'"{name}" is neither "*" nor an action of /_fake/actions')
        if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= 10**9:
            raise BadBody(f'"{name}" must be a whole number of calls per minute')
    return body
