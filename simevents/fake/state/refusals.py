"""Requests to other hosts that programs sent through the fake as a proxy, and that it refused.

They are in memory, without paths, queries and bodies, which may contain keys.
"""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from .clock import Epoch, iso_time

KEPT_REFUSALS = 1_000
_LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    at: Epoch
    """In the cloud's time."""
    method: str
    host: str
    """With the port, if the request names one."""
    action: str
    """Of a request in one of the vendor's forms; else empty."""
    is_alibaba: bool
    """A host of Alibaba's, the metadata service, or a signed call: the program wanted the cloud."""


class Refusals:
    def __init__(self) -> None:
        self._kept: deque[Refusal] = deque(maxlen=KEPT_REFUSALS)
        self.recorded = 0
        """Refusals that have been recorded, those too that are not kept any more."""

    def record(self, refusal: Refusal) -> None:
        self._kept.append(refusal)
        self.recorded += 1

    def clear(self) -> None:
        self._kept.clear()

    def entries(self) -> list[dict[str, Any]]:
        """The refusals, oldest first; times are in the format of the API."""
        return [asdict(refusal) | {"at": iso_time(refusal.at)} for refusal in self._kept]


def shortened(text: str) -> str:
    """*text* with a limit, because it comes from a request."""
    return text[:_LONGEST_TEXT]
