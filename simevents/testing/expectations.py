"""What a test expects of a handler: conditions that wait, and explain a failure.

Each is checked until it holds, the deadline has passed or the handler's process has ended. If
it does not hold then, AssertionError has the time line: what the cloud did and what the
handler called.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, Self

from ..errors import InvalidInput, OutsideFake
from ..models import EventCycleStatus
from .conditions import (
    ALL,
    Called,
    CalledAction,
    Condition,
    Earlier,
    HasEvent,
    Moment,
    Observed,
    named,
)
from .delivery.delivered import Delivered
from .durations import Within
from .durations import seconds as seconds_of
from .programs.child_process import ChildProcess, exit_code
from .records import ProxyRefusal, Subscription

# pytest shows the line of the test that expected something, not ours.
__tracebackhide__ = True

POLL_SECONDS = 0.02

_REBOOTED = Called(("RebootInstance", "RebootInstances"), "rebooted")
_STOPPED = Called(("StopInstance", "StopInstances"), "stopped")
_STARTED = Called(("StartInstance", "StartInstances"), "started")
_REDEPLOYED = Called(("RedeployInstance",), "redeployed")
_RELEASED = Called(("DeleteInstance", "DeleteInstances"), "released")


class ObservedCloud(Observed, Protocol):
    """What an expectation looks at: events, calls, and what was stopped on its way elsewhere."""

    @property
    def refused(self) -> Sequence[OutsideFake]: ...
    @property
    def answer_failures(self) -> Sequence[str]: ...
    @property
    def process_exit_code(self) -> int | None: ...
    @property
    def proxy_refusals(self) -> list[ProxyRefusal]: ...
    def timeline(self) -> str: ...
    def settle_deliveries(self) -> None: ...
    def expect(self, *instances: str | Iterable[str]) -> "Expectation": ...


class Expectation:
    """Conditions on each of *instances*; on the cloud as a whole when none is named.

    A condition's *within* is how long to wait for a handler that is another process or thread;
    0 checks once. The method `within` sets it for all conditions that follow, and `then` puts
    conditions in order. *times* is the exact number of calls for each instance so far, those
    before a `then` included; when there are more already, no condition waits. In an async test,
    where waiting would stop the handler as well:
    ``await asyncio.to_thread(ecs_fake.expect(instance).rebooted, "30s")``.
    """

    def __init__(
        self, cloud: ObservedCloud, instances: Iterable[str], earlier: Earlier | None = None
    ) -> None:
        self.instances = tuple(instances)
        self._cloud = cloud
        self._earlier = earlier or Earlier()
        self._seconds = 0.0
        self._process: ChildProcess | None = None
        self._names = self.instances or (ALL,)
        self._met: dict[str, list[Moment]] = {name: [] for name in self._names}
        self._met_conditions: list[Condition] = []

    def within(self, span: Within, process: ChildProcess | None = None) -> Self:
        """How long each condition after this waits, unless it has a *within* of its own.

        A wait ends early when the handler's process has ended: that of ``ecs_fake.popen``, or
        *process*, a ``subprocess.Popen`` or a process of asyncio or multiprocessing::

            ecs_fake.expect(instance).within("30s", process=handler).rebooted()
        """
        exit_code(process)
        self._seconds = seconds_of(span)
        self._process = process
        return self

    def then(self, *instances: str | Iterable[str]) -> "Expectation":
        """Conditions that must come about after those before.

        Each instance by itself: ``expect(web).stopped().then().started()``. With *instances*, the
        conditions are on these, after what was expected of all others:
        ``expect(web).rebooted().then(worker).rebooted()``. An earlier call of the same kind does
        no harm; ``rebooted(times=1)`` rules it out. Calls are in the order in which the cloud
        received them. The status of an event is known to the second; within a second it
        counts as in order with any call. Raises InvalidInput when no condition stands before it.
        """
        if not self._met_conditions:
            raise InvalidInput(
                "then", "no condition stands before it; use expect(instance).stopped().then()"
            )
        if instances:
            others = self._cloud.expect(*instances).instances
            everything = [moment for moments in self._met.values() for moment in moments]
            moments: Mapping[str, Sequence[Moment]] = dict.fromkeys(others or (ALL,), everything)
            who = ", ".join(self.instances)
        else:
            others, moments = self.instances, self._met
            who = "it" if self.instances else ALL
        text = " and ".join(condition.holds(who) for condition in self._met_conditions)
        following = Expectation(self._cloud, others, Earlier(moments, text))
        return following.within(self._seconds, self._process)

    def rebooted(self, within: Within | None = None, *, times: int | None = None) -> Self:
        """The handler restarted each instance through the API."""
        return self._expect(_REBOOTED, within, times)

    def stopped(self, within: Within | None = None, *, times: int | None = None) -> Self:
        """The handler stopped each instance through the API."""
        return self._expect(_STOPPED, within, times)

    def started(self, within: Within | None = None, *, times: int | None = None) -> Self:
        """The handler started each instance through the API."""
        return self._expect(_STARTED, within, times)

    def redeployed(self, within: Within | None = None, *, times: int | None = None) -> Self:
        """The handler moved each instance to another host through the API."""
        return self._expect(_REDEPLOYED, within, times)

    def released(self, within: Within | None = None) -> Self:
        """The handler deleted each instance through the API."""
        return self._expect(_RELEASED, within)

    def called(
        self,
        action: str,
        within: Within | None = None,
        *,
        times: int | None = None,
        **parameters: Any,
    ) -> Self:
        """The handler called *action* with success, naming each instance where there are some.

        With *parameters* only calls count that have these: ``ScalingGroupId="asg-1"``. The name
        of a list, such as ``InstanceId`` for ``InstanceId.1``, stands for any of its items. A
        parameter of JSON may be given as an object. For answers that `FakeCloud.answer` taught,
        *action* may be method and path, and *parameters* the members of the body.
        """
        return self._expect(CalledAction(action, parameters), within, times)

    def untouched(self) -> Self:
        """The handler has asked for no change of any of the instances; after `then`: since then."""
        for instance in self._names:
            changes = {
                call.action
                for position, call in enumerate(self._cloud.calls)
                if not call.is_read
                and (instance == ALL or instance in named(call))
                and self._earlier.is_before(Moment(call.at, position), instance)
            }
            if changes:
                since = f" after {self._earlier.text}" if self._earlier.text else ""
                self._fail(
                    f"{instance or 'the cloud'} was not left untouched{since}: "
                    f"{', '.join(sorted(changes))}"
                )
        return self

    def event_avoided(self, within: Within | None = None) -> Self:
        """Each instance has an event that the handler avoided by restarting early."""
        return self.event_is(EventCycleStatus.AVOIDED, within)

    def event_canceled(self, within: Within | None = None) -> Self:
        """Each instance has an event that was cancelled."""
        return self.event_is(EventCycleStatus.CANCELED, within)

    def event_executed(self, within: Within | None = None) -> Self:
        """Each instance has an event that happened."""
        return self.event_is(EventCycleStatus.EXECUTED, within)

    def event_is(self, status: str, within: Within | None = None) -> Self:
        """Each instance has an event of this status."""
        try:
            wanted = EventCycleStatus(status)
        except ValueError:
            raise InvalidInput(
                "status",
                f"{status!r} is not a valid status; use one of {', '.join(EventCycleStatus)}",
            ) from None
        return self._expect(HasEvent(wanted), within)

    def event_delivered(
        self,
        status: str,
        to: Subscription | str | None = None,
        within: Within | None = None,
        *,
        times: int | None = None,
    ) -> Self:
        """The change of an event to *status* was delivered, and its target has acknowledged it.

        A URL or an application does so with an answer 2xx, a function by returning, a queue's
        consumer by deleting the message. *to* is what ``deliver_to`` or ``serve_function`` has
        returned, or a URL, a queue, ``service/function`` or the name of a rule; None for anybody.
        *status* may also be the name of another change, such as ``Instance:StateChange``.
        """
        return self._expect(Delivered(status, to), within, times)

    def no_unexpected_calls(self) -> Self:
        """The fake knows what was called, and nothing was sent towards the real cloud."""
        unknown = [
            call.problem.removesuffix(".")
            or f"{call.action or 'a call without an action'} ({call.code})"
            for call in self._cloud.calls
            if call.unexpected
        ]
        if unknown:
            self._fail(
                f"The program under test called what the fake cloud does not know: "
                f"{', '.join(unknown)}. Teach it an answer with ecs_fake.answer. This command "
                "prints what it covers: simevents fake --list-actions"
            )
        if self._cloud.answer_failures:
            self._fail(self._cloud.answer_failures[0].removesuffix("."))
        if self._cloud.refused:
            self._fail(str(self._cloud.refused[0]).removesuffix("."))
        wanted = [str(refusal) for refusal in self._cloud.proxy_refusals if refusal.is_alibaba]
        if wanted:
            self._fail(
                "A process of the program under test reached for the real cloud, and nothing was "
                f"sent: {', '.join(dict.fromkeys(wanted))}. For what the fake cloud does not "
                "serve, teach it an answer with ecs_fake.answer, or leave it out of the test. TLS "
                "means that the program does not trust the authority in SSL_CERT_FILE"
            )
        return self

    def _expect(
        self, condition: Condition, within: Within | None, times: int | None = None
    ) -> Self:
        if times is not None and (type(times) is not int or times < 0):
            raise InvalidInput(
                "times", f"{times!r} is not a valid number; use a whole number such as 1"
            )
        seconds = self._seconds if within is None else seconds_of(within)
        # What this thread has called may be on its way to a handler in this process.
        self._cloud.settle_deliveries()
        deadline = time.monotonic() + seconds
        while True:
            # Read before the calls, so that the last ones of the process are seen.
            ended = self._exit_code()
            found = condition.moments(self._names, self._cloud)
            later = {
                instance: [m for m in moments if self._earlier.is_before(m, instance)]
                for instance, moments in found.items()
            }
            shortfalls = self._shortfalls(condition, found, later, times)
            if not shortfalls:
                break
            if ended is not None:
                waited = f" before the process of the handler ended with exit code {ended}"
                self._fail("; ".join(shortfalls) + waited, self._reason(condition))
            is_too_often = times is not None and max(map(len, found.values())) > times
            if is_too_often or time.monotonic() >= deadline:
                waited = f" within {seconds:g} s" if seconds and not is_too_often else ""
                self._fail("; ".join(shortfalls) + waited, self._reason(condition))
            time.sleep(POLL_SECONDS)
        if times != 0:
            for instance, moments in later.items():
                self._met[instance] += moments[: times or 1]
            self._met_conditions.append(condition)
        return self

    def _exit_code(self) -> int | None:
        if self._process is None:
            return self._cloud.process_exit_code
        return exit_code(self._process)

    def _shortfalls(
        self,
        condition: Condition,
        found: Mapping[str, Sequence[Moment]],
        later: Mapping[str, Sequence[Moment]],
        times: int | None,
    ) -> list[str]:
        """What does not hold, in sentences, each for all the instances that it is true of."""
        instances: dict[str, list[str]] = {}
        for instance in self._names:
            count = len(found[instance])
            if times is not None and count != times and count:
                outcome = f" {count} time{'s' if count > 1 else ''}, not {times}"
            elif len(later[instance]) >= (1 if times is None else times):
                continue
            else:
                outcome = f", but not after {self._earlier.text}" if count else ""
            instances.setdefault(outcome, []).append(instance)
        return [
            condition.holds(", ".join(who)) + outcome
            if outcome
            else condition.does_not_hold(", ".join(who))
            for outcome, who in instances.items()
        ]

    def _reason(self, condition: Condition) -> str:
        return condition.reason(self._names, self._cloud)

    def _fail(self, problem: str, reason: str = "") -> None:
        # An instance id keeps its small letter.
        first = problem[0] if problem.startswith("i-") else problem[0].upper()
        more = f" {reason}." if reason else ""
        raise AssertionError(f"{first}{problem[1:]}.{more}\n\n{self._cloud.timeline()}")
