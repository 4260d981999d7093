"""The options of ``run`` for the files that it writes at its end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--json", "json_file", type=_FILE, metavar="FILE", help="Write the result to FILE."
    ),
    click.option(
        "--report",
        "report_file",
        type=_FILE,
        metavar="FILE",
        help="Write a picture of the run to FILE, however it ends: drill.html or drill.svg.",
    ),
)


def options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check(json_file: Path | None, report_file: Path | None) -> None:
    """Raises InvalidInput when one of them cannot be written."""
    if json_file is not None:
        from ..running import report

        report.check_file(json_file)
    if report_file is not None:
        from ..picture import files

        files.check(report_file, "--report")
