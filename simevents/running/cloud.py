"""The fake cloud of a run as the run looks at it, whether it is in this process or elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..errors import OutsideFake
from ..fake.control.client import Control
from ..testing.records import (
    ApiCall,
    CloudEvent,
    Delivery,
    ProxyRefusal,
    call,
    delivery,
    event,
    proxy_refusal,
)
from ..testing.timeline import timeline

if TYPE_CHECKING:
    from ..picture.reading import Entries
    from ..testing.expectations import Expectation


@dataclass(frozen=True)
class Snapshot:
    """What has happened in the run so far, as the control routes have it."""

    event_entries: Sequence[dict[str, Any]]
    call_entries: Sequence[dict[str, Any]]
    refusal_entries: Sequence[dict[str, Any]]
    delivery_entries: Sequence[dict[str, Any]] = ()
    refused: Sequence[OutsideFake] = ()
    """Nothing runs in this process that would have been stopped here."""
    answer_failures: Sequence[str] = ()
    process_exit_code: int | None = None
    """The run itself waits for the command."""

    @property
    def events(self) -> list[CloudEvent]:
        return [event(entry) for entry in self.event_entries]

    @property
    def calls(self) -> list[ApiCall]:
        return [call(entry) for entry in self.call_entries]

    @property
    def proxy_refusals(self) -> list[ProxyRefusal]:
        return [proxy_refusal(entry) for entry in self.refusal_entries]

    @property
    def deliveries(self) -> list[Delivery]:
        return [delivery(entry) for entry in self.delivery_entries]

    def settle_deliveries(self) -> None:
        """No handler runs in this process."""

    def timeline(self) -> str:
        """What happened, in order; what a program that polls repeats is in one line."""
        return _without_repetitions(
            timeline(
                self.events,
                self.calls,
                proxy_refusals=self.proxy_refusals,
                deliveries=self.deliveries,
            )
        )

    def expect(self, *instances: str | Iterable[str]) -> "Expectation":
        ids: list[str] = []
        for given in instances:
            ids += [given] if isinstance(given, str) else given
        # Not every run expects something.
        from ..testing.expectations import Expectation

        return Expectation(_WithoutTimeline(self), ids)


class _WithoutTimeline(Snapshot):
    """The run prints the time line once; an expectation that does not hold would make it too."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(
            snapshot.event_entries,
            snapshot.call_entries,
            snapshot.refusal_entries,
            snapshot.delivery_entries,
        )

    def timeline(self) -> str:
        return ""


class RunCloud:
    """A fake cloud from now on: what it did and was asked before is left out."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self.url = control.url
        self._finished: frozenset[str] = frozenset()
        self._earlier_calls: frozenset[str] = frozenset()
        self._earlier_refusals = 0
        self._last_earlier_delivery = 0

    def begin(self) -> None:
        """From now on. An event that was open already belongs to the run, too."""
        self._finished = frozenset(
            entry["event_id"] for entry in self.control.get("events") if _has_finished(entry)
        )
        self._earlier_calls = frozenset(entry["request_id"] for entry in self.control.get("calls"))
        self._earlier_refusals = len(self.control.get("refusals"))
        self._last_earlier_delivery = self.control.post("deliveries/wait", seconds=0)["last_id"]

    def snapshot(self) -> Snapshot:
        # Calls first: what they have led to is then among the events.
        calls = self.control.get("calls")
        return Snapshot(
            [e for e in self.control.get("events") if e["event_id"] not in self._finished],
            [entry for entry in calls if entry["request_id"] not in self._earlier_calls],
            self.control.get("refusals")[self._earlier_refusals :],
            self.control.get(f"deliveries?after={self._last_earlier_delivery}"),
        )

    def entries(self) -> "Entries":
        """What a picture of the run shows."""
        # Not every run is drawn.
        from ..picture.reading import Entries

        snapshot = self.snapshot()
        return Entries(
            now=self.control.get("clock")["now"],
            events=snapshot.event_entries,
            calls=snapshot.call_entries,
            refusals=snapshot.refusal_entries,
            deliveries=snapshot.delivery_entries,
            instances=self.control.get("instances"),
        )


def _without_repetitions(text: str) -> str:
    """*text* with one line for adjacent lines that differ in their time only."""
    shown: list[str] = []
    for what, lines in groupby(text.splitlines(), key=lambda line: line.split(maxsplit=1)[1:]):
        first, *others = lines
        # The first line of all is a heading.
        if others and what:
            first += f" ({len(others) + 1} times, until {others[-1].split()[0]})"
        shown.append(first)
    return "\n".join(shown)


def _has_finished(entry: dict[str, Any]) -> bool:
    return entry["status"] in ("Executed", "Avoided", "Canceled", "Failed")
