"""The life cycle of an event: its first status, its transitions and their times.

Sources: the API page of CreateSimulatedSystemEvents (its life-cycle notes) and that of
RedeployInstance. This module stores nothing and reads no clock; `event_table` asks it
which transitions are due, and records them.
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
    """The automatic change from *source* to *target*, at NotBefore or some time after it."""

    source: EventCycleStatus
    target: EventCycleStatus
    lasts: bool = False
    """If true, the change happens not at NotBefore, but *executing_seconds* after it."""


# An event of a failure type becomes Executed at NotBefore. An event of a maintenance type
# becomes Executing at NotBefore, and Executed some time later.
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

# The types and statuses of events that RedeployInstance responds to. It never responds to
# simulated events.
REDEPLOYED = {
    "SystemMaintenance.Reboot": PENDING,
    "SystemMaintenance.Redeploy": PENDING,
    "SystemMaintenance.RebootAndIsolateErrorDisk": frozenset({EventCycleStatus.INQUIRING}),
    "SystemMaintenance.RebootAndReInitErrorDisk": frozenset({EventCycleStatus.INQUIRING}),
    "SystemFailure.Redeploy": PENDING,
    "SystemFailure.Reboot": frozenset({EventCycleStatus.EXECUTING}),
}


def start_status(event_type: str) -> EventCycleStatus:
    """The first status of a simulated event of *event_type*."""
    return (
        EventCycleStatus.EXECUTING if event_type in _FAILURE_TYPES else EventCycleStatus.SCHEDULED
    )


def due_at(
    event_type: str, status: EventCycleStatus, not_before: float, executing_seconds: float
) -> float | None:
    """The time of an event's next automatic transition; None if there is none."""
    following = _NEXT[event_type in _FAILURE_TYPES].get(status)
    if following is None:
        return None
    return not_before + (executing_seconds if following.lasts else 0)


def following(event_type: str, status: EventCycleStatus) -> EventCycleStatus:
    """The status of an event after its next automatic transition."""
    return _NEXT[event_type in _FAILURE_TYPES][status].target
