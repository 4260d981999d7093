"""The command ``simevents``: arguments in, tables or JSON out, exit codes for scripts.

Exit codes: 0 done, 1 the cloud or a person said no, 2 the command line is wrong.
What the commands do is in `client`, `sweep` and `fake`. What only some of them need is
imported by those: the vendor's SDK alone costs more than half of the start-up time.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from . import __version__
from .errors import InvalidInput, SimulatedEventsError
from .models import SystemEvent, format_time, is_instance_id
from .settings import ENDPOINT_VARIABLE

if TYPE_CHECKING:
    from .client import SystemEvents
    from .stack_state import Accounted

app = typer.Typer(
    name="simevents",
    help="Simulated ECS system events: a local fake cloud, and events by hand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Region = Annotated[
    str,
    typer.Option(
        envvar=["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION"],
        help="Region of the instances, such as cn-hangzhou.",
    ),
]
OptionalRegion = Annotated[
    str | None,
    typer.Option(
        envvar=["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION"],
        help="Region of the instances, such as cn-hangzhou.",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        envvar=ENDPOINT_VARIABLE, help="URL of a local fake cloud; default: Alibaba Cloud."
    ),
]
Instances = Annotated[
    list[str] | None, typer.Option("--instance", help="Instance id; may be given again.")
]


def main() -> None:
    """The entry point; errors become one line on stderr."""
    try:
        app()
    except SimulatedEventsError as error:
        _fail(str(error))


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"simevents {__version__}")
        raise typer.Exit


@app.command("list")
def list_events(
    region: Region,
    endpoint: Endpoint = None,
    instance: Instances = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List system events, real and simulated, finished ones of the last 30 days included.

    Example: simevents list --endpoint http://127.0.0.1:8086 --region cn-hangzhou
    """
    instance_ids = _checked(instance)
    with _connect(region, endpoint) as api:
        found = api.find(instance_ids) if instance_ids else api.find_all()
    events = sorted(found, key=lambda event: (event.publish_time, event.event_id))
    if as_json:
        typer.echo(json.dumps([_plain(event) for event in events], indent=2))
    else:
        _print_table(events)


@app.command()
def sweep(
    region: OptionalRegion = None,
    endpoint: Endpoint = None,
    instance: Instances = None,
    event: Annotated[
        list[str] | None, typer.Option("--event", help="Event id; may be given again.")
    ] = None,
    events_from: Annotated[
        Path | None, typer.Option(help="File with an event id per line, as errors name one.")
    ] = None,
    instances_from: Annotated[
        Path | None, typer.Option(help="File with an instance id per line.")
    ] = None,
    event_type: Annotated[
        str, typer.Option("--type", help="On instances: only events of this type.")
    ] = "",
    not_before: Annotated[str, typer.Option(help="On instances: only events of this time.")] = "",
    stack: Annotated[
        str | None, typer.Option(help="What the state of this Pulumi stack accounts for.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List only.")] = False,
) -> None:
    """Cancel the open events on given instances, of given ids, or of a stack.

    With --region alone it only lists: the simulated events of colleagues are theirs.
    Exit code 1 when something is open afterwards.

    Example: simevents sweep --region cn-hangzhou --event e-bp1a2b3c4d5e6f7g8h9j
    """
    from .stack_state import Accounted, accounted, by_cloud

    instance_ids = _checked([*(instance or []), *_lines(instances_from)])
    event_ids = [*(event or []), *_lines(events_from)]
    if stack is not None and (instance_ids or event_ids):
        raise InvalidInput("--stack", "it names all it takes; leave instances and events out")
    if stack is not None:
        groups = [
            (_connect(*cloud), entries) for cloud, entries in by_cloud(accounted(stack)).items()
        ]
    elif region is None:
        raise InvalidInput("--region", "no region is given; name one, or a --stack")
    else:
        named = Accounted(
            region,
            endpoint,
            tuple(event_ids),
            tuple(instance_ids),
            event_type,
            not_before,
            whole_region=not (instance_ids or event_ids),
        )
        groups = [(_connect(region, endpoint), [named])]
    is_told = stack is not None or bool(instance_ids or event_ids)
    clean = [_sweep_one(api, entries, is_told and not dry_run, yes) for api, entries in groups]
    if not all(clean):
        raise typer.Exit(1)


def _sweep_one(
    api: "SystemEvents", entries: "list[Accounted]", may_cancel: bool, yes: bool
) -> bool:
    """Sweep in one cloud; whether nothing is open afterwards."""
    from .sweep import open_events
    from .sweep import sweep as sweep_events

    with api:
        where = f"{api.settings.region} of {api.settings.endpoint or 'Alibaba Cloud'}"
        events = open_events(api, entries)
        if not events:
            typer.echo(f"Nothing is open in {where}.")
            return True
        _print_table(events)
        if not may_cancel:
            typer.echo(f"{len(events)} open in {where}; nothing was cancelled.", err=True)
            typer.echo("To cancel, name --instance, --event or --stack.", err=True)
            return False
        if not yes and not typer.confirm(f"Cancel these {len(events)} events in {where}?"):
            return False
        swept = sweep_events(api, events)
    typer.echo(f"{len(swept.canceled)} cancelled.")
    for what, ids in (("real, not cancelled", swept.real), ("still open", swept.still_open)):
        if ids:
            typer.echo(f"{len(ids)} {what}: {', '.join(ids)}", err=True)
    return not swept.real and not swept.still_open


