"""What ``clock``, ``faults`` and ``timeline`` share: they control a running fake cloud."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..errors import InvalidSettings
from ..settings import ENDPOINT_VARIABLE, check_endpoint
from . import options

if TYPE_CHECKING:
    from ..fake.control.client import Control

TOKEN_VARIABLE = "SIMEVENTS_CONTROL_TOKEN"  # noqa: S105 - the name of a variable

token = click.option(
    "--token",
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    default="",
    help="The control token that a fake prints when it does not listen on loopback.",
)


@contextmanager
def connected(endpoint: str | None, token: str) -> Iterator["Control"]:
    """The control routes of the fake cloud at *endpoint*.

    In the block, a value that the fake refuses ends the command with exit code 2, any other
    error of the fake with 1.
    """
    try:
        from ..fake.control.client import BadControlRequest, Control, ControlError
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    if not endpoint:
        raise InvalidSettings(
            "--endpoint", f"no fake cloud is named; give its URL, or set {ENDPOINT_VARIABLE}"
        )
    try:
        with Control(check_endpoint(endpoint), token) as control:
            yield control
    except BadControlRequest as error:
        options.fail(str(error), 2)
    except ControlError as error:
        options.fail(str(error))
