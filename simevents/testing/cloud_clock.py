"""The clock of the fake cloud, as a test turns it."""

from datetime import datetime, timedelta
from typing import Any

from ..errors import InvalidInput
from ..fake.control.client import Control, ControlError
from ..models import format_time, parse_time

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


class CloudClock:
    """The cloud's time. When it changes, events that become due take place, in order."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> datetime:
        """UTC, whole seconds."""
        return parse_time(self._control.get("clock")["now"])

    def advance(self, span: str | timedelta) -> datetime:
        """Move it forward by *span*, such as ``"2h"``; the time it is then."""
        text = f"{span.total_seconds()}s" if isinstance(span, timedelta) else span
        if not isinstance(text, str):
            raise InvalidInput(
                "span", f'{span!r} is not a valid duration; use a text such as "60s" or a timedelta'
            )
        return self._turn("span", advance=text)

    def set(self, moment: str | datetime) -> datetime:
        """Make it *moment*, a UTC time."""
        text = format_time(moment) if isinstance(moment, datetime) else moment
        return self._turn("moment", set=text)

    def freeze(self) -> datetime:
        """Let time stand still until it is advanced, set or run."""
        return self._turn("freeze", freeze=True)

    def run(self, rate: float = 1.0) -> datetime:
        """Let *rate* seconds pass in the cloud for each second here."""
        return self._turn("rate", rate=rate)

    def _turn(self, argument: str, **change: Any) -> datetime:
        try:
            return parse_time(self._control.post("clock", **change)["now"])
        except ControlError as error:
            raise InvalidInput(argument, str(error)) from None
