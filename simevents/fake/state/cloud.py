"""One account's cloud: its rows, its clock, its random ids and its settings."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .access_keys import AccessKeys
from .answers import Answers
from .clock import Clock, Epoch
from .event_table import Change
from .faults import Faults
from .occurrences import EventChange, Interruption, Occurrence, StateChange
from .store import Store
from .switches import Switches
from .throttling import Throttle
from .wakeups import Wakeups

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
    wakeups: Wakeups = field(default_factory=Wakeups)
    """A turned clock wakes all."""
    on_rules: Callable[[], None] = lambda: None
    """Called when a rule that asks for deliveries has been added, changed or removed."""
    _tell: Callable[[Sequence[Occurrence]], None] | None = None

    def __post_init__(self) -> None:
        self.store.cloud_time = self.clock.now
        self.clock.on_turn(self.wakeups.wake_all)

    def listen(self, tell: Callable[[Sequence[Occurrence]], None] | None) -> None:
        """Call *tell* in the transaction of each change; None while nobody subscribes.

        Without it a change of an event costs nothing more than before.
        """
        self._tell = tell
        self.store.events.on_changes = None if tell is None else self._events_changed

    def happened(self, occurrences: Sequence[StateChange | Interruption]) -> None:
        """Record and tell what is no change of an event. Call this within the transaction."""
        first = self.store.occurrences.add(occurrences)
        if self._tell is not None:
            self._tell([replace(each, number=n) for n, each in enumerate(occurrences, first)])

    def rules_changed(self) -> None:
        """Somebody subscribes to changes, or does so no more."""
        self.on_rules()

    def _events_changed(self, changes: Sequence[Change]) -> None:
        assert self._tell is not None
        self._tell([EventChange(event, at) for event, at in changes])

    def now(self) -> Epoch:
        return self.clock.now()

    def settle(self) -> None:
        """Apply every transition that is due, in order. Call this within a transaction."""
        now, events = self.now(), self.store.events
        while (due := self.store.transitions.next_due()) is not None and due <= now:
            events.settle(due, self.switches.executing_seconds)
            self.happened(
                [
                    StateChange(ended.instance_id, ended.region, ended.state, ended.at)
                    for ended in self.store.transitions.take(due)
                ]
            )
        events.settle(now, self.switches.executing_seconds)

    def set_back(self, seconds: float) -> None:
        """Let what is due stay due, and waits go on, after the clock was set back by *seconds*.

        That is true of deliveries and messages; events keep their times. Without effect when
        *seconds* is not positive. Call this within the transaction that saves the clock.
        """
        if seconds > 0:
            self.store.outbox.set_back(seconds)
            self.store.queues.set_back(seconds)

    def next_due(self) -> Epoch | None:
        """The time of the next change that comes by itself; None if there is none."""
        found = (self.store.events.next_due(), self.store.transitions.next_due())
        return min((due for due in found if due is not None), default=None)

    def new_id(self, prefix: str) -> str:
        """An id in the vendor's format: *prefix*, a dash, 20 lower-case letters and digits."""
        return f"{prefix}-{self.new_letters(20)}"

    def new_letters(self, count: int) -> str:
        return "".join(self.random.choices(_ID_ALPHABET, k=count))

    def new_request_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032X}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
