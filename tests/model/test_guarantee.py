"""Nothing is ever left behind: random operations under random faults.

No event is open unless the state accounts for it or an error named it; after a kill
the next up or destroy accounts for it; nobody else's event is ever touched. Checked
against the fake's own record after every operation.
"""

import os
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from simevents import provider
from simevents.claims import Claims
from simevents.client import SystemEvents
from simevents.errors import SimulatedEventsError
from simevents.fake.server import FakeServer
from simevents.models import format_time, parse_time
from simevents.retry import Patience
from simevents.sdk import Answer, Sdk
from simevents.settings import Settings, credentials
from tests.conftest import REGION, Cloud
from tests.model.engine_state import EngineState, Rejected

RUNS = int(os.environ.get("RUNS", "500"))

INSTANCES = [f"i-model{number}" for number in range(5)]
TYPES = ["SystemMaintenance.Reboot", "SystemFailure.Stop"]
TIMES = ["+1h", "+2h", "2030-01-01T00:00:00Z"]
START = "2026-01-01T00:00:00Z"

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"

FAULTS: list[dict[str, Any]] = [
    {"cut": "before"},
    {"cut": "after"},
    {"cut": "after", "visibility_delay": 4},
    {"visibility_delay": 4},
    {"garbage": True},
    {"partial": True},
    {"error": "Throttling.User"},
    {"error": "InternalError"},
    {"error": "ServiceUnavailable"},
    {"error": "SimulatedEventLimitExceeded"},
    {"error": "Forbidden.RAM"},
]
ACTIONS = [CREATE, CANCEL, "DescribeInstanceHistoryEvents", "*"]


class Killed(BaseException):
    """The process is gone: nothing after this runs, no clean-up either."""


class MortalSdk(Sdk):
    """Dies at the call that it is told, before or after the cloud has carried it out."""

    calls_to_live = -1
    dies_after = False

    def call(self, action: str, **parameters: str | int | list[str]) -> Answer:
        kind = type(self)
        if kind.calls_to_live == 0 and not kind.dies_after:
            raise Killed
        answer = super().call(action, **parameters)
        if kind.calls_to_live == 0:
            raise Killed
        kind.calls_to_live -= 1
        return answer


subsets = st.lists(st.sampled_from(INSTANCES), min_size=1, max_size=5, unique=True)


