"""What ``trigger`` sends: a type with its statuses, checked, and the times of an event's course.

The statuses of a type are those that CloudMonitor lists for it. On EventBridge, whose types have
no status, a simulated event that is cancelled has a message as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..errors import InvalidInput
from ..fake.delivery.event_names import INTERRUPTION, STATE_CHANGE, listed
from ..models import EventCycleStatus, EventType, SystemEvent
from ..settings import nearest
from .changes import Change

STATES = ("Created", "Starting", "Running", "Stopping", "Stopped", "Deleted")
"""The states in the messages of `STATE_CHANGE`, as the vendor documents them."""

NOTICE = timedelta(hours=2)
"""From the publication of a planned event to its NotBefore."""
EXECUTION = timedelta(minutes=1)
"""How long an event is Executing."""

_FIELD = "TYPE"
_PREFIX = "Instance:"
_COURSE = ("Scheduled", "Executing", "Executed")


@dataclass(frozen=True, slots=True)
class LifeCycle:
    """The messages to send about one instance, in this order."""

    event_type: str
    """A type of event, `STATE_CHANGE` or `INTERRUPTION`."""
    statuses: Sequence[str]
    """Of the event, or states of the instance; none for an interruption."""


def parse(text: str, via: str) -> LifeCycle:
    """Read ``TYPE`` or ``TYPE:STATUS,STATUS…``. Raises InvalidInput, which names what is valid."""
    known = types()
    name, given = _split(text, known)
    if name not in known:
        guess = nearest(name, known)
        hint = f"did you mean {guess}? Valid are" if guess else "use one of"
        raise InvalidInput(_FIELD, f"{name[:100]!r} is not a valid type; {hint} {', '.join(known)}")
    valid = _statuses(name, via)
    if given is None:
        return LifeCycle(name, _whole(name, valid))
    statuses = [status.strip() for status in given.split(",")]
    for status in statuses:
        if status in valid:
            continue
        if not valid:
            raise InvalidInput(_FIELD, f"{name} has no status; leave {given!r} out")
        what = f"is not a status of {name}"
        if status in _statuses(name, "eventbridge"):
            what = (
                f"has no message on CloudMonitor for {name}, but on EventBridge: --via eventbridge"
            )
        raise InvalidInput(_FIELD, f"{status!r} {what}; valid are {', '.join(valid)}")
    return LifeCycle(name, tuple(statuses))


def types() -> list[str]:
    """The valid types; those that can be simulated come first."""
    found = [type.value for type in EventType]
    for entry in listed():
        resource, _, rest = entry.name.partition(":")
        name = rest.rpartition(":")[0]
        if resource == "Instance" and name and name not in found:
            found.append(name)
    return [*found, STATE_CHANGE, INTERRUPTION]


def course(life: LifeCycle, instance_id: str, event_id: str, now: datetime) -> list[Change]:
    """The changes of one event from *now* on, each at a later time than the one before."""
    now = now.replace(microsecond=0)
    is_planned = life.event_type.startswith("SystemMaintenance.") or "Scheduled" in life.statuses
    not_before = now + NOTICE if is_planned else now
    # It is averted in the middle of the notice, or of the execution.
    averted = now + (NOTICE if is_planned else EXECUTION) / 2
    times = {
        "Inquiring": now,
        "Scheduled": now,
        "Executing": not_before,
        "Executed": not_before + EXECUTION,
        "Failed": not_before + EXECUTION,
        "Avoided": averted,
        "Canceled": averted,
    }
    made: list[Change] = []
    at = now
    for status in life.statuses:
        at = max(at, times[status])
        event = SystemEvent(
            event_id, instance_id, life.event_type, EventCycleStatus(status), not_before, now
        )
        finished = replace(event, finish_time=at) if event.has_finished else event
        made.append(Change(finished, at))
    return made


def _split(text: str, known: Sequence[str]) -> tuple[str, str | None]:
    """The type, and the statuses after it if there are any."""
    # CloudMonitor's names have a colon themselves.
    name = next((each for each in known if text == each or text.startswith(f"{each}:")), None)
    if name is None and text.startswith(_PREFIX):
        return _split(text.removeprefix(_PREFIX), known)
    if name is None:
        name = text.partition(":")[0]
    rest = text.removeprefix(name)
    return name, rest[1:] if rest.startswith(":") else None


def _statuses(name: str, via: str) -> tuple[str, ...]:
    if name == STATE_CHANGE:
        return STATES
    if name == INTERRUPTION:
        return ()
    found = [entry.status for entry in listed() if entry.name == f"{_PREFIX}{name}:{entry.status}"]
    if via == "eventbridge" and name in {type.value for type in EventType}:
        found += [status for status in ("Canceled",) if status not in found]
    return tuple(found)


def _whole(name: str, valid: Sequence[str]) -> tuple[str, ...]:
    if name in (STATE_CHANGE, INTERRUPTION):
        return tuple(valid)
    begins = ("Inquiring",) if "Scheduled" not in valid and "Inquiring" in valid else ()
    return (*begins, *(status for status in _COURSE if status in valid))
