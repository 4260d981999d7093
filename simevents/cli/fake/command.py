"""``fake``: serve a local fake cloud."""

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import InvalidInput
from .. import console_child, options
from . import deliver, detached, files, way_in
from .files import ACCESS_KEYS_VARIABLE, STDERR

if TYPE_CHECKING:
    from ...fake.state.switches import Value


def _print_list(ctx: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or ctx.resilient_parsing:
        return
    try:
        from . import lists
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    lines = {"list_actions": lists.actions, "list_switches": lists.switches}
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
    "outside",
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
@deliver.delivering
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
    outside: tuple[str, ...],
    deliver_to: tuple[str, ...],
    deliver_via: str,
    allowed: tuple[str, ...],
    functions: tuple[str, ...],
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
        from ...fake.server import FakeServer, ServerError
        from ...fake.state.database import StoreError
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
    hosts = options.allowed_hosts(outside)
    told = deliver.parsed(deliver_to, deliver_via, allowed, functions, port)
    keys = files.key_pairs(access_keys_file)
    answers = files.answers(answers_file)
    values = _switch_values(switches)
    try:
        if stop:
            click.echo(detached.stop(data, detach=detach))
            return
        if detach:
            arguments = ["--region", region]
            arguments += [word for id in ids for word in ("--instance", id)]
            arguments += ["--as-instance", as_instance] if as_instance else []
            arguments += ["--proxy"] if proxy else []
            arguments += ["--console"] if with_console is console_child.running else []
            arguments += [word for host in outside for word in ("--allow", host)]
            arguments += told.arguments()
            given = access_keys_file, answers_file
            click.echo(detached.start(data, port, host, arguments, *given, switches, log))
            if with_console is console_child.running:
                click.echo(detached.console(data))
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
            on_call=files.request_log(log),
            answers=answers,
            allowed=hosts.permits,
            allowed_deliveries=told.hosts,
            subscriptions=told.subscriptions(),
            functions=told.served_functions(),
        )
    except (ServerError, StoreError) as error:
        options.fail(str(error))
    from ...fake import daemon

    with ExitStack() as while_serving:
        if data is not None:
            try:
                while_serving.enter_context(daemon.recorded(server, data))
            except ServerError as error:
                options.fail(str(error))
        if proxy:
            while_serving.enter_context(way_in.while_serving(server, region, hosts.names))
        # Ctrl-C is how a server in the foreground is ended, also before it has begun to serve.
        signal.signal(signal.SIGINT, lambda *_: server.end())
        click.echo(server.url)
        if server.control_token:
            click.echo(f"control token: {server.control_token}")
        while_serving.enter_context(with_console(server.url, server.control_token))
        server.serve()


def _switch_values(given: tuple[str, ...]) -> "dict[str, Value]":
    from ...fake.state.switches import BadSwitch, Switches, parse

    try:
        values = dict(parse(text) for text in given)
        Switches().changed(**values)
    except BadSwitch as error:
        raise InvalidInput("--switch", str(error)) from None
    return values


COMMANDS = {"fake": fake}
