"""What is known of the cloud: one copy for all pages, fed with changes."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

Entry = Mapping[str, Any]

KEPT_CALLS = 10_000
KEPT_DELIVERIES = 10_000

_LATEST = 253_402_300_799.0
"""The last second of the year 9999, at which the clock of a fake stops."""

_DRIFT_SECONDS = 0.25
"""Of real time, from which on the pages are told that the clock was turned."""


@dataclass(frozen=True, slots=True)
class Part:
    """Changed entries, or all of them."""

    entries: Sequence[Entry] = ()
    is_all: bool = False
    gone: Sequence[str] = ()
    """Ids of entries that do not exist any more."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source has found since the last reading."""

    run: str
    """Of the cloud; another one is another cloud, of which everything was read."""
    epoch: float
    rate: float
    events: Part = Part()
    calls: Part = Part()
    deliveries: Part = Part()
    instances: Part = Part()
    refusals: Sequence[Entry] | None = None
    """None if they are as before."""
    faults: Sequence[Entry] = field(default_factory=list)
    switches: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What pages do not have yet."""

    is_reset: bool = False
    has_clock: bool = False
    events: Sequence[Entry] = ()
    calls: Sequence[Entry] = ()
    deliveries: Sequence[Entry] = ()
    instances: Sequence[Entry] = ()
    gone_instances: Sequence[str] = ()
    has_refusals: bool = False
    has_faults: bool = False
    has_switches: bool = False

    @property
    def is_any(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


class Missed:
    """News of which a paused page is told later; beyond *most* everything is told instead."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[News] = []
        self._is_too_much = False

    def add(self, news: News) -> None:
        self._is_too_much = self._is_too_much or len(self._kept) == self._most
        if self._is_too_much:
            self._kept.clear()
        else:
            self._kept.append(news)

    def take(self, everything: Callable[[], News]) -> list[News]:
        """What to tell now; nothing is kept afterwards."""
        found = [everything()] if self._is_too_much else self._kept
        self._kept, self._is_too_much = [], False
        return found


class Model:
    """The cloud as the last readings showed it. *clock* returns real seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._forget()

    def _forget(self) -> None:
        self.run = ""
        self.events: dict[str, Entry] = {}
        self.calls: deque[Entry] = deque(maxlen=KEPT_CALLS)
        self.deliveries: dict[int, Entry] = {}
        self.instances: dict[str, Entry] = {}
        self.refusals: Sequence[Entry] = ()
        self.faults: Sequence[Entry] = []
        self.switches: Mapping[str, Any] = {}
        self.rate = 1.0
        self._epoch = 0.0
        self._at = self._clock()

    def now(self) -> float:
        """The cloud's time, in seconds since 1970."""
        return min(self._epoch + (self._clock() - self._at) * self.rate, _LATEST)

    def take(self, found: Reading) -> News:
        """Add a reading; what it has that was not known."""
        is_reset = found.run != self.run
        if is_reset:
            self._forget()
            self.run = found.run
        news = News(
            is_reset=is_reset,
            has_clock=self._set_clock(found) or is_reset,
            events=_changed(self.events, found.events.entries, "event_id"),
            calls=self._add_calls(found.calls),
            deliveries=_changed(self.deliveries, found.deliveries.entries, "delivery_id"),
            gone_instances=self._gone(found.instances),
            instances=_changed(self.instances, found.instances.entries, "instance_id"),
            has_refusals=found.refusals is not None and found.refusals != self.refusals,
            has_faults=found.faults != self.faults,
            has_switches=found.switches != self.switches,
        )
        while len(self.deliveries) > KEPT_DELIVERIES:
            del self.deliveries[next(iter(self.deliveries))]
        if found.refusals is not None:
            self.refusals = found.refusals
        self.faults, self.switches = found.faults, found.switches
        return news

    def everything(self) -> News:
        """All that is known, for a page that has nothing yet."""
        return News(
            is_reset=True,
            has_clock=True,
            events=list(self.events.values()),
            calls=list(self.calls),
            deliveries=list(self.deliveries.values()),
            instances=list(self.instances.values()),
            has_refusals=True,
            has_faults=True,
            has_switches=True,
        )

    def _set_clock(self, found: Reading) -> bool:
        drift = abs(self.now() - found.epoch)
        is_turned = found.rate != self.rate or drift > _DRIFT_SECONDS * max(found.rate, 1)
        if is_turned:
            self._epoch, self._at, self.rate = found.epoch, self._clock(), found.rate
        return is_turned

    def _add_calls(self, part: Part) -> Sequence[Entry]:
        last = self.calls[-1]["number"] if self.calls else 0
        new = [each for each in part.entries if each["number"] > last]
        self.calls.extend(new)
        return new

    def _gone(self, part: Part) -> list[str]:
        gone = [id for id in part.gone if id in self.instances]
        if part.is_all:
            existing = {each["instance_id"] for each in part.entries}
            gone = [id for id in self.instances if id not in existing]
        for id in gone:
            del self.instances[id]
        return gone


def _changed(known: dict[Any, Entry], entries: Sequence[Entry], key: str) -> list[Entry]:
    changed = [each for each in entries if known.get(each[key]) != each]
    for each in changed:
        known[each[key]] = each
    return changed
