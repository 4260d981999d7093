"""``run``: any program against a fake cloud, unchanged."""

import gc
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

from ..errors import InvalidInput, SimulatedEventsError
from . import control, options, run_files, run_tapes, streams

OUR_FAILURE = 125
_INTERRUPTED = 130


class _RunCommand(click.Command):
    """All failures that are not the command's have exit code 125, as with other such programs."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **settings)
        except click.UsageError as error:
            error.show()
            sys.exit(OUR_FAILURE)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.show()
            sys.exit(OUR_FAILURE)
        except SimulatedEventsError as error:
            options.fail(str(error), OUR_FAILURE)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)
        except Exception:  # noqa: BLE001 - an error of ours must not look like the command's
            traceback.print_exc()
            sys.exit(OUR_FAILURE)


@click.command(
    cls=_RunCommand,
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS] --",
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
@click.option(
    "--endpoint",
    help="URL of a running fake cloud to use; default: one of its own, in memory.",
)
@control.token
@options.instances
@click.option(
    "--instances",
    "count",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Create N instances.",
)
@click.option(
    "--region",
    default="cn-hangzhou",
    show_default=True,
    help="Region of the instances, and of a command that reads the variables for it.",
)
@click.option(
    "--as-instance",
    metavar="ID",
    help="Instance that the metadata service at 100.100.100.200 speaks for; it is created if it "
    "does not exist.",
)
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File of answers to calls that the fake does not cover, as simevents fake takes it.",
)
@click.option(
    "--clock",
    metavar="TIME",
    help="The cloud's time when the command starts, such as 2018-08-22T09:30:00Z (UTC).",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1e6),
    metavar="X",
    help="Seconds in the cloud for each second here; 0 stops its time.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="ACTION:NAME=VALUE,...",
    help="Let calls fail, as simevents faults add does: RebootInstance:cut=after,times=1.",
)
@click.option(
    "--at",
    "publications",
    multiple=True,
    metavar="5s=TYPE[:ID][@+2h]",
    help="Publish an event 5 s of the cloud's time after the start, due 2 h after that (default: "
    "1 h), on all instances or on one. May be given again.",
)
@click.option(
    "--expect",
    "wanted",
    multiple=True,
    metavar="NAME[:ID]",
    help="End the command when this holds for all instances, or for one: rebooted, stopped, "
    "started, redeployed, released, event_avoided, event_canceled, event_executed, called=ACTION. "
    "At the end only: untouched, no_unexpected_calls. May be given again.",
)
@click.option(
    "--within",
    metavar="30s",
    help="Real time for what is expected; default: 30s.",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    metavar="HOST",
    help="Host outside that the command may reach. May be given again.",
)
@click.option(
    "--isolate",
    is_flag=True,
    help="Give the command a network of its own, with no way out but the fake (Linux).",
)
@run_tapes.options
@run_files.options
def run(
    command: tuple[str, ...],
    endpoint: str | None,
    token: str,
    instance_ids: tuple[str, ...],
    count: int | None,
    region: str,
    as_instance: str | None,
    answers_file: Path | None,
    clock: str | None,
    rate: float | None,
    faults: tuple[str, ...],
    publications: tuple[str, ...],
    wanted: tuple[str, ...],
    within: str | None,
    allowed: tuple[str, ...],
    json_file: Path | None,
    report_file: Path | None,
    record: Path | None,
    replay: Path | None,
    record_allow: tuple[str, ...],
    account: str | None,
    *,
    rewrite: bool,
    live: bool,
    isolate: bool,
) -> None:
    """Run COMMAND, unchanged, against a fake cloud; nothing it does reaches Alibaba Cloud.

    Its input and output are its own; what simevents has to say is on stderr. With --expect it is
    ended when everything holds, or the time is over.

    \b
    Exit code: the command's own if it is not 0 and simevents did not end it; else 0, or 1 when
    something that was expected did not happen. 125 simevents failed, 126 the command cannot be
    executed, 127 there is none, 128+N it died of signal N.

    \b
    Example: simevents run --instance i-web --at 1s=SystemMaintenance.Reboot:i-web \\
               --expect rebooted --expect event_avoided --within 30s -- python handler.py
    """
    if not command:
        raise InvalidInput("COMMAND", "no command is given; use simevents run [OPTIONS] -- COMMAND")
    _occupy_standard_descriptors()
    # It would look again and again at what the imports make, which stays.
    gc.disable()
    try:
        from ..running import words
        from ..running.course import Options
        from ..running.course import run as run_command
        from ..running.drill import DEFAULT_WITHIN, Drill
    except ModuleNotFoundError as missing:
        options.missing_extra(missing, OUR_FAILURE)
    gc.enable()
    if within is not None and not wanted:
        raise InvalidInput("--within", "nothing is expected that could be waited for; add --expect")
    if as_instance is not None:
        options.checked([as_instance], field="--as-instance")
    run_files.check(json_file, report_file)
    if allowed and endpoint is not None:
        raise InvalidInput(
            "--allow",
            "the fake at --endpoint decides which hosts it lets through; start it with: simevents "
            "fake --proxy --allow HOST",
        )
    tapes = run_tapes.checked(
        record, replay, record_allow, account, region, instance_ids, rewrite=rewrite, live=live
    )
    if isolate:
        _check_isolation(endpoint)
    hosts = options.allowed_hosts(allowed)
    drill = Drill(
        region=_region(region, is_own_cloud=endpoint is None and tapes.needs_fake),
        instance_ids=options.checked(instance_ids),
        count=count or 0,
        as_instance=as_instance,
        clock=None if clock is None else words.clock(clock),
        rate=rate,
        faults=[words.fault(text) for text in faults],
        publications=[words.publication(text) for text in publications],
        wanted=[words.wanted(text) for text in wanted],
        within=DEFAULT_WITHIN if within is None else words.within(within),
        answers=[] if answers_file is None else words.answers(answers_file),
    )
    drill.check(is_own_cloud=endpoint is None)
    asked = Options(
        command=command,
        drill=drill,
        endpoint=_endpoint(endpoint),
        token=token,
        json_file=json_file,
        report_file=report_file,
        is_isolated=isolate,
        tapes=tapes,
        allowed=hosts.names,
        permits=hosts.permits,
    )
    _exit(run_command(asked, _say))


def _exit(code: int) -> NoReturn:
    """End the process without taking down what is loaded, which takes a tenth of the time."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(code)


