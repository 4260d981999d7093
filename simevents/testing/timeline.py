"""The time line: what the cloud did and what the program under test called, as text."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..errors import OutsideFake
from ..models import format_time
from ..picture.sentences import printable, sentence
from .records import ApiCall, CloudEvent, ProxyRefusal


def timeline(
    events: Iterable[CloudEvent],
    calls: Iterable[ApiCall],
    refused: Sequence[OutsideFake] = (),
    proxy_refusals: Iterable[ProxyRefusal] = (),
) -> str:
    """Events, calls and *proxy_refusals* in the order of the cloud's time, a line each.

    At the end is what was *refused* in this process.
    """
    lines: list[tuple[datetime, int, int, str]] = []
    for event in events:
        for number, (at, status) in enumerate(event.history):
            what = f"{event.event_type} {event.event_id} on {event.instance_id}"
            if number == 0:
                where = f" in {event.region}" if event.region else ""
                what = f"{what}{where}: {status.value}, due {format_time(event.not_before)}"
            else:
                what = f"{what}: {status.value}"
            # Of the same second: what began, what was called, what became of it.
            lines.append((at, 0 if number == 0 else 2, number, f"cloud    {printable(what)}"))
    for number, call in enumerate(calls):
        lines.append((call.at, 1, number, f"handler  {sentence(call)}"))
    for number, refusal in enumerate(proxy_refusals):
        text = f"handler  {printable(str(refusal))} -> refused, nothing was sent"
        lines.append((refusal.at, 1, number, text))
    shown = [f"  {format_time(at)}  {text}" for at, _, _, text in sorted(lines)]
    if refused:
        shown.append("Stopped on the way to the real cloud:")
        shown += [f"  {str(error).partition('. ')[0]}." for error in refused]
    elif not any(rank == 1 for _, rank, _, _ in lines):
        shown.append("The handler has called nothing: is it running, and does it reach this cloud?")
    return "\n".join(["What happened, in the cloud's time:", *shown])
