"""``fake``: serve a local fake cloud."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TextIO

import click

from ..errors import InvalidInput
from . import console_child, options

if TYPE_CHECKING:
    from ..fake.server import FakeServer
    from ..fake.state.answers import Answer
    from .request_log import RequestLog

ACCESS_KEYS_VARIABLE = "SIMEVENTS_FAKE_ACCESS_KEYS"

STDERR = "-"


def _print_list(ctx: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or ctx.resilient_parsing:
        return
    try:
        from . import fake_lists
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    lines = {"list_actions": fake_lists.actions, "list_switches": fake_lists.switches}
    click.echo("\n".join(lines[str(parameter.name)]()))
    ctx.exit()


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8086,
    show_default=True,
    help="Port; 0 takes a free one.",
)
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
@click.option(
    "--as-instance",
    metavar="ID",
    help="Instance that the metadata service at 100.100.100.200 speaks for, for programs that have "
    "this fake as their proxy; it is created if it does not exist.",
)
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
    help="Set how the fake answers where the API documentation is silent; see --list-switches.",
)
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of answers to calls that the fake does not cover: a JSON list of objects with "
    "call, members, product, error and times.",
)
@click.option(
    "--log",
    is_flag=False,
    flag_value=STDERR,
    metavar="[FILE]",
    help="Write a line for each call of the API to FILE, or to stderr without one.",
)
@click.option(
    "--proxy",
    is_flag=True,
    help="Make the files that other programs need to trust this fake over HTTPS; simevents env "
    "then prints the variables for a shell. Any access key is accepted.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="HOST",
    help="Host outside that programs may reach through the fake as their proxy.",
)
@click.option(
    "--console",
    "with_console",
    is_flag=True,
    callback=console_child.chosen,
    help="Serve a page too that shows this fake and acts on it; its address is printed.",
)
@click.option("--detach", is_flag=True, help="Leave it running and return.")
@click.option("--stop", is_flag=True, help="Stop the fake that serves --data, and return.")
@click.option(
    "--list-actions",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_list,
    help="Print the actions that the fake covers, with the parameters that have an effect.",
)
@click.option(
    "--list-switches",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_list,
    help="Print the switches, with their defaults.",
)
def fake(
    port: int,
    host: str,
    data: Path | None,
    instance_ids: tuple[str, ...],
    as_instance: str | None,
    region: str,
    access_keys_file: Path | None,
    access_keys_on_argv: tuple[str, ...],
    switches: tuple[str, ...],
    answers_file: Path | None,
    log: str | None,
    allowed: tuple[str, ...],
    *,
    proxy: bool,
    with_console: console_child.Beside,
    detach: bool,
    stop: bool,
) -> None:
    """Serve a local fake of Alibaba Cloud; the first line printed is its URL.

    It serves until Ctrl-C or, with --detach, until --stop.

    \b
    Example: simevents fake --port 0 --instance i-2zegswzznxbp168sc5c9
    """
    # The server is an extra, and the other commands do not need it.
    try:
        from ..fake.server import FakeServer, ServerError
        from ..fake.state.database import StoreError
        from ..fake.state.switches import BadSwitch, Switches, parse
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    ids = options.checked(instance_ids)
    if as_instance is not None:
        options.checked([as_instance], field="--as-instance")
    if access_keys_on_argv:
        raise InvalidInput(
            "--access-key",
            "every user of this machine can see the arguments of a process; use --access-keys FILE "
            f"(a line ID:SECRET each) or the variable {ACCESS_KEYS_VARIABLE}",
        )
    hosts = options.allowed_hosts(allowed)
    keys = _key_pairs(access_keys_file)
    answers = _answers(answers_file)
    try:
        values = dict(parse(text) for text in switches)
        Switches().changed(**values)
    except BadSwitch as error:
        raise InvalidInput("--switch", str(error)) from None
    try:
        if stop:
            click.echo(_stopped(data, detach=detach))
            return
        if detach:
            arguments = ["--region", region]
            arguments += [word for id in ids for word in ("--instance", id)]
            arguments += ["--as-instance", as_instance] if as_instance else []
            arguments += ["--proxy"] if proxy else []
            arguments += ["--console"] if with_console is console_child.running else []
            arguments += [word for host in allowed for word in ("--allow", host)]
            files = access_keys_file, answers_file
            click.echo(_detached(data, port, host, arguments, *files, switches, log))
            return
        server = FakeServer(
            data=data,
            host=host,
            port=port,
            access_keys=keys,
            accept_any_key=proxy,
            instance_ids=ids,
            as_instance=as_instance,
            region=region,
            switches=values,
            on_call=_request_log(log),
            answers=answers,
            allowed=hosts.permits,
        )
    except (ServerError, StoreError) as error:
        options.fail(str(error))
    from ..fake import daemon

    with ExitStack() as while_serving:
        if data is not None:
            try:
                while_serving.enter_context(daemon.recorded(server, data))
            except ServerError as error:
                options.fail(str(error))
        if proxy:
            while_serving.enter_context(_way_in(server, region, hosts.names))
        # Ctrl-C is how a server in the foreground is ended, also before it has begun to serve.
        signal.signal(signal.SIGINT, lambda *_: server.end())
        click.echo(server.url)
        if server.control_token:
            click.echo(f"control token: {server.control_token}")
        while_serving.enter_context(with_console(server.url, server.control_token))
        server.serve()


@contextmanager
def _way_in(server: "FakeServer", region: str, allowed: tuple[str, ...]) -> Iterator[None]:
    """While *server* serves, the files that lead other programs to it."""
    from ..way_in.folder import RunFolder
    from ..way_in.variables import WayIn, write_files

    ended_by: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        ended_by.append(number)
        server.end()

    # uvicorn repeats the signal that has ended it: without this the files would stay.
    signal.signal(signal.SIGTERM, end)
    with RunFolder() as folder:
        certificate = server.authority.certificate
        way = WayIn(server.url, certificate, region, folder.path, allowed)
        write_files(way, os.environ)
        server.way_in = {"region": region, "folder": str(folder.path), "allowed": list(allowed)}
        yield
    if ended_by:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


def _detached(
    data: Path | None,
    port: int,
    host: str,
    arguments: list[str],
    access_keys_file: Path | None,
    answers_file: Path | None,
    switches: tuple[str, ...],
    log: str | None,
) -> str:
    """Start a server that keeps running, with *arguments* and those of the others; its URL."""
    if data is None:
        raise InvalidInput(
            "--detach",
            "no data file is given, and without one the fake cannot be found again; use --data",
        )
    if host != "127.0.0.1":
        raise InvalidInput(
            "--detach", "a detached fake listens on 127.0.0.1 only; leave --host or --detach out"
        )
    # The variable is inherited; the path of a file is not a secret.
    arguments += ["--access-keys", str(access_keys_file.absolute())] if access_keys_file else []
    arguments += [word for text in switches for word in ("--switch", text)]
    arguments += ["--answers", str(answers_file.absolute())] if answers_file else []
    if log is not None:
        arguments += ["--log", log if log == STDERR else str(Path(log).absolute())]
    from ..fake import daemon

    return daemon.start(data, port, arguments).url


def _stopped(data: Path | None, *, detach: bool) -> str:
    """Stop the server on *data*; what to tell the user."""
    if data is None:
        raise InvalidInput(
            "--stop", "no data file is given; use --data with the file of the running fake"
        )
    if detach:
        raise InvalidInput(
            "--stop", "--stop and --detach exclude each other; leave one of them out"
        )
    from ..fake import daemon

    return "Stopped." if daemon.stop(data) else f"No fake cloud serves {data}."


def _request_log(log: str | None) -> "RequestLog | None":
    if log is None:
        return None
    from .request_log import RequestLog

    return RequestLog(sys.stderr if log == STDERR else _opened(log))


def _opened(log: str) -> TextIO:
    def owner_only(path: str, flags: int) -> int:
        return os.open(path, flags, mode=0o600)

    try:
        return open(log, "a", encoding="utf-8", opener=owner_only)
    except OSError as error:
        raise InvalidInput("--log", f"{log} cannot be written: {error.strerror}") from None


def _answers(file: Path | None) -> "list[Answer]":
    if file is None:
        return []
    from ..fake.control import answer_bodies, bodies

    try:
        return answer_bodies.read_file(file)
    except bodies.BadBody as bad:
        raise InvalidInput("--answers", str(bad)) from None


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
