"""What a picture shows: plain values, as the control routes of a fake cloud tell them.

All times are the cloud's, UTC. The texts may contain anything; who draws them bounds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

FINAL = frozenset({"Executed", "Avoided", "Canceled", "Failed"})
"""The statuses of an event after which nothing follows."""


@dataclass(frozen=True, slots=True)
class Step:
    """A status of an event, and when it began."""

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Event:
    """A system event."""

    event_id: str
    instance_id: str
    event_type: str
    published_at: datetime
    not_before: datetime
    history: tuple[Step, ...]
    """At least one step; the first is the initial status."""
    region: str = ""
    simulated: bool = True

    @property
    def status(self) -> str:
        return self.history[-1].status

    @property
    def ended_at(self) -> datetime | None:
        """When its final status began; None while it is open."""
        return self.history[-1].at if self.status in FINAL else None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API, or a request that was refused on its way elsewhere."""

    at: datetime
    action: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Without secrets."""
    code: str = ""
    """Of the error; empty when there was none."""
    results: int | None = None
    is_read: bool = False
    carried_out: bool = True
    answered: bool = True
    unexpected: bool = False
    """The fake does not know this action or one of its parameters."""
    problem: str = ""
    """Why it is unexpected."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery."""

    number: int
    at: datetime
    outcome: str
    """``delivered``, ``failed`` or ``refused``."""
    http_status: int = 0
    """0 where no answer came, or none can come."""
    answer: str = ""
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for one target of one rule."""

    delivery_id: int
    at: datetime
    name: str
    status: str
    state: str
    """``waiting``, ``retrying``, ``delivered``, ``failed`` or ``refused``."""
    instance_id: str = ""
    event_id: str = ""
    region: str = ""
    via: str = ""
    rule: str = ""
    target_id: str = ""
    kind: str = ""
    """``webhook``, ``http``, ``queue``, ``function`` or ``in_process``."""
    address: str = ""
    acknowledged_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def what(self) -> str:
        """The name of the change, with the status if the name does not have it."""
        if not self.status or self.name.endswith(self.status):
            return self.name
        return f"{self.name} ({self.status})"


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance that exists now."""

    instance_id: str
    region: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """All that a picture shows."""

    now: datetime
    events: tuple[Event, ...] = ()
    calls: tuple[Call, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    instances: tuple[Instance, ...] = ()
    title: str = "What happened in the cloud"
    notes: tuple[str, ...] = ()
    """Sentences about what is not known here."""
