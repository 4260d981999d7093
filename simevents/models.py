"""What both sides of the API agree on: the vendor's vocabularies and an event.

Frozen values and closed vocabularies, spelled as the vendor spells them. Nothing
here does I/O, and nothing here knows how a request or an answer is written.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class EventType(StrEnum):
    """The event types that CreateSimulatedSystemEvents accepts."""

    SYSTEM_MAINTENANCE_REBOOT = "SystemMaintenance.Reboot"
    SYSTEM_MAINTENANCE_STOP = "SystemMaintenance.Stop"
    SYSTEM_MAINTENANCE_REDEPLOY = "SystemMaintenance.Redeploy"
    SYSTEM_FAILURE_REBOOT = "SystemFailure.Reboot"
    SYSTEM_FAILURE_STOP = "SystemFailure.Stop"
    SYSTEM_FAILURE_REDEPLOY = "SystemFailure.Redeploy"
    INSTANCE_FAILURE_REBOOT = "InstanceFailure.Reboot"


class EventCycleStatus(StrEnum):
    """Where an event stands; the vendor writes ``Canceled`` with one l."""

    INQUIRING = "Inquiring"
    SCHEDULED = "Scheduled"
    EXECUTING = "Executing"
    EXECUTED = "Executed"
    AVOIDED = "Avoided"
    CANCELED = "Canceled"
    FAILED = "Failed"


class UnknownStatus(str):
    """A status that the vendor has added since: shown as it is, and taken for open."""

    @property
    def value(self) -> str:
        return str(self)


def event_status(name: str) -> EventCycleStatus | UnknownStatus:
    """The status of this *name*, whether this version knows it or not."""
    try:
        return EventCycleStatus(name)
    except ValueError:
        return UnknownStatus(name)


OPEN_STATUSES = frozenset({EventCycleStatus.SCHEDULED, EventCycleStatus.EXECUTING})
"""The statuses in which CancelSimulatedSystemEvents still has something to cancel."""

BATCH_LIMIT = 100
"""Most instance ids, or event ids, that one call of the API takes."""

RETENTION_DAYS = 30
"""Days for which the API still tells of an event that has finished."""

FAKE_ACCESS_KEY_ID = "testid"
FAKE_ACCESS_KEY_SECRET = "testsecret"  # noqa: S105 - published on purpose
"""The key pair the local fake accepts; it is published and opens nothing else."""

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_LONGEST_DURATION = 100
"""Characters; longer texts are refused unread."""
_EVENT_ID = re.compile(r"[0-9A-Za-z._-]{1,100}")
_INSTANCE_ID = re.compile(r"i-[a-z0-9]{1,60}")


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """One event on one instance, as the API describes it."""

    event_id: str
    instance_id: str
    event_type: str
    """Usually one of `EventType`; a real event may have a type that cannot be simulated."""
    event_cycle_status: EventCycleStatus | UnknownStatus
    not_before: datetime
    """UTC, whole seconds."""
    publish_time: datetime
    """UTC: when the event was made."""
    finish_time: datetime | None = None
    """UTC: when it got its final status; None before, and where the API does not tell."""

    @property
    def has_finished(self) -> bool:
        """Whether its status is final; one that is unknown is not."""
        return not self.is_open and self.event_cycle_status is not EventCycleStatus.INQUIRING

    @property
    def is_open(self) -> bool:
        """Whether it may still take place, as far as its status is known."""
        return self.event_cycle_status in OPEN_STATUSES or isinstance(
            self.event_cycle_status, UnknownStatus
        )


def is_instance_id(text: str) -> bool:
    """Whether *text* is shaped like an ECS instance id."""
    return _INSTANCE_ID.fullmatch(text) is not None


def is_event_id(text: str) -> bool:
    """Whether *text* can be an event id. The vendor documents no form; it is one short word."""
    return _EVENT_ID.fullmatch(text) is not None


def format_time(moment: datetime) -> str:
    """Write *moment* as the ECS API does: UTC, whole seconds, a literal ``Z``."""
    # Not strftime, which writes a year before 1000 with fewer than four digits.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_time(text: str) -> datetime:
    """Read a time as the ECS API writes it; ValueError when it is written otherwise."""
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a UTC time as yyyy-MM-ddTHH:mm:ssZ")
    return datetime.fromisoformat(text)


def parse_duration(text: str) -> float:
    """Seconds in a duration such as ``30s``, ``2h`` or ``1d12h``; ValueError for other texts."""
    # Not everyone who imports the vocabularies parses durations.
    from pytimeparse2 import parse

    # The library also reads 1:30, as 90 s, and the digits of every script.
    is_plain = len(text) <= _LONGEST_DURATION and text.isascii() and ":" not in text
    seconds = parse(text) if is_plain else None
    if not isinstance(seconds, int | float):
        raise ValueError(f"{text!r} is not a valid duration; use one such as 30s, 15m or 2h")
    return float(seconds)
