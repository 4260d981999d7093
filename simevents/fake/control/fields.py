"""The types of the fields in bodies: how a value is written, and how an error describes it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta

from ...models import is_instance_id, parse_duration, parse_time
from ..state.clock import END_OF_TIME

_MOST_INSTANCES = 100_000
LONGEST_TEXT = 2_000


class InstanceId(str):
    """An id such as ``i-bp1a2b3c4d5e``."""


class Moment(datetime):
    """A UTC time, written as ``2026-01-02T03:04:05Z``."""


class Seconds(float):
    """A duration, written as ``2h``; never negative."""


Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TEXT,
        description=f"given, as a text of 1 to {LONGEST_TEXT} characters",
    ),
]
InstanceIds = Annotated[
    list[InstanceId],
    Meta(
        min_length=1,
        max_length=_MOST_INSTANCES,
        description="a list of instance ids (i-…), at least one",
    ),
]
OneInstanceId = Annotated[
    InstanceId, Meta(description="an instance id such as i-bp1a2b3c4d5e, or null")
]
UtcTime = Annotated[Moment, Meta(description="a UTC time such as 2026-01-02T03:04:05Z")]
Flag = Annotated[bool, Meta(description="true or false")]
Number = Annotated[float, Meta(ge=0, le=1e9, description="a number from 0 to 1000000000")]
Count = Annotated[int, Meta(ge=0, le=10**9, description="a whole number from 0 to 1000000000")]


def decoded(kind: type[Any], value: Any) -> Any:
    """Decode the types that this module defines; msgspec reports a ValueError as an error."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    if kind is InstanceId:
        if not is_instance_id(value):
            raise ValueError(f"{value!r} is not a valid instance id")
        return InstanceId(value)
    if kind is Moment:
        return Moment.fromtimestamp(parse_time(value).timestamp(), UTC)
    seconds = parse_duration(value)
    if seconds < 0:
        raise ValueError("negative")
    return Seconds(min(seconds, END_OF_TIME))


def description(hint: Any) -> str:
    """The description in an annotation, or in the member of a union that has one."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, Meta) and meta.description:
                return meta.description
    return "of another type"
