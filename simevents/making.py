"""Making the events of an intent, all or nothing.

The API has no ClientToken: an answer that is lost is never sent for again blindly.
Events that exist are adopted, only what is missing is sent, and what was made is
cancelled again when the whole cannot be had.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from .cancelling import clear, sweep_command
from .client import SystemEvents, batches
from .errors import (
    CloudError,
    InvalidInput,
    LeftOpen,
    TimePassed,
    WrongAccount,
    listed,
)
from .intent import Intent, matches
from .models import EventCycleStatus, SystemEvent, format_time
from .retry import Verdict, verdict

PARALLEL_CALLS = 4


def make(api: SystemEvents, intent: Intent, instance_ids: Sequence[str]) -> dict[str, SystemEvent]:
    """Adopt or create an event per instance; on failure cancel all of them."""
    made = _Made()
    try:
        existing = matches(api, intent, instance_ids)
        adopted = [event for event in existing if event.is_open]
        events = {event.instance_id: event for event in adopted}
        made.event_ids += [event.event_id for event in adopted]
        if api.now() >= intent.not_before:
            # Made by a run that was killed, and executed since: they are this intent's own.
            events |= {
                event.instance_id: event
                for event in existing
                if event.publish_time >= intent.declared_at.replace(microsecond=0)
                and event.event_cycle_status is not EventCycleStatus.CANCELED
            }
        missing = [id for id in instance_ids if id not in events]
        if missing:
            _require_time_left(api, intent, missing)
            _create_in_batches(api, intent, missing, made)
            events |= _identified(api, intent, missing, made)
        if made.resent or len(events) < len(made.event_ids):
            _drop_surplus(api, intent, events)
        return {id: events[id] for id in instance_ids}
    except Exception as error:  # noqa: BLE001 - whatever went wrong is undone
        raise undone(api, intent, instance_ids, made.event_ids, error) from None


class _Made:
    """What one operation has made so far; shared by its threads."""

    def __init__(self) -> None:
        self.event_ids: list[str] = []
        self.resent = False


def _create_in_batches(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], made: _Made
) -> None:
    """One call alone, which shows missing rights or quota, then the rest, few at a time."""
    first, *rest = batches(instance_ids)
    still_wanted = _still_wanted()
    _create_batch(api, intent, first, made)
    failed = threading.Event()

    def create(batch: list[str]) -> None:
        if failed.is_set():
            return
        try:
            if not still_wanted():
                raise CloudError("The command that asked for these events has ended.")
            _create_batch(api, intent, batch, made)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        pending = [pool.submit(create, batch) for batch in rest]
    for call in pending:
        call.result()


def _create_batch(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], made: _Made
) -> None:
    """One batch. A lost answer is never sent again blindly: look, then send what is missing."""
    wanted = list(instance_ids)
    while wanted:
        try:
            event_ids = api.create(intent.event_type, intent.not_before, wanted)
        except CloudError as error:
            if verdict(error) is not Verdict.UNCERTAIN or api.patience.is_over:
                raise
            made.resent = True
            found = _settled_matches(api, intent, wanted)
            made.event_ids += [event.event_id for event in found]
            wanted = [id for id in wanted if id not in {event.instance_id for event in found}]
            continue
        made.event_ids += event_ids
        if len(event_ids) != len(wanted):
            raise CloudError(
                f"CreateSimulatedSystemEvents answered with {len(event_ids)} events for "
                f"{len(wanted)} instances."
            )
        return


def _settled_matches(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str]
) -> list[SystemEvent]:
    """Open matches, waiting until each instance has one or no more are to be expected."""
    found: list[SystemEvent] = []
    for _ in api.patience.settling():
        found = [event for event in matches(api, intent, instance_ids) if event.is_open]
        if len({event.instance_id for event in found}) == len(instance_ids):
            break
    return found


def _identified(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], made: _Made
) -> dict[str, SystemEvent]:
    """Which event is whose: the order of ids in an answer is not promised."""
    wanted = set(instance_ids)
    events: dict[str, SystemEvent] = {}
    for _ in api.patience.settling():
        unseen = set(made.event_ids) - {event.event_id for event in events.values()}
        for event in api.describe(sorted(unseen)):
            if event.instance_id in wanted and intent.asks_for(event):
                events.setdefault(event.instance_id, event)
        if wanted <= events.keys():
            return events
    raise CloudError(
        f"{len(wanted - events.keys())} events do not show up, those on "
        f"{listed(sorted(wanted - events.keys()))}."
    )


def _drop_surplus(api: SystemEvents, intent: Intent, events: Mapping[str, SystemEvent]) -> None:
    """After sending again: cancel second events that the first, lost call made after all."""
    kept = {event.event_id for event in events.values()}
    for _ in api.patience.settling():
        found = matches(api, intent, list(events))
        surplus = [e.event_id for e in found if e.is_open and e.event_id not in kept]
        if surplus:
            api.cancel(surplus)


def _require_time_left(api: SystemEvents, intent: Intent, instance_ids: Sequence[str]) -> None:
    if api.now() >= intent.not_before:
        raise TimePassed(
            f"{intent.event_type} was to be at {format_time(intent.not_before)}, which passed "
            f"before anything was scheduled on {listed(instance_ids)}. Nothing is scheduled. "
            "Change 'triggers' to have the time resolved anew, or run pulumi up --replace with "
            "the URN of the intent."
        )


def undone(
    api: SystemEvents,
    intent: Intent,
    instance_ids: Sequence[str],
    event_ids: Sequence[str],
    error: Exception,
) -> Exception:
    """Cancel what was made; the error to raise then says what happened and what is left."""
    if isinstance(error, WrongAccount | TimePassed) and not event_ids:
        return error
    try:
        clear(
            api.renewed(),
            intent,
            instance_ids,
            event_ids,
            wait_for_late=verdict(error) is Verdict.UNCERTAIN,
        )
    except Exception as second:  # noqa: BLE001 - both are told
        left = _known_open(api.renewed(), intent, instance_ids, event_ids)
        return LeftOpen(
            f"{_first_line(error)} What was made could not be cancelled: {second} "
            f"{len(left)} events may be open, on {listed(instance_ids)}. The next pulumi up or "
            "pulumi destroy accounts for them; to cancel them now: "
            f"{sweep_command(api, left, instance_ids)}"
        )
    if isinstance(error, CloudError):
        count = len(set(event_ids))
        undone = f"{count} events that had been made are cancelled again; " if count else ""
        error.args = (f"{error} {undone}nothing is scheduled.",)
    return error


def _known_open(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], event_ids: Sequence[str]
) -> list[str]:
    """What may be open, as far as the cloud still answers."""
    try:
        found = [event for event in matches(api, intent, instance_ids) if event.is_open]
    except CloudError:
        found = []
    return list(dict.fromkeys([*event_ids, *(event.event_id for event in found)]))


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return text if isinstance(error, CloudError | InvalidInput) else type(error).__name__


def _still_wanted() -> Callable[[], bool]:
    """Whether the process that asked is still there: a killed CLI leaves this one running."""
    parent = os.getppid()
    return lambda: os.getppid() == parent
