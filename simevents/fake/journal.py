"""Which calls reached the cloud and how they ended, for tests and for people.

Secrets never come in: `rpc` records business parameters only. The journal lives in
memory and keeps the last calls; it does not survive a restart.
"""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

KEPT_CALLS = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    at: str
    """UTC, in the cloud's time."""
    action: str
    parameters: dict[str, str]
    status: int
    code: str
    """Empty when the call succeeded."""
    request_id: str
    unexpected: bool
    """The fake does not know this action or one of its parameters."""


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT_CALLS)

    def record(self, entry: Entry) -> None:
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, *, unexpected_only: bool = False) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self._entries if entry.unexpected or not unexpected_only]
