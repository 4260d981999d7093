"""The time line: what the cloud did, whom it told, and what the program called, as text."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..errors import OutsideFake
from ..models import format_time
from ..picture.sentences import printable, sentence
from .records import ApiCall, CloudEvent, Delivery, ProxyRefusal

# The order within a second.
_BEGAN, _TOLD_OF_BEGINNING, _CALLED, _BECAME, _TOLD = range(5)


def timeline(
    events: Iterable[CloudEvent],
    calls: Iterable[ApiCall],
    refused: Sequence[OutsideFake] = (),
    proxy_refusals: Iterable[ProxyRefusal] = (),
    deliveries: Iterable[Delivery] = (),
) -> str:
    """Events, calls, *proxy_refusals* and *deliveries* in the order of the cloud's time.

    Each is a line, and so is each attempt at a delivery; neither messages nor answers are shown.
    At the end is what was *refused* in this process.
    """
    lines: list[tuple[datetime, int, int, str]] = []
    first_statuses: dict[str, str] = {}
    for event in events:
        for number, (at, status) in enumerate(event.history):
            what = f"{event.event_type} {event.event_id} on {event.instance_id}"
            if number == 0:
                first_statuses[event.event_id] = status.value
                where = f" in {event.region}" if event.region else ""
                what = f"{what}{where}: {status.value}, due {format_time(event.not_before)}"
            else:
                what = f"{what}: {status.value}"
            rank = _BEGAN if number == 0 else _BECAME
            lines.append((at, rank, number, f"cloud    {printable(what)}"))
    for number, call in enumerate(calls):
        lines.append((call.at, _CALLED, number, f"handler  {sentence(call)}"))
    for number, refusal in enumerate(proxy_refusals):
        text = f"handler  {printable(str(refusal))} -> refused, nothing was sent"
        lines.append((refusal.at, _CALLED, number, text))
    was_told = False
    for delivery in deliveries:
        was_told = was_told or delivery.acknowledged_at is not None
        is_first = first_statuses.get(delivery.event_id) == delivery.status
        rank = _TOLD_OF_BEGINNING if is_first else _TOLD
        number = delivery.delivery_id
        lines += [(at, rank, number, f"delivery {text}") for at, text in _attempts(delivery)]
    shown = [f"  {format_time(at)}  {text}" for at, _, _, text in sorted(lines)]
    if refused:
        shown.append("Stopped on the way to the real cloud:")
        shown += [f"  {str(error).partition('. ')[0]}." for error in refused]
    elif not (was_told or any(rank == _CALLED for _, rank, _, _ in lines)):
        shown.append("The handler has called nothing: is it running, and does it reach this cloud?")
    return "\n".join(["What happened, in the cloud's time:", *shown])


def _attempts(delivery: Delivery) -> list[tuple[datetime, str]]:
    """When each attempt ended, and how, in a line; what is not sent yet has one, too."""
    about = f" on {delivery.instance_id}" if delivery.instance_id else ""
    what = printable(f"{delivery.change}{about} to {delivery.target}")
    if not delivery.attempts:
        return [(delivery.at, f"{what} -> not sent yet")]
    lines = []
    for attempt in delivery.attempts:
        if attempt.http_status:
            result = f"HTTP {attempt.http_status}"
        else:
            result = printable(attempt.answer.partition("\n")[0])
        if delivery.kind == "queue" and attempt.outcome == "delivered":
            is_deleted = delivery.acknowledged_at is not None
            result = "message deleted" if is_deleted else "message in the queue"
        again = f", attempt {attempt.number}" if attempt.number > 1 else ""
        lines.append((attempt.at, f"{what} -> {result}{again}"))
    return lines
