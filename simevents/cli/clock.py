"""``clock``: the time of a local fake cloud."""

import json
import math
from collections.abc import Callable
from typing import Any

import click

from ..errors import InvalidInput
from ..models import parse_duration, parse_time
from . import control, options

_CHANGES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "advance": ("2h", lambda value: {"advance": _valid("advance", parse_duration, value)}),
    "next": ("", lambda _: {"next": True}),
    "set": ("2027-01-31T09:30:00Z", lambda value: {"set": _valid("set", parse_time, value)}),
    "rate": ("60", lambda value: {"rate": _number(value)}),
    "freeze": ("", lambda _: {"freeze": True}),
    "run": ("", lambda _: {"freeze": False}),
}


@click.command()
@click.argument("change", type=click.Choice(list(_CHANGES)), required=False)
@click.argument("value", required=False)
@options.endpoint
@control.token
@options.as_json
def clock(
    change: str | None, value: str | None, endpoint: str | None, token: str, *, as_json: bool
) -> None:
    """Show or change the clock of a local fake cloud. Events that become due take place.

    \b
      simevents clock                             what time it is there
      simevents clock advance 2h                  two hours later
      simevents clock next                        the next change or delivery that is due
      simevents clock set 2027-01-31T09:30:00Z    that time
      simevents clock rate 60                     a minute passes in a second
      simevents clock freeze | run                stop time, let it run again

    \b
    Example: simevents clock advance 2h --endpoint http://127.0.0.1:8086
    """
    body = _body(change, value)
    with control.connected(endpoint, token) as cloud:
        shown = cloud.post("clock", **body) if body else cloud.get("clock")
    click.echo(json.dumps(shown) if as_json else _sentence(shown))


def _body(change: str | None, value: str | None) -> dict[str, Any]:
    if change is None:
        return {}
    example, body = _CHANGES[change]
    if bool(value) != bool(example):
        takes = f"takes a value, such as {example}" if example else "takes no value"
        raise click.UsageError(f"{change} {takes}.")
    return body(value or "")


def _valid(change: str, parse: Callable[[str], object], text: str) -> str:
    """*text*, when it can be parsed."""
    try:
        parse(text)
    except ValueError as error:
        raise InvalidInput(change, str(error)) from None
    return text


def _number(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not math.isfinite(rate):
        raise click.UsageError(f"{text!r} is not a valid rate; use a number such as 60.")
    return rate


def _sentence(clock: dict[str, Any]) -> str:
    rate = clock["rate"]
    pace = {0: "frozen", 1: "running"}.get(rate, f"running at {rate:g} times the real time")
    return f"{clock['now']} ({pace})"


COMMANDS = {"clock": clock}
