"""The journal: the calls that the cloud received and their results.

It contains no secrets: of parameters that are not on the allow list, `dispatch` records
the names only (see `journalled`), and no name that looks like a key. The journal is in
memory, keeps only the latest calls, and is lost on a restart. What it keeps is bounded,
whatever the calls contain.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import islice
from sys import getsizeof
from typing import Any

from .clock import Epoch, iso_time
from .refusals import Refusals

KEPT_CALLS = 100_000
KEPT_BYTES = 50_000_000
"""The limit for the memory of all calls; large calls displace more old ones."""

LONGEST_NAME = 200
"""Characters of what is kept of an action, of a parameter's name or of a problem."""

LONGEST_VALUE = 40_000
"""Characters of a parameter; the largest documented one, UserData, has 32 kB."""

_BYTES_PER_PARAMETER = 100
_BYTES_PER_CALL = 500


@dataclass(frozen=True, slots=True)
class Entry:
    at: Epoch
    """In the cloud's time."""
    action: str
    parameters: dict[str, str]
    status: int
    """HTTP status of the answer; 0 when no answer was sent."""
    code: str
    """The error's code; empty when there was no error."""
    request_id: str
    unexpected: bool
    """The fake does not know this action or one of its parameters."""
    results: int | None = None
    """How many entries the list in the answer has; None when the answer has no list."""
    problem: str = ""
    """Why the call is unexpected; empty for other calls."""
    is_read: bool = False
    """The action changes nothing in the account."""
    carried_out: bool = True
    """The action was carried out, whether or not its answer arrived."""
    answered: bool = True
    """An answer was sent; a fault can cut the connection instead."""
    taught: bool = False
    """A test has taught the fake the answer."""


class Journal:
    """*on_call* is called with each entry."""

    def __init__(self, on_call: Callable[[Entry], None] | None = None) -> None:
        self._on_call = on_call
        self._entries: deque[tuple[int, Entry]] = deque()
        self._bytes = 0
        self.recorded = 0
        """Calls that have been recorded, those too that are not kept any more."""
        self.refusals = Refusals()

    def record(self, entry: Entry) -> None:
        size = _size(entry)
        if size > LONGEST_VALUE:
            entry = _shortened(entry)
            size = _size(entry)
        self._entries.append((size, entry))
        self.recorded += 1
        self._bytes += size
        while len(self._entries) > KEPT_CALLS or self._bytes > KEPT_BYTES:
            self._bytes -= self._entries.popleft()[0]
        if self._on_call is not None:
            self._on_call(entry)

    def clear(self) -> None:
        self._entries.clear()
        self._bytes = 0
        self.refusals.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def since(self, number: int) -> list[dict[str, Any]]:
        """The kept entries after the first *number* recorded ones, each with its number."""
        count = min(max(self.recorded - number, 0), len(self._entries))
        newest = list(islice(reversed(self._entries), count))
        first = self.recorded - count + 1
        return [
            asdict(entry) | {"at": iso_time(entry.at), "number": each}
            for each, (_, entry) in enumerate(reversed(newest), start=first)
        ]

    def entries(self, *, unexpected_only: bool = False) -> list[dict[str, Any]]:
        """The entries, oldest first; times are in the format of the API."""
        return [
            asdict(entry) | {"at": iso_time(entry.at)}
            for _, entry in self._entries
            if entry.unexpected or not unexpected_only
        ]


def _size(entry: Entry) -> int:
    """The memory of an entry in bytes, roughly."""
    size = _BYTES_PER_CALL + getsizeof(entry.action) + getsizeof(entry.code)
    for name, value in entry.parameters.items():
        size += _BYTES_PER_PARAMETER + getsizeof(name) + getsizeof(value)
    return size


def _shortened(entry: Entry) -> Entry:
    return replace(
        entry,
        action=shortened(entry.action, LONGEST_NAME),
        parameters={
            shortened(name, LONGEST_NAME): shortened(value, LONGEST_VALUE)
            for name, value in entry.parameters.items()
        },
    )


def shortened(text: str, longest: int) -> str:
    """*text*, cut after *longest* characters and marked with an ellipsis if it is longer."""
    return text if len(text) <= longest else f"{text[:longest]}…"
