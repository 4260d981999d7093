"""Random operations under random faults never leave an event behind.

An event is open only if the state accounts for it or an error named it. After a kill
the next up or destroy accounts for it. Events of other people are never touched. The
test checks this against the records of the fake after every operation.
"""

import json
import os
import shlex
import signal
from collections.abc import Callable
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
from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.errors import SimulatedEventsError
from simevents.fake.state.event_table import EventRow
from simevents.models import OPEN_STATUSES, parse_time
from simevents.reconcile.claims import Claims
from simevents.settings import Settings, find_credentials
from tests.conftest import REGION
from tests.model import by_hand
from tests.model.engine_state import EngineState, Rejected
from tests.model.inner_cloud import InnerCloud, KillableSdk, Killed

RUNS = int(os.environ.get("RUNS", "500"))

INSTANCES = [f"i-model{number}" for number in range(5)]
TYPES = ["SystemMaintenance.Reboot", "SystemFailure.Stop"]
TIMES = ["+1h", "+2h", "2030-01-01T00:00:00Z"]

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"
ACTIONS = [CREATE, CREATE, CANCEL, "DescribeInstanceHistoryEvents", "*"]

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

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, by_hand.SIGKILL]
TRACE = "If this is killed, cancel what it leaves: simevents "

instance_sets = st.lists(st.sampled_from(INSTANCES), min_size=1, max_size=5, unique=True)
skips = st.sampled_from([0, 0, 0, 1, 2])


