"""One account's cloud: its rows, its clock, its random ids and its settings."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from .access_keys import AccessKeys
from .answers import Answers
from .clock import Clock, Epoch
from .faults import Faults
from .store import Store
from .switches import Switches
from .throttling import Throttle

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Cloud:
    """One account's cloud, in every region."""

    store: Store
    clock: Clock
    random: random.Random
    access_keys: AccessKeys
    wall: Callable[[], float]
    """Returns real time, which keys and signatures use."""
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    throttle: Throttle = field(default_factory=Throttle)
    answers: Answers = field(default_factory=Answers)

    def __post_init__(self) -> None:
        self.store.cloud_time = self.clock.now

    def now(self) -> Epoch:
        return self.clock.now()

    def settle(self) -> None:
        """Apply every event transition that is due. Call this within a transaction."""
        self.store.events.settle(self.now(), self.switches.executing_seconds)

    def new_id(self, prefix: str) -> str:
        """An id in the vendor's format: *prefix*, a dash, 20 lower-case letters and digits."""
        return f"{prefix}-{self.new_letters(20)}"

    def new_letters(self, count: int) -> str:
        return "".join(self.random.choices(_ID_ALPHABET, k=count))

    def new_request_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032X}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
