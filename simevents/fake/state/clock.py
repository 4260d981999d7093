"""The cloud's clock: the only source of the cloud's current time.

It never goes back, even when the wall clock is set back, unless it is told to (`set`).
Signatures and nonces use wall time, never this clock. Nothing here waits, and there
are no timers: code that depends on elapsed time reads `now` and computes the result. Code that
waits for the cloud's time asks `wall_seconds_until`, and again after each turn (`on_turn`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from ...models import format_time

Epoch = float
"""Seconds since 1970, UTC."""

START_OF_TIME: Epoch = -62_135_596_800
"""The first second of the year 1."""

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
    """The cloud's time. *wall* is a function that returns real time, as `time.time` does.

    *setting* and *latest* are those of an earlier run on the same data: how the clock was set,
    and the latest time that the data know.
    """

    def __init__(
        self,
        wall: Callable[[], Epoch],
        setting: Setting | None = None,
        latest: Epoch | None = None,
    ) -> None:
        self._wall = wall
        self._listeners: list[Callable[[], None]] = []
        self.restart()
        if setting is not None:
            self.setting = setting
        if setting is not None or latest is not None:
            self._latest = START_OF_TIME if latest is None else latest

    def restart(self) -> None:
        """Set the clock to real time, at the normal rate."""
        start = self._wall()
        self._latest = start
        self.setting = Setting(wall=start, fake=start, rate=1.0)
        self._turned()

    def on_turn(self, listener: Callable[[], None]) -> None:
        """Call *listener* whenever the clock is set, advanced, frozen or given another rate.

        It is called in the midst of that change, which may be in a transaction: it only notes it.
        """
        self._listeners.append(listener)

    def wall_seconds_until(self, moment: Epoch) -> float | None:
        """Real seconds until the cloud's time is *moment*, unless the clock is turned; 0 if it was.

        None if it never is: the clock is frozen, or stops before.
        """
        left = moment - self.now()
        if left <= 0:
            return 0.0
        if self.setting.rate <= 0 or moment > END_OF_TIME:
            return None
        return left / self.setting.rate

    def now(self) -> Epoch:
        setting = self.setting
        moment = min(setting.fake + (self._wall() - setting.wall) * setting.rate, END_OF_TIME)
        if moment < self._latest:
            # The wall clock was set back: time goes on from the latest moment.
            moment = self._latest
            self._reset(fake=moment, rate=setting.rate)
        self._latest = moment
        return moment

    def advance(self, seconds: float) -> None:
        """Move the cloud's time forward by *seconds*."""
        self._reset(fake=self.now() + seconds, rate=self.setting.rate)
        self._turned()

    def set(self, moment: datetime) -> None:
        """Set the cloud's time to *moment*, which may be earlier; time continues from there."""
        self._latest = moment.timestamp()
        self._reset(fake=self._latest, rate=self.setting.rate)
        self._turned()

    def run_at(self, rate: float) -> None:
        """Run the clock at *rate* cloud seconds per wall second; 0 freezes it."""
        self._reset(fake=self.now(), rate=rate)
        self._turned()

    def _turned(self) -> None:
        for listener in self._listeners:
            listener()

    def _reset(self, fake: Epoch, rate: float) -> None:
        self.setting = Setting(wall=self._wall(), fake=fake, rate=rate)


# Cached: the resources that one call creates all have the same time.
@lru_cache(maxsize=10_000)
def iso_time(moment: Epoch) -> str:
    """*moment* with seconds, the format of event and VPC answers."""
    return format_time(_datetime(moment))


@lru_cache(maxsize=10_000)
def iso_minute(moment: Epoch) -> str:
    """*moment* without seconds, the format of instance answers."""
    return f"{_datetime(moment).replace(tzinfo=None).isoformat(timespec='minutes')}Z"


def _datetime(moment: Epoch) -> datetime:
    """*moment*, or the nearest one that can be written: NotBefore with an offset can be beyond."""
    return datetime.fromtimestamp(min(max(moment, START_OF_TIME), END_OF_TIME), UTC)
