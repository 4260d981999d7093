"""Making the events of an intent, all or nothing.

The API has no ClientToken: an answer that is lost is never sent for again blindly.
Events that exist are adopted, only what is missing is sent, and what was made is
cancelled again when the whole cannot be had.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..api.client import SystemEvents, batches
from ..api.retry import Verdict, verdict
from ..errors import CloudError, InvalidInput, LeftOpen, Refused, TimePassed, WrongAccount, listed
from ..models import SystemEvent, format_time
from .cancel_events import clear, sweep_command, sweep_command_for
from .intent import Intent, matches

PARALLEL_CALLS = 4

TIME_PASSED = "InvalidNotBefore.Passed"

NOTHING_SCHEDULED = "Nothing is scheduled"
NOTHING_ADDED = "Nothing was added, the other events stay"

Wanted = Callable[[], bool]
"""Whether whoever asked is still there; asked before each Create."""


def make(
    api: SystemEvents,
    intent: Intent,
    instance_ids: Sequence[str],
    wanted: Wanted,
    failure: str = NOTHING_SCHEDULED,
) -> dict[str, SystemEvent]:
    """Adopt or create an event per instance; on failure cancel all of them.

    *failure* says in the error what is then the case.
    """
    made = _Made()
    try:
        adopted = [event for event in matches(api, intent, instance_ids) if intent.owns(event)]
        events = {event.instance_id: event for event in adopted}
        made.event_ids += [event.event_id for event in adopted]
        missing = [id for id in instance_ids if id not in events]
        if missing:
            _require_time_left(api, intent, missing)
            _create_in_batches(api, intent, missing, made, wanted)
            events |= _identified(api, intent, missing, made)
        if made.is_uncertain or len(events) < len(adopted):
            _drop_surplus(api, intent, events)
        return {id: events[id] for id in instance_ids}
    except Exception as error:  # noqa: BLE001 - whatever went wrong is undone
        is_uncertain = made.is_uncertain or verdict(error) is Verdict.UNCERTAIN
        raise undone(
            api, intent, instance_ids, made.event_ids, error, failure, is_uncertain=is_uncertain
        ) from None


class _Made:
    """What one operation has made so far; shared by its threads."""

    def __init__(self) -> None:
        self.event_ids: list[str] = []
        self.is_uncertain = False
        """There may be events whose ids were never told."""


def _create_in_batches(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], made: _Made, wanted: Wanted
) -> None:
    """One call alone, which shows missing rights or quota, then the rest, few at a time."""
    first, *rest = batches(instance_ids)
    _create_batch(api, intent, first, made, wanted)
    failed = threading.Event()

    def create(batch: list[str]) -> None:
        if failed.is_set():
            return
        try:
            _create_batch(api, intent, batch, made, wanted)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        pending = [pool.submit(create, batch) for batch in rest]
    for call in pending:
        call.result()


def _create_batch(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str], made: _Made, wanted: Wanted
) -> None:
    """One batch. A lost answer is never sent again blindly: look, then send what is missing."""
    missing = list(instance_ids)
    while missing:
        try:
            event_ids = api.create(intent.event_type, intent.not_before, missing, wanted)
        except CloudError as error:
            if isinstance(error, Refused) and error.code == TIME_PASSED:
                raise _time_passed(intent, missing) from None
            if verdict(error) is not Verdict.UNCERTAIN or api.patience.is_over:
                raise
            made.is_uncertain = True
            found = _settled_matches(api, intent, missing)
            made.event_ids += [event.event_id for event in found]
            there = {event.instance_id for event in found}
            missing = [id for id in missing if id not in there]
            continue
        made.event_ids += event_ids
        if len(event_ids) != len(missing):
            made.is_uncertain = True
            raise CloudError(
                f"CreateSimulatedSystemEvents answered with {len(event_ids)} events for "
                f"{len(missing)} instances."
            )
        return


def _settled_matches(
    api: SystemEvents, intent: Intent, instance_ids: Sequence[str]
) -> list[SystemEvent]:
    """Own matches, waiting until each instance has one or no more are to be expected."""
    found: list[SystemEvent] = []
    for _ in api.patience.settling():
        found = [event for event in matches(api, intent, instance_ids) if intent.owns(event)]
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
        raise _time_passed(intent, instance_ids)


def _time_passed(intent: Intent, instance_ids: Sequence[str]) -> TimePassed:
    return TimePassed(
        f"{intent.event_type} was to be at {format_time(intent.not_before)}, which passed before "
        f"anything was scheduled on {listed(instance_ids)}. Change 'triggers' to have the time "
        "resolved anew, or run pulumi up --replace with the URN of the intent."
    )


def undone(
    api: SystemEvents,
    intent: Intent,
    instance_ids: Sequence[str],
    event_ids: Sequence[str],
    error: Exception,
    failure: str,
    *,
    is_uncertain: bool,
) -> Exception:
    """Cancel what was made; the error to raise then says what happened and what is left."""
    if isinstance(error, WrongAccount):
        return error
    try:
        clear(
            api.renewed(),
            intent,
            instance_ids,
            event_ids,
            wait_for_late=is_uncertain,
            just_made=True,
        )
    except Exception as second:  # noqa: BLE001 - both are told
        return _left_open(api, intent, instance_ids, event_ids, error, second)
    if isinstance(error, CloudError):
        count = len(set(event_ids))
        undoing = f"; {count} events that had been made are cancelled again" if count else ""
        error.args = (f"{failure}{undoing}. {error}",)
    return error


def _left_open(
    api: SystemEvents,
    intent: Intent,
    instance_ids: Sequence[str],
    event_ids: Sequence[str],
    error: Exception,
    second: Exception,
) -> LeftOpen:
    known = list(dict.fromkeys(event_ids))
    try:
        found = matches(api.renewed(), intent, instance_ids)
        known += [e.event_id for e in found if e.is_open and e.event_id not in known]
    except CloudError:
        known = []
    if known:
        left = f"{len(known)} events may be open: {listed(known)}"
        command = sweep_command(api, known)
    else:
        left = f"An unknown number of events may be open on {listed(instance_ids)}"
        command = sweep_command_for(api, intent, instance_ids)
    return LeftOpen(
        f"{_first_line(error)} What was made could not be cancelled: {_first_line(second)} {left}. "
        "The next pulumi up or pulumi destroy accounts for what it can see of them; to cancel "
        f"them now: {command}"
    )


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return text if isinstance(error, CloudError | InvalidInput) else type(error).__name__
