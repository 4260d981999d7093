"""The life of an event as data: where it starts, and what follows when.

Source: the API page of CreateSimulatedSystemEvents, its life-cycle notes.
Nothing here stores or reads a clock; `store` asks what is due and records it.
"""

from dataclasses import dataclass

from ..models import EventCycleStatus, EventType

_FAILURE_TYPES = frozenset(
    {
        EventType.SYSTEM_FAILURE_REBOOT,
        EventType.SYSTEM_FAILURE_STOP,
        EventType.SYSTEM_FAILURE_REDEPLOY,
        EventType.INSTANCE_FAILURE_REBOOT,
    }
)


@dataclass(frozen=True, slots=True)
class Transition:
    source: EventCycleStatus
    target: EventCycleStatus
    seconds_after_not_before: float


# A maintenance event is Executing for a moment before it is Executed. How long that lasts is
# not documented; nought makes both happen at NotBefore, in order.
TRANSITIONS = (
    Transition(EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING, 0),
    Transition(EventCycleStatus.EXECUTING, EventCycleStatus.EXECUTED, 0),
)

_NEXT = {transition.source: transition for transition in TRANSITIONS}

CANCELABLE = frozenset({EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING})
FINAL = frozenset(
    {
        EventCycleStatus.EXECUTED,
        EventCycleStatus.AVOIDED,
        EventCycleStatus.CANCELED,
        EventCycleStatus.FAILED,
    }
)


def start_status(event_type: str) -> EventCycleStatus:
    """In which status a simulated event of *event_type* is made."""
    return (
        EventCycleStatus.EXECUTING if event_type in _FAILURE_TYPES else EventCycleStatus.SCHEDULED
    )


def due_at(status: EventCycleStatus, not_before: float) -> float | None:
    """When an event in *status* moves on by itself; None when it never does."""
    following = _NEXT.get(status)
    return None if following is None else not_before + following.seconds_after_not_before


def following(status: EventCycleStatus) -> EventCycleStatus:
    """What an event in *status* becomes when it is due."""
    return _NEXT[status].target
