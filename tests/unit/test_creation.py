"""What one creation does, call by call, and what it waits for when it fails."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from simevents.api.client import PARALLEL_CALLS, SystemEvents, _in_batches
from simevents.errors import CloudError, NoAnswer, Refused, TimePassed
from simevents.models import EventType, SystemEvent
from simevents.reconcile import intent_steps
from simevents.reconcile.claims import Claims
from simevents.reconcile.create_events import Creation
from simevents.reconcile.intended_events import IntendedEvents
from simevents.schedule import parse
from tests.conftest import Cloud, Waiting

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
CREATE = "CreateSimulatedSystemEvents"
LOOK = "DescribeInstanceHistoryEvents"

LONG, SHORT = 30.0, 0.3
"""Seconds: for calls that meet, which takes no time, and for calls that must not meet."""


def creation(api: SystemEvents, instances: list[str]) -> Creation:
    """A creation of events that are due in one hour."""
    claims = Claims()
    intent = intent_steps.declare(api, claims, "sse-1", REBOOT, parse("+1h"), instances)
    return Creation(IntendedEvents(api, claims, intent), instances, lambda: True)


def let_time_pass(api: SystemEvents, cloud: Cloud, waiting: Waiting) -> None:
    """Sleeping advances the cloud's clock as well."""

    def sleep(seconds: float) -> None:
        waiting.sleep(seconds)
        cloud.post("clock", advance=f"{seconds}s")

    api.patience.sleep = sleep


def in_another_process(new: Creation) -> Creation:
    """The same creation, as a process runs it that has not declared the intent."""
    events = replace(new._events, claims=Claims())
    return Creation(events, new._instance_ids, lambda: True)


def test_a_creation_in_another_process_looks_creates_and_looks_once_each(
    api: SystemEvents, cloud: Cloud
) -> None:
    new = in_another_process(creation(api, cloud.instances(1)))
    before = len(cloud.actions())
    new.run()

    assert cloud.actions()[before:] == [LOOK, CREATE, LOOK]


def test_what_was_found_free_by_the_declaration_is_not_looked_at_again(
    api: SystemEvents, cloud: Cloud
) -> None:
    new = creation(api, cloud.instances(1))
    before = len(cloud.actions())
    new.run()
    new.run()

    assert cloud.actions()[before:] == [CREATE, LOOK, LOOK]
    assert len(cloud.open_events()) == 1


def test_only_added_instances_are_known_to_be_free(api: SystemEvents, cloud: Cloud) -> None:
    first, second = cloud.instances(2)
    events = creation(api, [first])._events
    events = replace(events, claims=Claims())
    events = replace(events, intent=intent_steps.extend(events, [first, second]))

    assert events.may_exist_on([first, second]) == [first]


def test_at_the_second_of_the_event_nothing_is_sent(api: SystemEvents, cloud: Cloud) -> None:
    cloud.post("clock", rate=0)
    new = creation(api, cloud.instances(1))
    cloud.post("clock", advance="1h")
    with pytest.raises(TimePassed):
        in_another_process(new).run()

    assert CREATE not in cloud.actions()


def test_what_is_sent_at_the_second_of_the_event_schedules_nothing(
    api: SystemEvents, cloud: Cloud
) -> None:
    cloud.post("clock", rate=0)
    new = creation(api, cloud.instances(1))
    cloud.post("clock", advance="1h")
    with pytest.raises(TimePassed, match=r"^Nothing is scheduled\. "):
        new.run()

    assert cloud.get("events") == []


