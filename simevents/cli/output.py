"""Events on the terminal: a table for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import click

from ..models import SystemEvent, format_time
from . import tables

_MEMBERS = {
    "event": "event_id",
    "instance": "instance_id",
    "type": "event_type",
    "status": "event_cycle_status",
    "not before": "not_before",
    "published": "publish_time",
}
"""Headings and what is below them."""

_COLUMNS = tables.Columns(
    headings=tuple(_MEMBERS),
    first=("event", "instance", "status", "type", "not before", "published"),
    always=("event", "instance"),
)


def show(events: Iterable[SystemEvent], *, as_json: bool) -> None:
    """*events*, oldest first."""
    if as_json:
        click.echo(json.dumps([plain(event) for event in ordered(events)], indent=2))
    else:
        table(ordered(events))


def ordered(events: Iterable[SystemEvent]) -> list[SystemEvent]:
    """*events*, oldest first."""
    return sorted(events, key=lambda event: (event.publish_time, event.event_id))


def plain(event: SystemEvent) -> dict[str, str]:
    return {
        "event_id": event.event_id,
        "instance_id": event.instance_id,
        "event_type": event.event_type,
        "event_cycle_status": event.event_cycle_status.value,
        "not_before": format_time(event.not_before),
        "publish_time": format_time(event.publish_time),
    }


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show a progress line on a terminal; the function that is yielded changes its text."""
    from rich.console import Console

    class Line(Console):
        def on_broken_pipe(self) -> None:
            """The work goes on: Rich would end the process."""
            raise BrokenPipeError

    line = Line(stderr=True).status(text)

    def tell(changed: str) -> None:
        with suppress(OSError):
            line.update(changed)

    # The terminal may be closed meanwhile, and the work must not end for that.
    with suppress(OSError):
        line.start()
    try:
        yield tell
    finally:
        with suppress(OSError):
            line.stop()


def table(events: Iterable[SystemEvent]) -> None:
    """An event on each line, with as many columns as fit; all of them with --wide."""
    rows = [
        {heading: values[name] for heading, name in _MEMBERS.items()}
        for values in map(plain, events)
    ]
    tables.show(_COLUMNS, rows)
