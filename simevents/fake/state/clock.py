"""The only source of now() for the cloud's life: an instant, a rate, nothing else.

Signatures and nonces live in wall time and never ask this clock. Nothing here
waits and there are no timers: code that needs to know what happened meanwhile reads
`now` and computes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from ...models import format_time

Epoch = float
"""Seconds since 1970, UTC."""

END_OF_TIME: Epoch = 253_402_300_799
"""The last second of the year 9999, the last that the API can write; the clock stops there."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How the cloud's time follows wall time: both read *fake* and *wall* at one instant."""

    wall: Epoch
    fake: Epoch
    rate: float
    """Cloud seconds per wall second; 0 is frozen."""


class Clock:
    """The cloud's time. *wall* is a function that tells real time, as `time.time` does."""

    def __init__(self, wall: Callable[[], Epoch], setting: Setting | None = None) -> None:
        self._wall = wall
        self.restart()
        if setting is not None:
            self.setting = setting

    def restart(self) -> None:
        """Show real time again."""
        start = self._wall()
        self.setting = Setting(wall=start, fake=start, rate=1.0)

    def now(self) -> Epoch:
        setting = self.setting
        return min(setting.fake + (self._wall() - setting.wall) * setting.rate, END_OF_TIME)

    def advance(self, seconds: float) -> None:
        """Move the cloud's time forward by *seconds*."""
        self._reset(fake=self.now() + seconds, rate=self.setting.rate)

    def set(self, moment: datetime) -> None:
        """Make it *moment* in the cloud; time runs on from there."""
        self._reset(fake=moment.timestamp(), rate=self.setting.rate)

    def run_at(self, rate: float) -> None:
        """Let *rate* cloud seconds pass per wall second; 0 freezes."""
        self._reset(fake=self.now(), rate=rate)

    def _reset(self, fake: Epoch, rate: float) -> None:
        self.setting = Setting(wall=self._wall(), fake=fake, rate=rate)


# The same times are written again and again: those of what was made in one call.
@lru_cache(maxsize=10_000)
def iso_time(moment: Epoch) -> str:
    """With seconds, as event and VPC answers write times."""
    return format_time(datetime.fromtimestamp(moment, UTC))


@lru_cache(maxsize=10_000)
def iso_minute(moment: Epoch) -> str:
    """Without seconds, as instance answers write them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")
