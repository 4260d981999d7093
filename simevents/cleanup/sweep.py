"""Cancelling by hand what is open and no state accounts for.

Cancels only what is named: instances, events, or what a stack accounts for. Simulated
events of colleagues on other instances are left alone. The cloud itself refuses to cancel
an event that is real.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..api.client import SystemEvents
from ..errors import WrongAccount
from ..models import EventCycleStatus, SystemEvent, format_time
from .stack_state import Ownership


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep did: *canceled* was seen so, *still_open* is what it could not cancel.

    An event in none of them has finished meanwhile.
    """

    canceled: list[str]
    real: list[str]
    still_open: list[str]


def open_events(api: SystemEvents, entries: Sequence[Ownership]) -> list[SystemEvent]:
    """What is open of *entries*, oldest first.

    WrongAccount when they are recorded for another account than the credentials'.
    """
    unique: dict[str, SystemEvent] = {}
    for entry in entries:
        if entry.account_id and entry.account_id != api.account_id():
            raise WrongAccount(entry.account_id, api.account_id())
        unique |= {event.event_id: event for event in _find(api, entry) if event.is_open}
    return sorted(unique.values(), key=lambda event: (event.publish_time, event.event_id))


def _find(api: SystemEvents, entry: Ownership) -> list[SystemEvent]:
    if entry.whole_region:
        return api.find_all()
    on_instances = [
        event
        for event in api.find(entry.instance_ids)
        if entry.event_type in ("", event.event_type)
        and entry.not_before in ("", format_time(event.not_before))
    ]
    return [*api.describe(entry.event_ids), *on_instances]


def cancel_open(api: SystemEvents, events: Sequence[SystemEvent]) -> SweepResult:
    """Cancel *events* and look again."""
    ids = [event.event_id for event in events]
    real = api.cancel(ids).real
    seen = {event.event_id: event for event in api.describe(ids)}
    return SweepResult(
        canceled=[
            id
            for id, event in seen.items()
            if event.event_cycle_status is EventCycleStatus.CANCELED
        ],
        real=real,
        still_open=[id for id in ids if id not in real and (id not in seen or seen[id].is_open)],
    )
