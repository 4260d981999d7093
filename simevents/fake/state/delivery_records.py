"""Deliveries, and the attempts to make them, as values.

`outbox_table` stores them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import Epoch

WAITING = "waiting"
"""No attempt has ended yet."""
RETRYING = "retrying"
"""An attempt failed; another one follows at `Delivery.due_at`."""
DELIVERED = "delivered"
FAILED = "failed"
"""The last attempt failed."""
REFUSED = "refused"
"""The target is not on this machine, and nobody has allowed its host."""

FINISHED = frozenset({DELIVERED, FAILED, REFUSED})


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One message for one target of one rule."""

    notice_id: str
    """Of the change; the same for every rule and target."""
    at: Epoch
    """The cloud's time of the change."""
    region: str
    instance_id: str
    event_id: str
    """Empty for a change that is not one of a system event."""
    name: str
    """CloudMonitor's name of the change, or the type on EventBridge."""
    status: str
    """The status of the event or the state of the instance after the change."""
    via: str
    """``cloudmonitor`` or ``eventbridge``."""
    rule: str
    target_id: str
    lane: str
    """Within a lane, the first attempts are made in order: rule and target, in one text."""
    kind: str
    """``webhook``, ``http``, ``queue``, ``function`` or ``in_process``: who sends it."""
    address: str
    """URL, queue, ``service/function`` or name of the target in this process."""
    body: bytes
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the sender of this kind needs besides."""
    retry: str = "none"
    """The strategy, of `delivery.retries`."""
    blocks: bool = False
    """Whether later deliveries of the lane wait until this one has finished."""
    dead_letter: str = ""
    """The queue for the message after the last attempt has failed; empty for none."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it is stored."""

    delivery_id: int
    new: NewDelivery
    state: str
    due_at: Epoch | None
    """The cloud's time of the next attempt; None if there is none."""
    attempts: int
    """Attempts that have begun."""
    message_id: str
    """Of the message in a queue; else empty."""
    acknowledged_at: Epoch | None
    """When the target confirmed it: 2xx, a function that returned, a message that was deleted."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a delivery; *outcome* is delivered, failed or refused."""

    delivery_id: int
    number: int
    at: Epoch
    outcome: str
    http_status: int
    """0 where no answer came, or none can come."""
    answer: str
    """The beginning of the answer, or why there was none."""
    seconds: float
    """Of real time."""

    @property
    def is_repeat(self) -> bool:
        """Whether an earlier attempt had begun, which may have reached the target."""
        return self.number > 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    outcome: str
    """delivered, failed or refused."""
    http_status: int = 0
    answer: str = ""
    seconds: float = 0.0
    message_id: str = ""
    """Of the message that was placed in a queue."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that has ended, at the cloud's time *at*."""

    delivery_id: int
    number: int
    """1 for the first attempt."""
    outcome: Outcome
    at: Epoch
    retry_at: Epoch | None
    """The cloud's time of the next attempt; None if there is none."""
    dead: Delivery | None = None
    """The delivery, if it has failed for good and has a dead-letter queue."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the target has confirmed it; a message in a queue is confirmed by deletion."""
        return self.outcome.outcome == DELIVERED and not self.outcome.message_id
