"""The steps in the life of an intent's events: create, update, observe, cancel.

They take the intent as it is recorded; how an intent begins and ends is in `intent_steps`.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CloudError, Taken, listed
from ..models import EventCycleStatus, SystemEvent, format_time
from .cancel_events import cancel_until_closed
from .create_events import NOTHING_ADDED, Creation, IsRequested
from .intended_events import IntendedEvents

log = logging.getLogger("simevents")

MISSED = "Missed"
"""Status of an instance that was added after the time had passed: it has no event."""
EXPIRED = "Expired"
"""Status of an event that the API no longer returns."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Some events as the cloud showed them: ids and statuses by instance id."""

    event_ids: dict[str, str]
    statuses: dict[str, str]

    def without(self, instance_ids: Iterable[str]) -> "Observation":
        left_out = set(instance_ids)
        return Observation(
            {id: event_id for id, event_id in self.event_ids.items() if id not in left_out},
            {id: status for id, status in self.statuses.items() if id not in left_out},
        )


def create(
    events: IntendedEvents, is_requested: IsRequested = lambda: True
) -> dict[str, SystemEvent]:
    """Give each instance of the intent its event, all or nothing.

    Events that exist already, from a run that was killed, are adopted. On failure
    everything that was created is cancelled; LeftOpen names what could not be.
    """
    events.require_account()
    intent = events.intent
    if events.claims.has_ended(intent.id):
        raise Taken(
            f"The intent {intent.id} has been deleted in this run, so nothing is scheduled for it. "
            "Target the whole component: name its URN with --target, and add --target-dependents."
        )
    events.claim(intent.instance_ids)
    return Creation(events, intent.instance_ids, is_requested).run()


def update(
    events: IntendedEvents, old: Observation, is_requested: IsRequested = lambda: True
) -> Observation:
    """Give added instances their events and cancel those of the removed ones.

    An instance whose event was cancelled ahead of time, by a change that failed half-way
    and was reverted, counts as added. One that is added when the time has passed gets no
    event and the status `MISSED`. When cancelling fails, the events just created are
    cancelled too.
    """
    events.require_account()
    intent = events.intent
    events.claim(intent.instance_ids)
    is_late = events.api.now() >= intent.not_before
    old = old if is_late else _without_cancelled(events, old)
    added = [id for id in intent.instance_ids if id not in old.statuses]
    requested = set(intent.instance_ids)
    removed = [id for id in old.statuses if id not in requested]
    if added and is_late:
        log.warning(
            "%s came after %s, when %s was due: no event was created. To run the drill again on "
            "all instances, change 'triggers'.",
            listed(added),
            format_time(intent.not_before),
            intent.event_type,
        )
    creation = Creation(events, [] if is_late else added, is_requested, NOTHING_ADDED)
    created = creation.run() if added and not is_late else {}
    try:
        event_ids = [old.event_ids[id] for id in removed if id in old.event_ids]
        cancel_until_closed(events, events.without_others(removed), event_ids)
    except CloudError as error:
        raise creation.cancel_and_explain(error) from None
    kept = old.without(removed)
    return Observation(
        kept.event_ids | {id: event.event_id for id, event in created.items()},
        kept.statuses
        | {id: event.event_cycle_status.value for id, event in created.items()}
        | (dict.fromkeys(added, MISSED) if is_late else {}),
    )


def observe(events: IntendedEvents, old: Observation) -> Observation | None:
    """The events as they are now; None when all of them were cancelled ahead of time.

    Ahead of time, an instance whose event someone cancelled is left out, so that it
    is scheduled again. Later, every status is final and kept.
    """
    events.require_account()
    is_forgotten = events.are_forgotten
    seen = _described(events, old.event_ids.values(), wait=not is_forgotten)
    is_ahead = events.api.now() < events.intent.not_before
    absent = {id for id, event_id in old.event_ids.items() if event_id not in seen}
    gone = absent if is_forgotten else _explained(events, old, absent)
    statuses: dict[str, str] = {}
    for instance_id, status in old.statuses.items():
        event = seen.get(old.event_ids.get(instance_id, ""))
        if event is None:
            statuses[instance_id] = EXPIRED if instance_id in gone else status
        elif not (is_ahead and event.event_cycle_status is EventCycleStatus.CANCELED):
            statuses[instance_id] = event.event_cycle_status.value
    if not statuses:
        return None
    return Observation({id: e for id, e in old.event_ids.items() if id in statuses}, statuses)


def cancel(events: IntendedEvents, event_ids: Iterable[str]) -> None:
    """Cancel the events, as often as asked; what has finished counts as cancelled."""
    events.require_account()
    ids = list(event_ids)
    if events.are_forgotten:
        # Every event finished long ago; the API returns none of them any more.
        ids = [event.event_id for event in events.api.describe(ids) if event.is_open]
    cancel_until_closed(events, [], ids)


def _without_cancelled(events: IntendedEvents, old: Observation) -> Observation:
    """*old* without the instances that stay and whose event is cancelled."""
    requested = set(events.intent.instance_ids)
    kept = {id: e for id, e in old.event_ids.items() if id in requested}
    cancelled = {
        event.event_id
        for event in events.api.describe(kept.values())
        if event.event_cycle_status is EventCycleStatus.CANCELED
    }
    return old.without(id for id, event_id in kept.items() if event_id in cancelled)


def _explained(events: IntendedEvents, old: Observation, absent: set[str]) -> set[str]:
    """*absent*, when the instances of all of them are gone; an error for the others."""
    unexplained = sorted(absent & events.api.existing(absent))
    if unexplained:
        raise CloudError(
            f"{len(unexplained)} events cannot be found in {events.intent.region} of account "
            f"{events.intent.account_id}: {listed(old.event_ids[id] for id in unexplained)} on "
            f"{listed(unexplained)}. Check that this is the right cloud. If it is, and they are "
            "lost, schedule them again: pulumi up --replace with the URN of the events."
        )
    return absent


def _described(
    events: IntendedEvents, event_ids: Iterable[str], *, wait: bool
) -> dict[str, SystemEvent]:
    """Events by id; with *wait*, waits through the settling time for those that do not show."""
    requested = set(event_ids)
    seen: dict[str, SystemEvent] = {}
    api = events.api
    for _ in api.patience.settling():
        seen |= {event.event_id: event for event in api.describe(sorted(requested - seen.keys()))}
        if len(seen) == len(requested) or not wait:
            break
    return seen
