"""When an event is due: NotBefore, absolute or relative, to a UTC second.

Only text and arithmetic; what "now" is comes from the caller.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import InvalidInput
from .models import format_time, parse_duration

EXPECTED = (
    "use a UTC time such as 2027-01-31T09:30:00Z, or a time from now such as +30m, +2h or +1d12h"
)

LONGEST_DELAY = timedelta(days=36500)
# The edges of the calendar are left out: a search looks a second further than the time itself.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)

_OF_THE_ENGINE = re.compile(
    r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) ([+-]\d{4}) \S+", re.ASCII
)
"""How the engine passes on a time that a stack file has without quotation marks, which YAML
reads as a time: ``2027-01-31 09:30:00 +0000 UTC``."""


@dataclass(frozen=True, slots=True)
class NotBefore:
    """An instant, or a span that counts from when the event is scheduled."""

    instant: datetime | None
    delay: timedelta | None

    def resolve(self, now: datetime) -> datetime:
        """The instant, in whole seconds; a span counts from *now*.

        Raises InvalidInput when the span ends after the last year that can be written.
        """
        if self.instant is not None:
            return self.instant
        delay = self.delay or timedelta()
        if now >= _LATEST - delay:
            raise InvalidInput("not_before", f"{delay} from now is too late; {EXPECTED}")
        return (now + delay).replace(microsecond=0)


def parse(text: str) -> NotBefore:
    """Read a NotBefore; InvalidInput says what is valid.

    ``+30m`` is a span. Anything else is an ISO 8601 time with ``Z`` or an offset, or a time
    as the engine spells it, which is turned to UTC; fractions of a second are dropped.
    """
    if text.startswith("+"):
        try:
            seconds = parse_duration(text[1:].strip())
        except ValueError:
            seconds = 0.0
        if seconds < 1:
            raise InvalidInput("not_before", f"{text!r} is not a valid duration; {EXPECTED}")
        if seconds > LONGEST_DELAY.total_seconds():
            raise InvalidInput(
                "not_before",
                f"{text!r} is not a valid duration; use at most +{LONGEST_DELAY.days}d",
            )
        return NotBefore(None, timedelta(seconds=int(seconds)))
    try:
        moment = datetime.fromisoformat(_iso(text) if text.isascii() else "")
    except ValueError:
        raise InvalidInput("not_before", f"{text!r} is not a valid time; {EXPECTED}") from None
    return NotBefore(_to_utc(moment, text), None)


def to_text(value: str | datetime | timedelta) -> str:
    """How a NotBefore is written in a program, as the text that `parse` reads."""
    if isinstance(value, timedelta):
        return f"+{int(value.total_seconds())}s"
    if isinstance(value, datetime):
        return format_time(_to_utc(value, value.isoformat()))
    # With or without quotation marks in the stack file, it is the same time.
    if _OF_THE_ENGINE.fullmatch(value) and (moment := parse(value).instant):
        return format_time(moment)
    return value


def _iso(text: str) -> str:
    spelled = _OF_THE_ENGINE.fullmatch(text)
    return "{}T{}{}".format(*spelled.groups()) if spelled else text


def _to_utc(moment: datetime, text: str) -> datetime:
    if moment.tzinfo is None:
        raise InvalidInput("not_before", f"{text!r} has no time zone; {EXPECTED}")
    try:
        utc = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        utc = _LATEST
    if not _EARLIEST <= utc < _LATEST:
        raise InvalidInput(
            "not_before",
            f"{text!r} is not a valid time; use a UTC time from {_EARLIEST.year} to {_LATEST.year}",
        )
    return utc
