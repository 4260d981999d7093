"""What can be checked of a resource's inputs without asking the cloud.

Each check raises InvalidInput with the field, what was found and what is valid.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from . import schedule
from .errors import InvalidInput
from .models import EventType, is_instance_id

MOST_INSTANCES = 10_000
"""Instances of one resource: so many can be created and cancelled within the time of one call."""


def check_event_type(value: Any) -> None:
    if value not in set(EventType):
        raise InvalidInput(
            "event_type",
            f"{value!r} is not a valid event type; use one of {', '.join(EventType)}",
        )


def check_not_before(value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidInput("not_before", f"{value!r} is not a text; {schedule.EXPECTED}")
    schedule.parse(value)


def check_instance_ids(values: Sequence[Any]) -> None:
    """*values* are the ids that are known; an id that is unknown in a preview is left out."""
    if len(values) > MOST_INSTANCES:
        raise InvalidInput(
            "instance_ids",
            f"{len(values)} instances are too many for one resource; use at most "
            f"{MOST_INSTANCES}, and further resources for the others",
        )
    malformed = [v for v in values if not isinstance(v, str) or not is_instance_id(v)]
    if malformed:
        raise InvalidInput(
            "instance_ids",
            f"{malformed[0]!r} is not a valid instance id; use i- with lower-case letters and "
            "digits, such as i-bp1a2b3c4d5e6f7g8h9j",
        )
    repeated = sorted(id for id, count in Counter(values).items() if count > 1)
    if repeated:
        raise InvalidInput("instance_ids", f"{repeated[0]} is named more than once; name it once")
