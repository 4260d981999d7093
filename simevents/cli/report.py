"""``report``: a picture of what happened, as a file to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInput, InvalidSettings
from ..settings import ENDPOINT_VARIABLE
from . import control, options, output

if TYPE_CHECKING:
    from ..picture.drill import Drill


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The report: drill.html with tables, or drill.svg. A file that exists is replaced.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A data file of simevents fake; it is not changed.",
)
@click.option(
    "--region",
    help="A region of the account instead of a fake: its events of the last 30 days.",
)
@click.option("--title", metavar="TEXT", help="The heading of the report.")
@options.endpoint
@control.token
def report(
    out: Path,
    data: Path | None,
    region: str | None,
    title: str | None,
    endpoint: str | None,
    token: str,
) -> None:
    """Write a picture of what happened: events, calls and deliveries by instance and time.

    It is read from a running fake, from the data file of one, or from a region of the account
    (--region; of a fake, if --endpoint names one), of which only the events are known.

    \b
    Example: simevents report --out drill.html --endpoint http://127.0.0.1:8086
    """
    from ..picture import files

    files.check(out, "--out")
    if data is not None and region is not None:
        raise InvalidInput(
            "--data", "--data and --region exclude each other; leave one of them out"
        )
    if data is not None:
        shown = _of_file(data, title, token)
    elif region is not None:
        shown = _of_region(region, title, endpoint)
    elif endpoint:
        shown = _of_fake(endpoint, title, token)
    else:
        raise InvalidSettings(
            "--endpoint",
            f"nothing is named to report on; give the URL of a fake, or set {ENDPOINT_VARIABLE}, "
            "or give --data or --region",
        )
    try:
        files.write(out, shown)
    except OSError as error:
        options.fail(f"--out: {out} cannot be written: {error.strerror}")
    click.echo(f"{out}: {_counts(shown)}")


def _of_fake(endpoint: str, title: str | None, token: str) -> "Drill":
    with control.connected(endpoint, token) as cloud:
        from ..picture import from_control, reading

        return reading.drill(from_control.entries(cloud), title or f"Fake cloud at {endpoint}")


def _of_file(data: Path, title: str | None, token: str) -> "Drill":
    """Of the fake that serves the file, or of the file where none does."""
    try:
        from ..fake import daemon
        from ..fake.control.data_file import read
        from ..fake.state.database import StoreError
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    from ..picture import reading

    try:
        running = daemon.find(data)
        if running is not None:
            return _of_fake(running.url, title or f"Fake cloud of {data}", token)
        with output.progress("Reading the file"):
            found = read(data)
    except StoreError as error:
        options.fail(str(error))
    entries = reading.Entries(
        now=found["clock"]["now"],
        events=found["events"],
        instances=found["instances"],
        deliveries=found["deliveries"],
        notes=("The calls of a fake cloud are not in its data file.",),
    )
    return reading.drill(entries, title or f"Data file {data}")


def _of_region(region: str, title: str | None, endpoint: str | None) -> "Drill":
    from ..picture import reading

    with options.connect(region, endpoint) as api, output.progress("Reading events"):
        events, now = api.find_all(), api.now()
    return reading.real_events(events, region, now, title or f"System events in {region}")


def _counts(drill: "Drill") -> str:
    from ..picture.sentences import counted

    return ", ".join(
        [
            counted(len(drill.events), "event"),
            counted(len(drill.calls), "call"),
            counted(len(drill.deliveries), "delivery", "deliveries"),
        ]
    )


COMMANDS = {"report": report}
