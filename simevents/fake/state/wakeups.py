"""Who waits for something in the cloud to change: long polls, and the sender of deliveries.

What changes something wakes those who wait for it, within its transaction; they look after it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Wake = Callable[[], None]
"""Notes only that somebody has to look again."""


class Wakeups:
    """Those who wait, by what they wait for: any text that both sides know."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Wake]] = {}

    @contextmanager
    def waiting(self, subject: str, wake: Wake) -> Iterator[None]:
        """Within this block *wake* is called when *subject* changes."""
        self._waiting.setdefault(subject, []).append(wake)
        try:
            yield
        finally:
            left = self._waiting[subject]
            left.remove(wake)
            if not left:
                del self._waiting[subject]

    def wake(self, subject: str) -> None:
        """Call those who wait for *subject*, the longest waiting one first."""
        for wake in self._waiting.get(subject, ()):
            wake()

    def wake_all(self) -> None:
        for subject in self._waiting:
            self.wake(subject)
