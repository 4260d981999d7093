"""Desired events against what exists: the moments of a resource's life, free of Pulumi.

An intent is recorded before anything is scheduled, so that whatever is open and
matches it is accounted for, even when the process that made it was killed. `declare`,
`extend` and `withdraw` are the intent's moments; `schedule`, `reschedule`, `observe`
and `cancel` are those of its events.

The guarantee: no event is open unless an intent matches it or an error names it.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..api.client import SystemEvents
from ..errors import CloudError, InvalidInput, Taken, WrongAccount, listed
from ..models import RETENTION_DAYS, EventCycleStatus, SystemEvent, format_time
from ..schedule import NotBefore
from .cancel_events import clear, sweep_command
from .claims import Claims
from .create_events import NOTHING_ADDED, Wanted, make, undone
from .intent import Intent, matches

log = logging.getLogger("simevents")

MISSED = "Missed"
"""Status of an instance that was added after the time had passed: it has no event."""
EXPIRED = "Expired"
"""Status of an event of which the cloud tells no longer."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a look at the cloud found of some events."""

    event_ids: dict[str, str]
    statuses: dict[str, str]

    @property
    def instance_ids(self) -> list[str]:
        return list(self.statuses)


# The intent.


def declare(
    api: SystemEvents,
    claims: Claims,
    intent_id: str,
    event_type: str,
    not_before: NotBefore,
    instance_ids: Sequence[str],
) -> Intent:
    """Make an intent; nothing is scheduled. Its time is resolved by the cloud's clock.

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
    _claim(api, claims, intent, intent.instance_ids)
    return intent


def extend(api: SystemEvents, claims: Claims, old: Intent, instance_ids: Sequence[str]) -> Intent:
    """Take other instances over into *old*; its time stays.

    What is open on those that leave is cancelled here already, so that nothing
    stays when the addition of an instance is taken back after a kill.
    """
    require_account(api, old.account_id)
    new = replace(old, instance_ids=tuple(instance_ids))
    added = [id for id in new.instance_ids if id not in old.instance_ids]
    if added:
        _claim(api, claims, new, added)
    left = [id for id in old.instance_ids if id not in new.instance_ids]
    if left:
        try:
            clear(api, new, _not_anothers(claims, new, left), [])
        except CloudError as error:
            hint = "If you take the change back, run pulumi refresh first"
            error.args = (f"{error} Some events may be cancelled already. {hint}.",)
            raise
        claims.release(old.id, old.keys(left))
    return new


def withdraw(api: SystemEvents, claims: Claims, intent: Intent) -> None:
    """End an intent: cancel what is open and matches it, normally nothing."""
    require_account(api, intent.account_id)
    clear(api, intent, _not_anothers(claims, intent, intent.instance_ids), [])
    claims.end(intent.id)


def _claim(api: SystemEvents, claims: Claims, intent: Intent, instance_ids: Sequence[str]) -> None:
    """Make sure that these instances exist and nobody else has this event on them."""
    existing = api.existing(instance_ids)
    absent = [id for id in instance_ids if id not in existing]
    if absent:
        raise InvalidInput(
            "instance_ids",
            f"{len(absent)} of {len(instance_ids)} do not exist in {intent.region} of account "
            f"{intent.account_id}: {listed(absent)}. Correct the ids or the region",
        )
    _require_claim(claims, intent, instance_ids)
    taken = [event for event in matches(api, intent, instance_ids) if event.is_open]
    if taken:
        claims.release(intent.id, intent.keys(instance_ids))
        ids = [event.event_id for event in taken]
        raise Taken(
            f"{intent.event_type} at {format_time(intent.not_before)} is scheduled already on "
            f"{listed(event.instance_id for event in taken)}: {listed(ids)}. If another stack or a "
            "person made it, choose another time; if nobody needs it, cancel it: "
            f"{sweep_command(api, ids)}"
        )


def _not_anothers(claims: Claims, intent: Intent, instance_ids: Sequence[str]) -> list[str]:
    """Without the instances on which another resource of this run has the same event."""
    others = claims.held_by_others(intent.id, intent.keys(instance_ids))
    return [id for id in instance_ids if id not in others]


def _require_claim(claims: Claims, intent: Intent, instance_ids: Sequence[str]) -> None:
    lost = claims.claim(intent.id, intent.keys(instance_ids))
    if lost:
        raise Taken(
            f"Another resource of this stack asks for the same: {intent.event_type} at "
            f"{format_time(intent.not_before)} on {listed(key[2] for key in lost)}. Give one of "
            "them another time or other instances."
        )


# The events.


def schedule(
    api: SystemEvents, claims: Claims, intent: Intent, wanted: Wanted = lambda: True
) -> dict[str, SystemEvent]:
    """Make an event per instance of *intent*, all or nothing.

    Events that exist already, from a run that was killed, are adopted. When it
    fails, everything that was made is cancelled again; LeftOpen names what could not be.
    """
    require_account(api, intent.account_id)
    if claims.has_ended(intent.id):
        raise Taken(
            f"The intent {intent.id} has been deleted in this run, so nothing is scheduled for it. "
            "Target the whole component: name its URN with --target, and add --target-dependents."
        )
    _require_claim(claims, intent, intent.instance_ids)
    return make(api, intent, intent.instance_ids, wanted)


def reschedule(
    api: SystemEvents,
    claims: Claims,
    intent: Intent,
    old: Observation,
    wanted: Wanted = lambda: True,
) -> Observation:
    """Give the instances that came their events and cancel those of the ones that left.

    An instance whose event was cancelled ahead of time, by a change that failed half-way
    and was taken back, counts as one that came. One that comes when the time has passed
    gets no event and the status `MISSED`. When cancelling fails, the events just made
    are cancelled too.
    """
    require_account(api, intent.account_id)
    _require_claim(claims, intent, intent.instance_ids)
    is_late = api.now() >= intent.not_before
    old = old if is_late else _without_cancelled(api, intent, old)
    added = [id for id in intent.instance_ids if id not in old.statuses]
    left = [id for id in old.statuses if id not in intent.instance_ids]
    made: dict[str, SystemEvent] = {}
    if added and is_late:
        log.warning(
            "%s came after %s, when %s was due: no event was made. To run the drill again on all "
            "instances, change 'triggers'.",
            listed(added),
            format_time(intent.not_before),
            intent.event_type,
        )
    elif added:
        made = make(api, intent, added, wanted, NOTHING_ADDED)
    try:
        event_ids = [old.event_ids[id] for id in left if id in old.event_ids]
        clear(api, intent, _not_anothers(claims, intent, left), event_ids)
    except CloudError as error:
        made_ids = [event.event_id for event in made.values()]
        raise undone(
            api, intent, list(made), made_ids, error, NOTHING_ADDED, is_uncertain=False
        ) from None
    kept = Observation(
        {id: event_id for id, event_id in old.event_ids.items() if id not in left},
        {id: status for id, status in old.statuses.items() if id not in left},
    )
    return Observation(
        kept.event_ids | {id: event.event_id for id, event in made.items()},
        kept.statuses
        | {id: event.event_cycle_status.value for id, event in made.items()}
        | (dict.fromkeys(added, MISSED) if is_late else {}),
    )


def _without_cancelled(api: SystemEvents, intent: Intent, old: Observation) -> Observation:
    """*old* without the instances that stay and whose event is cancelled."""
    stay = {id: e for id, e in old.event_ids.items() if id in intent.instance_ids}
    cancelled = {
        event.event_id
        for event in api.describe(stay.values())
        if event.event_cycle_status is EventCycleStatus.CANCELED
    }
    gone = {id for id, event_id in stay.items() if event_id in cancelled}
    return Observation(
        {id: event_id for id, event_id in old.event_ids.items() if id not in gone},
        {id: status for id, status in old.statuses.items() if id not in gone},
    )


def observe(api: SystemEvents, intent: Intent, old: Observation) -> Observation | None:
    """What became of the events; None when all of them were cancelled ahead of time.

    Ahead of time, an instance whose event someone cancelled is left out, so that it
    is scheduled again. Later, every status is final and kept.
    """
    require_account(api, intent.account_id)
    forgotten = _are_forgotten(api, intent)
    seen = _described(api, old.event_ids.values(), wait=not forgotten)
    ahead = api.now() < intent.not_before
    absent = {id for id, event_id in old.event_ids.items() if event_id not in seen}
    gone = absent if forgotten else _explained(api, intent, old, absent)
    statuses: dict[str, str] = {}
    for instance_id, status in old.statuses.items():
        event = seen.get(old.event_ids.get(instance_id, ""))
        if event is None:
            statuses[instance_id] = EXPIRED if instance_id in gone else status
        elif not (ahead and event.event_cycle_status is EventCycleStatus.CANCELED):
            statuses[instance_id] = event.event_cycle_status.value
    if not statuses:
        return None
    return Observation({id: e for id, e in old.event_ids.items() if id in statuses}, statuses)


def cancel(api: SystemEvents, intent: Intent, event_ids: Iterable[str]) -> None:
    """Cancel the events, as often as asked; what has finished counts as cancelled."""
    require_account(api, intent.account_id)
    ids = list(event_ids)
    if _are_forgotten(api, intent):
        # Every event has finished long ago; the cloud tells of none of them any longer.
        ids = [event.event_id for event in api.describe(ids) if event.is_open]
    clear(api, intent, [], ids)


def _explained(api: SystemEvents, intent: Intent, old: Observation, absent: set[str]) -> set[str]:
    """Those of the *absent* that may be, since their instance is gone; for others an error."""
    unexplained = sorted(absent & api.existing(absent))
    if unexplained:
        raise CloudError(
            f"{len(unexplained)} events cannot be found in {intent.region} of account "
            f"{intent.account_id}: {listed(old.event_ids[id] for id in unexplained)} on "
            f"{listed(unexplained)}. Is this the right cloud? If it is, and they are gone for "
            "good, schedule them anew: pulumi up --replace with the URN of the events."
        )
    return absent


def _described(
    api: SystemEvents, event_ids: Iterable[str], *, wait: bool
) -> dict[str, SystemEvent]:
    """Events by id; with *wait*, the settling time is given to those that do not show."""
    wanted = set(event_ids)
    seen: dict[str, SystemEvent] = {}
    for _ in api.patience.settling():
        seen |= {event.event_id: event for event in api.describe(sorted(wanted - seen.keys()))}
        if len(seen) == len(wanted) or not wait:
            break
    return seen


def _are_forgotten(api: SystemEvents, intent: Intent) -> bool:
    """Whether the events finished so long ago that the cloud tells of them no longer."""
    return api.now() >= intent.not_before + timedelta(days=RETENTION_DAYS)


def require_account(api: SystemEvents, recorded: str) -> None:
    """WrongAccount when the credentials belong to another account than *recorded*."""
    actual = api.account_id()
    if actual != recorded:
        raise WrongAccount(recorded, actual)


def passed_reason(moment: datetime, now: datetime) -> str:
    return (
        f"{format_time(moment)} has passed (it is {format_time(now)} in the cloud); write a later "
        "time, or one from now such as +30m"
    )
