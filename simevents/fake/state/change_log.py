"""Which rows have changed since somebody looked, so that a page need not read all of them again."""

from collections.abc import Iterable

KEPT_CHANGES = 20_000
"""Changed rows that are remembered; who looks more rarely reads everything again."""


class ChangeLog:
    """The ids of changed rows by the number of their last change.

    It is in memory, and costs nothing until the first call of `since`. A change that was rolled
    back stays noted: whoever reads that row again finds it as it was.
    """

    def __init__(self) -> None:
        self.number = 0
        """Of the last change."""
        self._oldest = 1
        """Changes before this number are not remembered."""
        self._numbers: dict[str, int] | None = None

    def note(self, ids: Iterable[str]) -> None:
        """These rows have changed."""
        if self._numbers is None:
            return
        for id in ids:
            self.number += 1
            # Moved to the end, so that the first is always the oldest.
            self._numbers.pop(id, None)
            self._numbers[id] = self.number
        while len(self._numbers) > KEPT_CHANGES:
            oldest = next(iter(self._numbers))
            self._oldest = self._numbers.pop(oldest) + 1

    def forget(self) -> None:
        """Any row may have changed."""
        if self._numbers is not None:
            self.number += 1
            self._oldest = self.number + 1
            self._numbers.clear()

    def since(self, number: int) -> list[str] | None:
        """The rows that have changed after *number*; None if any row may have."""
        if self._numbers is None:
            self._numbers = {}
            return None
        if not self._oldest - 1 <= number <= self.number:
            return None
        if number == self.number:
            return []
        return [id for id, last in self._numbers.items() if last > number]