class Guarantee(RuleBasedStateMachine):
    server: FakeServer

    def __init__(self) -> None:
        super().__init__()
        self.cloud = Cloud(self.server.url)
        self.cloud.post("reset")
        self.cloud.post("clock", set=START)
        self.cloud.post("clock", freeze=True)
        self.cloud.post("instances", instance_ids=INSTANCES)
        self.state = EngineState()
        self.strangers: dict[str, str] = {}
        self.named = ""
        self.told: list[str] = []
        MortalSdk.calls_to_live = -1
        provider._CLAIMS = Claims()
        provider._connect = self.connect

    def teardown(self) -> None:
        self.cloud.close()

    def connect(self, props: Any, patience: Patience | None = None) -> SystemEvents:
        target = Settings(props["region"], props["endpoint"], read_seconds=0.5)
        waited = [0.0]

        def sleep(seconds: float) -> None:
            waited[0] += seconds
            self.cloud.post("clock", advance=f"{seconds:.3f}s")

        sdk = MortalSdk(target, credentials(target, {}, lambda: None))
        budget = patience.budget_seconds if patience else Patience().budget_seconds
        return SystemEvents(sdk, target, Patience(budget, sleep=sleep, clock=lambda: waited[0]))

    def attempt(self, command: Any, *arguments: Any, **options: Any) -> bool:
        """Run a command of the engine as a process of its own; whether it succeeded."""
        provider._CLAIMS = Claims()
        try:
            command(*arguments, **options)
        except Rejected:
            return False
        except SimulatedEventsError as error:
            self.named += f" {error}"
            if "nothing is scheduled" in str(error):
                self.check_that_nothing_more_is_open()
            return False
        except Killed:
            return False
        finally:
            MortalSdk.calls_to_live = -1
            self.cloud.delete("faults")
        return True

    @initialize(
        event_type=st.sampled_from(TYPES), not_before=st.sampled_from(TIMES), instance_ids=subsets
    )
    def write_a_program(self, event_type: str, not_before: str, instance_ids: list[str]) -> None:
        self.program: dict[str, Any] = {
            "event_type": event_type,
            "not_before": not_before,
            "instance_ids": instance_ids,
            "region": REGION,
            "endpoint": self.cloud.url,
        }

    # The program changes.

    @rule(instance_ids=subsets)
    def choose_instances(self, instance_ids: list[str]) -> None:
        self.program = self.program | {"instance_ids": instance_ids}

    @rule(event_type=st.sampled_from(TYPES))
    def choose_a_type(self, event_type: str) -> None:
        self.program = self.program | {"event_type": event_type}

    @rule(not_before=st.sampled_from(TIMES))
    def choose_a_time(self, not_before: str) -> None:
        self.program = self.program | {"not_before": not_before}

    @rule(trigger=st.integers(0, 2))
    def pull_a_trigger(self, trigger: int) -> None:
        self.program = self.program | {"triggers": [trigger]}

    # The engine runs.

    @rule(replace=st.sampled_from([None, None, None, "intent", "events"]))
    def up(self, replace: str | None) -> None:
        if self.attempt(self.state.up, self.program, replace=replace):
            self.check_that_everything_is_scheduled()

    @rule()
    def up_of_the_intent_alone(self) -> None:
        self.attempt(self.state.up, self.program, intent_only=True)

    @rule()
    def refresh(self) -> None:
        self.attempt(self.state.refresh)

    @rule()
    def destroy(self) -> None:
        if self.attempt(self.state.destroy):
            assert [e for e in self.ours_open() if not self.is_named(e)] == []
            assert (self.state.intent, self.state.events) == (None, None)

    @rule(calls=st.integers(0, 14), dies_after=st.booleans(), command=st.integers(0, 2))
    def run_that_is_killed(self, calls: int, dies_after: bool, command: int) -> None:
        MortalSdk.calls_to_live, MortalSdk.dies_after = calls, dies_after
        commands = [
            lambda: self.state.up(self.program),
            lambda: self.state.up(self.program, replace="intent"),
            self.state.destroy,
        ]
        self.attempt(commands[command])

    @rule(instance_ids=subsets, calls=st.integers(0, 20), dies_after=st.booleans())
    def a_change_of_instances_is_killed_and_taken_back(
        self, instance_ids: list[str], calls: int, dies_after: bool
    ) -> None:
        before = self.program
        self.program = before | {"instance_ids": instance_ids}
        MortalSdk.calls_to_live, MortalSdk.dies_after = calls, dies_after
        self.attempt(self.state.up, self.program)
        self.program = before
        if self.attempt(self.state.up, self.program):
            self.check_that_everything_is_scheduled()

    @rule(
        not_before=st.sampled_from(["+1h", "+2h", "+3h"]),
        fault=st.sampled_from(FAULTS),
        action=st.sampled_from(ACTIONS),
        skip=st.sampled_from([0, 0, 0, 1, 2]),
    )
    def a_replacement_that_failed_is_tried_again(
        self, not_before: str, fault: dict[str, Any], action: str, skip: int
    ) -> None:
        self.program = self.program | {"not_before": not_before}
        action = CREATE if "partial" in fault else action
        self.cloud.post("faults", action=action, skip=skip, **fault)
        self.attempt(self.state.up, self.program)
        if self.attempt(self.state.up, self.program):
            self.check_that_everything_is_scheduled()

    @rule(
        action=st.sampled_from(ACTIONS),
        fault=st.sampled_from(FAULTS),
        times=st.sampled_from([1, 2, 3, 40]),
        skip=st.sampled_from([0, 0, 0, 1, 2]),
        command=st.integers(0, 3),
    )
    def run_under_a_fault(
        self, action: str, fault: dict[str, Any], times: int, skip: int, command: int
    ) -> None:
        if "partial" in fault:
            action = CREATE
        self.cloud.post("faults", action=action, times=times, skip=skip, **fault)
        commands = [
            lambda: self.state.up(self.program),
            lambda: self.state.up(self.program, replace="intent"),
            self.state.refresh,
            self.state.destroy,
        ]
        self.attempt(commands[command])

    # The world goes on.

    @rule(data=st.data())
    @precondition(lambda self: self.ours_open())
    def somebody_cancels_one_of_ours(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(sorted(e["event_id"] for e in self.ours_open())))
        self.cloud.cancel(REGION, event)

    @rule(
        instance_id=st.sampled_from(INSTANCES),
        event_type=st.sampled_from(TYPES),
        seconds=st.sampled_from([-1, 1, 3600]),
        simulated=st.booleans(),
    )
    def a_stranger_schedules(
        self, instance_id: str, event_type: str, seconds: int, simulated: bool
    ) -> None:
        """Never exactly what we ask for: that cannot be told apart."""
        base = parse_time("2030-01-01T00:00:00Z")
        if self.state.intent is not None:
            base = parse_time(self.state.intent.outputs["not_before_at"])
        (event,) = self.cloud.post(
            "events",
            instance_ids=[instance_id],
            event_type=event_type,
            # A half second would vanish in the API's format, so strangers use odd seconds.
            not_before=format_time(base + timedelta(seconds=seconds + 7)),
            simulated=simulated,
        )
        self.strangers[event["event_id"]] = event["status"]

    @rule(span=st.sampled_from(["10s", "20m", "70m", "31d"]))
    def time_passes(self, span: str) -> None:
        self.cloud.post("clock", advance=span)

    # What must hold.

    @invariant()
    def every_open_event_is_accounted_for(self) -> None:
        if not hasattr(self, "program"):
            return
        lost = [e for e in self.ours_open() if not self.in_state(e) and not self.is_named(e)]
        assert lost == []

    @invariant()
    def no_strangers_event_is_touched(self) -> None:
        statuses = {e["event_id"]: e["status"] for e in self.cloud.get("events")}
        touched = [id for id in self.strangers if statuses[id] in ("Canceled", "Avoided")]
        assert touched == []

    def ours_open(self) -> list[dict[str, Any]]:
        return [e for e in self.cloud.open_events() if e["event_id"] not in self.strangers]

    def in_state(self, event: dict[str, Any]) -> bool:
        if self.state.events is not None:
            recorded = self.state.events.outputs["event_ids"]
            if event["event_id"] in recorded.values():
                return True
        if self.state.intent is None:
            return False
        asked = self.state.intent.outputs
        return (
            event["instance_id"] in asked["instance_ids"]
            and event["event_type"] == asked["event_type"]
            and event["not_before"] == asked["not_before_at"]
        )

    def is_named(self, event: dict[str, Any]) -> bool:
        return bool(re.search(rf"{event['event_id']}|{event['instance_id']}\b", self.named))

    def check_that_nothing_more_is_open(self) -> None:
        """A create or an update that failed has made nothing; what was there before may be."""
        recorded = self.state.events.outputs["event_ids"] if self.state.events else {}
        more = [e for e in self.ours_open() if e["event_id"] not in recorded.values()]
        assert more == []

    def check_that_everything_is_scheduled(self) -> None:
        """After a successful up each instance has its one event, or has had it."""
        assert self.state.events is not None
        outputs = self.state.events.outputs
        statuses = {e["event_id"]: e for e in self.cloud.get("events")}
        assert sorted(outputs["statuses"]) == sorted(self.program["instance_ids"])
        for instance_id, event_id in outputs["event_ids"].items():
            assert statuses[event_id]["instance_id"] == instance_id
        doubled = [
            e for e in self.ours_open() if e["event_id"] not in outputs["event_ids"].values()
        ]
        assert [e for e in doubled if not self.is_named(e)] == []


@pytest.fixture
def original(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts back what the machine exchanges."""
    monkeypatch.setattr(provider, "_connect", provider._connect)
    monkeypatch.setattr(provider, "_CLAIMS", Claims())


def test_nothing_is_ever_left_behind(fake_server: FakeServer, original: None) -> None:
    Guarantee.server = fake_server
    run_state_machine_as_test(
        Guarantee,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=12,
            deadline=None,
            derandomize="CI" in os.environ,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
