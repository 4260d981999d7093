"""``wait``: read events until they have the status that is waited for."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInput
from ..models import EventCycleStatus, SystemEvent, parse_duration
from . import options, output
from .events import unknown

if TYPE_CHECKING:
    from ..api.client import SystemEvents

SLOWEST_POLL_SECONDS = 5.0
DEADLINE_PASSED = 3
LEAST_BUDGET_SECONDS = 1.0
"""Time for one read, so that a deadline of 0 s reads once."""


@click.command()
@click.argument("event_ids", metavar="EVENT...", nargs=-1, required=True)
@click.option(
    "--status",
    type=click.Choice([status.value for status in EventCycleStatus]),
    help="Wait for this status; default: any that is final.",
)
@click.option("--timeout", default="10m", show_default=True, help="How long, such as 30s or 2h.")
@options.region()
@options.endpoint
@options.as_json
@options.wide
def wait(
    event_ids: tuple[str, ...],
    status: str | None,
    timeout: str,
    region: str,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Wait until events have finished, or have a given status.

    Exit code 1 when an event finished with another status than the one waited for, 3 when
    the deadline has passed.

    \b
    Example: simevents wait --region cn-hangzhou e-bp1a2b3c4d5e6f7g8h9j \\
               --status Avoided --timeout 5m
    """
    seconds = _seconds(timeout)
    deadline = time.monotonic() + seconds
    ids = options.checked_events(event_ids)
    pause = 0.2
    with (
        options.connect(region, endpoint) as api,
        output.progress("Looking at the events") as tell,
    ):
        while True:
            events = _look(api, ids, deadline)
            waiting = [event for event in events if not _is_there(event, status)]
            settled = [event for event in waiting if event.has_finished]
            if len(events) < len(ids) or settled or not waiting or time.monotonic() >= deadline:
                break
            tell(_progress(waiting, len(ids), deadline - time.monotonic()))
            time.sleep(min(pause, max(deadline - time.monotonic(), 0)))
            pause = min(pause * 1.5, SLOWEST_POLL_SECONDS)
    output.show(events, as_json=as_json)
    absent = [id for id in ids if id not in {event.event_id for event in events}]
    if absent:
        options.fail(unknown(absent, region))
    if settled:
        options.fail(f"finished, but not {status}: {_listed(settled)}")
    if waiting:
        wanted = status or "finished"
        options.fail(f"not {wanted} after {timeout}: {_listed(waiting)}", DEADLINE_PASSED)


def _look(api: "SystemEvents", ids: list[str], deadline: float) -> list[SystemEvent]:
    """The events, read within the time that is left."""
    left = max(deadline - time.monotonic(), LEAST_BUDGET_SECONDS)
    return api.within(left).describe(ids)


def _is_there(event: SystemEvent, status: str | None) -> bool:
    return event.event_cycle_status == status if status else event.has_finished


def _listed(events: Iterable[SystemEvent]) -> str:
    return ", ".join(f"{event.event_id} is {event.event_cycle_status.value}" for event in events)


def _progress(waiting: list[SystemEvent], count: int, seconds_left: float) -> str:
    return f"{count - len(waiting)} of {count} there, {seconds_left:.0f} s left"


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise InvalidInput("--timeout", str(error)) from None
    if seconds < 0:
        raise InvalidInput("--timeout", f"{text!r} is negative; use a duration such as 30s or 2h")
    return seconds


COMMANDS = {"wait": wait}
