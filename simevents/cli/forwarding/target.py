"""The options that say where changes are sent, and as whose messages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from ...errors import InvalidInput
from ...settings import check_endpoint, is_loopback
from .. import options

if TYPE_CHECKING:
    from ...listening.forwarder import Target

Command = TypeVar("Command", bound=Callable[..., Any])

VIA = click.Choice(["cloudmonitor", "eventbridge"])

allow_delivery = click.option(
    "--allow-delivery",
    "allowed",
    multiple=True,
    metavar="HOST",
    help="Host besides this machine that events may be sent to; may be given again.",
)


def _one_url(_context: click.Context, _option: click.Parameter, urls: tuple[str, ...]) -> str:
    """The one URL; by itself, click takes the last of several without a word."""
    if len(urls) > 1:
        raise InvalidInput(
            "--forward-to", "it is given more than once; start a command for each URL"
        )
    return urls[0]


_OPTIONS = (
    click.option(
        "--forward-to",
        "url",
        required=True,
        multiple=True,
        callback=_one_url,
        metavar="URL",
        help="URL of the handler, such as http://127.0.0.1:9000/hook.",
    ),
    click.option(
        "--via",
        type=VIA,
        default="cloudmonitor",
        show_default=True,
        help="Whose messages are sent.",
    ),
    click.option(
        "--format",
        "form",
        type=click.Choice(["enriched", "documented"]),
        help="Message of CloudMonitor: with all members that were seen (the default), or only "
        "with the documented ones.",
    ),
    allow_delivery,
)


def forwarding(command: Command) -> Command:
    """``--forward-to``, ``--via``, ``--format`` and ``--allow-delivery``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def parsed(
    url: str, via: str, form: str | None, allowed: tuple[str, ...], endpoint: str | None = None
) -> "Target":
    """What the options say. *endpoint* is the cloud that is listened to. Raises InvalidInput."""
    try:
        from ...listening.forwarder import Target
        from ...listening.target_url import check_hosts, checked
    except ModuleNotFoundError as missing:
        options.missing_extra(missing)
    if form is not None and via != "cloudmonitor":
        raise InvalidInput("--format", f"it is for --via cloudmonitor; leave it out with {via}")
    hosts = check_hosts("--allow-delivery", allowed)
    is_here = bool(endpoint) and is_loopback(check_endpoint(endpoint or ""))
    own_port = urlsplit(endpoint).port or 0 if is_here else 0
    return Target(
        checked("--forward-to", url, hosts, own_port),
        via,
        hosts,
        own_port,
        {"cloudmonitor_body": form} if form else {},
    )
