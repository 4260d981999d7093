"""The JSON bodies of control requests: one class per body, validated by msgspec.

The description of a field is used in the error text for a bad value:
``"count" must be a whole number from 1 to 100000, not 0``.
"""

import codecs
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_type_hints

import msgspec
import orjson
from msgspec import UNSET, Meta, Struct, UnsetType

from ...models import EventCycleStatus
from ..protocol import registry
from ..protocol.api_errors import FAULT_ERRORS
from ..state.catalog import REGIONS
from ..state.faults import Fault
from ..state.throttling import ANY
from .fields import (
    LONGEST_TEXT,
    Count,
    Flag,
    InstanceIds,
    Number,
    OneInstanceId,
    Seconds,
    Text,
    UtcTime,
    decoded,
    description,
)

if TYPE_CHECKING:
    from starlette.requests import Request

_LONGEST_ATTRIBUTE = 10_000
_MOST_LEVELS = 32

_MOST_SHOWN = 100
"""Maximum number of characters of a bad value in an error text."""


class BadBody(Exception):
    """A control request cannot be carried out; the text of this error is the answer."""


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """The base class of bodies; unknown fields are refused."""


class Instances(Body, frozen=True):
    """Either the ids or the number of instances to create."""

    instance_ids: InstanceIds | UnsetType = UNSET
    count: (
        Annotated[int, Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")]
        | UnsetType
    ) = UNSET
    region: Text | UnsetType = UNSET


class InjectedEvents(Body, frozen=True):
    """Events to inject, one for each instance."""

    instance_ids: InstanceIds
    event_type: Text
    not_before: UtcTime
    status: (
        Annotated[EventCycleStatus, Meta(description=f"one of {', '.join(EventCycleStatus)}")]
        | UnsetType
    ) = UNSET
    simulated: Flag = False
    reason: Text | UnsetType = UNSET
    region: Text | UnsetType = UNSET
    publish_time: UtcTime | UnsetType = UNSET
    finish_time: UtcTime | UnsetType = UNSET
    reason_code: Text | UnsetType = UNSET
    impact_level: Text | UnsetType = UNSET
    extended_attribute: Annotated[dict[str, Any], Meta(description="an object")] | UnsetType = UNSET

    def details(self) -> dict[str, Any]:
        """The members that only real events have, with the names of the API. Raises BadBody."""
        if len(json.dumps(self.extended_attribute or {})) > _LONGEST_ATTRIBUTE:
            raise BadBody(
                f'"extended_attribute" must have at most {_LONGEST_ATTRIBUTE} characters of JSON'
            )
        given = {
            "ReasonCode": self.reason_code,
            "ImpactLevel": self.impact_level,
            "ExtendedAttribute": self.extended_attribute,
        }
        return {member: value for member, value in given.items() if value is not UNSET}


class ClockChange(Body, frozen=True):
    """A change of the clock; exactly one of the first five fields must be given."""

    advance: (
        Annotated[
            Seconds,
            Meta(
                description="a duration such as 30s, 15m or 2h; it must not be negative, since "
                'time in the cloud runs forward (use "set")'
            ),
        ]
        | UnsetType
    ) = UNSET
    set: UtcTime | UnsetType = UNSET
    rate: (
        Annotated[float, Meta(ge=0, le=1e6, description="a number from 0 (frozen) to 1000000")]
        | UnsetType
    ) = UNSET
    freeze: Flag | UnsetType = UNSET
    next: Annotated[Literal[True], Meta(description="true")] | UnsetType = UNSET
    """Go to the next change or delivery that is due."""
    stop_at_change: Flag = False
    """With *advance*: stop at the first change or delivery that is due on the way."""


class MetadataChange(Body, frozen=True):
    """A change of what the metadata service says; null restores the initial value."""

    instance_id: OneInstanceId | UnsetType | None = UNSET
    role_name: (
        Annotated[
            str,
            Meta(pattern=r"^[A-Za-z0-9.@_-]{1,64}$", description="the name of a RAM role, or null"),
        ]
        | UnsetType
        | None
    ) = UNSET
    spot_termination_time: UtcTime | UnsetType | None = UNSET
    token_required: Flag | UnsetType = UNSET


class NewFault(Body, frozen=True):
    """The fields of `Fault`."""

    action: Text
    error: Annotated[str, Meta(description=f"one of {', '.join(FAULT_ERRORS)}")] | None = None
    cut: Annotated[Literal["before", "after"], Meta(description='"before" or "after"')] | None = (
        None
    )
    timeout: Flag = False
    garbage: Flag = False
    partial: Flag = False
    latency: Number = 0.0
    visibility_delay: Number = 0.0
    probability: Number = 1.0
    skip: Count = 0
    times: Count | None = None
    seed: Count = 0

    def fault(self) -> Fault:
        """The fault. Raises BadBody if the action or the error code is unknown."""
        if self.action not in _covered() | {"*"}:
            raise BadBody(
                '"action" must be "*" or one that simevents fake --list-actions prints, not '
                f"{self.action!r}"
            )
        if self.error is not None and self.error not in FAULT_ERRORS:
            raise BadBody(f'"error" must be one of {", ".join(FAULT_ERRORS)}, not {self.error!r}')
        return Fault(**msgspec.structs.asdict(self))


class Account(Body, frozen=True):
    id: Annotated[
        str, Meta(pattern=r"^[0-9]+$", description="an account id: digits only, as a string")
    ]


B = TypeVar("B", bound=Body)


async def read(request: "Request", kind: type[B]) -> B:
    """The body as *kind*. Raises BadBody with the name of the bad field and the valid values."""
    return converted(await read_object(request), kind)


def converted(given: dict[str, Any], kind: type[B]) -> B:
    """*given* as *kind*. Raises BadBody with the name of the bad field and the valid values."""
    try:
        return msgspec.convert(given, kind, dec_hook=decoded)
    except msgspec.ValidationError:
        raise BadBody(_explained(given, kind)) from None


async def read_object(request: "Request") -> dict[str, Any]:
    """The body as a JSON object with any fields. Raises BadBody.

    It has no values that could not be stored or written in an answer.
    """
    content = (await request.body()).removeprefix(codecs.BOM_UTF8)
    try:
        given = msgspec.json.decode(content, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise BadBody("the body must be a JSON object") from None
    try:
        orjson.dumps(given)
    except TypeError as error:
        raise BadBody(f"the body has a value that is not valid: {error}") from None
    if _levels(given) > _MOST_LEVELS:
        raise BadBody(f"the body must have at most {_MOST_LEVELS} levels")
    return given


def plain_values(body: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """*body*, all of whose values are texts, numbers or booleans. Raises BadBody."""
    for name, value in body.items():
        if not isinstance(value, str | int | float | bool):
            raise BadBody(f'"{name}" must be a text, a number, true or false')
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise BadBody(f'"{name}" must have at most {LONGEST_TEXT} characters')
    return dict(body)


def limits(body: Mapping[str, Any]) -> dict[str, int]:
    """Limits in calls per minute, by action or ``*``. Raises BadBody."""
    known = _covered() | {ANY}
    for name in body:
        if name not in known:
            raise BadBody(
                f'"{name}" is neither "*" nor one that simevents fake --list-actions prints'
            )
        try:
            msgspec.convert(body[name], Count)
        except msgspec.ValidationError:
            raise BadBody(f'"{name}" must be a whole number of calls per minute') from None
    return dict(body)


def region(name: str | UnsetType, default: str, *, is_any: bool) -> str:
    """The region *name*, or *default*. Unless *is_any*, it must be in the published list."""
    if name is UNSET:
        return default
    if name not in REGIONS and not is_any:
        raise BadBody(f'"region" must be a region of Alibaba Cloud, not {name!r}')
    return name


def _levels(value: Any) -> int:
    """The number of objects and lists inside each other."""
    levels, inside = 0, [value]
    while inside := [each for each in inside if isinstance(each, dict | list)]:
        levels += 1
        inside = [
            item for each in inside for item in (each.values() if isinstance(each, dict) else each)
        ]
    return levels


def _covered() -> set[str]:
    return registry.names()


def _explained(given: Mapping[str, Any], kind: type[Body]) -> str:
    """An error text: the first bad field of *given*, and the valid values of *kind* for it."""
    hints = get_type_hints(kind, include_extras=True)
    unknown = sorted(given.keys() - hints.keys())
    if unknown:
        return f'unknown field "{unknown[0]}"; known are {", ".join(sorted(hints))}'
    required = {f.name for f in msgspec.structs.fields(kind) if f.required}
    for name, hint in hints.items():
        if name not in given and name not in required:
            continue
        try:
            if name in given:
                msgspec.convert(given[name], hint, dec_hook=decoded)
                continue
        except msgspec.ValidationError:
            shown = repr(given[name])
            shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
            return f'"{name}" must be {description(hint)}, not {shown}'
        return f'"{name}" must be {description(hint)}; it is missing'
    return "the body is not valid"
