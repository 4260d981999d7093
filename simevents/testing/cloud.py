"""The fake cloud as a test uses it: run instances, schedule events, change the clock, read.

`expectations` has what a test may expect of the program under test; `network.redirect` leads
that program's calls to the fake.
"""

import subprocess
from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import HostRefused, InvalidInput, OutsideFake
from ..fake.control.client import Control, ControlError
from ..fake.delivery.event_names import INTERRUPTION
from ..fake.server import FakeServer
from ..fake.state.answers import Asked, Members, MembersFunction
from ..input_checks import check_event_type
from ..models import format_time, is_instance_id
from ..schedule import parse, to_text
from .cloud_clock import CloudClock
from .cloud_faults import CloudFaults
from .delivery.delivering_cloud import DeliveringCloud
from .expectations import Expectation
from .network.allowed_hosts import AllowedHosts
from .programs.led import LedPrograms
from .programs.started import Words
from .records import ApiCall, CloudEvent, ProxyRefusal, call, event, proxy_refusal
from .taught_answers import add_answer
from .timeline import timeline

if TYPE_CHECKING:
    from ..picture.drill import Drill

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True

DEFAULT_REGION = "cn-hangzhou"


class FakeCloud(DeliveringCloud):
    """A fake cloud and what a test does with it.

    Times are the cloud's, which is real time until the clock is turned. Instance ids may be
    given one by one or as lists throughout.
    """

    def __init__(
        self,
        server: FakeServer,
        region: str = DEFAULT_REGION,
        allow_hosts: Iterable[str] = (),
    ) -> None:
        self.url = server.url
        """For programs that take an endpoint, as scheme, host and port."""
        self.region = region
        self.allowed_hosts = AllowedHosts(allow_hosts)
        """The hosts besides loopback that the program under test may reach."""
        self._control = Control(server.url, send=server.control)
        super().__init__(self._control, server.deliveries.in_process)
        self._programs = LedPrograms(
            server.url, server.authority.certificate, self._control, self.allowed_hosts
        )
        self.started = self._programs.started
        self._answers = server.answers
        self.clock = CloudClock(self._control, self._calls)
        self.faults = CloudFaults(self._control)
        self._made: set[str] = set()
        self.refused: list[OutsideFake] = []
        """Calls of the program under test that were stopped on their way to the real cloud."""
        self.hosts_refused: list[HostRefused] = []
        """What it tried to reach elsewhere; this alone does not fail the test."""
        self.answer_failures: list[str] = []
        """What functions raised that `answer` was given, in words."""

    def __repr__(self) -> str:
        return f"FakeCloud({self.url!r}, {self.region!r})"

    @property
    def env(self) -> dict[str, str]:
        """Variables that lead a handler in another process here: ``{**os.environ, **env}``.

        It needs no endpoint and may have keys of its own: the fake is its proxy, over HTTP and
        HTTPS, and its start-up code leads programs in Python and Node that obey no proxy. What
        this process has in ``PYTHONPATH``, ``NODE_OPTIONS`` and the like is added to. After
        `metadata` has chosen an instance, the vendor's libraries may ask the metadata service for
        keys; before that they are told not to.
        """
        return self._programs.env(self.region)

    def popen(self, words: Words, **options: Any) -> "subprocess.Popen[Any]":
        """Start a handler as ``subprocess.Popen`` does, led here whatever it is written in.

        *options* are those of ``subprocess.Popen``; an *env* among them is led here as well. The
        process, and what it starts in its session, ends with the test: by SIGTERM, and by SIGKILL
        5 seconds later. An expectation stops waiting when it has ended.
        """
        return self._programs.popen(words, self.region, options)

    @property
    def process_exit_code(self) -> int | None:
        """The exit code of the process of `popen`, once it has ended; of the last of several."""
        return self.started.exit_code()

    def run_instances(self, count: int = 1) -> list[str]:
        """Make *count* running instances; their ids."""
        return [str(id) for id in self._make_instances(count=count)]

    def add_instance(self, instance_id: str) -> str:
        """Make a running instance with this id."""
        if not is_instance_id(instance_id):
            raise InvalidInput(
                "instance_id", f"{instance_id!r} is not a valid instance id; use one such as i-web"
            )
        self._make_instances(instance_ids=[instance_id])
        return instance_id

    def _make_instances(self, **body: Any) -> list[Any]:
        try:
            made = self._calls.causing(
                lambda: self._control.post("instances", region=self.region, **body)
            )
        except ControlError as error:
            raise InvalidInput("instances", str(error)) from None
        found = made["instance_ids"]
        assert isinstance(found, list)
        self._made.update(found)
        return found

    def metadata(
        self,
        instance: str | None,
        *,
        role: str | None = None,
        spot_termination_time: str | datetime | timedelta | None = None,
        token_required: bool | None = None,
    ) -> None:
        """Let the metadata service at 100.100.100.200 speak for *instance*; None for none.

        A handler that is led here by `env` then finds its instance id, its region and temporary
        keys of its RAM role there. *role* is the role's name; without one, any name that is asked
        for is right. *spot_termination_time* is a UTC time, or a span from the cloud's now.
        *token_required* refuses requests without a token. What is left out stays as it was,
        unless another instance is chosen. Raises InvalidInput for an instance that does not exist.
        """
        self._programs.choose(
            *(self.region, self.clock.now, instance, role, spot_termination_time, token_required)
        )

    def schedule(
        self,
        event_type: str,
        instances: str | Iterable[str],
        not_before: str | datetime | timedelta = "+1h",
    ) -> list[CloudEvent]:
        """Schedule a simulated event on each instance.

        *not_before* is a UTC time, or a span from the cloud's now such as ``"+2h"``. Raises
        InvalidInput for another type than the API simulates, for instances that do not exist
        and for a time that has passed.
        """
        check_event_type(event_type)
        now = self.clock.now
        moment = parse(to_text(not_before)).resolve(now)
        if moment <= now:
            raise InvalidInput(
                "not_before",
                f"{format_time(moment)} has passed (it is {format_time(now)} in the cloud); use a "
                "later time",
            )
        return self._inject(event_type, instances, moment, simulated=True)

    def happen(
        self,
        event_type: str,
        instances: str | Iterable[str],
        not_before: str | datetime | timedelta | None = None,
        **details: str,
    ) -> list[CloudEvent]:
        """Let the cloud announce a *real* event, of any type, which cannot be cancelled.

        *not_before* is in an hour by default. *details* as ``POST /_fake/events`` takes them:
        status, reason, impact_level and so on. ``Instance:PreemptibleInstanceInterruption`` is
        told to who subscribes to it, with the release at *not_before*, by default in five
        minutes; it is no event that ECS shows, so the result is empty.
        """
        default = "+5m" if event_type == INTERRUPTION else "+1h"
        moment = parse(to_text(not_before or default)).resolve(self.clock.now)
        return self._inject(event_type, instances, moment, simulated=False, **details)

    def _inject(
        self, event_type: str, instances: str | Iterable[str], moment: datetime, **details: Any
    ) -> list[CloudEvent]:
        ids = [instances] if isinstance(instances, str) else list(instances)
        known = {entry["instance_id"] for entry in self._control.get("instances")}
        self._require_known(ids, known)
        if not ids:
            raise InvalidInput("instances", "no instance is given; name at least one")
        try:
            made = self._calls.causing(
                lambda: self._control.post(
                    "events",
                    instance_ids=ids,
                    region=self.region,
                    event_type=event_type,
                    not_before=format_time(moment),
                    **details,
                )
            )
        except ControlError as error:
            raise InvalidInput("event", str(error)) from None
        return [event(entry) for entry in made]

    @property
    def events(self) -> list[CloudEvent]:
        """Every event, open or finished."""
        return [event(entry) for entry in self._control.get("events")]

    @property
    def calls(self) -> list[ApiCall]:
        """What the program under test has called, in order."""
        return [call(entry) for entry in self._control.get("calls")]

    @property
    def proxy_refusals(self) -> list[ProxyRefusal]:
        """What other processes of the program under test tried to reach through the fake."""
        return [proxy_refusal(entry) for entry in self._control.get("refusals")]

    def other_hosts_refused(self) -> list[str]:
        """The hosts besides Alibaba's that the program under test tried to reach, in words."""
        others = [entry.host for entry in self.proxy_refusals if not entry.is_alibaba]
        return [*(error.host for error in self.hosts_refused), *others]

    def status(self, instance_id: str) -> str:
        """``Running``, ``Stopped`` and so on."""
        statuses = {e["instance_id"]: str(e["status"]) for e in self._control.get("instances")}
        self._require_known([instance_id], statuses)
        return statuses[instance_id]

    def expect(self, *instances: str | Iterable[str]) -> Expectation:
        """What the program under test should have done to *instances*, or to the cloud at all.

        Raises InvalidInput for an instance that never was.
        """
        ids: list[str] = []
        for given in instances:
            ids += [given] if isinstance(given, str) else given
        if ids:
            current = {entry["instance_id"] for entry in self._control.get("instances")}
            known = {*self._made, *current, *(event.instance_id for event in self.events)}
            self._require_known(ids, known)
        return Expectation(self, ids)

    def _require_known(self, ids: Iterable[str], known: Container[str]) -> None:
        absent = [id for id in ids if id not in known]
        if absent:
            raise InvalidInput(
                "instances",
                f"there is no {', '.join(absent)} in the fake cloud; make one with add_instance or "
                "run_instances",
            )

    def timeline(self) -> str:
        """What the cloud did and what the program under test called, in order, to read."""
        return timeline(self.events, self.calls, self.refused, self.proxy_refusals, self.deliveries)

    def drill(self, title: str = "") -> "Drill":
        """What happened so far, as values for a picture."""
        from ..picture import from_control, reading

        return reading.drill(from_control.entries(self._control), title or repr(self))

    def report(self, file: str | Path, title: str = "") -> None:
        """Write a picture of what happened so far: a page in ``.html``, or ``.svg``.

        A file that exists is replaced. Raises InvalidInput for another name, and OSError.
        """
        from ..picture import files

        files.check(Path(file), "file")
        files.write(Path(file), self.drill(title))

    def no_unexpected_calls(self) -> None:
        """AssertionError for calls that the fake does not know, or that were stopped."""
        self.expect().no_unexpected_calls()

    def reset(self) -> None:
        """Empty again, in real time, without faults."""
        self._control.post("reset")
        self._subscriptions.clear()
        self._programs.offer_no_keys(self.region)
        self.refused.clear()
        self.hosts_refused.clear()
        self.answer_failures.clear()

    def answer(
        self,
        call: str,
        members: Members | MembersFunction | None = None,
        product: str | None = None,
        error: str | tuple[str, str, int] | None = None,
        times: int | None = None,
    ) -> None:
        """Teach the fake an answer to calls of another product, or of an action it lacks.

        *call* is an action such as ``"DetachInstances"``, or method and path such as
        ``"POST /clusters/c1/nodes"``. *members* are those of the answer, or a function that
        returns them for a `TaughtCall`; what it raises fails the test. *product* narrows it to a
        product or the first part of its host, such as ``"Ess"``. *error* is an error code, or
        code, message and HTTP status. *times* is how many calls get it. The newest answer for a
        call comes first. Raises InvalidInput.
        """
        add_answer(self._answers, self.answer_failures, call, members, product, error, times)

    def is_taught(self, method: str, host: str, path: str, action: str) -> bool:
        """Whether there is an answer of `answer` for this request."""
        return self._answers.find(Asked(method, host, path, action)) is not None

    def switch(self, **switches: Any) -> None:
        """How to answer what is not documented; ``simevents fake --list-switches`` lists them."""
        try:
            self._control.post("switches", **switches)
        except ControlError as error:
            raise InvalidInput("switches", str(error)) from None
