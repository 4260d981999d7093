"""What ``trigger`` and ``listen`` print of an answer and of a change."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...models import SystemEvent, format_time
from ..tables import printable

if TYPE_CHECKING:
    from ...listening.forwarder import Answer

_LONGEST = 200


def of_answer(answer: "Answer") -> str:
    """``Scheduled  200 in 12 ms  {"code":0}``."""
    return f"{answer.status:<9}  {outcome(answer)}"


def outcome(answer: "Answer") -> str:
    """``200 in 12 ms  {"code":0}``: the status, the time and the first line of the answer."""
    status = str(answer.http_status) if answer.http_status else "no answer"
    first = next(iter(answer.text.strip().splitlines()), "")
    shown = first if len(first) <= _LONGEST else f"{first[:_LONGEST]}…"
    return printable(f"{status} in {answer.seconds * 1_000:.0f} ms  {shown}").rstrip()


def of_event(event: SystemEvent) -> str:
    """``SystemMaintenance.Reboot e-… on i-…``."""
    return printable(f"{event.event_type} {event.event_id} on {event.instance_id}")


def plain(answer: "Answer") -> dict[str, Any]:
    return {
        "name": answer.name,
        "status": answer.status,
        "at": format_time(datetime.fromtimestamp(answer.at, UTC)),
        "http_status": answer.http_status or None,
        "answer": answer.text,
        "seconds": round(answer.seconds, 6),
        "is_acknowledged": answer.is_acknowledged,
    }
