"""Each step of a resource, from declare to withdraw, against the fake and its faults."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.errors import (
    CloudError,
    InvalidInput,
    LeftOpen,
    Refused,
    Taken,
    TimePassed,
    WrongAccount,
)
from simevents.models import EventType, format_time
from simevents.reconcile import event_steps, intent_steps
from simevents.reconcile.claims import Claims
from simevents.reconcile.create_events import take_back
from simevents.reconcile.event_steps import EXPIRED, MISSED, Observation
from simevents.reconcile.intended_events import IntendedEvents
from simevents.reconcile.intent import Intent
from simevents.schedule import parse
from simevents.settings import Settings, find_credentials
from tests.conftest import REGION, Cloud, Waiting

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"

Connect = Callable[[], SystemEvents]


@pytest.fixture
def claims() -> Claims:
    return Claims()


def declare(
    api: SystemEvents, claims: Claims, instances: list[str], id: str = "sse-1", time: str = "+1h"
) -> Intent:
    return intent_steps.declare(api, claims, id, REBOOT, parse(time), instances)


def scheduled(api: SystemEvents, claims: Claims, intent: Intent) -> Observation:
    events = event_steps.create(IntendedEvents(api, claims, intent))
    return Observation(
        {id: event.event_id for id, event in events.items()},
        {id: event.event_cycle_status.value for id, event in events.items()},
    )


def ids(events: list[dict[str, Any]]) -> list[str]:
    return sorted(event["event_id"] for event in events)


def test_an_intent_schedules_nothing_and_resolves_by_the_clouds_clock(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    cloud.post("clock", freeze=True)
    intent = declare(api, claims, cloud.instances(2))

    assert format_time(intent.not_before) == "2018-08-20T09:00:00Z"
    assert intent.account_id == cloud.get("health")["account_id"]
    assert cloud.get("events") == []


def test_an_intent_for_a_time_that_has_passed_is_refused(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    with pytest.raises(InvalidInput, match="2018-09-01T00:00:00Z has passed"):
        declare(api, claims, cloud.instances(1), time="2018-09-01T00:00:00Z")


def test_an_intent_for_an_instance_that_does_not_exist_is_refused(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    with pytest.raises(InvalidInput, match=r"1 of 3 do not exist in cn-hangzhou.*i-nobody"):
        declare(api, claims, [*cloud.instances(2), "i-nobody"])


def test_one_event_is_created_per_instance(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    instances = cloud.instances(230)
    made = scheduled(api, claims, declare(api, claims, instances))

    assert sorted(made.event_ids) == instances
    assert sorted(made.event_ids.values()) == ids(cloud.open_events())
    by_id = {event["event_id"]: event["instance_id"] for event in cloud.open_events()}
    assert {by_id[event]: event for event in made.event_ids.values()} == made.event_ids


def test_events_of_a_killed_run_are_adopted(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(3)
    intent = declare(api, claims, instances)
    there = api.create(REBOOT, intent.not_before, instances[:2])
    made = scheduled(api, Claims(), intent)

    assert set(there) < set(made.event_ids.values())
    assert len(cloud.get("events")) == 3


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"cut": "after"}, id="the answer is lost"),
        pytest.param({"cut": "before"}, id="the request is lost"),
        pytest.param({"garbage": True}, id="an HTML page instead of JSON"),
        pytest.param({"error": "InternalError"}, id="an internal error"),
        pytest.param({"error": "ServiceUnavailable"}, id="service unavailable"),
        pytest.param({"error": "Throttling.User"}, id="throttling"),
        pytest.param(
            {"cut": "after", "visibility_delay": 3},
            id="the answer is lost and the event is visible late",
        ),
        pytest.param({"visibility_delay": 3}, id="the event is visible late"),
    ],
)
def test_one_event_per_instance_after_a_fault_in_the_first_create(
    api: SystemEvents, claims: Claims, cloud: Cloud, fault: dict[str, Any]
) -> None:
    instances = cloud.instances(3)
    intent = declare(api, claims, instances)
    cloud.post("faults", action=CREATE, times=1, **fault)
    api.patience.sleep = lambda seconds: cloud.post("clock", advance=f"{seconds}s") and None
    made = scheduled(api, claims, intent)

    assert sorted(made.event_ids.values()) == ids(cloud.open_events())
    assert sorted(made.event_ids) == instances


def test_surplus_events_after_a_repeated_create_are_cancelled(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    cloud.post("faults", action=CREATE, times=1, cut="after", visibility_delay=15)
    api.patience.sleep = lambda seconds: cloud.post("clock", advance=f"{seconds}s") and None
    made = scheduled(api, claims, intent)

    assert cloud.statuses() == ["Canceled", "Canceled", "Scheduled", "Scheduled"]
    assert sorted(made.event_ids.values()) == ids(cloud.open_events())


def test_a_partial_answer_is_undone(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    intent = declare(api, claims, cloud.instances(4))
    cloud.post("faults", action=CREATE, partial=True)
    with pytest.raises(CloudError, match="answered with 2 events for 4 instances"):
        scheduled(api, claims, intent)

    assert cloud.statuses() == ["Canceled"] * 4


def test_a_refused_batch_undoes_the_others(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    instances = cloud.instances(250)
    intent = declare(api, claims, instances)
    cloud.post("faults", action=CREATE, error="SimulatedEventLimitExceeded", skip=2)
    with pytest.raises(Refused) as caught:
        scheduled(api, claims, intent)

    assert caught.value.code == "SimulatedEventLimitExceeded"
    assert str(caught.value).startswith("Nothing is scheduled; ")
    assert len(cloud.get("events")) in (150, 200)
    assert cloud.open_events() == []


def test_the_error_counts_the_events_of_a_batch_whose_answer_was_lost(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(300))
    cloud.post("faults", action=CREATE, cut="after", skip=1, times=1)
    cloud.post("faults", action=CREATE, error="SimulatedEventLimitExceeded", skip=1)
    with pytest.raises(Refused) as caught:
        scheduled(api, claims, intent)

    assert str(caught.value).startswith(
        "Nothing is scheduled; the 200 events that had been created are cancelled."
    )
    assert cloud.statuses() == ["Canceled"] * 200


def test_events_that_cannot_be_undone_are_named_with_the_command(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(4))
    cloud.post("faults", action=CREATE, partial=True)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    with pytest.raises(LeftOpen) as caught:
        scheduled(api, claims, intent)

    assert "could not be cancelled" in str(caught.value)
    assert f"simevents sweep --region {REGION} --endpoint {cloud.url} --event e-" in str(
        caught.value
    )
    assert len(cloud.open_events()) == 4


def test_many_events_that_cannot_be_undone_are_named_in_a_file(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(30))
    cloud.post("faults", action=CREATE, partial=True)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    with pytest.raises(LeftOpen) as caught:
        scheduled(api, claims, intent)
    file = Path(str(caught.value).rpartition("--events-from ")[2])
    named = file.read_text().split()
    file.unlink()

    assert sorted(named) == ids(cloud.open_events())
    assert len(named) == 30


def test_duplicates_of_a_killed_run_are_cancelled(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    for _ in range(2):
        api.create(REBOOT, intent.not_before, instances)
    made = scheduled(api, Claims(), intent)

    assert ids(cloud.open_events()) == sorted(made.event_ids.values())
    assert cloud.statuses() == ["Canceled", "Canceled", "Scheduled", "Scheduled"]


def test_a_time_that_passed_before_scheduling_is_an_error(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(1))
    cloud.post("clock", advance="2h")
    with pytest.raises(TimePassed, match=r"^Nothing is scheduled\. .*Change 'triggers'"):
        scheduled(api, claims, intent)


def test_executed_events_of_a_killed_run_are_adopted(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    api.create(REBOOT, intent.not_before, instances)
    cloud.post("clock", advance="2h")

    assert scheduled(api, Claims(), intent).statuses == dict.fromkeys(instances, "Executed")


def test_two_intents_for_one_event_in_one_process_are_refused(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    declare(api, claims, instances, "sse-1", "2099-01-01T00:00:00Z")
    with pytest.raises(Taken, match=f"asks for the same: .* on {instances[1]}"):
        declare(api, claims, instances[1:], "sse-2", "2099-01-01T00:00:00Z")


def test_two_intents_for_one_event_in_two_processes_are_refused(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    first = declare(api, claims, instances, "sse-1", "2099-01-01T00:00:00Z")
    made = scheduled(api, claims, first)
    with pytest.raises(Taken) as caught:
        declare(api, Claims(), instances, "sse-2", "2099-01-01T00:00:00Z")

    assert all(event_id in str(caught.value) for event_id in made.event_ids.values())


def test_an_intent_that_has_ended_schedules_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(1))
    intent_steps.withdraw(IntendedEvents(api, claims, intent))
    with pytest.raises(Taken, match="--target-dependents"):
        scheduled(api, claims, intent)


def test_instances_are_added_and_removed(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    instances = cloud.instances(4)
    intent = declare(api, claims, instances[:3])
    old = scheduled(api, claims, intent)
    intent = intent_steps.extend(IntendedEvents(api, claims, intent), instances[1:])
    new = event_steps.update(IntendedEvents(api, claims, intent), old)

    assert sorted(new.event_ids) == instances[1:]
    assert {id: new.event_ids[id] for id in instances[1:3]} == {
        id: old.event_ids[id] for id in instances[1:3]
    }
    assert sorted(new.event_ids.values()) == ids(cloud.open_events())


def test_an_instance_added_too_late_is_missed(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    intent = declare(api, claims, [first])
    old = scheduled(api, claims, intent)
    cloud.post("clock", advance="2h")
    intent = intent_steps.extend(IntendedEvents(api, claims, intent), [first, second])
    new = event_steps.update(IntendedEvents(api, claims, intent), old)

    assert new.statuses == old.statuses | {second: MISSED}
    assert new.event_ids == old.event_ids


def test_an_update_whose_cancel_fails_creates_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    intent = declare(api, claims, [first])
    old = scheduled(api, claims, intent)
    new_intent = intent_steps.extend(IntendedEvents(api, claims, intent), [first, second])
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM", times=1)
    with pytest.raises(Refused):
        event_steps.update(
            IntendedEvents(api, claims, replace(new_intent, instance_ids=(second,))), old
        )

    assert ids(cloud.open_events()) == list(old.event_ids.values())


def test_created_events_that_cannot_be_found_are_named(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(2))
    cloud.post("faults", action=CREATE, visibility_delay=3000)
    with pytest.raises(LeftOpen) as caught:
        scheduled(api, claims, intent)

    assert all(event_id in str(caught.value) for event_id in ids(cloud.open_events()))
    assert "2 events were created and cannot be found to be cancelled" in str(caught.value)


def test_deleting_a_renamed_resource_keeps_the_events_of_the_new_one(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    """In one run, the engine first creates the new resource and last deletes the old one."""
    instances = cloud.instances(2)
    old = declare(api, Claims(), instances, "sse-old", "2099-01-01T00:00:00Z")
    new = declare(api, claims, instances, "sse-new", "2099-01-01T00:00:00Z")
    made = scheduled(api, claims, new)
    intent_steps.withdraw(IntendedEvents(api, claims, old))

    assert ids(cloud.open_events()) == sorted(made.event_ids.values())


def test_an_instance_that_moves_to_another_resource_keeps_its_new_event(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    a, b, c = cloud.instances(3)
    time = "2099-01-01T00:00:00Z"
    first = declare(api, claims, [a, b], "sse-1", time)
    old = scheduled(api, claims, first)
    second = declare(api, claims, [c], "sse-2", time)
    other = scheduled(api, claims, second)
    first = intent_steps.extend(IntendedEvents(api, claims, first), [b])
    second = intent_steps.extend(IntendedEvents(api, claims, second), [c, a])
    moved = event_steps.update(IntendedEvents(api, claims, second), other)
    left = event_steps.update(IntendedEvents(api, claims, first), old)

    assert ids(cloud.open_events()) == sorted([*moved.event_ids.values(), *left.event_ids.values()])
    assert sorted(moved.event_ids) == sorted([a, c])


def test_a_reverted_removal_schedules_the_event_again(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    a, b = cloud.instances(2)
    intent = declare(api, claims, [a, b])
    old = scheduled(api, claims, intent)
    intent = intent_steps.extend(IntendedEvents(api, claims, intent), [a])
    intent = intent_steps.extend(IntendedEvents(api, claims, intent), [a, b])
    new = event_steps.update(IntendedEvents(api, claims, intent), old)

    assert new.event_ids[a] == old.event_ids[a]
    assert new.event_ids[b] != old.event_ids[b]
    assert sorted(new.event_ids.values()) == ids(cloud.open_events())


def test_the_error_of_a_failed_addition_says_that_the_others_stay(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    a, b = cloud.instances(2)
    intent = declare(api, claims, [a])
    old = scheduled(api, claims, intent)
    intent = intent_steps.extend(IntendedEvents(api, claims, intent), [a, b])
    cloud.post("faults", action=CREATE, error="Forbidden.RAM")
    with pytest.raises(Refused, match=r"^Nothing was added, the other events stay\. Create"):
        event_steps.update(IntendedEvents(api, claims, intent), old)

    assert ids(cloud.open_events()) == list(old.event_ids.values())


def test_a_time_that_passes_during_a_retry_is_an_error(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(1))
    api.patience.sleep = lambda _: cloud.post("clock", advance="2h") and None
    cloud.post("faults", action=CREATE, error="Throttling.User", times=1)
    with pytest.raises(TimePassed, match="Change 'triggers'"):
        scheduled(api, claims, intent)


def test_nothing_is_sent_for_a_command_that_has_ended(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    intent = declare(api, claims, cloud.instances(1))
    with pytest.raises(CloudError, match="The command that asked for these events has ended"):
        event_steps.create(IntendedEvents(api, claims, intent), lambda: False)

    assert CREATE not in cloud.actions()


def test_events_that_cannot_be_listed_are_named_by_type_and_time(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    (instance,) = cloud.instances(1)
    intent = declare(api, claims, [instance])
    cloud.post("faults", action=CREATE, cut="after", times=1)
    cloud.post("faults", action="DescribeInstanceHistoryEvents", error="Forbidden.RAM", skip=1)
    with pytest.raises(LeftOpen) as caught:
        scheduled(api, claims, intent)

    assert "An unknown number of events may be open" in str(caught.value)
    assert str(caught.value).endswith(
        f"--type {REBOOT} --not-before {format_time(intent.not_before)} --instance {instance}"
    )


def test_a_second_cancel_changes_nothing(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    intent = declare(api, claims, cloud.instances(2))
    made = scheduled(api, claims, intent)
    for _ in range(2):
        event_steps.cancel(IntendedEvents(api, claims, intent), made.event_ids.values())

    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_withdraw_cancels_matching_events_only(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    scheduled(api, claims, intent)
    other_second = api.create(REBOOT, intent.not_before + timedelta(seconds=1), instances)
    other_type = api.create(EventType.SYSTEM_FAILURE_STOP, intent.not_before, instances)
    intent_steps.withdraw(IntendedEvents(api, claims, intent))

    assert ids(cloud.open_events()) == sorted([*other_second, *other_type])


def test_events_cancelled_before_their_time_are_left_out(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    intent = declare(api, claims, [first, second])
    made = scheduled(api, claims, intent)
    cloud.cancel(REGION, made.event_ids[first])

    assert event_steps.observe(IntendedEvents(api, claims, intent), made) == Observation(
        {second: made.event_ids[second]}, {second: "Scheduled"}
    )
    cloud.cancel(REGION, made.event_ids[second])
    assert event_steps.observe(IntendedEvents(api, claims, intent), made) is None


def test_cancelled_events_stay_cancelled_after_their_time(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    intent = declare(api, claims, [first, second])
    made = scheduled(api, claims, intent)
    cloud.cancel(REGION, made.event_ids[first])
    cloud.post("clock", advance="2h")
    seen = event_steps.observe(IntendedEvents(api, claims, intent), made)

    assert seen == Observation(made.event_ids, {first: "Canceled", second: "Executed"})


def test_events_are_expired_after_thirty_days(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    made = scheduled(api, claims, intent)
    cloud.post("clock", advance="31d")

    assert event_steps.observe(IntendedEvents(api, claims, intent), made) == Observation(
        made.event_ids, dict.fromkeys(instances, EXPIRED)
    )


def test_events_that_cannot_be_found_are_an_error_with_account_and_region(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(1)
    intent = declare(api, claims, instances)
    lost = Observation({instances[0]: "e-lost"}, {instances[0]: "Scheduled"})
    with pytest.raises(CloudError, match=f"in {REGION} of account {intent.account_id}: e-lost on"):
        event_steps.observe(IntendedEvents(api, claims, intent), lost)


def test_an_event_of_a_deleted_instance_is_expired(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    (present,) = cloud.instances(1)
    intent = declare(api, claims, [present])
    made = scheduled(api, claims, intent)
    with_gone = Observation(
        made.event_ids | {"i-gone": "e-gone"}, made.statuses | {"i-gone": "Scheduled"}
    )

    assert event_steps.observe(IntendedEvents(api, claims, intent), with_gone) == Observation(
        with_gone.event_ids, made.statuses | {"i-gone": EXPIRED}
    )


@pytest.mark.parametrize("status", ["Avoided", "Failed", "Inquiring", "Executing"])
def test_the_status_from_the_cloud_is_kept(
    api: SystemEvents, claims: Claims, cloud: Cloud, status: str
) -> None:
    instances = cloud.instances(1)
    intent = declare(api, claims, instances)
    (event,) = cloud.post(
        "events",
        instance_ids=instances,
        event_type=REBOOT,
        not_before=format_time(intent.not_before),
        status=status,
        simulated=True,
    )
    event_ids = {instances[0]: event["event_id"]}
    seen = event_steps.observe(
        IntendedEvents(api, claims, intent), Observation(event_ids, {instances[0]: "Scheduled"})
    )

    assert seen == Observation(event_ids, {instances[0]: status})


def test_events_of_thirty_days_ago_are_deleted_in_few_calls(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    intent = declare(api, claims, cloud.instances(100))
    made = scheduled(api, claims, intent)
    cloud.post("clock", advance="31d")
    before = len(cloud.get("calls"))
    event_steps.cancel(IntendedEvents(api, claims, intent), made.event_ids.values())

    assert len(cloud.get("calls")) - before < 5
    assert waiting.seconds == 0


def test_only_one_of_several_parallel_intents_for_one_event_succeeds(
    connect: Connect, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(3)

    def attempt(number: int) -> bool:
        api = connect()
        try:
            intent = declare(api, claims, instances, f"sse-{number}", "2099-01-01T00:00:00Z")
            scheduled(api, claims, intent)
        except Taken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))

    assert sorted(outcomes) == [False, False, False, True]
    assert len(cloud.get("events")) == 3


@pytest.mark.parametrize("moment", ["schedule", "observe", "cancel", "withdraw"])
def test_the_wrong_account_changes_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud, moment: str
) -> None:
    intent = declare(api, claims, cloud.instances(1))
    made = scheduled(api, claims, intent)
    cloud.post("account", id="2")
    moments: dict[str, Callable[[], object]] = {
        "schedule": lambda: event_steps.create(IntendedEvents(api, claims, intent)),
        "observe": lambda: event_steps.observe(IntendedEvents(api, claims, intent), made),
        "cancel": lambda: event_steps.cancel(
            IntendedEvents(api, claims, intent), made.event_ids.values()
        ),
        "withdraw": lambda: intent_steps.withdraw(IntendedEvents(api, claims, intent)),
    }
    with pytest.raises(WrongAccount):
        moments[moment]()

    assert ids(cloud.open_events()) == sorted(made.event_ids.values())


def test_a_real_event_is_not_cancelled(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    instances = cloud.instances(1)
    intent = declare(api, claims, instances)
    real = cloud.post(
        "events",
        instance_ids=instances,
        event_type=REBOOT,
        not_before=format_time(intent.not_before),
    )[0]["event_id"]
    event_steps.cancel(IntendedEvents(api, claims, intent), [real])
    intent_steps.withdraw(IntendedEvents(api, claims, intent))

    assert ids(cloud.open_events()) == [real]


def test_after_an_unreadable_look_the_created_events_are_named(
    cloud: Cloud, waiting: Waiting
) -> None:
    """From the first Create on the cloud answers every look with an event without an id."""

    class Forgetful(Sdk):
        def _send(self, request: Any) -> tuple[int, Mapping[str, str], bytes]:
            status, headers, body = super()._send(request)
            if request.get_action_name().startswith("DescribeInstanceHistory"):
                body = body.replace(b'"EventId"', b'"Id"')
            return status, headers, body

    settings = Settings(REGION, cloud.url)
    sdk = Forgetful(settings, find_credentials(settings, {}, lambda: None))
    patience = Patience(sleep=waiting.sleep, clock=waiting.clock)
    with SystemEvents(sdk, settings, patience) as api:
        intent = declare(api, Claims(), cloud.instances(2))
        with pytest.raises(LeftOpen) as caught:
            scheduled(api, Claims(), intent)

    assert cloud.statuses() == ["Canceled", "Canceled"]
    assert "EventId is missing" in str(caught.value)
    assert [
        e["event_id"] for e in cloud.get("events") if e["event_id"] not in str(caught.value)
    ] == []


def test_events_that_executed_before_the_clean_up_are_not_called_cancelled(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    intent = declare(api, claims, instances)
    events = IntendedEvents(api, claims, intent)
    made = event_steps.create(events)
    first, second = (made[id].event_id for id in instances)
    cloud.cancel(REGION, first)
    cloud.post("clock", advance="2h")
    error = take_back(events, made, CloudError("It was interrupted."))

    assert str(error) == (
        "Nothing is scheduled; of the 2 events that had been created 1 are cancelled and 1 had "
        f"finished: {second} is Executed. It was interrupted."
    )
