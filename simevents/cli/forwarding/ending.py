"""A command that runs until a signal ends it, and then ends in order."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Waits that the first signal ends. Use `noted` around the work."""

    def __init__(self) -> None:
        self._heard, self._told = os.pipe()
        os.set_blocking(self._told, False)
        self._is_reading = False
        self.has_come = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the signals in this block. A signal that was ignored stays ignored."""
        before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
        noted = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in noted:
            signal.signal(number, self._note)
        try:
            yield
        finally:
            for number in noted:
                signal.signal(number, before[number])
            os.close(self._heard)
            os.close(self._told)

    def wait(self, seconds: float) -> bool:
        """Wait, at most until a signal comes; whether one has come."""
        # A lock could be held by the very code that the signal interrupts; a pipe has none.
        return self.has_come or bool(select.select([self._heard], [], [], seconds)[0])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Code that a signal interrupts with KeyboardInterrupt, however long it waits."""
        self._is_reading = True
        try:
            if self.has_come:
                raise KeyboardInterrupt
            yield
        finally:
            self._is_reading = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.has_come = True
        with suppress(BlockingIOError):
            os.write(self._told, b"x")
        if self._is_reading:
            self._is_reading = False
            raise KeyboardInterrupt
