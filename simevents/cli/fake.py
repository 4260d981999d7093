"""``fake``: serve a local fake cloud."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from ..errors import InvalidInput
from . import options

ACCESS_KEYS_VARIABLE = "SIMEVENTS_FAKE_ACCESS_KEYS"


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
    "--access-keys",
    "access_keys_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of key pairs to accept besides testid:testsecret, a line ID:SECRET each; or set "
    f"{ACCESS_KEYS_VARIABLE} to such lines.",
)
@click.option("--access-key", "access_keys_on_argv", multiple=True, hidden=True)
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
    access_keys_file: Path | None,
    access_keys_on_argv: tuple[str, ...],
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
            f"{missing.name} is not installed; it comes with: pip install '.[fake]' in a checkout"
        )
    ids = options.checked(instance_ids)
    if access_keys_on_argv:
        raise InvalidInput(
            "--access-key",
            "every user of this machine can see the arguments of a process; use --access-keys FILE "
            f"(a line ID:SECRET each) or the variable {ACCESS_KEYS_VARIABLE}",
        )
    keys = _key_pairs(access_keys_file)
    try:
        if detach:
            click.echo(_detached(data, port, host, ids, region, access_keys_file, switches))
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
    from ..fake import daemon

    with ExitStack() as while_serving:
        if data is not None:
            try:
                while_serving.enter_context(daemon.recorded(server, data))
            except ServerError as error:
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
    access_keys_file: Path | None,
    switches: tuple[str, ...],
) -> str:
    """Start a server that keeps running; its URL."""
    if data is None:
        options.fail("--detach needs --data, the file by which it is found again")
    if host != "127.0.0.1":
        options.fail("--detach is for loopback; with --host leave the server in the foreground")
    arguments = ["--region", region]
    arguments += [word for id in instance_ids for word in ("--instance", id)]
    # The variable is inherited; the path of a file is not a secret.
    arguments += ["--access-keys", str(access_keys_file.absolute())] if access_keys_file else []
    arguments += [word for text in switches for word in ("--switch", text)]
    from ..fake import daemon

    return daemon.start(data, port, arguments).url


def _key_pairs(file: Path | None) -> dict[str, str]:
    """Secrets by access key id, from the file and from the environment."""
    sources = {ACCESS_KEYS_VARIABLE: os.environ.get(ACCESS_KEYS_VARIABLE, "").splitlines()}
    if file is not None:
        try:
            sources["--access-keys"] = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            raise InvalidInput("--access-keys", f"{file} cannot be read: {reason}") from None
    pairs = {}
    for source, lines in sources.items():
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            key_id, _, secret = line.strip().partition(":")
            if not key_id or not secret:
                # The line may hold a secret, so it is not quoted.
                raise InvalidInput(source, f"line {number} is not a valid key pair; use ID:SECRET")
            pairs[key_id] = secret
    return pairs


COMMANDS = {"fake": fake}
