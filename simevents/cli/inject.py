"""``inject``: real events in a local fake cloud, which no call of the API can make."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..errors import InvalidInput
from ..models import EventCycleStatus, format_time
from . import control, options


@click.command()
@click.option("--type", "event_type", required=True, help="Event type, such as Disk.ErrorDetected.")
@click.option(
    "--not-before",
    required=True,
    help="A UTC time such as 2027-01-31T09:30:00Z, or a time from the cloud's now such as +30m.",
)
@options.instances
@options.instances_from
@click.option(
    "--status",
    type=click.Choice([status.value for status in EventCycleStatus]),
    help="Initial status; default: the one in which events of this type begin.",
)
@click.option("--reason", help="Reason, which answers of the API have.")
@click.option("--region", help="Region of the events; default: cn-hangzhou.")
@options.endpoint
@control.token
def inject(
    event_type: str,
    not_before: str,
    instance_ids: tuple[str, ...],
    instances_from: Path | None,
    status: str | None,
    reason: str | None,
    region: str | None,
    endpoint: str | None,
    token: str,
) -> None:
    """Create real events in a local fake cloud, one on each instance; their ids are printed.

    \b
    Example: simevents inject --endpoint http://127.0.0.1:8086 --type SystemMaintenance.Reboot \\
               --status Inquiring --not-before +2h --instance i-bp1a2b3c4d5e
    """
    from ..schedule import parse

    moment = parse(not_before)
    ids = options.checked(instance_ids, instances_from)
    if not ids:
        raise InvalidInput("--instance", "no instance is given; name at least one")
    given = {"status": status, "reason": reason, "region": region}
    body: dict[str, Any] = {name: value for name, value in given.items() if value}
    with control.connected(endpoint, token) as cloud:
        now = datetime.fromtimestamp(cloud.get("clock")["epoch"], UTC)
        made = cloud.post(
            "events",
            instance_ids=ids,
            event_type=event_type,
            not_before=format_time(moment.resolve(now)),
            **body,
        )
    for event in made:
        click.echo(event["event_id"])


COMMANDS = {"inject": inject}
