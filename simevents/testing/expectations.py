"""What a test expects of a handler: conditions that wait, and explain a failure.

Each is checked until it holds or the deadline has passed, and then raises AssertionError with
the time line: what the cloud did and what the handler called.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Protocol, Self

from ..errors import InvalidInput, OutsideFake
from ..models import EventCycleStatus, parse_duration
from .records import ApiCall, CloudEvent
from .timeline import timeline

# pytest shows the line of the test that expected something, not ours.
__tracebackhide__ = True

Within = str | float | timedelta
"""Real time to wait: seconds, or a text such as ``"30s"``."""

POLL_SECONDS = 0.02


class ObservedCloud(Protocol):
    """What an expectation looks at: events, calls, and what was stopped on its way elsewhere."""

    @property
    def events(self) -> list[CloudEvent]: ...
    @property
    def calls(self) -> list[ApiCall]: ...
    @property
    def refused(self) -> Sequence[OutsideFake]: ...


class Expectation:
    """Conditions on each of *instances*; on the cloud as a whole when none is named.

    *within* is how long to wait for a handler that is another process or thread; 0 checks
    once. In an async test, where waiting would stop the handler as well:
    ``await asyncio.to_thread(ecs_fake.expect(instance).rebooted, "30s")``.
    """

    def __init__(self, cloud: ObservedCloud, instances: Iterable[str]) -> None:
        self._cloud = cloud
        self._instances = tuple(instances)

    def rebooted(self, within: Within = 0) -> Self:
        """The handler restarted each instance through the API."""
        return self._all_called(("RebootInstance", "RebootInstances"), "rebooted", within)

    def stopped(self, within: Within = 0) -> Self:
        """The handler stopped each instance through the API."""
        return self._all_called(("StopInstance", "StopInstances"), "stopped", within)

    def started(self, within: Within = 0) -> Self:
        """The handler started each instance through the API."""
        return self._all_called(("StartInstance", "StartInstances"), "started", within)

    def redeployed(self, within: Within = 0) -> Self:
        """The handler moved each instance to another host through the API."""
        return self._all_called(("RedeployInstance",), "redeployed", within)

    def released(self, within: Within = 0) -> Self:
        """The handler deleted each instance through the API."""
        return self._all_called(("DeleteInstance", "DeleteInstances"), "released", within)

    def called(self, action: str, within: Within = 0) -> Self:
        """The handler called *action*, naming each instance where there are some.

        As with all expectations, what counts is that the action was carried out, even if a fault
        cut the answer.
        """
        return self._all_called((action,), f"named in a successful {action}", within)

    def untouched(self) -> Self:
        """The handler has asked for no change of any of the instances."""
        calls = [call for call in self._cloud.calls if not call.is_read]
        for instance in self._instances or [""]:
            changes = sorted(
                {call.action for call in calls if not instance or _names(call, instance)}
            )
            if changes:
                what = instance or "The cloud"
                self._fail(f"{what} was to be left alone, but met {', '.join(changes)}")
        return self

    def event_avoided(self, within: Within = 0) -> Self:
        """Each instance has an event that the handler avoided by restarting early."""
        return self.event_is(EventCycleStatus.AVOIDED, within)

    def event_canceled(self, within: Within = 0) -> Self:
        """Each instance has an event that was cancelled."""
        return self.event_is(EventCycleStatus.CANCELED, within)

    def event_executed(self, within: Within = 0) -> Self:
        """Each instance has an event that happened."""
        return self.event_is(EventCycleStatus.EXECUTED, within)

    def event_is(self, status: str, within: Within = 0) -> Self:
        """Each instance has an event of this status."""
        try:
            wanted = EventCycleStatus(status)
        except ValueError:
            raise InvalidInput(
                "status", f"{status!r} is none of {', '.join(EventCycleStatus)}"
            ) from None

        def missing() -> list[str]:
            there = {e.instance_id for e in self._cloud.events if e.event_cycle_status is wanted}
            if not self._instances:
                return [] if there else ["The cloud"]
            return [instance for instance in self._instances if instance not in there]

        return self._wait(missing, f"has no event that is {wanted.value}", within)

    def no_unexpected_calls(self) -> Self:
        """Nobody called what the fake does not know, or reached for the real cloud."""
        unknown = [
            f"{call.action or 'a call without an action'} ({call.code})"
            for call in self._cloud.calls
            if call.unexpected
        ]
        if unknown:
            self._fail(
                f"The program under test called what the fake cloud does not know: "
                f"{', '.join(unknown)}. What it covers is in docs/covered-actions.md"
            )
        if self._cloud.refused:
            self._fail(str(self._cloud.refused[0]))
        return self

    def _all_called(self, actions: tuple[str, ...], deed: str, within: Within) -> Self:

        def missing() -> list[str]:
            calls = [c for c in self._cloud.calls if c.action in actions and c.carried_out]
            if not self._instances:
                return [] if calls else ["The cloud"]
            return [i for i in self._instances if not any(_names(call, i) for call in calls)]

        return self._wait(missing, f"was not {deed}", within)

    def _wait(self, missing: Callable[[], list[str]], problem: str, within: Within) -> Self:
        seconds = _seconds(within)
        deadline = time.monotonic() + seconds
        while absent := missing():
            if time.monotonic() >= deadline:
                waited = f" within {seconds:g} s" if seconds else ""
                self._fail(f"{', '.join(absent)} {problem}{waited}")
            time.sleep(POLL_SECONDS)
        return self

    def _fail(self, sentence: str) -> None:
        raise AssertionError(f"{sentence}.\n\n{timeline(self._cloud.events, self._cloud.calls)}")


def _names(call: ApiCall, instance: str) -> bool:
    """Whether a call names an instance, in whichever of the API's ways."""
    for name, value in call.parameters.items():
        if name.partition(".")[0] in ("InstanceId", "ResourceId"):
            if value == instance:
                return True
        elif name == "InstanceIds" and instance in _listed(value):
            return True
    return False


def _listed(text: str) -> list[str]:
    try:
        values = json.loads(text)
    except ValueError:
        return []
    return values if isinstance(values, list) else []


def _seconds(within: Within) -> float:
    if isinstance(within, timedelta):
        return within.total_seconds()
    try:
        seconds = parse_duration(within) if isinstance(within, str) else float(within)
    except (TypeError, ValueError):
        seconds = -1.0
    if seconds < 0:
        raise InvalidInput(
            "within", f"{within!r} is not a valid duration; use one such as 30s or 2m"
        )
    return seconds
