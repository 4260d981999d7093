"""``create``, ``show`` and ``cancel``: one call of the API each, with retries."""

from pathlib import Path

import click

from ..errors import InvalidInput
from ..models import RETENTION_DAYS
from . import options, output


@click.command()
@click.option("--type", "event_type", type=options.EVENT_TYPE, required=True, help="Event type.")
@click.option(
    "--not-before",
    required=True,
    help="A UTC time such as 2027-01-31T09:30:00Z, or a time from now such as +30m.",
)
@options.instances
@options.instances_from
@options.region()
@options.endpoint
@options.as_json
@options.wide
def create(
    event_type: str,
    not_before: str,
    instance_ids: tuple[str, ...],
    instances_from: Path | None,
    region: str,
    endpoint: str | None,
    *,
    as_json: bool,
) -> None:
    """Schedule a simulated event on each of the given instances: on all or on none.

    When it fails or is interrupted, the events that were created are cancelled. The command
    that would cancel them is printed on stderr first, in case this one is killed.

    \b
    Example: simevents create --region cn-hangzhou --type SystemMaintenance.Reboot \\
               --not-before +2h --instance i-bp1a2b3c4d5e
    """
    from ..reconcile.claims import Claims
    from ..reconcile.intended_events import IntendedEvents
    from ..reconcile.intent_steps import declare
    from ..schedule import parse
    from .interruptible import create_and_show

    moment = parse(not_before)
    ids = options.checked(instance_ids, instances_from)
    if not ids:
        raise InvalidInput("--instance", "no instance is given; name at least one")
    with options.connect(region, endpoint) as api:
        claims = Claims()
        intent = declare(api, claims, "by-hand", event_type, moment, ids)
        create_and_show(
            IntendedEvents(api, claims, intent),
            lambda made: output.show(made, as_json=as_json),
        )


@click.command()
@click.argument("event_ids", metavar="EVENT...", nargs=-1, required=True)
@options.region()
@options.endpoint
@options.as_json
@options.wide
def show(event_ids: tuple[str, ...], region: str, endpoint: str | None, *, as_json: bool) -> None:
    """Show events by id. Exit code 1 when the cloud does not know an id.

    \b
    Example: simevents show --region cn-hangzhou e-bp1a2b3c4d5e6f7g8h9j --json
    """
    ids = options.checked_events(event_ids)
    with options.connect(region, endpoint) as api:
        found = api.describe(ids)
    output.show(found, as_json=as_json)
    absent = [id for id in ids if id not in {event.event_id for event in found}]
    if absent:
        options.fail(unknown(absent, region))


@click.command()
@click.argument("event_ids", metavar="EVENT...", nargs=-1, required=True)
@options.region()
@options.endpoint
@options.as_json
@options.wide
def cancel(event_ids: tuple[str, ...], region: str, endpoint: str | None, *, as_json: bool) -> None:
    """Cancel events by id and show them afterwards. A finished event stays as it is.

    Exit code 1 when one is unknown, real or still open.

    \b
    Example: simevents cancel --region cn-hangzhou e-bp1a2b3c4d5e6f7g8h9j
    """
    ids = options.checked_events(event_ids)
    with options.connect(region, endpoint) as api, output.progress(f"Cancelling {len(ids)}"):
        outcome = api.cancel(ids)
        after = api.describe(ids)
    output.show(after, as_json=as_json)
    still_open = [e.event_id for e in after if e.is_open and e.event_id not in outcome.real]
    problems = []
    if outcome.real:
        problems.append(f"real events, not cancelled: {', '.join(outcome.real)}")
    if outcome.unknown:
        problems.append(unknown(outcome.unknown, region))
    if still_open:
        problems.append(f"still open: {', '.join(still_open)}")
    if problems:
        options.fail("; ".join(problems))


def unknown(event_ids: list[str], region: str) -> str:
    return (
        f"{region} knows no event {', '.join(event_ids)}: another region or account, or finished "
        f"more than {RETENTION_DAYS} days ago"
    )


COMMANDS = {"create": create, "show": show, "cancel": cancel}
