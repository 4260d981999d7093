"""Cancelling until nothing is open, whatever the first answer was.

Used when a resource is deleted or changed, and to clean up after a failure. The error
names what could not be cancelled, with the command that cancels it.
"""

import logging
from collections.abc import Sequence

from ..errors import LeftOpen, listed
from ..models import RETENTION_DAYS, SystemEvent
from .intended_events import IntendedEvents
from .remedies import sweep_command

log = logging.getLogger("simevents")


def cancel_until_closed(
    events: IntendedEvents,
    instance_ids: Sequence[str],
    event_ids: Sequence[str],
    *,
    wait_for_late: bool = False,
    just_created: bool = False,
) -> dict[str, SystemEvent]:
    """Cancel *event_ids* and what matches on *instance_ids*, until none is open.

    Returns the events by id as the last look showed them. With *wait_for_late*, waits
    through the settling time for events that an unanswered call may have created. Events
    that were *just_created* exist, whether the cloud shows them or not, and count as
    cancelled only once they have been seen so. Raises LeftOpen when something stays open,
    or may.
    """
    api = events.api
    known = list(dict.fromkeys(event_ids))
    outcome = api.cancel(known)
    real, unknown = set(outcome.real), set(outcome.unknown)
    remaining: list[str] = []
    seen: dict[str, SystemEvent] = {}
    for _ in api.patience.settling():
        # The settling time shows whether an unknown id is not visible yet, or is gone.
        unknown = set(api.cancel(sorted(unknown)).unknown)
        found = [*api.describe(known), *events.matches(instance_ids)]
        seen |= {event.event_id: event for event in found}
        remaining = sorted({event.event_id for event in found if event.is_open} - real)
        real |= set(api.cancel(remaining).real)
        if just_created:
            unknown |= set(known) - seen.keys()
        if not remaining and not unknown and not wait_for_late:
            break
    if unknown and just_created:
        raise LeftOpen(
            f"{len(unknown)} events were created and cannot be found to be cancelled: "
            f"{listed(sorted(unknown))}."
        )
    _warn(events, unknown, real)
    still_open = set(remaining) - real
    if still_open:
        seen |= _require_closed(events, sorted(still_open))
    return seen


def _require_closed(events: IntendedEvents, event_ids: list[str]) -> dict[str, SystemEvent]:
    """Look at what the last cancel of the loop did."""
    seen = {event.event_id: event for event in events.api.describe(event_ids)}
    left = [event_id for event_id, event in seen.items() if event.is_open]
    if left:
        raise LeftOpen(
            f"{len(left)} events are still open: {listed(left)}. Cancel them: "
            f"{sweep_command(events.api.settings, left)}"
        )
    return seen


def _warn(events: IntendedEvents, unknown: set[str], real: set[str]) -> None:
    if unknown:
        log.warning(
            "The cloud does not know %s in %s of account %s: they finished more than %s days ago, "
            "or were events of another cloud.",
            listed(sorted(unknown)),
            events.intent.region,
            events.intent.account_id,
            RETENTION_DAYS,
        )
    if real:
        log.warning("%s is not a simulated event and is left alone.", listed(sorted(real)))
