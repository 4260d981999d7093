"""The API of simulated system events, as this project calls it.

`SystemEvents` speaks for one account in one region. It cuts work into the batches
the API takes, reads all pages, retries what may be retried and always asks for all
seven statuses. Which events should exist is for `reconcile`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ..errors import CloudError, NoAnswer, Refused
from ..models import (
    BATCH_LIMIT,
    EventCycleStatus,
    SystemEvent,
    format_time,
)
from ..settings import Settings, find_credentials
from .answer_members import event_in, list_in, text_in, total_count, unreadable
from .retry import ALWAYS, UNSENT_ONLY, Patience, budget_seconds

if TYPE_CHECKING:
    from .sdk import Answer, Sdk

T = TypeVar("T")

PARALLEL_CALLS = 4
"""Calls of one operation that are under way at once."""

EVENT_UNKNOWN = "InvalidEventId.NotFound"
EVENT_REAL = "CannotCancelSystemEvent.NotSimulated"

_ALL_STATUSES = [status.value for status in EventCycleStatus]


@dataclass
class CancelResult:
    """Result of cancelling; an id in neither list is no longer open."""

    unknown: list[str] = field(default_factory=list)
    """The cloud does not know these ids: not yet, or not any more."""
    real: list[str] = field(default_factory=list)
    """Real events, which cannot be cancelled."""


class SystemEvents:
    """Calls about system events; a context manager that closes its connections.

    *patience* bounds all waiting of this object.
    """

    def __init__(self, sdk: "Sdk", settings: Settings, patience: Patience) -> None:
        self._sdk = sdk
        self.settings = settings
        self.patience = patience

    @classmethod
    def connect(
        cls, settings: Settings, environ: Mapping[str, str], patience: Patience | None = None
    ) -> Self:
        """The API as *settings* say, with the credentials and the time budget of *environ*.

        Raises InvalidSettings when there are no credentials.
        """
        # The vendor's SDK takes a third of a second to import, and many a process never calls:
        # a program that declares resources, a preview of nothing new.
        from .sdk import Sdk, default_chain

        sdk = Sdk(settings, find_credentials(settings, environ, default_chain))
        return cls(sdk, settings, patience or Patience(budget_seconds(environ)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sdk.close()

    def renewed(self) -> "SystemEvents":
        """The same calls with as much time again."""
        return SystemEvents(self._sdk, self.settings, self.patience.renewed())

    def within(self, seconds: float) -> "SystemEvents":
        """The same calls, which together may take no longer than *seconds*."""
        return SystemEvents(
            self._sdk, self.settings, replace(self.patience, budget_seconds=seconds)
        )

    def account_id(self) -> str:
        """Whose credentials these are."""
        return text_in(self._read("GetCallerIdentity"), "AccountId")

    def now(self) -> datetime:
        """The cloud's clock, UTC, as its last answer showed it; asks when there was none."""
        if self._sdk.last_date is None:
            self._read("GetCallerIdentity")
        if self._sdk.last_date is None:
            raise NoAnswer("GetCallerIdentity", "the cloud", "its answers carry no Date")
        return self._sdk.last_date

    def create(
        self,
        event_type: str,
        not_before: datetime,
        instance_ids: Sequence[str],
        is_requested: Callable[[], bool] = lambda: True,
    ) -> list[str]:
        """One Create call for at most 100 instances; the ids of the events it made.

        The order of the ids says nothing about the instances. Throttled calls are
        repeated. An answer that leaves open whether events were made is raised as it
        is (NoAnswer, or Refused with such a code): look before sending again. *is_requested*
        is asked before each sending; when it says no, CloudError.
        """

        def send() -> "Answer":
            if not is_requested():
                raise CloudError(
                    "The command that asked for these events has ended or was interrupted."
                )
            return self._call(
                "CreateSimulatedSystemEvents",
                EventType=event_type,
                NotBefore=format_time(not_before),
                InstanceIds=list(instance_ids),
            )

        answer = self.patience.repeat(send, UNSENT_ONLY)
        event_ids = list_in(answer, "EventIdSet", "EventId")
        if not all(isinstance(id, str) and id for id in event_ids):
            raise unreadable(answer, "one of its event ids is not a text")
        return event_ids

    def cancel(self, event_ids: Iterable[str]) -> CancelResult:
        """Cancel events by id, any number.

        A batch that is refused for one id says nothing of the others: a look tells
        which have finished and which cannot be seen, and the rest is sent again, halved
        when nothing else tells the refused one apart.
        """

        def cancelled(batch: list[str]) -> list[CancelResult]:
            outcome = CancelResult()
            self._cancel_batch(batch, outcome)
            return [outcome]

        outcomes = _in_batches(event_ids, cancelled)
        return CancelResult(
            [id for outcome in outcomes for id in outcome.unknown],
            [id for outcome in outcomes for id in outcome.real],
        )

    def accept(self, event_id: str) -> None:
        """Accept the plan of a real event that asks for it, whose status is Inquiring.

        Raises Refused when the event is unknown or in another status.
        """
        self.patience.repeat(
            lambda: self._call("AcceptInquiredSystemEvent", EventId=event_id), ALWAYS
        )

    def _cancel_batch(self, event_ids: list[str], outcome: CancelResult) -> None:
        try:
            self.patience.repeat(
                lambda: self._call("CancelSimulatedSystemEvents", EventIds=event_ids), ALWAYS
            )
        except Refused as refused:
            if refused.code not in (EVENT_UNKNOWN, EVENT_REAL):
                raise
            self._cancel_rest(event_ids, refused.code, outcome)

    def _cancel_rest(self, event_ids: list[str], code: str, outcome: CancelResult) -> None:
        seen = {event.event_id: event.is_open for event in self.describe(event_ids)}
        outcome.unknown += [id for id in event_ids if id not in seen]
        still_open = [id for id in event_ids if seen.get(id)]
        if len(still_open) < len(event_ids):
            parts = [still_open]
        elif len(event_ids) > 1:
            middle = len(event_ids) // 2
            parts = [event_ids[:middle], event_ids[middle:]]
        else:
            (outcome.real if code == EVENT_REAL else outcome.unknown).extend(event_ids)
            return
        for part in parts:
            if part:
                self._cancel_batch(part, outcome)

    def describe(self, event_ids: Iterable[str]) -> list[SystemEvent]:
        """The events with these ids, in any status; unknown ids are left out."""
        return _in_batches(event_ids, lambda batch: self._history(EventIds=batch))

    def find(
        self, instance_ids: Iterable[str], not_before: datetime | None = None
    ) -> list[SystemEvent]:
        """The events on these instances, in any status; those of one second when it is given."""
        window: dict[str, str] = {}
        if not_before is not None:
            # The documentation does not say whether a range includes its ends, so ask for more.
            window["NotBeforeStart"] = format_time(not_before - timedelta(seconds=1))
            window["NotBeforeEnd"] = format_time(not_before + timedelta(seconds=1))
        found = _in_batches(instance_ids, lambda batch: self._history(ResourceIds=batch, **window))
        return [event for event in found if not_before is None or event.not_before == not_before]

    def find_all(self, published_since: datetime | None = None) -> list[SystemEvent]:
        """Every event in the region, in any status; finished ones of the last 30 days.

        With *published_since* only those that were published then or later.
        """
        window: dict[str, str] = {}
        if published_since is not None:
            # As in `find`: whether a range includes its ends is not documented.
            earlier = published_since - timedelta(seconds=1)
            window["EventPublishTimeStart"] = format_time(earlier)
        return list(self._history(**window))

    def instance_names(self, instance_ids: Iterable[str]) -> dict[str, str]:
        """Names by id, of the instances that exist in the region and have one."""

        def named(batch: list[str]) -> list[tuple[str, str]]:
            answer, entries = self._instances(batch)
            return [
                (text_in(answer, "InstanceId", entry), entry.get("InstanceName", ""))
                for entry in entries
            ]

        return {id: str(name) for id, name in _in_batches(instance_ids, named) if name}

    def existing(self, instance_ids: Iterable[str]) -> set[str]:
        """Which of these instances exist in the region."""
        return set(_in_batches(instance_ids, self._existing))

    def _existing(self, instance_ids: list[str]) -> list[str]:
        answer, entries = self._instances(instance_ids)
        return [text_in(answer, "InstanceId", entry) for entry in entries]

    def _instances(self, instance_ids: list[str]) -> tuple["Answer", list[Any]]:
        answer = self._read(
            "DescribeInstances", InstanceIds=json.dumps(instance_ids), PageSize=BATCH_LIMIT
        )
        return answer, list_in(answer, "Instances", "Instance")

    def _history(self, **filters: str | list[str]) -> Iterator[SystemEvent]:
        seen: set[str] = set()
        number = 1
        while True:
            answer = self._read(
                "DescribeInstanceHistoryEvents",
                ResourceType="instance",
                InstanceEventCycleStatuss=_ALL_STATUSES,
                PageSize=BATCH_LIMIT,
                PageNumber=number,
                **filters,
            )
            events = [
                event_in(answer, entry)
                for entry in list_in(answer, "InstanceSystemEventSet", "InstanceSystemEventType")
            ]
            total = total_count(answer)
            # Events that are made meanwhile move others onto the next page.
            new = [event for event in events if event.event_id not in seen]
            seen |= {event.event_id for event in new}
            yield from new
            if not new or number * BATCH_LIMIT >= total:
                return
            number += 1

    def _read(self, action: str, **parameters: str | int | list[str]) -> "Answer":
        return self.patience.repeat(lambda: self._call(action, **parameters), ALWAYS)

    def _call(self, action: str, **parameters: str | int | list[str]) -> "Answer":
        """One sending, which ends with the time of the operation at the latest."""
        seconds = self.patience.left_seconds
        if seconds <= 0:
            reason = "the time for this operation is over"
            raise NoAnswer(action, self._where, reason, sent=False)
        return self._sdk.call(action, seconds=seconds, **parameters)

    @property
    def _where(self) -> str:
        return self.settings.endpoint or "Alibaba Cloud"


def batches(ids: Iterable[str]) -> Iterator[list[str]]:
    """*ids* in lists of at most 100, the most that one call takes."""
    remaining = list(ids)
    for start in range(0, len(remaining), BATCH_LIMIT):
        yield remaining[start : start + BATCH_LIMIT]


def _in_batches(ids: Iterable[str], call: Callable[[list[str]], Iterable[T]]) -> list[T]:
    """What *call* answers for each batch of *ids*, in their order; a few calls at a time."""
    parts = list(batches(ids))
    if len(parts) == 1:
        return list(call(parts[0]))
    # After a failure the batches that have not begun are left out.
    with ThreadPoolExecutor(PARALLEL_CALLS) as pool:
        return [
            entry for found in pool.map(lambda part: list(call(part)), parts) for entry in found
        ]
