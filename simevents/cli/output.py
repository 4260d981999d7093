"""Events on the terminal: a table for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import click

from ..models import SystemEvent, format_time

_HEADINGS = ("event", "instance", "type", "status", "not before", "published")


def show(events: Iterable[SystemEvent], *, as_json: bool) -> None:
    """*events*, oldest first."""
    ordered = sorted(events, key=lambda event: (event.publish_time, event.event_id))
    if as_json:
        click.echo(json.dumps([plain(event) for event in ordered], indent=2))
    else:
        table(ordered)


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

    line = Console(stderr=True).status(text)

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


def printable(text: str) -> str:
    """*text* without control characters: an answer must not be able to drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(events: Iterable[SystemEvent]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, header_style="bold", pad_edge=False)
    for heading in _HEADINGS:
        grid.add_column(heading, no_wrap=True)
    for event in events:
        grid.add_row(*(Text(printable(value)) for value in plain(event).values()))
    # Ids are for copying: never cut them, whatever the width of the terminal.
    console = Console(soft_wrap=True, highlight=False)
    console.width = max(console.width, 160)
    with console.capture() as printed:
        console.print(grid)
    # Not by rich, which ends the process when the reader has gone.
    click.echo(printed.get(), nl=False)
