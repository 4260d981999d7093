"""``deliveries``: what a local fake cloud has sent to handlers, and how they answered."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from . import control, options, tables
from .tables import printable

if TYPE_CHECKING:
    from ..fake.control.client import Control

_STATES = ("waiting", "retrying", "delivered", "failed", "refused")

_COLUMNS = tables.Columns(
    headings=(
        *("id", "instance", "status", "state", "answer", "at", "attempts", "name"),
        *("via", "rule", "target", "event"),
    ),
    first=(
        *(
            "id",
            "instance",
            "state",
            "answer",
            "status",
            "at",
            "name",
            "target",
            "rule",
            "attempts",
        ),
        *("via", "event"),
    ),
    always=("id", "instance"),
)

_PAGE = 1_000
_SEND_SECONDS = 15.0
"""Longest wait for the answer to a delivery that is sent again."""


class _ListsByDefault(click.Group):
    """Without the name of a command it is ``list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_help = any(word in ctx.help_option_names for word in args[:1])
        if not args or (args[0].startswith("-") and not is_help):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ListsByDefault)
def deliveries() -> None:
    """List what a local fake cloud has sent to handlers, show it, or send it again.

    Without a command it lists.

    \b
    Example: simevents deliveries --state failed
    """


@deliveries.command("list")
@options.instances
@click.option("--state", type=click.Choice(_STATES), help="Only deliveries in this state.")
@click.option("--rule", help="Only deliveries that this rule or subscription asked for.")
@options.endpoint
@control.token
@options.as_json
@options.wide
def list_deliveries(
    instance_ids: tuple[str, ...],
    state: str | None,
    rule: str | None,
    endpoint: str | None,
    token: str,
    *,
    as_json: bool,
) -> None:
    """List the deliveries, oldest first, each with how its last attempt ended.

    \b
    Example: simevents deliveries list --instance i-bp1a2b3c4d5e --wide
    """
    ids = options.checked(instance_ids)
    given = {"state": state, "rule": rule}
    filters = {name: value for name, value in given.items() if value is not None}
    with control.connected(endpoint, token) as cloud:
        found = [each for each in _all(cloud, filters) if not ids or each["instance_id"] in ids]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        tables.show(_COLUMNS, [_row(each) for each in found])


@deliveries.command()
@click.argument("delivery", metavar="ID", type=click.IntRange(1))
@options.endpoint
@control.token
@options.as_json
def show(delivery: int, endpoint: str | None, token: str, *, as_json: bool) -> None:
    """Show a delivery with its message and its attempts.

    \b
    Example: simevents deliveries show 3
    """
    with control.connected(endpoint, token) as cloud:
        found = cloud.get(f"deliveries/{delivery}")
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for line in _described(found):
        click.echo(printable(line))


@deliveries.command()
@click.argument("delivery", metavar="ID", type=click.IntRange(1))
@options.endpoint
@control.token
@options.as_json
def send(delivery: int, endpoint: str | None, token: str, *, as_json: bool) -> None:
    """Send a delivery again, whatever became of it, and show the answer.

    Exit code 1 unless the handler acknowledged it.

    \b
    Example: simevents deliveries send 3
    """
    with control.connected(endpoint, token) as cloud:
        before = len(cloud.get(f"deliveries/{delivery}")["attempts"])
        cloud.post(f"deliveries/{delivery}/send")
        cloud.post("deliveries/wait", seconds=_SEND_SECONDS)
        found = cloud.get(f"deliveries/{delivery}")
    made = found["attempts"][before:]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for attempt in made:
            click.echo(printable(_attempt(attempt)))
    if not made:
        options.fail(f"delivery {delivery} is not answered after {_SEND_SECONDS:g} s")
    if made[-1]["outcome"] != "delivered":
        options.fail(f"delivery {delivery} was not acknowledged")


def _all(cloud: "Control", filters: dict[str, str]) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        query = urlencode({**filters, "after": after, "limit": _PAGE})
        page = cloud.get(f"deliveries?{query}")
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]["delivery_id"]


def _row(delivery: dict[str, Any]) -> dict[str, str]:
    attempts = delivery["attempts"]
    return {
        "id": str(delivery["delivery_id"]),
        "instance": delivery["instance_id"],
        "status": delivery["status"],
        "state": delivery["state"],
        "answer": _answer(attempts[-1]) if attempts else "",
        "at": delivery["at"],
        "attempts": str(len(attempts)),
        "name": delivery["name"],
        "via": delivery["via"],
        "rule": delivery["rule"],
        "target": f"{delivery['kind']} {delivery['address']}",
        "event": delivery["event_id"],
    }


def _answer(attempt: dict[str, Any]) -> str:
    """The HTTP status; none came, or none can come, where it is empty."""
    return str(attempt["http_status"] or "none")


def _described(delivery: dict[str, Any]) -> Iterator[str]:
    about = {
        "delivery": str(delivery["delivery_id"]),
        "name": delivery["name"],
        "status": delivery["status"],
        "event": delivery["event_id"],
        "instance": f"{delivery['instance_id']} in {delivery['region']}",
        "at": delivery["at"],
        "via": f"{delivery['via']}, rule {delivery['rule']}",
        "target": f"{delivery['kind']} {delivery['address']}",
        "state": delivery["state"],
        "acknowledged": delivery["acknowledged_at"] or "",
    }
    yield from (f"{name + ':':<14}{text}" for name, text in about.items() if text)
    yield "attempts:" if delivery["attempts"] else "attempts:     none"
    yield from (f"  {_attempt(attempt)}" for attempt in delivery["attempts"])
    yield "message:"
    yield from (f"  {line}" for line in _message(delivery["body"]).splitlines())


def _attempt(attempt: dict[str, Any]) -> str:
    """``2  2027-01-31T09:30:00Z  failed  500 in 12 ms  Internal Server Error``."""
    first = next(iter(attempt["answer"].strip().splitlines()), "")
    repeated = " (repeated)" if attempt["is_repeat"] else ""
    took = f"{_answer(attempt)} in {attempt['seconds'] * 1_000:.0f} ms"
    head = f"{attempt['number']}  {attempt['at']}  {attempt['outcome']}{repeated}  {took}"
    return f"{head}  {first}".rstrip()


def _message(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


COMMANDS = {"deliveries": deliveries}
