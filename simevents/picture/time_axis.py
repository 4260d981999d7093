"""The time axis: where on it a moment is, its ticks, and the pauses that it leaves out.

A drill is mostly a few seconds of calls, and hours until an event is due. On an even scale the
calls would all be in one spot, so a long pause in which nothing happens is a break of fixed width.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

TICK_DISTANCE = 90.0
"""Least distance of two ticks; a label of a date and one of a time fit in."""

BREAK_WIDTH = 44.0
_NARROWEST = 96.0
"""Least width of a part between breaks."""

_MOST_BREAKS = 5
_TIMES_LONGER = 8
"""How many times longer a pause is than all that is left, to be a break."""

_SHORTEST = 20.0
"""Seconds that what is left counts for at least."""

_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200),
    *(86_400, 172_800, 432_000, 864_000, 2_592_000, 8_640_000, 31_536_000),
)
"""Seconds between ticks; beyond, powers of ten of the last."""

_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The first and the last second that a date can be written for."""


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    text: str
    date: str
    """Empty where it is the date of the tick before."""


@dataclass(frozen=True, slots=True)
class Break:
    """A pause that is left out."""

    left: float
    right: float
    seconds: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of time without a break, with room at both ends."""

    first: float
    last: float
    left: float
    right: float


class TimeAxis:
    """The axis from *left* to *right* for *moments*, in seconds since 1970."""

    def __init__(self, moments: Iterable[float], left: float, right: float) -> None:
        points = sorted({*moments}) or [0.0]
        self._parts = _placed(_stretches(points), left, right)
        self._starts = [part.first for part in self._parts]
        self.left, self.right = left, right
        self.breaks = [
            Break(before.right, after.left, after.first - before.last)
            for before, after in pairwise(self._parts)
        ]
        self.ticks = _ticks(self._parts)

    def x(self, moment: float) -> float:
        """Where *moment* is; one outside is at the nearest end."""
        position = max(bisect_right(self._starts, moment) - 1, 0)
        part = self._parts[position]
        if moment > part.last and position + 1 < len(self._parts):
            after = self._parts[position + 1]
            share = (moment - part.last) / (after.first - part.last)
            return part.right + share * (after.left - part.right)
        share = (moment - part.first) / (part.last - part.first)
        return part.left + min(max(share, 0.0), 1.0) * (part.right - part.left)


def _stretches(points: list[float]) -> list[tuple[float, float]]:
    """The times between the pauses that are left out."""
    total = points[-1] - points[0]
    pauses = sorted(
        ((after - before, before) for before, after in pairwise(points)),
        reverse=True,
    )[:_MOST_BREAKS]
    starts: list[float] = []
    left = total
    for number, (length, _) in enumerate(pauses, start=1):
        left -= length
        if length >= _TIMES_LONGER * max(left, _SHORTEST):
            starts = [before for _, before in pauses[:number]]
    found, first = [], points[0]
    following = dict(pairwise(points))
    for before in sorted(starts):
        found.append((first, before))
        first = following[before]
    found.append((first, points[-1]))
    return found


def _placed(stretches: list[tuple[float, float]], left: float, right: float) -> list[_Part]:
    active = sum(last - first for first, last in stretches)
    # Whole seconds are as exact as times are: less than that of room would be no room.
    room = max(active * 0.02, 1.0)
    widths = _widths(
        [last - first + 2 * room for first, last in stretches],
        right - left - BREAK_WIDTH * (len(stretches) - 1),
    )
    parts, x = [], left
    for (first, last), width in zip(stretches, widths, strict=True):
        parts.append(_Part(first - room, last + room, x, x + width))
        x += width + BREAK_WIDTH
    return parts


def _widths(lengths: list[float], width: float) -> list[float]:
    """*width* shared out by length, but none gets less than the least."""
    narrow: set[int] = set()
    while True:
        rest = width - _NARROWEST * len(narrow)
        scale = rest / sum(length for n, length in enumerate(lengths) if n not in narrow)
        more = {
            number
            for number, length in enumerate(lengths)
            if number not in narrow and length * scale < _NARROWEST
        }
        if not more or len(more) + len(narrow) == len(lengths):
            break
        narrow |= more
    return [
        _NARROWEST if number in narrow else length * scale for number, length in enumerate(lengths)
    ]


def _ticks(parts: list[_Part]) -> list[Tick]:
    found: list[Tick] = []
    date = ""
    for part in parts:
        per_second = (part.right - part.left) / (part.last - part.first)
        step = _step(TICK_DISTANCE / per_second)
        moment = _next(part.first, step)
        moments = []
        while moment <= part.last:
            moments.append(moment)
            moment += step
        for moment in moments or [_next(part.first, 1)]:
            x = part.left + (moment - part.first) * per_second
            if found and x - found[-1].x < TICK_DISTANCE * 0.7:
                continue
            if not _FIRST <= moment <= _LAST:
                continue
            day, text = _written(moment, step)
            found.append(Tick(x, text or day, day if text and day != date else ""))
            date = day
    return found


def _step(seconds: float) -> float:
    """The least step of at least *seconds*."""
    for step in _STEPS:
        if step >= seconds:
            return step
    step = _STEPS[-1]
    while step < seconds:
        step *= 10
    return step


def _next(moment: float, step: float) -> float:
    """The first multiple of *step* that is not before *moment*."""
    return -(-moment // step) * step


def _written(moment: float, step: float) -> tuple[str, str]:
    """The date, and the time as exact as *step* asks for; no time for whole days."""
    at = datetime.fromtimestamp(moment, UTC)
    day = f"{at.year:04}-{at.month:02}-{at.day:02}"
    if step >= 86_400:
        return day, ""
    return day, at.strftime("%H:%M" if step >= 60 else "%H:%M:%S")