@app.command()
def fake(
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8086,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. Off loopback the control routes ask for a token, which "
            "is the second line printed."
        ),
    ] = "127.0.0.1",
    data: Annotated[
        Path | None, typer.Option(help="File that keeps the cloud; default: memory only.")
    ] = None,
    instance: Instances = None,
    region: Annotated[str, typer.Option(help="Region of --instance.")] = "cn-hangzhou",
    access_key: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:SECRET", help="A key pair to accept besides testid:testsecret."),
    ] = None,
    switch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="How to answer what is not documented; docs/switches.md."
        ),
    ] = None,
    detach: Annotated[bool, typer.Option(help="Leave it running and return.")] = False,
) -> None:
    """Serve a local fake of Alibaba Cloud; the first line printed is its URL.

    Example: simevents fake --port 0 --instance i-2zegswzznxbp168sc5c9
    """
    # Imported here: the server is an extra, and the other commands do not need it.
    try:
        from .fake.database import StoreError
        from .fake.server import FakeServer, ServerError
        from .fake.switches import BadSwitch, parse
    except ModuleNotFoundError as missing:
        _fail(f"{missing.name} is not installed; the fake cloud needs: pip install simevents[fake]")
    instance_ids = _checked(instance)
    keys = dict(_key_pair(text) for text in access_key or [])
    try:
        if detach:
            if data is None:
                _fail("--detach needs --data, the file by which it is found again")
            if host != "127.0.0.1":
                _fail("--detach is for loopback; with --host leave the server in the foreground")
            options = ["--region", region]
            options += [word for id in instance_ids for word in ("--instance", id)]
            options += [word for pair in access_key or [] for word in ("--access-key", pair)]
            options += [word for text in switch or [] for word in ("--switch", text)]
            from .fake import daemon

            typer.echo(daemon.start(data, port, options).url)
            return
        server = FakeServer(
            data=data,
            host=host,
            port=port,
            access_keys=keys,
            instance_ids=instance_ids,
            region=region,
            switches=dict(parse(text) for text in switch or []),
        )
    except (ServerError, StoreError, BadSwitch) as error:
        _fail(str(error))
    typer.echo(server.url)
    if server.control_token:
        typer.echo(f"control token: {server.control_token}")
    sys.stdout.flush()
    server.serve()


def _connect(region: str, endpoint: str | None) -> "SystemEvents":
    from .client import SystemEvents
    from .retry import Patience
    from .sdk import Sdk, default_chain
    from .settings import credentials, settings

    target = settings(region, endpoint, {})
    sdk = Sdk(target, credentials(target, os.environ, default_chain))
    return SystemEvents(sdk, target, Patience())


def _checked(instance_ids: Iterable[str] | None) -> list[str]:
    ids = list(instance_ids or [])
    for id in ids:
        if not is_instance_id(id):
            raise InvalidInput("--instance", f"{id!r} is no instance id, such as i-bp1a2b3c4d5e")
    return ids


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text().split()
    except OSError as error:
        raise InvalidInput("--…-from", f"{path} cannot be read: {error.strerror}") from None


def _key_pair(text: str) -> tuple[str, str]:
    key_id, _, secret = text.partition(":")
    if not key_id or not secret:
        raise InvalidInput("--access-key", "write the id and the secret as ID:SECRET")
    return key_id, secret


def _plain(event: SystemEvent) -> dict[str, str]:
    return {
        "event_id": event.event_id,
        "instance_id": event.instance_id,
        "event_type": event.event_type,
        "event_cycle_status": event.event_cycle_status.value,
        "not_before": format_time(event.not_before),
        "publish_time": format_time(event.publish_time),
    }


def _print_table(events: Iterable[SystemEvent]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("event", "instance", "type", "status", "not before", "published"):
        table.add_column(heading, no_wrap=True)
    for event in events:
        row = _plain(event)
        table.add_row(
            row["event_id"],
            row["instance_id"],
            row["event_type"],
            row["event_cycle_status"],
            row["not_before"],
            row["publish_time"],
        )
    # Ids are for copying: never cut them, whatever the width of the terminal.
    console = Console(soft_wrap=True, highlight=False)
    console.width = max(console.width, 160)
    console.print(table)


def _fail(text: str) -> NoReturn:
    typer.echo(f"error: {text}", err=True)
    raise SystemExit(1)
