"""Fault injection: errors, and lost, late, garbled or partial answers.

Whether a fault affects a call depends only on its seed, the action, the business
parameters and the number of earlier identical calls. Therefore parallel calls do not
change the result. `dispatch` checks for faults before the action runs and after it.
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

MOST_FAULTS = 1_000
KEPT_CALLS = 100_000
"""The limit for the different calls that are counted; the one that is longest unused is dropped."""


class TooManyFaults(Exception):
    """There are `MOST_FAULTS` faults; they have to be cleared before another one is added."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. If several fields are set, all of them apply."""

    action: str
    """The action it affects, or ``*``."""
    error: str | None = None
    """Answer with this error code; the action is not carried out."""
    cut: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the action is carried out."""
    timeout: bool = False
    """Carry the action out and never answer."""
    garbage: bool = False
    """Carry the action out and answer with an HTML page and status 502."""
    partial: bool = False
    """Carry the action out, but return only half of each list in the answer."""
    latency: float = 0.0
    """Carry the action out, then wait this number of real seconds before answering."""
    visibility_delay: float = 0.0
    """Seconds of cloud time until the events that the call creates become visible."""
    probability: float = 1.0
    skip: int = 0
    """The number of calls of the action that are not affected at first."""
    times: int | None = None
    """The maximum number of calls to affect; None means no maximum."""
    seed: int = 0


class Faults:
    """The active faults."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._affected: Counter[int] = Counter()
        self._passed: Counter[int] = Counter()
        self._attempts: OrderedDict[bytes, int] = OrderedDict()

    def add(self, fault: Fault) -> None:
        """Add a fault. Raises TooManyFaults."""
        if len(self._faults) >= MOST_FAULTS:
            raise TooManyFaults(f"there are {MOST_FAULTS} faults already; clear them first")
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()
        self._affected.clear()
        self._passed.clear()
        self._attempts.clear()

    def listed(self) -> list[dict[str, Any]]:
        return [
            asdict(fault) | {"struck": self._affected[number]}
            for number, fault in enumerate(self._faults)
        ]

    def matching(self, action: str, parameters: Mapping[str, str]) -> Fault | None:
        """The first fault that affects this call, or None."""
        if not self._faults:
            return None
        call = "\0".join([action, *(f"{n}={v}" for n, v in sorted(parameters.items()))])
        attempt = self._count(call)
        for number, fault in enumerate(self._faults):
            if fault.action not in ("*", action):
                continue
            if self._passed[number] < fault.skip:
                self._passed[number] += 1
                continue
            if fault.times is not None and self._affected[number] >= fault.times:
                continue
            if _chance(fault.seed, number, call, attempt) < fault.probability:
                self._affected[number] += 1
                return fault
        return None

    def _count(self, call: str) -> int:
        """The number of earlier identical calls."""
        digest = hashlib.sha256(call.encode()).digest()
        attempt = self._attempts.pop(digest, 0)
        self._attempts[digest] = attempt + 1
        if len(self._attempts) > KEPT_CALLS:
            self._attempts.popitem(last=False)
        return attempt


def _chance(seed: int, number: int, call: str, attempt: int) -> float:
    """A number from 0 (inclusive) to 1 (exclusive), always the same for the same arguments."""
    digest = hashlib.sha256(f"{seed}\0{number}\0{attempt}\0{call}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
