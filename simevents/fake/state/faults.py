"""What goes wrong on purpose: refusals, lost, late, garbled and partial answers.

Whether a fault affects a call depends on its seed, the action, the business
parameters and how often the same call came before, and on nothing else, so that
parallel calls do not change it. `rpc` asks before the action runs and after.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail; the parts that are set apply together."""

    action: str
    """The action it affects, or ``*``."""
    error: str | None = None
    """Refuse with this code; the action is not carried out."""
    cut: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after carrying the action out."""
    timeout: bool = False
    """Carry the action out and never answer."""
    garbage: bool = False
    """Carry the action out and answer with an HTML page and status 502."""
    partial: bool = False
    """Carry the action out and name only half of the ids in the answer."""
    latency: float = 0.0
    """Carry the action out and wait so many seconds of real time before answering."""
    visibility_delay: float = 0.0
    """Events made by the call can be seen so many seconds of cloud time later."""
    probability: float = 1.0
    skip: int = 0
    """Let so many calls of the action pass first."""
    times: int | None = None
    """Affect so many calls and no more; None is all of them."""
    seed: int = 0


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._affected: Counter[int] = Counter()
        self._passed: Counter[int] = Counter()
        self._calls: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()
        self._affected.clear()
        self._passed.clear()
        self._calls.clear()

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
        attempt = self._calls[call]
        self._calls[call] += 1
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


def _chance(seed: int, number: int, call: str, attempt: int) -> float:
    """A number from 0 up to 1, the same for the same arguments."""
    digest = hashlib.sha256(f"{seed}\0{number}\0{attempt}\0{call}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
