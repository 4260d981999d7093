"""What notices say of changes. Source: the page "Instance event notification" of ECS."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from simevents.fake.delivery.notice import Notice
from simevents.fake.delivery.notices import notices
from simevents.fake.state.access_keys import AccessKeys
from simevents.fake.state.clock import Clock
from simevents.fake.state.cloud import Cloud
from simevents.fake.state.event_table import EventRow
from simevents.fake.state.lifecycle import FINAL, start_status
from simevents.fake.state.occurrences import Interruption, Occurrence, StateChange
from simevents.fake.state.store import Resource, Store
from simevents.models import EventCycleStatus

NOW = 1_767_323_045.0  # 2026-01-02T03:04:05Z
DUE = 1_767_326_400.0  # 2026-01-02T04:00:00Z
HEAD = {"eventId": "e-1", "instanceId": "i-1", "publishTime": "2026-01-02T03:04:05Z"}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """Its instance i-1 has the name web-1; the clock stands still."""
    store = Store(None)
    keys = AccessKeys({"testid": "testsecret"}, store)
    clock = Clock(lambda: NOW)
    clock.run_at(0)
    yield Cloud(store, clock, random.Random(0), keys, lambda: NOW)
    store.close()


@pytest.fixture
def told(cloud: Cloud) -> list[Notice]:
    """The notices of what happens."""
    made: list[Notice] = []

    def listen(occurrences: Any) -> None:
        made.extend(notices(cloud, occurrences))

    cloud.listen(listen)
    cloud.store.put(Resource("instance", "i-1", "cn-hangzhou", NOW, {"InstanceName": "web-1"}))
    return made


def publish(cloud: Cloud, event_type: str, status: str | None = None) -> None:
    begins = EventCycleStatus(status) if status else start_status(event_type)
    event = EventRow(
        event_id="e-1",
        region="cn-hangzhou",
        instance_id="i-1",
        event_type=event_type,
        status=begins,
        published_at=NOW,
        not_before=DUE,
        finished_at=NOW if begins in FINAL else None,
        simulated=True,
        reason="",
    )
    cloud.store.events.add([event], cloud.switches.executing_seconds)


def contents(told: list[Notice]) -> list[dict[str, Any]]:
    return [dict(notice.content) for notice in told]


def test_a_notice_of_a_published_event(cloud: Cloud, told: list[Notice]) -> None:
    publish(cloud, "SystemMaintenance.Reboot")
    (notice,) = told

    assert notice == Notice(
        id=notice.id,
        at=NOW,
        region="cn-hangzhou",
        account_id="1000000000000001",
        instance_id="i-1",
        instance_name="web-1",
        event_id="e-1",
        name="Instance:SystemMaintenance.Reboot:Scheduled",
        level="CRITICAL",
        event_class="Maintenance",
        title="实例计划重启通知（系统维护）",
        bus_type="ecs:Instance:SystemMaintenance.Reboot",
        status="Scheduled",
        content=HEAD
        | {
            "eventType": "SystemMaintenance.Reboot",
            "eventStatus": "Scheduled",
            "notBefore": "2026-01-02T04:00:00Z",
        },
    )
    assert list(notice.content) == [
        *("eventId", "eventType", "eventStatus", "instanceId", "publishTime", "notBefore")
    ]


def test_the_life_of_a_maintenance_event(cloud: Cloud, told: list[Notice]) -> None:
    cloud.switches = cloud.switches.changed(executing_seconds=60)
    publish(cloud, "SystemMaintenance.Stop")
    cloud.clock.advance(7_200)
    cloud.settle()
    common = HEAD | {
        "eventType": "SystemMaintenance.Stop",
        "notBefore": "2026-01-02T04:00:00Z",
    }
    started = {"executeStartTime": "2026-01-02T04:00:00Z"}

    assert contents(told) == [
        common | {"eventStatus": "Scheduled"},
        common | {"eventStatus": "Executing"} | started,
        common
        | {"eventStatus": "Executed"}
        | started
        | {"executeFinishTime": "2026-01-02T04:01:00Z"},
    ]
    assert [notice.at for notice in told] == [NOW, DUE, DUE + 60]


def test_a_failure_has_no_planned_time_and_starts_when_it_is_published(
    cloud: Cloud, told: list[Notice]
) -> None:
    publish(cloud, "SystemFailure.Reboot")
    cloud.clock.advance(7_200)
    cloud.settle()
    common = HEAD | {
        "eventType": "SystemFailure.Reboot",
        "executeStartTime": "2026-01-02T03:04:05Z",
    }

    assert contents(told) == [
        common | {"eventStatus": "Executing"},
        common | {"eventStatus": "Executed", "executeFinishTime": "2026-01-02T04:00:00Z"},
    ]


@pytest.mark.parametrize("status", ["Avoided", "Canceled"])
def test_an_event_that_never_ran_starts_and_ends_when_it_is_given_up(
    cloud: Cloud, told: list[Notice], status: str
) -> None:
    publish(cloud, "SystemMaintenance.Reboot")
    cloud.clock.advance(60)
    cloud.store.events.move(["e-1"], EventCycleStatus(status), cloud.now())

    assert contents(told)[1] == HEAD | {
        "eventType": "SystemMaintenance.Reboot",
        "eventStatus": status,
        "notBefore": "2026-01-02T04:00:00Z",
        "executeStartTime": "2026-01-02T03:05:05Z",
        "executeFinishTime": "2026-01-02T03:05:05Z",
    }


def test_a_cancelled_event_that_ran_keeps_its_start(cloud: Cloud, told: list[Notice]) -> None:
    publish(cloud, "SystemFailure.Redeploy")
    cloud.clock.advance(60)
    cloud.store.events.move(["e-1"], EventCycleStatus.CANCELED, cloud.now())
    (_, content) = contents(told)

    assert content["executeStartTime"] == "2026-01-02T03:04:05Z"
    assert content["executeFinishTime"] == "2026-01-02T03:05:05Z"


def test_an_event_that_is_asked_about_has_no_time(cloud: Cloud, told: list[Notice]) -> None:
    publish(cloud, "SystemMaintenance.Redeploy", "Inquiring")

    assert contents(told) == [
        HEAD | {"eventType": "SystemMaintenance.Redeploy", "eventStatus": "Inquiring"}
    ]


def test_a_cancelled_failure_has_a_name_only_if_it_is_invented(
    cloud: Cloud, told: list[Notice]
) -> None:
    publish(cloud, "SystemFailure.Stop")
    cloud.store.events.move(["e-1"], EventCycleStatus.CANCELED, NOW)
    cloud.switches = cloud.switches.changed(canceled_failure_event="invented")
    cloud.store.events.move(["e-1"], EventCycleStatus.CANCELED, NOW)

    assert [(notice.name, notice.bus_type, notice.status) for notice in told] == [
        *[
            (
                "Instance:SystemFailure.Stop:Executing",
                "ecs:Instance:SystemFailure.Stop",
                "Executing",
            )
        ],
        ("", "ecs:Instance:SystemFailure.Stop", "Canceled"),
        ("Instance:SystemFailure.Stop:Canceled", "ecs:Instance:SystemFailure.Stop", "Canceled"),
    ]


def test_a_state_and_an_interruption(cloud: Cloud, told: list[Notice]) -> None:
    cloud.happened([StateChange("i-1", "cn-hangzhou", "Running", NOW)])
    cloud.happened([Interruption("i-1", "cn-hangzhou", NOW)])

    assert [
        (notice.name, notice.level, notice.event_class, notice.status, notice.event_id)
        for notice in told
    ] == [
        ("Instance:StateChange", "INFO", "StatusNotification", "Running", ""),
        (
            "Instance:PreemptibleInstanceInterruption",
            *("WARN", "StatusNotification", "Normal", ""),
        ),
    ]
    assert contents(told) == [
        {"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"},
        {"instanceId": "i-1", "action": "delete"},
    ]


def test_each_change_has_its_own_id_and_the_same_one_when_it_is_read_again(
    cloud: Cloud, told: list[Notice]
) -> None:
    seen: list[Occurrence] = []
    cloud.listen(seen.extend)
    cloud.happened([StateChange("i-1", "cn-hangzhou", state, NOW) for state in ("A", "B", "A")])
    publish(cloud, "SystemMaintenance.Reboot")
    cloud.clock.advance(7_200)
    cloud.settle()
    first = [notice.id for notice in notices(cloud, seen)]
    stored = cloud.store.occurrences.between(0, cloud.now())

    assert len(set(first)) == len(first) == 6
    assert all(id == id.lower() and len(id) == 36 for id in first)
    assert first[2::-1] == [notice.id for notice in notices(cloud, stored)]


def test_an_instance_that_is_gone_has_no_name(cloud: Cloud, told: list[Notice]) -> None:
    cloud.happened([StateChange("i-gone", "cn-hangzhou", "Deleted", NOW)])

    assert [notice.instance_name for notice in told] == [""]
