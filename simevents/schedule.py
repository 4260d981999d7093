"""When an event is due: NotBefore, absolute or relative, to a UTC second.

Only text and arithmetic; what "now" is comes from the caller.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytimeparse2 import parse as parse_duration

from .errors import InvalidInput
from .models import format_time

EXPECTED = (
    "write a UTC time such as 2027-01-31T09:30:00Z, or a time from now such as +30m, +2h or +1d12h"
)


@dataclass(frozen=True, slots=True)
class NotBefore:
    """An instant, or a span that counts from when the event is scheduled."""

    instant: datetime | None
    delay: timedelta | None

    def resolve(self, now: datetime) -> datetime:
        """The instant, in whole seconds; a span counts from *now*."""
        if self.instant is not None:
            return self.instant
        moment = now + (self.delay or timedelta())
        return moment.replace(microsecond=0)


def parse(text: str) -> NotBefore:
    """Read a NotBefore; InvalidInput says what would be right.

    ``+30m`` is a span. Anything else is an ISO 8601 time with ``Z`` or an offset,
    which is turned to UTC; fractions of a second are dropped.
    """
    if text.startswith("+"):
        seconds = parse_duration(text[1:].strip())
        if not isinstance(seconds, int | float) or seconds <= 0:
            raise InvalidInput("not_before", f"{text!r} is no length of time; {EXPECTED}")
        return NotBefore(None, timedelta(seconds=int(seconds)))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput("not_before", f"{text!r} is no time; {EXPECTED}") from None
    return NotBefore(_to_utc(moment, text), None)


def to_text(value: str | datetime | timedelta) -> str:
    """How a NotBefore is written in a program, as the text that `parse` reads."""
    if isinstance(value, timedelta):
        return f"+{int(value.total_seconds())}s"
    if isinstance(value, datetime):
        return format_time(_to_utc(value, value.isoformat()))
    return value


def _to_utc(moment: datetime, text: str) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput("not_before", f"{text!r} does not say in which time zone; {EXPECTED}")
    return moment.astimezone(UTC).replace(microsecond=0)
