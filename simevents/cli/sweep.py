"""``sweep``: cancel by hand events that are open and should not be."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from ..errors import InvalidInput
from ..models import SystemEvent, parse_time
from . import options, output, streams

if TYPE_CHECKING:
    from ..api.client import SystemEvents
    from ..cleanup.stack_state import Ownership
    from ..cleanup.sweep import SweepResult


@click.command()
@options.region(required=False)
@options.endpoint
@options.instances
@click.option(
    "--event", "event_ids", multiple=True, metavar="ID", help="Event id; may be given again."
)
@options.events_from
@options.instances_from
@click.option(
    "--type", "event_type", type=options.EVENT_TYPE, help="On instances: only events of this type."
)
@click.option("--not-before", default="", help="On instances: only events of this time.")
@click.option("--stack", help="The events that the state of this Pulumi stack accounts for.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="List only.")
@options.wide
def sweep(
    region: str | None,
    endpoint: str | None,
    instance_ids: tuple[str, ...],
    event_ids: tuple[str, ...],
    events_from: Path | None,
    instances_from: Path | None,
    event_type: str | None,
    not_before: str,
    stack: str | None,
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Cancel the open events on given instances, of given ids, or of a stack.

    With --region alone it only lists, so that events of colleagues are not cancelled.
    Exit code 1 when an event is open afterwards.

    \b
    Example: simevents sweep --region cn-hangzhou --event e-bp1a2b3c4d5e6f7g8h9j
    """
    from ..cleanup.stack_state import Ownership, accounted, by_cloud

    instances = options.checked(instance_ids, instances_from)
    events = options.checked_events(event_ids, events_from)
    others = {
        "--instance": instances,
        "--event": events,
        "--type": event_type,
        "--not-before": not_before,
        "--region": named_by_hand(region, "region"),
        "--endpoint": named_by_hand(endpoint, "endpoint"),
    }
    given = [option for option, value in others.items() if value]
    if stack is not None and given:
        raise InvalidInput(
            "--stack",
            f"the state of the stack says which events these are; leave {', '.join(given)} out",
        )
    if stack is not None:
        groups = [
            (options.connect(*cloud), entries)
            for cloud, entries in by_cloud(accounted(stack)).items()
        ]
    elif region is None:
        raise InvalidInput("--region", "no region is given; name one, or a --stack")
    else:
        named = Ownership(
            region,
            endpoint,
            tuple(events),
            tuple(instances),
            event_type or "",
            _second(not_before),
            whole_region=not (instances or events),
        )
        groups = [(options.connect(region, endpoint), [named])]
    is_named = stack is not None or bool(instances or events)
    may_cancel = is_named and not dry_run
    if may_cancel and yes:
        # All of the work before anything is printed: the reader of the output may have gone.
        reports: list[Callable[[], bool]] = []
        try:
            for api, entries in groups:
                reports.append(_sweep_unasked(api, entries))
        finally:
            clean = [report() for report in reports]
    else:
        clean = [_sweep_asking(api, entries, may_cancel) for api, entries in groups]
    if not all(clean):
        raise SystemExit(1)


def named_by_hand(value: str | None, parameter: str) -> str | None:
    """*value* when it was written on the command line, and not read from the environment."""
    source = click.get_current_context().get_parameter_source(parameter)
    return value if source is ParameterSource.COMMANDLINE else None


def _second(not_before: str) -> str:
    if not_before:
        try:
            parse_time(not_before)
        except ValueError as error:
            raise InvalidInput("--not-before", f"{error}, such as 2027-01-31T09:30:00Z") from None
    return not_before


def _sweep_unasked(api: "SystemEvents", entries: "list[Ownership]") -> Callable[[], bool]:
    """Sweep in one cloud; what is returned prints the result, True when nothing is open."""
    from ..cleanup.sweep import cancel_open, open_events

    with api:
        events = open_events(api, entries)
        with output.progress(f"Cancelling {len(events)}"):
            swept = cancel_open(api, events)
    return lambda: _report(_where(api), events, swept)


def _sweep_asking(api: "SystemEvents", entries: "list[Ownership]", may_cancel: bool) -> bool:
    """List in one cloud, and cancel what the user confirms; True when nothing is open then."""
    from ..cleanup.sweep import cancel_open, open_events

    where = _where(api)
    with api:
        events = open_events(api, entries)
        if not events:
            return _report(where, events, None)
        output.table(events)
        if not may_cancel:
            click.echo(f"{len(events)} open in {where}; nothing was cancelled.", err=True)
            click.echo("To cancel, name --instance, --event or --stack.", err=True)
            return False
        if not click.confirm(f"Cancel these {len(events)} events in {where}?"):
            return False
        with output.progress(f"Cancelling {len(events)}"):
            swept = cancel_open(api, events)
    return _report(where, [], swept)


def _where(api: "SystemEvents") -> str:
    return f"{api.settings.region} of {api.settings.endpoint or 'Alibaba Cloud'}"


def _report(where: str, events: "list[SystemEvent]", swept: "SweepResult | None") -> bool:
    """Print *events* and what became of them; True when nothing is open."""
    if swept is None or not (swept.canceled or swept.real or swept.still_open or events):
        click.echo(f"Nothing is open in {where}.")
        return True

    def show() -> None:
        if events:
            output.table(events)
        click.echo(f"{len(swept.canceled)} cancelled.")

    lost = streams.lost_output(show)
    for what, ids in (("real, not cancelled", swept.real), ("still open", swept.still_open)):
        if ids:
            streams.say(f"{len(ids)} {what}: {', '.join(ids)}")
    if lost is not None and sys.stdout is not None:
        raise lost
    return not swept.real and not swept.still_open


COMMANDS = {"sweep": sweep}
