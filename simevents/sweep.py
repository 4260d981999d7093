"""Cancelling by hand what is open: the last layer, for what no state accounts for.

Works on what it is told, instances or events: simulated events of colleagues on
other instances are theirs. The cloud itself refuses to cancel an event that is real.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .client import SystemEvents
from .models import SystemEvent


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did; *still_open* is what it could not."""

    canceled: list[str]
    real: list[str]
    still_open: list[str]


def open_events(
    api: SystemEvents, instance_ids: Sequence[str] = (), event_ids: Sequence[str] = ()
) -> list[SystemEvent]:
    """What is open on these instances and of these ids; in the whole region when none is given."""
    if not instance_ids and not event_ids:
        found = api.find_all()
    else:
        found = [*api.find(instance_ids), *api.describe(event_ids)]
    unique = {event.event_id: event for event in found if event.is_open}
    return sorted(unique.values(), key=lambda event: (event.publish_time, event.event_id))


def sweep(api: SystemEvents, events: Sequence[SystemEvent]) -> Swept:
    """Cancel *events* and look again."""
    ids = [event.event_id for event in events]
    real = api.cancel(ids).real
    still_open = [event.event_id for event in api.describe(ids) if event.is_open]
    return Swept(
        canceled=[id for id in ids if id not in still_open],
        real=real,
        still_open=[id for id in still_open if id not in real],
    )
