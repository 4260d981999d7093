"""The life of an event as data: where it starts, and what follows when.

Source: the API page of CreateSimulatedSystemEvents, its life-cycle notes, and that
of RedeployInstance. Nothing here stores or reads a clock; `store` asks what is due
and records it.
"""

from dataclasses import dataclass

from ...models import EventCycleStatus, EventType

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
    """What an event in *source* becomes by itself, at its NotBefore or a while after."""

    source: EventCycleStatus
    target: EventCycleStatus
    lasts: bool = False
    """The source goes on for the while that executing takes, counted from NotBefore."""


# For a failure type NotBefore is the moment at which it is Executed; a maintenance type is
# Executing from then on, for a moment.
_MAINTENANCE = (
    Transition(EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING),
    Transition(EventCycleStatus.EXECUTING, EventCycleStatus.EXECUTED, lasts=True),
)
_FAILURE = (
    Transition(EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING),
    Transition(EventCycleStatus.EXECUTING, EventCycleStatus.EXECUTED),
)
_NEXT = {
    is_failure: {transition.source: transition for transition in transitions}
    for is_failure, transitions in ((False, _MAINTENANCE), (True, _FAILURE))
}

PENDING = frozenset({EventCycleStatus.SCHEDULED, EventCycleStatus.INQUIRING})
FINAL = frozenset(
    {
        EventCycleStatus.EXECUTED,
        EventCycleStatus.AVOIDED,
        EventCycleStatus.CANCELED,
        EventCycleStatus.FAILED,
    }
)

AVOIDED_BY_RESTART = frozenset({EventType.SYSTEM_MAINTENANCE_REBOOT})
AVOIDED_BY_STOP = AVOIDED_BY_RESTART | {EventType.SYSTEM_MAINTENANCE_STOP}

# What RedeployInstance answers, by type and status; simulated events never.
REDEPLOYED = {
    "SystemMaintenance.Reboot": PENDING,
    "SystemMaintenance.Redeploy": PENDING,
    "SystemMaintenance.RebootAndIsolateErrorDisk": frozenset({EventCycleStatus.INQUIRING}),
    "SystemMaintenance.RebootAndReInitErrorDisk": frozenset({EventCycleStatus.INQUIRING}),
    "SystemFailure.Redeploy": PENDING,
    "SystemFailure.Reboot": frozenset({EventCycleStatus.EXECUTING}),
}


def start_status(event_type: str) -> EventCycleStatus:
    """In which status a simulated event of *event_type* is made."""
    return (
        EventCycleStatus.EXECUTING if event_type in _FAILURE_TYPES else EventCycleStatus.SCHEDULED
    )


def due_at(
    event_type: str, status: EventCycleStatus, not_before: float, executing_seconds: float
) -> float | None:
    """When an event moves on by itself; None when it never does."""
    following = _NEXT[event_type in _FAILURE_TYPES].get(status)
    if following is None:
        return None
    return not_before + (executing_seconds if following.lasts else 0)


def following(event_type: str, status: EventCycleStatus) -> EventCycleStatus:
    """What an event becomes when it is due."""
    return _NEXT[event_type in _FAILURE_TYPES][status].target
