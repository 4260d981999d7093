"""The time line: what the cloud did and what the program under test called, as text."""

from collections.abc import Iterable
from datetime import datetime

from ..models import format_time
from .records import ApiCall, CloudEvent


def timeline(events: Iterable[CloudEvent], calls: Iterable[ApiCall]) -> str:
    """Events and calls in the order of the cloud's time, a line each."""
    lines: list[tuple[datetime, int, int, str]] = []
    for event in events:
        for number, (at, status) in enumerate(event.history):
            what = f"{event.event_type} {event.event_id} on {event.instance_id}: {status.value}"
            due = f", due {format_time(event.not_before)}" if number == 0 else ""
            # Of the same second: what began, what was called, what became of it.
            lines.append((at, 0 if number == 0 else 2, number, f"cloud    {what}{due}"))
    for number, call in enumerate(calls):
        names = " ".join(f"{n}={v}" for n, v in call.parameters.items() if n != "RegionId")
        lines.append((call.at, 1, number, f"handler  {call.action} {names} -> {_outcome(call)}"))
    shown = [f"  {format_time(at)}  {text}" for at, _, _, text in sorted(lines)]
    if not any(rank == 1 for _, rank, _, _ in lines):
        shown.append("The handler has called nothing: is it running, and does it reach this cloud?")
    return "\n".join(["What happened, in the cloud's time:", *shown])


def _outcome(call: ApiCall) -> str:
    result = call.code or ("done" if call.carried_out else "not carried out")
    return result if call.answered else f"{result}, connection cut without an answer"
