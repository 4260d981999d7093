"""The cloud's clock: the only source of the cloud's current time.

Signatures and nonces use wall time, never this clock. Nothing here waits, and there
are no timers: code that depends on elapsed time reads `now` and computes the result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from ...models import format_time

Epoch = float
"""Seconds since 1970, UTC."""

END_OF_TIME: Epoch = 253_402_300_799
"""The last second of the year 9999. The API cannot write a later one; the clock stops there."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How the cloud's time follows wall time: at wall time *wall*, the cloud's time is *fake*."""

    wall: Epoch
    fake: Epoch
    rate: float
    """Cloud seconds per wall second; 0 is frozen."""


class Clock:
    """The cloud's time. *wall* is a function that returns real time, as `time.time` does."""

    def __init__(self, wall: Callable[[], Epoch], setting: Setting | None = None) -> None:
        self._wall = wall
        self.restart()
        if setting is not None:
            self.setting = setting

    def restart(self) -> None:
        """Set the clock to real time, at the normal rate."""
        start = self._wall()
        self.setting = Setting(wall=start, fake=start, rate=1.0)

    def now(self) -> Epoch:
        setting = self.setting
        return min(setting.fake + (self._wall() - setting.wall) * setting.rate, END_OF_TIME)

    def advance(self, seconds: float) -> None:
        """Move the cloud's time forward by *seconds*."""
        self._reset(fake=self.now() + seconds, rate=self.setting.rate)

    def set(self, moment: datetime) -> None:
        """Set the cloud's time to *moment*; time continues from there."""
        self._reset(fake=moment.timestamp(), rate=self.setting.rate)

    def run_at(self, rate: float) -> None:
        """Run the clock at *rate* cloud seconds per wall second; 0 freezes it."""
        self._reset(fake=self.now(), rate=rate)

    def _reset(self, fake: Epoch, rate: float) -> None:
        self.setting = Setting(wall=self._wall(), fake=fake, rate=rate)


# Cached: the resources that one call creates all have the same time.
@lru_cache(maxsize=10_000)
def iso_time(moment: Epoch) -> str:
    """*moment* with seconds, the format of event and VPC answers."""
    return format_time(datetime.fromtimestamp(moment, UTC))


@lru_cache(maxsize=10_000)
def iso_minute(moment: Epoch) -> str:
    """*moment* without seconds, the format of instance answers."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")
