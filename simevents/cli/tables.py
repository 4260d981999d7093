"""Tables on the terminal: as many columns as fit, and no cell that is cut."""

import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import click

from . import options

_NARROWEST = 80
_GAP = 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Headings, in their order on the terminal."""

    headings: Sequence[str]
    first: Sequence[str]
    """Which are shown first when there is not enough room."""
    always: Collection[str]
    """Which are shown even without room: ids, which other commands take."""


def printable(text: str) -> str:
    """*text* without control characters: an answer must not be able to drive the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def show(columns: Columns, rows: Sequence[Mapping[str, str]]) -> None:
    """A row on each line, with as many columns as fit; all of them with --wide."""
    rows = [{heading: printable(row[heading]) for heading in columns.headings} for row in rows]
    widths = {
        heading: max([len(heading), *(len(row[heading]) for row in rows)])
        for heading in columns.headings
    }
    is_wide = click.get_current_context().meta.get(options.WIDE, False)
    shown = list(columns.headings) if is_wide else _fitting(columns, widths)
    click.echo(click.style(_line({heading: heading for heading in shown}, widths), bold=True))
    for row in rows:
        click.echo(_line({heading: row[heading] for heading in shown}, widths))
    absent = [heading for heading in columns.headings if heading not in shown]
    if absent and sys.stdout.isatty():
        click.echo(f"No room for: {', '.join(absent)}; use --wide.", err=True)


def _fitting(columns: Columns, widths: Mapping[str, int]) -> list[str]:
    """The columns that fit into the terminal, or into 80 characters where there is none."""
    room = shutil.get_terminal_size((_NARROWEST, 0)).columns + _GAP
    fitting: set[str] = set()
    for heading in columns.first:
        if heading in columns.always or widths[heading] + _GAP <= room:
            fitting.add(heading)
            room -= widths[heading] + _GAP
    return [heading for heading in columns.headings if heading in fitting]


def _line(cells: Mapping[str, str], widths: Mapping[str, int]) -> str:
    padded = (f"{text:{widths[heading]}}" for heading, text in cells.items())
    return (" " * _GAP).join(padded).rstrip()
