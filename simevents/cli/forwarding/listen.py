"""``listen``: what happens to events in a cloud is forwarded to a handler."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import InvalidInput
from ...models import parse_time
from .. import options
from .ending import Ending
from .report import JsonReport, TextReport
from .target import forwarding, parsed

if TYPE_CHECKING:
    from ...listening.cursor import Cursor

NOW = "now"
_LEAST_SECONDS = {True: 0.1, False: 1.0}
"""Between two looks: at a fake on this machine, and at a real account."""


@click.command()
@forwarding
@click.option(
    "--since",
    default=NOW,
    show_default=True,
    metavar="TIME",
    help="Forward what has changed since then: now, or a UTC time such as 2027-01-31T09:30:00Z.",
)
@click.option(
    "--cursor",
    "cursor_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File that keeps what was forwarded; if it is there, listening resumes where it ended, "
    "whatever --since says.",
)
@click.option(
    "--interval", default="10s", show_default=True, help="Time between two looks at the cloud."
)
@options.region()
@options.endpoint
@options.as_json
def listen(
    url: str,
    via: str,
    form: str | None,
    allowed: tuple[str, ...],
    since: str,
    cursor_file: Path | None,
    interval: str,
    region: str,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Forward each change of an event, in a real account or a running fake, to a handler.

    The cloud is asked again and again. A change that the handler does not answer with 2xx is
    sent again after the next look; later ones of the same event wait for it. What changed twice
    between two looks is seen once: what may have been missed is printed. It listens until Ctrl-C.
    With --json each line is an object.

    \b
    Example: simevents listen --region cn-hangzhou --forward-to http://127.0.0.1:9000/hook \\
               --cursor listen.json
    """
    target = parsed(url, via, form, allowed, endpoint)
    from ...listening import cursor
    from ...listening.forwarder import Forwarder
    from ...listening.listener import Listener

    begin = _since(since)
    ending = Ending()
    with ExitStack() as while_listening:
        api = while_listening.enter_context(options.connect(region, endpoint))
        known = None
        if cursor_file is not None:
            while_listening.enter_context(cursor.only_one(cursor_file))
            known = cursor.read(cursor_file)
        while_listening.enter_context(ending.noted())
        least = _LEAST_SECONDS[api.settings.is_loopback]
        seconds = options.seconds("--interval", interval, at_least=least, at_most=86_400)
        report = (JsonReport if as_json else TextReport)(target.url, via, seconds)

        def save(changed: "Cursor") -> None:
            if cursor_file is not None:
                cursor.write(cursor_file, changed)

        try:
            with ending.reading():
                account_id = api.account_id()
            cursor.check(known, account_id, region)
            with Forwarder(target, region, account_id) as forwarder:
                listener = Listener(api, forwarder, report, save, ending.wait, ending.reading)
                try:
                    listener.run(known, account_id, begin, seconds)
                finally:
                    if listener.has_begun:
                        report.ended(listener.counts, cursor_file)
        except KeyboardInterrupt:
            if not ending.has_come:
                raise


def _since(text: str) -> datetime | None:
    if text == NOW:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InvalidInput("--since", f"{error}; use {NOW}, or 2027-01-31T09:30:00Z") from None


COMMANDS = {"listen": listen}
