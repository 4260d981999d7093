"""The clock of the fake cloud, as a test turns it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from ..errors import InvalidInput
from ..fake.control.client import Control, ControlError
from ..models import format_time, parse_time

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True

T = TypeVar("T")


class Causing(Protocol):
    """What makes the deliveries that a change of the clock causes; see `delivery.calling`."""

    @property
    def stops_at_changes(self) -> bool:
        """Whether a turn of the clock has to stop at each change, since somebody is told of it."""
        ...

    def causing(self, change: Callable[[], T]) -> T:
        """Make *change*, and then the deliveries that it causes."""
        ...


class CloudClock:
    """The cloud's time. When it changes, events that become due take place, in order.

    Where somebody is told of changes, by `deliver_to` or a rule, the clock stops at each of them
    until those who are told have answered, or have let their time pass. What a handler raises in
    this process is raised here, and the clock stays where it is then.
    """

    def __init__(self, control: Control, deliveries: Causing) -> None:
        self._control = control
        self._deliveries = deliveries

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
        return self._forward("span", text)

    def set(self, moment: str | datetime) -> datetime:
        """Make it *moment*, a UTC time. Deliveries do not bring it back to before *moment*."""
        text = format_time(moment) if isinstance(moment, datetime) else moment
        if self._deliveries.stops_at_changes and isinstance(text, str):
            try:
                wanted = parse_time(text).timestamp()
            except ValueError:
                return self._turn("moment", set=text)
            if (seconds := wanted - self._control.get("clock")["epoch"]) > 0:
                self._forward("moment", f"{seconds:.6f}s")
                # A handler may have turned the clock further.
                if self._control.get("clock")["epoch"] >= wanted + 1:
                    return self.now
        return self._turn("moment", set=text)

    def freeze(self) -> datetime:
        """Let time stand still until it is advanced, set or run."""
        return self._turn("freeze", freeze=True)

    def run(self, rate: float = 1.0) -> datetime:
        """Let *rate* seconds pass in the cloud for each second here."""
        return self._turn("rate", rate=rate)

    def _forward(self, argument: str, span: str) -> datetime:
        stops = self._deliveries.stops_at_changes
        turned = self._turned(argument, advance=span, stop_at_change=stops)
        while turned["remaining"] > 0:
            span = f"{turned['remaining']:.6f}s"
            turned = self._turned(argument, advance=span, stop_at_change=True)
        return parse_time(turned["now"])

    def _turn(self, argument: str, **change: Any) -> datetime:
        return parse_time(self._turned(argument, **change)["now"])

    def _turned(self, argument: str, **change: Any) -> dict[str, Any]:
        def turn() -> dict[str, Any]:
            try:
                return dict(self._control.post("clock", **change))
            except ControlError as error:
                raise InvalidInput(argument, str(error)) from None

        return self._deliveries.causing(turn)
