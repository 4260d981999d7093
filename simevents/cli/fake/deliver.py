"""``fake --deliver``, ``--allow-delivery`` and ``--function``: whom the fake tells of changes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ...errors import InvalidInput
from ..forwarding.target import VIA, allow_delivery

if TYPE_CHECKING:
    from ...fake.delivery.outbox.functions import Function
    from ...fake.delivery.outbox.subscriptions import Subscription

Command = TypeVar("Command", bound=Callable[..., Any])

_ADDRESS = re.compile(r"[A-Za-z0-9_.-]{0,128}/[A-Za-z0-9_-]{1,128}", re.ASCII)

_OPTIONS = (
    click.option(
        "--deliver",
        "deliver_to",
        multiple=True,
        metavar="URL",
        help="Handler that is told of each change of an event or an instance; may be given again.",
    ),
    click.option(
        "--deliver-via",
        type=VIA,
        default="cloudmonitor",
        show_default=True,
        help="Whose messages --deliver sends.",
    ),
    allow_delivery,
    click.option(
        "--function",
        "functions",
        multiple=True,
        metavar="SERVICE/FUNCTION=URL",
        help="Where a function is served that rules have as their target; may be given again.",
    ),
)


def delivering(command: Command) -> Command:
    """The options of delivery."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Delivering:
    """What the options say."""

    via: str
    urls: Sequence[str]
    hosts: Sequence[str]
    """Besides this machine, those that may be called."""
    functions: Sequence[tuple[str, str]]
    """Addresses, which are ``SERVICE/FUNCTION``, and where each is served."""

    def arguments(self) -> list[str]:
        """The same, for another process."""
        words = ["--deliver-via", self.via] if self.urls else []
        words += [word for url in self.urls for word in ("--deliver", url)]
        words += [word for host in self.hosts for word in ("--allow-delivery", host)]
        words += [
            word for address, url in self.functions for word in ("--function", f"{address}={url}")
        ]
        return words

    def subscriptions(self) -> "list[Subscription]":
        from ...fake.delivery.outbox.subscriptions import AT_START, Subscription

        return [
            Subscription(f"{AT_START}{number}", self.via, "webhook", url, with_states=True)
            for number, url in enumerate(self.urls, start=1)
        ]

    def served_functions(self) -> "list[Function]":
        from ...fake.delivery.outbox.functions import Function

        found = [(*address.split("/"), url) for address, url in self.functions]
        return [Function(service, name, url) for service, name, url in found]


def parsed(
    urls: Sequence[str],
    via: str,
    allowed: Sequence[str],
    functions: Sequence[str],
    port: int,
) -> Delivering:
    """What the options say, for a fake on *port*. Raises InvalidInput."""
    from ...listening.target_url import check_hosts, checked

    hosts = check_hosts("--allow-delivery", allowed)
    found: dict[str, str] = {}
    for text in functions:
        address, _, url = text.partition("=")
        if not _ADDRESS.fullmatch(address) or not url:
            raise InvalidInput(
                "--function",
                f"{text[:200]!r} is not a valid SERVICE/FUNCTION=URL; use one such as "
                "drills/drain=http://127.0.0.1:9000/invoke",
            )
        if address in found:
            raise InvalidInput("--function", f"{address} is given twice; leave one of them out")
        found[address] = checked("--function", url, hosts, port)
    targets = [checked("--deliver", url, hosts, port) for url in dict.fromkeys(urls)]
    return Delivering(via, targets, hosts, list(found.items()))
