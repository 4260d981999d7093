"""What a look at an event tells about its changes, and what it cannot tell.

The API shows the present status of an event and no history. Between two looks an event may have
had other statuses; which ones comes from the statuses that CloudMonitor lists for its type.
"""

from dataclasses import dataclass
from datetime import datetime

from ..fake.delivery.event_names import monitor_name
from ..models import EventCycleStatus, SystemEvent, UnknownStatus

_COURSE = (EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING)
"""What comes before the end, in this order. Few events begin with an inquiry."""
_DONE = frozenset({EventCycleStatus.EXECUTED, EventCycleStatus.FAILED})
_AVERTED = frozenset({EventCycleStatus.AVOIDED, EventCycleStatus.CANCELED})


@dataclass(frozen=True, slots=True)
class Change:
    """An event has the status of *event* since *at*, as far as the API tells."""

    event: SystemEvent
    at: datetime
    """UTC."""

    @property
    def status(self) -> str:
        return self.event.event_cycle_status.value


@dataclass(frozen=True, slots=True)
class Unseen:
    """A status that *event* probably had between two looks, and that no look has seen."""

    event: SystemEvent
    status: str


def passed_by(before: SystemEvent | None, now: SystemEvent) -> tuple[Unseen, ...]:
    """The statuses between two looks at an event, oldest first; *before* is None at the first."""
    course = _course(now.event_type)
    if before is not None and before.event_cycle_status in course:
        course = course[course.index(before.event_cycle_status) + 1 :]
    elif before is not None and before.event_cycle_status is not EventCycleStatus.INQUIRING:
        course = []
    status = now.event_cycle_status
    if status in course:
        course = course[: course.index(status)]
    elif status in _AVERTED:
        # An event that was announced is averted before it begins.
        course = [] if before is not None and before.is_open else course[:1]
    elif status not in _DONE:
        course = []
    return tuple(Unseen(now, unseen.value) for unseen in course)


def first_change(event: SystemEvent, looked_at: datetime) -> datetime | None:
    """Since when an event that is seen for the first time has its status; None if unknown."""
    if event.has_finished:
        return event.finish_time
    starts_at_once = _course(event.event_type)[:1] == [EventCycleStatus.EXECUTING]
    is_executing = event.event_cycle_status is EventCycleStatus.EXECUTING
    if is_executing and not starts_at_once and event.not_before <= looked_at:
        return max(event.not_before, event.publish_time)
    return event.publish_time


def next_change(event: SystemEvent, previous_look: datetime, looked_at: datetime) -> datetime:
    """Since when an event that was known has its new status, at the latest *looked_at*."""
    at = looked_at
    if event.has_finished:
        at = event.finish_time or looked_at
    elif event.event_cycle_status is EventCycleStatus.EXECUTING:
        at = max(event.not_before, previous_look)
    return min(at, looked_at)


def executing_since(change: Change) -> datetime | None:
    """Since when an event is, or was, Executing, as far as its times tell; None if it never was."""
    event = change.event
    if event.event_cycle_status is EventCycleStatus.EXECUTING:
        return change.at
    starts_at_once = _course(event.event_type)[:1] == [EventCycleStatus.EXECUTING]
    if starts_at_once:
        return event.publish_time
    if event.event_cycle_status not in _DONE:
        return None
    return min(max(event.not_before, event.publish_time), change.at)


def _course(event_type: str) -> list[EventCycleStatus | UnknownStatus]:
    return [status for status in _COURSE if monitor_name(event_type, status)]