class Guarantee(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cloud = InnerCloud(INSTANCES)
        self.state = EngineState()
        self.strangers: set[str] = set()
        self.named = ""
        self.is_disturbed = False
        """A run failed or somebody cancelled: the state may have a wrong status until a refresh."""
        self.by_hand = 0
        """How many times somebody has typed ``create``; each is for a time of its own."""
        self.final: set[str] = set()
        """Events that a refresh found after their time: they stay, even if cancelled."""
        self.program: dict[str, Any] = {}
        KillableSdk.calls_to_live = -1
        provider._connect = self.connect

    def teardown(self) -> None:
        self.cloud.store.close()

    def connect(self, props: Any, patience: Patience | None = None) -> SystemEvents:
        """Replaces the provider's function of this name; waiting moves the cloud's clock."""
        target = Settings(props["region"], props["endpoint"])
        sdk = KillableSdk(target, find_credentials(target, {}, lambda: None))
        sdk.cloud = self.cloud
        start = self.cloud.clock.now()
        budget = patience.budget_seconds if patience else Patience().budget_seconds
        waiting = Patience(
            budget, sleep=self.cloud.advance, clock=lambda: self.cloud.clock.now() - start
        )
        return SystemEvents(sdk, target, waiting)

    def attempt(self, command: Callable[[], None]) -> bool:
        """Run a command of the engine as if in a fresh process; return whether it succeeded."""
        provider._CLAIMS = Claims()
        try:
            command()
        except Rejected:
            return False
        except Killed:
            self.is_disturbed = True
            return False
        except SimulatedEventsError as error:
            self.is_disturbed = True
            self.named += f" {error}"
            if str(error).startswith(("Nothing is scheduled", "Nothing was added")):
                self.check_that_nothing_more_is_open()
            return False
        finally:
            KillableSdk.calls_to_live = -1
            self.cloud.clear_faults()
        return True

    def up(self, replace: str | None = None) -> None:
        if self.attempt(lambda: self.state.up(self.program, replace=replace)):
            self.check_that_everything_is_scheduled()

    def destroy(self) -> None:
        if self.attempt(self.state.destroy):
            assert [e for e in self.our_open_events() if not self.is_named(e)] == []
            assert (self.state.intent, self.state.events) == (None, None)

    def refresh(self) -> None:
        if self.attempt(self.state.refresh):
            self.is_disturbed = False
            if self.time_has_passed():
                self.final |= self.recorded()

    def command(self, name: str) -> Callable[[], None]:
        return {
            "up": self.up,
            "replace": lambda: self.up("intent"),
            "refresh": self.refresh,
            "destroy": self.destroy,
        }[name]

    @initialize(
        event_type=st.sampled_from(TYPES),
        not_before=st.sampled_from(TIMES),
        instance_ids=instance_sets,
    )
    def write_a_program(self, event_type: str, not_before: str, instance_ids: list[str]) -> None:
        self.program = {
            "event_type": event_type,
            "not_before": not_before,
            "instance_ids": instance_ids,
            "region": REGION,
            "endpoint": "http://127.0.0.1:1",
        }

    # The program changes.

    @rule(instance_ids=instance_sets)
    def choose_instances(self, instance_ids: list[str]) -> None:
        self.program = self.program | {"instance_ids": instance_ids}

    @rule(event_type=st.sampled_from(TYPES), not_before=st.sampled_from(TIMES))
    def choose_another_event(self, event_type: str, not_before: str) -> None:
        self.program = self.program | {"event_type": event_type, "not_before": not_before}

    @rule(trigger=st.integers(0, 2))
    def choose_triggers(self, trigger: int) -> None:
        self.program = self.program | {"triggers": [trigger]}

    # The engine runs.

    @rule(replace=st.sampled_from([None, None, None, "intent", "events"]))
    def run_up(self, replace: str | None) -> None:
        self.up(replace)

    @rule()
    def run_up_with_the_intent_as_target(self) -> None:
        self.attempt(lambda: self.state.up(self.program, intent_only=True))

    @rule()
    def run_refresh(self) -> None:
        self.refresh()

    @rule()
    def run_destroy(self) -> None:
        self.destroy()

    @rule(
        calls=st.integers(0, 20),
        dies_after=st.booleans(),
        command=st.sampled_from(["up", "replace", "destroy"]),
    )
    def a_run_is_killed(self, calls: int, dies_after: bool, command: str) -> None:
        KillableSdk.calls_to_live, KillableSdk.dies_after = calls, dies_after
        self.command(command)()

    @rule(instance_ids=instance_sets, calls=st.integers(0, 20), dies_after=st.booleans())
    def a_change_of_instances_is_killed_and_reverted(
        self, instance_ids: list[str], calls: int, dies_after: bool
    ) -> None:
        before = self.program
        self.program = before | {"instance_ids": instance_ids}
        KillableSdk.calls_to_live, KillableSdk.dies_after = calls, dies_after
        self.up()
        self.program = before
        self.up()

    @rule(
        not_before=st.sampled_from(["+1h", "+2h", "+3h"]),
        fault=st.sampled_from(FAULTS),
        action=st.sampled_from(ACTIONS),
        skip=skips,
    )
    def a_replacement_that_failed_is_tried_again(
        self, not_before: str, fault: dict[str, Any], action: str, skip: int
    ) -> None:
        self.program = self.program | {"not_before": not_before}
        self.cloud.fault(action=CREATE if "partial" in fault else action, skip=skip, **fault)
        self.up()
        self.up()

    @rule(
        action=st.sampled_from(ACTIONS),
        fault=st.sampled_from(FAULTS),
        times=st.sampled_from([1, 2, 3, 40]),
        skip=skips,
        command=st.sampled_from(["up", "replace", "refresh", "destroy"]),
    )
    def a_run_meets_a_fault(
        self, action: str, fault: dict[str, Any], times: int, skip: int, command: str
    ) -> None:
        action = CREATE if "partial" in fault else action
        self.cloud.fault(action=action, times=times, skip=skip, **fault)
        self.command(command)()

    # Other people act and time passes.

    @precondition(lambda self: self.our_open_events())
    @rule(data=st.data())
    def somebody_cancels_our_event(self, data: st.DataObject) -> None:
        self.is_disturbed = True
        self.cloud.cancel(data.draw(st.sampled_from([e.event_id for e in self.our_open_events()])))

    @rule(
        instance_id=st.sampled_from(INSTANCES),
        event_type=st.sampled_from(TYPES),
        seconds=st.sampled_from([-1, 1, 3607]),
        simulated=st.booleans(),
    )
    def somebody_else_schedules(
        self, instance_id: str, event_type: str, seconds: int, simulated: bool
    ) -> None:
        """Never exactly what we ask for: nobody can distinguish such an event from ours."""
        base = parse_time("2030-01-01T00:00:00Z")
        if self.state.intent is not None:
            base = parse_time(self.state.intent.outputs["not_before_at"])
        not_before = base.timestamp() + seconds
        self.strangers.add(
            self.cloud.schedule(instance_id, event_type, not_before, simulated=simulated)
        )

    @rule(
        event_type=st.sampled_from(TYPES),
        instance_ids=instance_sets,
        signals=st.dictionaries(st.integers(0, 30), st.sampled_from(SIGNALS), max_size=3),
        lost=st.sampled_from([(), (), ("stdout",), ("stdout", "stderr"), ("stderr",)]),
        action=st.sampled_from(ACTIONS),
        fault=st.sampled_from([None, None, *FAULTS]),
        times=st.sampled_from([1, 2, 40]),
        skip=skips,
    )
    def somebody_types_create(
        self,
        event_type: str,
        instance_ids: list[str],
        signals: dict[int, signal.Signals],
        lost: tuple[str, ...],
        action: str,
        fault: dict[str, Any] | None,
        times: int,
        skip: int,
    ) -> None:
        """The events of `create` by hand are printed, named in an error, or cancelled."""
        self.by_hand += 1
        not_before = f"2031-01-01T00:00:{self.by_hand:02d}Z"
        if fault is not None:
            action = CREATE if "partial" in fault else action
            self.cloud.fault(action=action, times=times, skip=skip, **fault)
        words = ["create", "--json", "--type", event_type, "--not-before", not_before]
        words += [word for id in instance_ids for word in ("--instance", id)]
        ended = by_hand.run(self.cloud, words, signals, lost)
        self.cloud.clear_faults()
        made = {
            event.event_id: event.instance_id
            for event in self.cloud.events()
            if event.not_before == parse_time(not_before).timestamp()
            and event.status in OPEN_STATUSES
        }
        if ended.code == 0:
            assert sorted(made.values()) == sorted(instance_ids)
            assert {event["event_id"] for event in json.loads(ended.stdout.getvalue())} == set(made)
        elif ended.code is not None or by_hand.SIGKILL not in signals.values():
            # Nothing can be named without a reader, and a fault can keep it from being cancelled.
            could_not = "stderr" in lost and fault is not None
            assert could_not or [id for id in made if id not in ended.said] == []
        elif "stderr" not in lost:
            self.sweep_as_printed(ended.said, made)
            made = {}
        self.strangers |= set(made)

    def sweep_as_printed(self, said: str, made: dict[str, str]) -> None:
        """Type the command that a killed `create` has left on stderr: nothing is open then."""
        command = said.partition(TRACE)[2].partition("\n")[0]
        if not command:
            assert made == {}
            return
        # Until late events are visible.
        self.cloud.advance(10)
        words = [word for word in shlex.split(command) if word not in (REGION, by_hand.ENDPOINT)]
        words = [word for word in words if word not in ("--region", "--endpoint")]
        by_hand.run(self.cloud, [*words, "--yes"], {})
        assert [
            e for e in self.cloud.events() if e.event_id in made and e.status != "Canceled"
        ] == []

    @rule(seconds=st.sampled_from([10, 20 * 60, 70 * 60, 31 * 24 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.cloud.advance(seconds)

    # Conditions that must always be true.

    @invariant()
    def every_open_event_is_accounted_for(self) -> None:
        lost = [e for e in self.our_open_events() if not self.in_state(e) and not self.is_named(e)]
        assert lost == []

    @invariant()
    def no_event_of_others_is_touched(self) -> None:
        canceled = {e.event_id for e in self.cloud.events() if e.status == "Canceled"}
        assert self.strangers & canceled == set()

    def our_open_events(self) -> list[EventRow]:
        return [
            event
            for event in self.cloud.events()
            if event.status in OPEN_STATUSES and event.event_id not in self.strangers
        ]

    def in_state(self, event: EventRow) -> bool:
        if event.event_id in self.recorded():
            return True
        if self.state.intent is None:
            return False
        asked = self.state.intent.outputs
        return (
            event.instance_id in asked["instance_ids"]
            and event.event_type == asked["event_type"]
            and event.not_before == parse_time(asked["not_before_at"]).timestamp()
        )

    def recorded(self) -> set[str]:
        """The ids that the state lists."""
        events = self.state.events
        return set(events.mapping("event_ids").values()) if events is not None else set()

    def is_named(self, event: EventRow) -> bool:
        return event.event_id in self.named

    def check_that_nothing_more_is_open(self) -> None:
        """A failed create or update leaves no new event; earlier events may be open."""
        assert [e for e in self.our_open_events() if e.event_id not in self.recorded()] == []

    def check_that_everything_is_scheduled(self) -> None:
        """After a successful up each instance has its one event, or had it."""
        assert self.state.events is not None
        events = self.state.events
        instance_of = {e.event_id: e.instance_id for e in self.cloud.events()}
        assert sorted(events.mapping("statuses")) == sorted(self.program["instance_ids"])
        for instance_id, event_id in events.mapping("event_ids").items():
            assert instance_of[event_id] == instance_id
        more = [e for e in self.our_open_events() if e.event_id not in self.recorded()]
        assert [e for e in more if not self.is_named(e)] == []
        if not self.is_disturbed:
            cancelled = {e.event_id for e in self.cloud.events() if e.status == "Canceled"}
            assert (cancelled & self.recorded()) - self.final == set()

    def time_has_passed(self) -> bool:
        """Whether the events of the state were due: their statuses are final."""
        if self.state.events is None:
            return False
        not_before = parse_time(self.state.events.outputs["not_before_at"]).timestamp()
        return self.cloud.clock.now() >= not_before


@pytest.fixture
def restored_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores what the machine replaces in the provider."""
    monkeypatch.setattr(provider, "_connect", provider._connect)
    monkeypatch.setattr(provider, "_CLAIMS", Claims())


def test_nothing_is_ever_left_behind(restored_provider: None) -> None:
    run_state_machine_as_test(
        Guarantee,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


def test_an_event_cancelled_before_its_time_stays_in_the_state_afterwards(
    restored_provider: None,
) -> None:
    machine = Guarantee()
    machine.write_a_program(TYPES[0], "+1h", INSTANCES[:1])
    machine.run_up(None)
    (event,) = machine.our_open_events()
    machine.is_disturbed = True
    machine.cloud.cancel(event.event_id)
    machine.time_passes(70 * 60)
    machine.run_refresh()
    machine.run_up(None)

    assert machine.state.events is not None
    events = machine.state.events
    assert events.mapping("event_ids") == {INSTANCES[0]: event.event_id}
    assert events.mapping("statuses") == {INSTANCES[0]: "Canceled"}
    assert [(e.event_id, e.status) for e in machine.cloud.events()] == [
        (event.event_id, "Canceled")
    ]
    machine.teardown()


def test_a_killed_and_reverted_change_is_recorded_as_expired_a_month_later(
    restored_provider: None,
) -> None:
    machine = Guarantee()
    machine.write_a_program(TYPES[0], "+3h", INSTANCES[:2])
    machine.run_up(None)
    ids = {event.instance_id: event.event_id for event in machine.our_open_events()}
    machine.a_change_of_instances_is_killed_and_reverted(INSTANCES[:1], 2, True)
    machine.time_passes(31 * 24 * 3600)
    machine.run_refresh()
    machine.run_up(None)

    assert machine.state.events is not None
    events = machine.state.events
    assert events.mapping("event_ids") == ids
    assert events.mapping("statuses") == dict.fromkeys(INSTANCES[:2], "Expired")
    assert machine.our_open_events() == []
    machine.teardown()
