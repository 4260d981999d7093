"""Our API client, against the fake."""

from datetime import datetime, timedelta

import pytest

from simevents.api.client import EVENT_REAL, EVENT_UNKNOWN, CancelResult, SystemEvents
from simevents.errors import Refused
from simevents.models import EventCycleStatus, EventType, format_time
from tests.conftest import REGION, Cloud, Waiting

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT


def later(api: SystemEvents, **span: float) -> datetime:
    return api.now() + timedelta(**(span or {"hours": 1}))


def inject_real(cloud: Cloud, instance_id: str) -> str:
    made = cloud.post(
        "events",
        instance_ids=[instance_id],
        event_type=REBOOT,
        not_before="2099-01-01T00:00:00Z",
    )
    return str(made[0]["event_id"])


def test_events_are_created_described_and_cancelled(api: SystemEvents, cloud: Cloud) -> None:
    instances = cloud.instances(3)
    moment = later(api)
    made = api.create(REBOOT, moment, instances)
    found = api.describe(made)

    assert sorted(event.instance_id for event in found) == instances
    assert {event.not_before for event in found} == {moment}
    assert api.cancel(made) == CancelResult()
    assert {event.event_cycle_status for event in api.describe(made)} == {EventCycleStatus.CANCELED}


def test_all_pages_of_events_are_read(api: SystemEvents, cloud: Cloud) -> None:
    instances = cloud.instances(250)
    moment = later(api)
    made = [
        id for n in range(0, 250, 100) for id in api.create(REBOOT, moment, instances[n : n + 100])
    ]

    assert {event.event_id for event in api.find_all()} == set(made)
    assert {event.event_id for event in api.describe(made)} == set(made)
    assert {event.event_id for event in api.find(instances, moment)} == set(made)
    assert api.cancel(made) == CancelResult()
    assert cloud.open_events() == []


def test_find_distinguishes_seconds(api: SystemEvents, cloud: Cloud) -> None:
    instances = cloud.instances(1)
    moment = later(api)
    for seconds in (-1, 0, 1):
        api.create(REBOOT, moment + timedelta(seconds=seconds), instances)

    assert [event.not_before for event in api.find(instances, moment)] == [moment]


def test_empty_lists_send_no_request(api: SystemEvents, cloud: Cloud) -> None:
    assert (api.describe([]), api.find([]), api.existing([])) == ([], [], set())
    assert api.cancel([]) == CancelResult()
    assert cloud.get("calls") == []


def test_existing_returns_the_instances_that_exist(api: SystemEvents, cloud: Cloud) -> None:
    instances = cloud.instances(150)

    assert api.existing([*instances, "i-nobody"]) == set(instances)


@pytest.mark.parametrize("count", [2, 7, 130])
def test_an_unknown_id_does_not_stop_the_cancel_of_the_others(
    api: SystemEvents, cloud: Cloud, count: int
) -> None:
    moment = later(api)
    made = [
        id
        for n in range(0, count, 100)
        for id in api.create(REBOOT, moment, cloud.instances(min(100, count - n)))
    ]
    made.insert(count // 2, "e-unknown")

    assert api.cancel(made) == CancelResult(unknown=["e-unknown"])
    assert cloud.open_events() == []


def test_cancel_with_a_real_and_a_finished_event(api: SystemEvents, cloud: Cloud) -> None:
    first, second, third = cloud.instances(3)
    made = api.create(REBOOT, later(api), [first, second])
    cloud.cancel(REGION, made[0])
    real = inject_real(cloud, third)

    assert api.cancel([*made, real]) == CancelResult(real=[real])
    assert [event["event_id"] for event in cloud.open_events()] == [real]


def test_a_finished_event_counts_as_cancelled(api: SystemEvents, cloud: Cloud) -> None:
    made = api.create(REBOOT, later(api), cloud.instances(1))
    cloud.cancel(REGION, made[0])

    assert api.cancel(made) == CancelResult()


def test_a_final_refusal_is_raised_at_once(
    api: SystemEvents, cloud: Cloud, waiting: Waiting
) -> None:
    cloud.post("faults", action="CancelSimulatedSystemEvents", error="Forbidden.RAM")
    with pytest.raises(Refused) as caught:
        api.cancel(["e-any"])

    assert caught.value.code == "Forbidden.RAM"
    assert waiting.seconds == 0


def test_now_is_the_clouds_clock(api: SystemEvents, cloud: Cloud) -> None:
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    cloud.post("clock", freeze=True)

    assert format_time(api.now()) == "2018-08-20T08:00:00Z"


def test_what_is_renewed_or_bounded_has_the_same_settings(api: SystemEvents) -> None:
    bounded, renewed = api.within(5), api.renewed()

    assert (bounded.settings, renewed.settings) == (api.settings, api.settings)
    assert bounded.patience.budget_seconds == 5
    assert renewed.patience.budget_seconds == api.patience.budget_seconds


def test_a_refused_cancel_of_one_event_says_what_the_cloud_said(
    api: SystemEvents, cloud: Cloud
) -> None:
    made = api.create(REBOOT, later(api), cloud.instances(1))
    outcome = CancelResult(unknown=["e-earlier"])
    api._cancel_rest(made, EVENT_UNKNOWN, outcome)
    api._cancel_rest(["e-absent"], EVENT_UNKNOWN, outcome)
    api._cancel_rest(made, EVENT_REAL, outcome)

    assert outcome == CancelResult(unknown=["e-earlier", *made, "e-absent"], real=made)


def test_the_history_is_asked_for_instances_page_by_page(api: SystemEvents, cloud: Cloud) -> None:
    instances = cloud.instances(100)
    moment = later(api)
    made = [id for _ in range(2) for id in api.create(REBOOT, moment, instances)]
    found = [event.event_id for event in api.find_all()]
    asked = [
        call["parameters"]
        for call in cloud.get("calls")
        if call["action"] == "DescribeInstanceHistoryEvents"
    ]

    assert sorted(found) == sorted(made)
    assert [(each["ResourceType"], each["PageNumber"]) for each in asked] == [
        ("instance", "1"),
        ("instance", "2"),
    ]


def test_events_since_a_time_are_those_that_were_published_then_or_later(
    api: SystemEvents, cloud: Cloud
) -> None:
    cloud.post("clock", freeze=True)
    instances = cloud.instances(1)
    api.create(REBOOT, later(api), instances)
    cloud.post("clock", advance="10m")
    api.existing(instances)
    since = api.now()
    made = api.create(REBOOT, later(api), instances)

    assert [event.event_id for event in api.find_all(since)] == made
    assert len(api.find_all(since - timedelta(minutes=10))) == 2


def test_an_event_has_a_finish_time_when_it_has_finished(api: SystemEvents, cloud: Cloud) -> None:
    cloud.post("clock", freeze=True)
    cloud.post("switches", open_event_finish_time="empty")
    instances = cloud.instances(1)
    made = api.create(REBOOT, later(api), instances)
    before = [event.finish_time for event in api.describe(made)]
    cloud.post("clock", advance="2h")
    (after,) = api.describe(made)

    assert (before, after.finish_time) == ([None], after.not_before)


def test_names_of_instances(api: SystemEvents, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)

    assert api.instance_names([instance, "i-nobody"]) == {instance: instance}
    assert api.instance_names([]) == {}
