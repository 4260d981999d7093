"""Creating the events of an intent, all or nothing.

The API has no ClientToken, so a Create whose answer is lost is never sent again
blindly: events that exist are adopted, and only what is missing is sent. When the whole
cannot be created, what was created is cancelled.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..api.client import PARALLEL_CALLS, batches
from ..api.retry import Verdict, verdict
from ..errors import CloudError, InvalidInput, LeftOpen, Refused, TimePassed, WrongAccount, listed
from ..models import EventCycleStatus, SystemEvent, format_time
from .cancel_events import cancel_until_closed
from .intended_events import IntendedEvents
from .remedies import sweep_command, sweep_command_for

LAST_LOOK_SECONDS = 60.0
"""Time for naming what is open after the clean-up has failed as well."""

TIME_PASSED = "InvalidNotBefore.Passed"

NOTHING_SCHEDULED = "Nothing is scheduled"
NOTHING_ADDED = "Nothing was added, the other events stay"

IsRequested = Callable[[], bool]
"""Whether the caller is still there; asked before each Create."""


class Creation:
    """One operation that gives each of some instances its event.

    *failure* says in an error what is then the case.
    """

    def __init__(
        self,
        events: IntendedEvents,
        instance_ids: Sequence[str],
        is_requested: IsRequested,
        failure: str = NOTHING_SCHEDULED,
    ) -> None:
        self._events = events
        self._api = events.api
        self._intent = events.intent
        self._instance_ids = list(instance_ids)
        self._is_requested = is_requested
        self._failure = failure
        self._event_ids: list[str] = []
        """What this operation has created or adopted so far; its threads add to it."""
        self._is_uncertain = False
        """There may be events whose ids no answer has named."""

    def run(self) -> dict[str, SystemEvent]:
        """Adopt or create an event per instance; on failure cancel all of them."""
        try:
            return self._adopt_or_create()
        except Exception as error:  # noqa: BLE001 - whatever went wrong is cleaned up
            self._is_uncertain |= verdict(error) is Verdict.UNCERTAIN
            raise self.cancel_and_explain(error) from None

    def adopt(self, found: Iterable[SystemEvent]) -> None:
        """Take *found* for events of this operation."""
        self._event_ids += [event.event_id for event in found]

    def cancel_and_explain(self, error: Exception) -> Exception:
        """Cancel what was created; the error to raise says what happened and what is left."""
        if isinstance(error, WrongAccount):
            return error
        try:
            seen = cancel_until_closed(
                self._events.renewed(),
                self._instance_ids,
                self._event_ids,
                wait_for_late=self._is_uncertain,
                just_created=True,
            )
        except Exception as second:  # noqa: BLE001 - the text has both
            return self._left_open(error, second)
        if isinstance(error, CloudError):
            error.args = (f"{self._failure}{self._cleaned(seen)}. {error}",)
        return error

    def _cleaned(self, seen: Mapping[str, SystemEvent]) -> str:
        """What became of the events of this operation; cancelled is what was seen cancelled."""
        count = len(set(self._event_ids))
        statuses = {id: seen[id].event_cycle_status for id in self._event_ids if id in seen}
        finished = [
            f"{id} is {status.value}"
            for id, status in statuses.items()
            if status is not EventCycleStatus.CANCELED
        ]
        if finished:
            cancelled = len(statuses) - len(finished)
            return (
                f"; of the {count} events that had been created {cancelled} are cancelled and "
                f"{len(finished)} had finished: {listed(finished)}"
            )
        return f"; the {count} events that had been created are cancelled" if count else ""

    def _adopt_or_create(self) -> dict[str, SystemEvent]:
        adopted = self._events.own_matches(self._events.may_exist_on(self._instance_ids))
        by_instance = {event.instance_id: event for event in adopted}
        self.adopt(adopted)
        missing = [id for id in self._instance_ids if id not in by_instance]
        if missing:
            if self._api.now() >= self._intent.not_before:
                raise self._time_passed(missing)
            self._create_in_batches(missing)
            by_instance |= self._identify(missing)
        if self._is_uncertain or len(by_instance) < len(adopted):
            self._cancel_surplus(by_instance)
        return {id: by_instance[id] for id in self._instance_ids}

    def _create_in_batches(self, instance_ids: Sequence[str]) -> None:
        """One call alone, which shows missing rights or quota, then the rest, few at a time."""
        first, *rest = batches(instance_ids)
        self._create_batch(first)
        failed = threading.Event()

        def create(batch: list[str]) -> None:
            if failed.is_set():
                return
            try:
                self._create_batch(batch)
            except BaseException:
                failed.set()
                raise

        with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
            pending = [pool.submit(create, batch) for batch in rest]
        for call in pending:
            call.result()

    def _create_batch(self, instance_ids: Sequence[str]) -> None:
        """One batch. After a lost answer: look, then send what is missing."""
        intent, missing = self._intent, list(instance_ids)
        while missing:
            try:
                event_ids = self._api.create(
                    intent.event_type, intent.not_before, missing, self._is_requested
                )
            except CloudError as error:
                if isinstance(error, Refused) and error.code == TIME_PASSED:
                    raise self._time_passed(missing) from None
                if verdict(error) is not Verdict.UNCERTAIN or self._api.patience.is_over:
                    raise
                self._is_uncertain = True
                found = self._settled_matches(missing)
                self.adopt(found)
                present = {event.instance_id for event in found}
                missing = [id for id in missing if id not in present]
                continue
            self._event_ids += event_ids
            if len(event_ids) != len(missing):
                self._is_uncertain = True
                raise CloudError(
                    f"CreateSimulatedSystemEvents answered with {len(event_ids)} events for "
                    f"{len(missing)} instances."
                )
            return

    def _settled_matches(self, instance_ids: Sequence[str]) -> list[SystemEvent]:
        """Own matches, after waiting until each instance has one or the settling time is over."""
        found: list[SystemEvent] = []
        for _ in self._api.patience.settling():
            found = self._events.own_matches(instance_ids)
            if len({event.instance_id for event in found}) == len(instance_ids):
                break
        return found

    def _identify(self, instance_ids: Sequence[str]) -> dict[str, SystemEvent]:
        """Which event is on which instance: the order of ids in an answer is not promised."""
        requested = set(instance_ids)
        found: dict[str, SystemEvent] = {}
        for _ in self._api.patience.settling():
            unseen = set(self._event_ids) - {event.event_id for event in found.values()}
            for event in self._api.describe(sorted(unseen)):
                if event.instance_id in requested and self._intent.asks_for(event):
                    found.setdefault(event.instance_id, event)
            if requested <= found.keys():
                return found
        absent = sorted(requested - found.keys())
        raise CloudError(f"{len(absent)} events do not show up, those on {listed(absent)}.")

    def _cancel_surplus(self, kept: Mapping[str, SystemEvent]) -> None:
        """After sending again: cancel second events that the first, lost call did create."""
        kept_ids = {event.event_id for event in kept.values()}
        for _ in self._api.patience.settling():
            found = self._events.matches(list(kept))
            surplus = [e.event_id for e in found if e.is_open and e.event_id not in kept_ids]
            if surplus:
                self._api.cancel(surplus)

    def _time_passed(self, instance_ids: Sequence[str]) -> TimePassed:
        return TimePassed(
            f"{self._intent.event_type} was due at {format_time(self._intent.not_before)}, which "
            f"passed before anything was scheduled on {listed(instance_ids)}. Change 'triggers' to "
            "have the time resolved again, or run pulumi up --replace with the URN of the intent."
        )

    def _left_open(self, error: Exception, second: Exception) -> LeftOpen:
        settings = self._api.settings
        left = list(dict.fromkeys(self._event_ids))
        try:
            events = replace(self._events, api=self._api.within(LAST_LOOK_SECONDS))
            found = [*events.api.describe(left), *events.matches(self._instance_ids)]
        except CloudError:
            named = f", such as {listed(left)}" if left else ""
            text = f"An unknown number of events may be open on {listed(self._instance_ids)}{named}"
            command = sweep_command_for(settings, self._intent, self._instance_ids)
        else:
            closed = {event.event_id for event in found if not event.is_open}
            left += [event.event_id for event in found if event.is_open]
            left = [id for id in dict.fromkeys(left) if id not in closed]
            text = f"{len(left)} events may be open: {listed(left)}"
            command = sweep_command(settings, left)
            if not left:
                text = f"None is open now on {listed(self._instance_ids)}, but some may come late"
                command = sweep_command_for(settings, self._intent, self._instance_ids)
        return LeftOpen(
            f"{_first_line(error)} What was created could not be cancelled: {_first_line(second)} "
            f"{text}. The next pulumi up or pulumi destroy accounts for what it can see of them; "
            f"to cancel them now: {command}"
        )


def take_back(
    events: IntendedEvents, created: Mapping[str, SystemEvent], reason: CloudError
) -> Exception:
    """Cancel what `Creation.run` has *created*, for a *reason* that came up afterwards.

    The error to raise has the reason, and says what is left.
    """
    creation = Creation(events, list(created), lambda: False)
    creation.adopt(created.values())
    return creation.cancel_and_explain(reason)


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return text if isinstance(error, CloudError | InvalidInput) else type(error).__name__
