"""Reads the members of an answer; one that the API does not document is as good as no answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..errors import NoAnswer
from ..models import SystemEvent, event_status, parse_time

if TYPE_CHECKING:
    from .sdk import Answer


def list_in(answer: "Answer", outer: str, inner: str) -> list[Any]:
    """The list in an answer's set; NoAnswer when the answer has no such set."""
    found = answer.body.get(outer)
    if not isinstance(found, Mapping) or not isinstance(found.get(inner), list):
        raise unreadable(answer, f"it has no {outer}.{inner}")
    return list(found[inner])


def text_in(answer: "Answer", member: str, entry: Any = None) -> str:
    """A member of *entry*, or of the answer; NoAnswer when it is not a text."""
    container = answer.body if entry is None else entry
    value = container.get(member) if isinstance(container, Mapping) else None
    if not isinstance(value, str) or not value:
        raise unreadable(answer, f"{member} is missing or not a text")
    return value


def total_count(answer: "Answer") -> int:
    """TotalCount; NoAnswer without one, since nothing else tells that there are more pages."""
    value = answer.body.get("TotalCount")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise unreadable(answer, "TotalCount is missing or not a number")
    return value


def event_in(answer: "Answer", entry: Any) -> SystemEvent:
    """The event in *entry* of the history; NoAnswer when it is not one."""
    if not isinstance(entry, Mapping):
        raise unreadable(answer, "one of its events is not an object")
    event_id = text_in(answer, "EventId", entry)
    published = text_in(answer, "EventPublishTime", entry)
    try:
        return SystemEvent(
            event_id=event_id,
            instance_id=text_in(answer, "InstanceId", entry),
            event_type=text_in(answer, "Name", entry.get("EventType")),
            event_cycle_status=event_status(text_in(answer, "Name", entry.get("EventCycleStatus"))),
            # Some real events are announced without a planned time.
            not_before=parse_time(str(entry.get("NotBefore") or published)),
            publish_time=parse_time(published),
            finish_time=_time_or_none(entry.get("EventFinishTime")),
        )
    except ValueError:
        # Not quoted whole: an answer may be of any length.
        raise unreadable(answer, f"a time of {event_id[:80]!r} is not a UTC time") from None


def _time_or_none(value: Any) -> datetime | None:
    """A time that nothing depends on: one that is absent, or no time, is not told."""
    try:
        return parse_time(str(value or ""))
    except ValueError:
        return None


def unreadable(answer: "Answer", what: str) -> NoAnswer:
    """The error for an answer that is not a documented one; *what* says in which way."""
    reason = f"its answer {answer.request_id} is not one that the API documents: {what}"
    return NoAnswer(answer.action, "the cloud", reason)
