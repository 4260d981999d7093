"""Events on the terminal: a table for people, JSON for programs."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import click

from ..models import SystemEvent, format_time
from . import options

_COLUMNS = {
    "event": "event_id",
    "instance": "instance_id",
    "type": "event_type",
    "status": "event_cycle_status",
    "not before": "not_before",
    "published": "publish_time",
}
"""Headings and what is below them."""

_FIRST = ("event", "instance", "status", "type", "not before", "published")
"""Which columns are shown first when there is not enough room; ids always are."""

_NARROWEST = 80
_GAP = 2


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


def printable(text: str) -> str:
    """*text* without control characters: an answer must not be able to drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(events: Iterable[SystemEvent]) -> None:
    """An event on each line, with as many columns as fit; all of them with --wide."""
    rows = [
        {heading: printable(values[name]) for heading, name in _COLUMNS.items()}
        for values in map(plain, events)
    ]
    widths = {
        heading: max(len(heading), *(len(row[heading]) for row in rows)) if rows else len(heading)
        for heading in _COLUMNS
    }
    is_wide = click.get_current_context().meta.get(options.WIDE, False)
    shown = list(_COLUMNS) if is_wide else _fitting(widths)
    click.echo(click.style(_line({heading: heading for heading in shown}, widths), bold=True))
    for row in rows:
        click.echo(_line({heading: row[heading] for heading in shown}, widths))
    absent = [heading for heading in _COLUMNS if heading not in shown]
    if absent and sys.stdout.isatty():
        click.echo(f"No room for: {', '.join(absent)}; use --wide.", err=True)


def _fitting(widths: dict[str, int]) -> list[str]:
    """The columns that fit into the terminal, or into 80 characters where there is none."""
    room = shutil.get_terminal_size((_NARROWEST, 0)).columns + _GAP
    fitting: set[str] = set()
    for heading in _FIRST:
        is_id = heading in ("event", "instance")
        if is_id or widths[heading] + _GAP <= room:
            fitting.add(heading)
            room -= widths[heading] + _GAP
    return [heading for heading in _COLUMNS if heading in fitting]


def _line(cells: dict[str, str], widths: dict[str, int]) -> str:
    padded = (f"{text:{widths[heading]}}" for heading, text in cells.items())
    return (" " * _GAP).join(padded).rstrip()
