"""The journal: the calls that the cloud received and their results.

It contains no secrets: of parameters that are not on the allow list, `dispatch` records the
names only. The journal is in memory, keeps only the latest calls, and is lost on a restart.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from .clock import Epoch, iso_time
from .refusals import Refusals

KEPT_CALLS = 100_000
KEPT_CHARACTERS = 50_000_000
"""The limit for all parameters together; calls with long ones displace more old calls."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: Epoch
    """In the cloud's time."""
    action: str
    parameters: dict[str, str]
    status: int
    code: str
    """Empty when the call succeeded."""
    request_id: str
    unexpected: bool
    """The fake does not know this action or one of its parameters."""
    results: int | None = None
    """How many entries the list in the answer has; None when the answer has no list."""
    problem: str = ""
    """Why the call is unexpected; empty for other calls."""


class Journal:
    """*on_call* is called with each entry."""

    def __init__(self, on_call: Callable[[Entry], None] | None = None) -> None:
        self._on_call = on_call
        self._entries: deque[Entry] = deque()
        self._characters = 0
        self.refusals = Refusals()

    def record(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._characters += _length(entry)
        while len(self._entries) > KEPT_CALLS or self._characters > KEPT_CHARACTERS:
            self._characters -= _length(self._entries.popleft())
        if self._on_call is not None:
            self._on_call(entry)

    def clear(self) -> None:
        self._entries.clear()
        self._characters = 0
        self.refusals.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, *, unexpected_only: bool = False) -> list[dict[str, Any]]:
        """The entries, oldest first; times are in the format of the API."""
        return [
            asdict(entry) | {"at": iso_time(entry.at)}
            for entry in self._entries
            if entry.unexpected or not unexpected_only
        ]


def _length(entry: Entry) -> int:
    return sum(len(name) + len(value) for name, value in entry.parameters.items())
