"""``trigger``: the life cycle of an event, made up and sent to a handler."""

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from .. import options
from . import lines
from .target import forwarding, parsed

if TYPE_CHECKING:
    from ...listening.forwarder import Answer


@click.command()
@click.argument("event", metavar="TYPE[:STATUS,STATUS...]")
@forwarding
@click.option("--pace", default="1s", show_default=True, help="Pause between two messages.")
@click.option("--instance", "instance_id", metavar="ID", help="Instance; default: one made up.")
@click.option("--region", default="cn-hangzhou", show_default=True, help="Region of the instance.")
@options.as_json
def trigger(
    event: str,
    url: str,
    via: str,
    form: str | None,
    allowed: tuple[str, ...],
    pace: str,
    instance_id: str | None,
    region: str,
    *,
    as_json: bool,
) -> None:
    """Send the life cycle of an event to a handler: no cloud, no account, no stack.

    Without statuses all of the usual course are sent: Scheduled, Executing, Executed. With
    statuses exactly these are. The times in the messages are those of a cloud whose clock moves
    on from one to the next. TYPE may also be Instance:StateChange, whose statuses are states
    such as Stopped, or Instance:PreemptibleInstanceInterruption.

    Exit code 1 unless every answer was 2xx.

    \b
    Example: simevents trigger SystemMaintenance.Reboot:Scheduled,Avoided \\
               --forward-to http://127.0.0.1:9000/hook
    """
    target = parsed(url, via, form, allowed)
    from ...listening import life_cycles, trigger
    from ...listening.forwarder import Forwarder

    life = life_cycles.parse(event, via)
    seconds = options.seconds("--pace", pace, at_most=3_600)
    if instance_id is not None:
        options.checked([instance_id])
    answers: list[Answer] = []
    with Forwarder(target, options.checked_region(region)) as forwarder:
        instance_id = instance_id or forwarder.cloud.new_id("i")
        for answer in trigger.sent(
            forwarder, life, instance_id, lambda: datetime.now(UTC), lambda: time.sleep(seconds)
        ):
            answers.append(answer)
            if not as_json:
                click.echo(lines.of_answer(answer))
    if as_json:
        click.echo(json.dumps([lines.plain(answer) for answer in answers], indent=2))
    failed = sum(not answer.is_acknowledged for answer in answers)
    if failed:
        options.fail(f"{failed} of {len(answers)} were not acknowledged with 2xx")


COMMANDS = {"trigger": trigger}