def _check_isolation(endpoint: str | None) -> None:
    from ..running.isolation import why_not

    if endpoint is not None and urlsplit(endpoint).hostname != "127.0.0.1":
        raise InvalidInput(
            "--isolate", "the way out leads to 127.0.0.1 only; use --endpoint http://127.0.0.1:PORT"
        )
    reason = why_not()
    if reason is not None:
        options.fail(reason, OUR_FAILURE)


def _say(text: str) -> None:
    streams.say("\n".join(f"simevents: {line}" for line in text.splitlines()))


def _endpoint(endpoint: str | None) -> str | None:
    from ..settings import check_endpoint

    if endpoint is None:
        return None
    try:
        return check_endpoint(endpoint)
    except InvalidInput as error:
        raise InvalidInput("--endpoint", error.reason) from None


def _region(region: str, *, is_own_cloud: bool) -> str:
    from ..fake.state.catalog import REGIONS

    if is_own_cloud and region not in REGIONS:
        raise InvalidInput(
            "--region", f"{region!r} is not a region of Alibaba Cloud; use one such as cn-hangzhou"
        )
    return region


def _occupy_standard_descriptors() -> None:
    """Let no socket of ours become a standard stream, where one is closed.

    For the command it stays closed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


COMMANDS = {"run": run}
