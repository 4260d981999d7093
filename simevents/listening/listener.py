"""The course of ``listen``: look, forward what has changed, remember it, wait, and again."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ..api.client import SystemEvents
from ..errors import CloudError
from ..models import SystemEvent
from . import look
from .changes import Change, Unseen
from .cursor import Cursor
from .forwarder import Answer, Forwarder
from .look import Look

UNANSWERED = 0
"""The status of an attempt without an answer."""


class Report(Protocol):
    """Who is told of what happens, as it happens."""

    def began(self, cursor: Cursor, resumed_after: datetime | None) -> None:
        """The first look was made; *resumed_after* is the time of the last one before."""
        ...

    def forwarded(self, change: Change, answer: Answer | None, attempt: int) -> None:
        """A change was sent for the *attempt*-th time; without *answer* there is no message."""
        ...

    def missed(self, unseen: Unseen) -> None:
        """A status that no look has seen."""
        ...

    def lost(self, event: SystemEvent) -> None:
        """The cloud no longer tells of an event that had not finished."""
        ...

    def look_failed(self, error: CloudError) -> None:
        """The cloud has not answered; the next look may succeed."""
        ...


@dataclass
class Counts:
    """What a listener has done."""

    forwarded: int = 0
    missed: int = 0
    waiting: int = 0
    """Changes that are not acknowledged yet."""


@dataclass
class Listener:
    """Forwards what changes in the region of *api*.

    *save* keeps the cursor. *wait* takes seconds of real time and returns whether the listener is
    to end. *reading* is entered while the cloud is read, which may be interrupted there.
    """

    api: SystemEvents
    forwarder: Forwarder
    report: Report
    save: Callable[[Cursor], None]
    wait: Callable[[float], bool]
    reading: Callable[[], AbstractContextManager[None]]
    counts: Counts = field(default_factory=Counts)
    has_begun: bool = False
    """Whether the first look has succeeded."""
    _attempts: Counter[str] = field(default_factory=Counter)
    """Failed attempts by event, at its oldest change that waits."""
    _named: set[str] = field(default_factory=set)

    def run(
        self, known: Cursor | None, account_id: str, since: datetime | None, interval: float
    ) -> None:
        """Look every *interval* seconds until `wait` says that it is to end.

        Resumes at *known*; without it, forwards what has changed since *since*, None for now.
        Raises CloudError if the first look fails, and CursorFailed.
        """
        resumed_after = None if known is None else known.looked_at
        with self.reading():
            if known is None:
                cursor, found = look.begin(self.api, account_id, since)
            else:
                cursor, found = known, look.again(self.api, known)
        self.has_begun = True
        self.report.began(cursor, resumed_after)
        self._take(cursor, found)
        while not self.wait(0):
            self._forward_waiting(cursor)
            if self.wait(interval):
                break
            try:
                with self.reading():
                    found = look.again(self.api.renewed(), cursor)
            except CloudError as error:
                self.report.look_failed(error)
            else:
                self._take(cursor, found)

    def _take(self, cursor: Cursor, found: Look) -> None:
        self.counts.missed += len(found.unseen) + len(found.gone)
        # A cursor has those of an earlier run too.
        self.counts.waiting = sum(len(each.waiting) for each in cursor.events.values())
        for unseen in found.unseen:
            self.report.missed(unseen)
        for event in found.gone:
            self.report.lost(event)
        self.save(cursor)

    def _forward_waiting(self, cursor: Cursor) -> None:
        """Send what waits; a change that fails holds up the later ones of its event only.

        Without an answer the rest is left for later: nobody seems to be there.
        """
        for event_id in self._in_turn(cursor):
            tracked = cursor.events[event_id]
            while tracked.waiting:
                if self.wait(0):
                    return
                change = tracked.waiting[0]
                answer = self._forward(change)
                attempt = self._attempts[event_id] + 1
                has_failed = answer is not None and not answer.is_acknowledged
                self._attempts[event_id] = attempt if has_failed else 0
                if not has_failed:
                    cursor.acknowledge(change)
                    self.counts.waiting -= 1
                    self.counts.forwarded += answer is not None
                    self.save(cursor)
                self.report.forwarded(change, answer, attempt)
                if has_failed:
                    if answer is not None and answer.http_status == UNANSWERED:
                        return
                    break
        cursor.forget_old()

    def _in_turn(self, cursor: Cursor) -> list[str]:
        """Events with changes that wait: those that have failed least often first, then by time."""
        waiting = {
            id: tracked.waiting[0] for id, tracked in cursor.events.items() if tracked.waiting
        }
        return sorted(waiting, key=lambda each: (self._attempts[each], waiting[each].at, each))

    def _forward(self, change: Change) -> Answer | None:
        instance_id = change.event.instance_id
        if instance_id not in self._named:
            self._named.add(instance_id)
            self.forwarder.name_instance(instance_id, self._name(instance_id))
        return self.forwarder.forward(change)

    def _name(self, instance_id: str) -> str:
        """The name of an instance; its id where it cannot be read, as for one that is gone."""
        try:
            with self.reading():
                found = self.api.renewed().instance_names([instance_id])
        except CloudError:
            return instance_id
        return found.get(instance_id, instance_id)
