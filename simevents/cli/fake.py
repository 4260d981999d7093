"""``fake``: serve a local fake cloud."""

import sys
from pathlib import Path

import click

from ..errors import InvalidInput
from . import options


@click.command()
@click.option("--port", default=8086, show_default=True, help="Port; 0 takes a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Off loopback the control routes ask for a token, which is the "
    "second line printed.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="File that keeps the cloud; default: memory only.",
)
@options.instances
@click.option("--region", default="cn-hangzhou", show_default=True, help="Region of --instance.")
@click.option(
    "--access-key",
    "access_keys",
    multiple=True,
    metavar="ID:SECRET",
    help="A key pair to accept besides testid:testsecret.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set how the fake answers where the API documentation is silent; docs/switches.md.",
)
@click.option("--detach", is_flag=True, help="Leave it running and return.")
def fake(
    port: int,
    host: str,
    data: Path | None,
    instance_ids: tuple[str, ...],
    region: str,
    access_keys: tuple[str, ...],
    switches: tuple[str, ...],
    *,
    detach: bool,
) -> None:
    """Serve a local fake of Alibaba Cloud; the first line printed is its URL.

    \b
    Example: simevents fake --port 0 --instance i-2zegswzznxbp168sc5c9
    """
    # The server is an extra, and the other commands do not need it.
    try:
        from ..fake.server import FakeServer, ServerError
        from ..fake.state.database import StoreError
        from ..fake.state.switches import BadSwitch, parse
    except ModuleNotFoundError as missing:
        options.fail(
            f"{missing.name} is not installed; the fake cloud needs: pip install simevents[fake]"
        )
    ids = options.checked(instance_ids)
    keys = dict(_key_pair(text) for text in access_keys)
    try:
        if detach:
            click.echo(_detached(data, port, host, ids, region, access_keys, switches))
            return
        server = FakeServer(
            data=data,
            host=host,
            port=port,
            access_keys=keys,
            instance_ids=ids,
            region=region,
            switches=dict(parse(text) for text in switches),
        )
    except (ServerError, StoreError, BadSwitch) as error:
        options.fail(str(error))
    click.echo(server.url)
    if server.control_token:
        click.echo(f"control token: {server.control_token}")
    sys.stdout.flush()
    server.serve()


def _detached(
    data: Path | None,
    port: int,
    host: str,
    instance_ids: list[str],
    region: str,
    access_keys: tuple[str, ...],
    switches: tuple[str, ...],
) -> str:
    """Start a server that keeps running; its URL."""
    if data is None:
        options.fail("--detach needs --data, the file by which it is found again")
    if host != "127.0.0.1":
        options.fail("--detach is for loopback; with --host leave the server in the foreground")
    arguments = ["--region", region]
    arguments += [word for id in instance_ids for word in ("--instance", id)]
    arguments += [word for pair in access_keys for word in ("--access-key", pair)]
    arguments += [word for text in switches for word in ("--switch", text)]
    from ..fake import daemon

    return daemon.start(data, port, arguments).url


def _key_pair(text: str) -> tuple[str, str]:
    key_id, _, secret = text.partition(":")
    if not key_id or not secret:
        raise InvalidInput("--access-key", "write the id and the secret as ID:SECRET")
    return key_id, secret


COMMANDS = {"fake": fake}
