"""The options of ``run`` for cassettes and for the real cloud."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from ..errors import InvalidInput
from . import options as shared

if TYPE_CHECKING:
    from ..running.tapes import Tapes

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option(
        "--record",
        type=_FILE,
        metavar="FILE",
        help="Write the calls and their answers to FILE, a cassette, without secrets.",
    ),
    click.option("--rewrite", is_flag=True, help="Let --record replace a file that exists."),
    click.option(
        "--replay",
        type=_FILE,
        metavar="FILE",
        help="Answer from a cassette, without a fake cloud, a network and keys.",
    ),
    click.option(
        "--record-allow",
        multiple=True,
        metavar="ENTRY",
        help="Keep more in the cassette, as ecs_cassette_allow does. May be given again.",
    ),
    click.option(
        "--live",
        is_flag=True,
        help="Lead the command to the REAL cloud, with its own keys. Needs --account, --region and "
        "--instance; only these instances may be changed.",
    ),
    click.option("--account", metavar="ID", help="The account for --live."),
)

_OF_A_FAKE = (
    *("endpoint", "token", "count", "as_instance", "answers_file", "clock", "rate", "faults"),
    *("publications", "wanted", "within", "report_file"),
)


def options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def checked(
    record: Path | None,
    replay: Path | None,
    allow: tuple[str, ...],
    account: str | None,
    region: str,
    instance_ids: Sequence[str],
    *,
    rewrite: bool,
    live: bool,
) -> "Tapes":
    """Raises InvalidInput when options do not go together."""
    from ..running.tapes import Tapes

    if record is None and rewrite:
        raise InvalidInput("--rewrite", "nothing is recorded; add --record FILE")
    if account is not None and not live:
        raise InvalidInput("--account", "it names the account of the real cloud; add --live")
    if replay is not None:
        _refuse("--replay", "a cassette answers, and no fake", (*_OF_A_FAKE, "instance_ids"))
        _refuse("--replay", "it needs no cloud", ("record", "live"))
    if live:
        _refuse("--live", "the real cloud answers, and no fake", _OF_A_FAKE)
    if record is not None:
        _refuse("--record", "only a fake of this run is recorded", ("endpoint",))
    if record is None and replay is None and not live:
        return Tapes()
    try:
        from ..replaying.live import named
    except ModuleNotFoundError as missing:
        shared.missing_extra(missing, 125)
    chosen = None
    if live:
        is_default = _source("region") is ParameterSource.DEFAULT
        chosen = named(account, None if is_default else region, instance_ids)
    return Tapes(record, replay, rewrite, allow, chosen)


def _refuse(option: str, why: str, others: Sequence[str]) -> None:
    for parameter in click.get_current_context().command.params:
        if parameter.name in others and _source(parameter.name) is ParameterSource.COMMANDLINE:
            raise InvalidInput(option, f"{why}; leave out {parameter.opts[0]}")


def _source(name: str) -> ParameterSource | None:
    return click.get_current_context().get_parameter_source(name)
