"""Which instance the metadata service speaks for in a test, and what it says of that instance."""

from datetime import datetime, timedelta
from typing import Any

from ...errors import InvalidInput
from ...fake.control.client import Control, ControlError
from ...fake.metadata.service import path_of_keys
from ...models import format_time
from ...schedule import parse, to_text

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


def choose(
    control: Control,
    now: datetime,
    instance: str | None,
    role: str | None,
    spot_termination_time: str | datetime | timedelta | None,
    token_required: bool | None,
) -> str:
    """See `FakeCloud.metadata`; *now* is the cloud's time. Raises InvalidInput.

    Returns the path of the keys at the fake, for clients that take their address; empty when no
    instance is chosen.
    """
    body: dict[str, Any] = {"instance_id": instance}
    if role is not None:
        body["role_name"] = role
    if spot_termination_time is not None:
        moment = parse(to_text(spot_termination_time)).resolve(now)
        body["spot_termination_time"] = format_time(moment)
    if token_required is not None:
        body["token_required"] = token_required
    try:
        chosen = control.post("metadata", **body)
    except ControlError as error:
        raise InvalidInput("metadata", str(error)) from None
    return "" if instance is None else path_of_keys(chosen["role_name"])
