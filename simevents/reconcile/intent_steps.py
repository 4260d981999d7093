"""The steps in the life of an intent: declare, extend, withdraw.

An intent is recorded before anything is scheduled. So whatever is open and matches it
is accounted for, even when the process that created it was killed.

The guarantee: no event is open unless an intent matches it or an error names it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ..api.client import SystemEvents
from ..errors import CloudError, InvalidInput, Taken, listed
from ..models import format_time
from ..schedule import NotBefore
from .cancel_events import cancel_until_closed
from .claims import Claims
from .intended_events import IntendedEvents
from .intent import Intent
from .remedies import sweep_command


def declare(
    api: SystemEvents,
    claims: Claims,
    intent_id: str,
    event_type: str,
    not_before: NotBefore,
    instance_ids: Sequence[str],
) -> Intent:
    """Create an intent; nothing is scheduled. Its time is resolved by the cloud's clock.

    Raises InvalidInput for a time that has passed or instances that do not exist,
    Taken when another resource has the same event.
    """
    account_id = api.account_id()
    now = api.now()
    intent = Intent(
        intent_id,
        account_id,
        api.settings.region,
        event_type,
        not_before.resolve(now),
        tuple(instance_ids),
        now,
    )
    if intent.not_before <= now:
        raise InvalidInput("not_before", passed_reason(intent.not_before, now))
    _take(IntendedEvents(api, claims, intent), intent.instance_ids)
    return intent


def extend(old: IntendedEvents, instance_ids: Sequence[str]) -> Intent:
    """The intent of *old* for other instances; its time stays.

    What is open on the instances that leave is cancelled in this step already: nothing
    may stay open when the change is reverted after a kill.
    """
    old.require_account()
    events = replace(old, intent=replace(old.intent, instance_ids=tuple(instance_ids)))
    before, after = set(old.intent.instance_ids), set(instance_ids)
    added = [id for id in instance_ids if id not in before]
    if added:
        _take(events, added)
    removed = [id for id in old.intent.instance_ids if id not in after]
    if removed:
        try:
            cancel_until_closed(events, events.without_others(removed), [])
        except CloudError as error:
            hint = "If you revert the change, run pulumi refresh first"
            error.args = (f"{error} Some events may be cancelled already. {hint}.",)
            raise
        events.release(removed)
    return events.intent


def withdraw(events: IntendedEvents) -> None:
    """End an intent: cancel what is open and matches it, normally nothing."""
    events.require_account()
    cancel_until_closed(events, events.without_others(events.intent.instance_ids), [])
    events.claims.end(events.intent.id)


def passed_reason(moment: datetime, now: datetime) -> str:
    return (
        f"{format_time(moment)} has passed (it is {format_time(now)} in the cloud); use a later "
        "time, or one from now such as +30m"
    )


def _take(events: IntendedEvents, instance_ids: Sequence[str]) -> None:
    """Claim the instances; they must exist, and no other owner may have this event on them."""
    api, intent = events.api, events.intent
    existing = api.existing(instance_ids)
    absent = [id for id in instance_ids if id not in existing]
    if absent:
        raise InvalidInput(
            "instance_ids",
            f"{len(absent)} of {len(instance_ids)} do not exist in {intent.region} of account "
            f"{intent.account_id}: {listed(absent)}. Correct the ids or the region",
        )
    events.claim(instance_ids)
    taken = [event for event in events.matches(instance_ids) if event.is_open]
    if taken:
        events.release(instance_ids)
        ids = [event.event_id for event in taken]
        raise Taken(
            f"{intent.event_type} at {format_time(intent.not_before)} is scheduled already on "
            f"{listed(event.instance_id for event in taken)}: {listed(ids)}. If another stack or a "
            "person created it, use another time; if nobody needs it, cancel it: "
            f"{sweep_command(api.settings, ids)}"
        )
    events.claims.mark_unused(intent.id, intent.keys(instance_ids))
