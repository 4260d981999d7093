"""``list``: the events of a region, open ones first."""

import click

from ..models import EventCycleStatus
from . import options, output


@click.command("list")
@options.instances
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in EventCycleStatus]),
    help="Only events of this status; may be given again.",
)
@click.option("--type", "event_type", default="", help="Only events of this type.")
@click.option("--all", "show_all", is_flag=True, help="Show finished events too, after the others.")
@options.region()
@options.endpoint
@options.as_json
@options.wide
def list_events(
    instance_ids: tuple[str, ...],
    statuses: tuple[str, ...],
    event_type: str,
    region: str,
    endpoint: str | None,
    *,
    show_all: bool,
    as_json: bool,
) -> None:
    """List system events, real and simulated.

    Finished events of the last 30 days are shown with --all, or when --status names theirs.
    With --json they are always printed, and all events are in the order of their publication.

    \b
    Example: simevents list --endpoint http://127.0.0.1:8086 --region cn-hangzhou
    """
    ids = options.checked(instance_ids)
    with options.connect(region, endpoint) as api, output.progress("Reading events"):
        found = api.find(ids) if ids else api.find_all()
    events = output.ordered(
        event
        for event in found
        if (not statuses or event.event_cycle_status in statuses)
        and event_type in ("", event.event_type)
    )
    if as_json:
        output.show(events, as_json=True)
        return
    finished = [event for event in events if event.has_finished]
    unfinished = [event for event in events if not event.has_finished]
    output.table(unfinished + finished if show_all or statuses else unfinished)
    if finished and not show_all and not statuses:
        are = "event is" if len(finished) == 1 else "events are"
        click.echo(f"{len(finished)} finished {are} not shown; use --all.", err=True)


COMMANDS = {"list": list_events}
