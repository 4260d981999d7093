"""Asks a running fake cloud for what a picture shows."""

from typing import Any

from ..fake.control.client import Control, NoSuchRoute
from .reading import Entries


def entries(control: Control) -> Entries:
    """What the control routes answer; an older fake has no deliveries. Raises ControlError."""
    # What is caused comes after what causes it: the effects of each call are then there, too.
    calls = control.get("calls")
    refusals = control.get("refusals")
    return Entries(
        calls=calls,
        refusals=refusals,
        deliveries=deliveries(control),
        events=control.get("events"),
        instances=control.get("instances"),
        now=control.get("clock")["now"],
    )


def deliveries(control: Control) -> list[dict[str, Any]]:
    """What was delivered; nothing from a fake that does not know the route."""
    try:
        found: list[dict[str, Any]] = control.get("deliveries")
    except NoSuchRoute:
        return []
    return found
