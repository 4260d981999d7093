"""Throttling: limits on the calls per action, region and minute.

A minute is a minute of the cloud's time, so that a test can advance it. There are no
limits by default; the real service publishes its limits only in its Quota Center.
"""

from collections import Counter
from collections.abc import Mapping

from .clock import Epoch

ANY = "*"

_MOST_COUNTERS = 10_000
"""With the switch `unknown_region` a caller can name any number of regions in a minute."""


class Throttle:
    """Limits in calls per minute, by action; `ANY` is the limit of all other actions."""

    def __init__(self) -> None:
        self.limits: dict[str, int] = {}
        self._minute = 0
        self._used: Counter[tuple[str, str]] = Counter()

    def set(self, limits: Mapping[str, int]) -> None:
        """Replace all limits and reset the counters."""
        self.limits = dict(limits)
        self._used.clear()

    def admits(self, action: str, region: str, now: Epoch) -> bool:
        """Whether one more call is allowed in this minute; if so, it is counted."""
        limit = self.limits.get(action, self.limits.get(ANY))
        if limit is None:
            return True
        if (minute := int(now // 60)) != self._minute:
            self._minute = minute
            self._used.clear()
        counter = (action, region)
        if counter not in self._used and len(self._used) >= _MOST_COUNTERS:
            counter = (action, ANY)
        if self._used[counter] >= limit:
            return False
        self._used[counter] += 1
        return True