def test_after_a_lost_answer_at_the_end_of_the_time_the_clean_up_waits_for_late_events(
    api: SystemEvents, cloud: Cloud, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(api, cloud, waiting)
    new = creation(api, cloud.instances(1))
    cloud.post("faults", action=CREATE, cut="after", visibility_delay=3, times=1)
    create = api.create

    def slow_create(*arguments: Any) -> list[str]:
        try:
            return create(*arguments)
        finally:
            waiting.sleep(api.patience.budget_seconds)

    monkeypatch.setattr(api, "create", slow_create)
    with pytest.raises(NoAnswer):
        new.run()

    assert cloud.statuses() == ["Canceled"]


def test_after_a_refusal_the_clean_up_waits_for_nothing(
    api: SystemEvents, cloud: Cloud, waiting: Waiting
) -> None:
    new = creation(api, cloud.instances(1))
    cloud.post("faults", action=CREATE, error="SimulatedEventLimitExceeded")
    with pytest.raises(Refused):
        new.run()

    assert (waiting.seconds, cloud.statuses()) == (0, [])


def test_after_an_answer_with_too_few_ids_the_clean_up_waits_for_late_events(
    api: SystemEvents, cloud: Cloud, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(api, cloud, waiting)
    instances = cloud.instances(2)
    new = creation(api, instances)
    create = api.create

    def one_visible_and_one_late(
        event_type: str, not_before: datetime, instance_ids: Sequence[str], _: object
    ) -> list[str]:
        named = create(event_type, not_before, instance_ids[:1])
        cloud.post("faults", action=CREATE, visibility_delay=3, times=1)
        create(event_type, not_before, instance_ids[1:])
        return named

    monkeypatch.setattr(api, "create", one_visible_and_one_late)
    with pytest.raises(CloudError, match="answered with 1 events for 2 instances"):
        new.run()

    assert cloud.statuses() == ["Canceled", "Canceled"]


@pytest.mark.parametrize("is_foreign", [True, False])
def test_an_event_of_another_time_or_instance_is_not_taken_for_the_one_created(
    api: SystemEvents,
    cloud: Cloud,
    waiting: Waiting,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_foreign: bool,
) -> None:
    let_time_pass(api, cloud, waiting)
    (instance,) = cloud.instances(1)
    new = creation(api, [instance])
    describe = api.describe

    def other(event: SystemEvent) -> SystemEvent:
        if is_foreign:
            return replace(event, instance_id="i-other")
        return replace(event, not_before=event.not_before + timedelta(seconds=1))

    monkeypatch.setattr(api, "describe", lambda ids: [other(event) for event in describe(ids)])
    with pytest.raises(CloudError) as caught:
        new.run()

    assert str(caught.value) == (
        "Nothing is scheduled; the 1 events that had been created are cancelled. "
        f"1 events do not show up, those on {instance}."
    )
    assert cloud.statuses() == ["Canceled"]


def as_many_at_once(call: Callable[[Callable[[], None]], None], count: int, seconds: float) -> bool:
    """Whether *count* of the calls that *call* makes are under way at once, within *seconds*."""
    barrier = threading.Barrier(count)
    met = threading.Event()

    def meet() -> None:
        try:
            barrier.wait(seconds)
        except threading.BrokenBarrierError:
            return
        met.set()

    call(meet)
    return met.is_set()


def test_four_calls_of_a_reading_are_under_way_at_once() -> None:
    ids = [f"i-{number}" for number in range(1_200)]

    def read(meet: Callable[[], None]) -> None:
        def call(_: list[str]) -> list[str]:
            meet()
            return []

        _in_batches(ids, call)

    assert as_many_at_once(read, PARALLEL_CALLS, LONG)
    assert not as_many_at_once(read, PARALLEL_CALLS + 1, SHORT)


def test_four_calls_of_a_creation_are_under_way_at_once(
    api: SystemEvents, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = creation(api, cloud.instances(1))
    ids = [f"i-{number}" for number in range(1_300)]

    def create(meet: Callable[[], None]) -> None:
        # The first is alone.
        rest = iter([lambda: None])
        monkeypatch.setattr(new, "_create_batch", lambda _: next(rest, meet)())
        new._create_in_batches(ids)

    assert as_many_at_once(create, PARALLEL_CALLS, LONG)
    assert not as_many_at_once(create, PARALLEL_CALLS + 1, SHORT)


def test_an_interrupted_creation_sends_nothing_and_says_why(
    api: SystemEvents, cloud: Cloud
) -> None:
    new = creation(api, cloud.instances(1))
    new._is_requested = lambda: False
    with pytest.raises(CloudError) as caught:
        new.run()

    assert str(caught.value) == (
        "Nothing is scheduled. The command that asked for these events has ended or was "
        "interrupted."
    )
    assert CREATE not in cloud.actions()
