"""Options that several commands share, and the connection that they describe."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from ..errors import InvalidInput
from ..models import EventType, is_event_id, is_instance_id, parse_duration
from ..settings import ENDPOINT_VARIABLE, Settings

if TYPE_CHECKING:
    from ..api.client import SystemEvents
    from ..testing.network.allowed_hosts import AllowedHosts

Command = TypeVar("Command", bound=Callable[..., Any])

REGION_VARIABLES = ["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION"]


def region(*, required: bool = True) -> Callable[[Command], Command]:
    return click.option(
        "--region",
        envvar=REGION_VARIABLES,
        required=required,
        show_envvar=True,
        help="Region of the instances, such as cn-hangzhou.",
    )


endpoint = click.option(
    "--endpoint",
    envvar=ENDPOINT_VARIABLE,
    show_envvar=True,
    help="URL of a local fake cloud; default: Alibaba Cloud.",
)
instances = click.option(
    "--instance",
    "instance_ids",
    multiple=True,
    metavar="ID",
    help="Instance id; may be given again.",
)
instances_from = click.option(
    "--instances-from",
    type=click.Path(path_type=Path),
    help="File with an instance id per line.",
)
events_from = click.option(
    "--events-from",
    type=click.Path(path_type=Path),
    help="File with an event id per line, as errors name one.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


WIDE = f"{__name__}.wide"


def _note_wide(ctx: click.Context, _parameter: click.Parameter, is_wide: bool) -> None:
    ctx.meta[WIDE] = is_wide


wide = click.option(
    "--wide",
    is_flag=True,
    expose_value=False,
    callback=_note_wide,
    help="Print all columns of a table, however narrow the terminal is.",
)
"""For commands that print a table: `output.table` reads it from the context."""

EVENT_TYPE = click.Choice([type.value for type in EventType])


def connect(region: str, endpoint: str | None) -> "SystemEvents":
    """The API in this region, with the credentials of the environment."""
    from ..api.client import SystemEvents
    from ..settings import stack_settings

    return SystemEvents.connect(stack_settings(region, endpoint, {}), os.environ)


def checked(
    instance_ids: Iterable[str], read_from: Path | None = None, field: str = "--instance"
) -> list[str]:
    """Instance ids, those in the file as well, each once. Raises InvalidInput for an invalid id."""
    ids = list(dict.fromkeys([*instance_ids, *lines(read_from)]))
    for id in ids:
        if not is_instance_id(id):
            raise InvalidInput(
                field, f"{id!r} is not a valid instance id; use one such as i-bp1a2b3c4d5e"
            )
    return ids


def checked_events(event_ids: Iterable[str], read_from: Path | None = None) -> list[str]:
    """Event ids, those in the file as well, each once. Raises InvalidInput for an invalid id."""
    ids = list(dict.fromkeys([*event_ids, *lines(read_from)]))
    for id in ids:
        if not is_event_id(id):
            raise InvalidInput(
                "EVENT", f"{id!r} is not a valid event id; use one such as e-bp1a2b3c4d5e6f7g8h9j"
            )
    return ids


def seconds(field: str, text: str, *, at_least: float = 0, at_most: float) -> float:
    """A duration in seconds. Raises InvalidInput."""
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise InvalidInput(field, str(error)) from None
    if not at_least <= found <= at_most:
        raise InvalidInput(field, f"{text!r} is out of range; use {at_least:g}s to {at_most:g}s")
    return found


def checked_region(region: str) -> str:
    """Raises InvalidSettings for text that is not shaped like a region."""
    return Settings(region).region


def lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        # Some editors begin a file with a byte-order mark.
        return path.read_text("utf-8-sig").split()
    except OSError as error:
        raise InvalidInput("--…-from", f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput("--…-from", f"{path} is not a text file; use one id per line") from None


def allowed_hosts(hosts: Iterable[str]) -> "AllowedHosts":
    """The hosts of ``--allow``. Raises InvalidInput."""
    from ..testing.network.allowed_hosts import AllowedHosts

    try:
        return AllowedHosts(hosts)
    except InvalidInput as error:
        raise InvalidInput("--allow", error.reason) from None


def missing_extra(missing: ModuleNotFoundError, code: int = 1) -> NoReturn:
    package = (missing.name or "").partition(".")[0]
    extras = {"vcr": "testing", "yaml": "testing", "nicegui": "console", "fastapi": "console"}
    extra = extras.get(package, "fake")
    text = f"{package} is not installed; it comes with: pip install '.[{extra}]' in a checkout"
    fail(text, code)


def fail(text: str, code: int = 1) -> NoReturn:
    click.echo(f"error: {text}", err=True)
    raise SystemExit(code)
