"""The documented behaviour of the system-event actions, through the vendor's SDKs.

The same tests run on the fake, on cassettes and on a live account (``--ecs-target``), so they
use only what the API has. Source: the API pages of the four actions.
"""

from collections.abc import Callable
from typing import Any

import pytest

from simevents.models import EventCycleStatus, EventType, parse_time
from simevents.testing.live.targets import Target
from tests.contract.clients import VendorClient, code_of

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"
HISTORY = "DescribeInstanceHistoryEvents"
ALL = [status.value for status in EventCycleStatus]
FINAL = {"Executed", "Avoided", "Canceled", "Failed"}


def create(
    sdk: VendorClient, instances: list[str], not_before: str, type: str = "SystemMaintenance.Reboot"
) -> list[str]:
    answer = sdk.call(CREATE, EventType=type, NotBefore=not_before, InstanceId=instances)
    ids = answer["EventIdSet"]["EventId"]
    assert isinstance(ids, list)
    return ids


def entries(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("event_type", EventType)
def test_each_type_starts_as_documented(
    sdk: VendorClient, ecs: Target, at: Callable[..., str], event_type: EventType
) -> None:
    not_before = at(hours=1)
    (event_id,) = create(sdk, ecs.instances(1), not_before, event_type)
    (entry,) = entries(sdk.call(HISTORY, EventId=[event_id], InstanceEventCycleStatus=ALL))
    maintenance = event_type.startswith("SystemMaintenance")

    assert event_id.startswith("e-")
    assert len(event_id) == 22
    assert entry["EventCycleStatus"]["Name"] == ("Scheduled" if maintenance else "Executing")
    assert entry["EventType"]["Name"] == event_type
    assert entry["NotBefore"] == not_before
    assert "EventFinishTime" not in entry
    parse_time(entry["EventPublishTime"])


def test_history_without_a_status_shows_finished_events_only(
    sdk: VendorClient, ecs: Target, at: Callable[..., str]
) -> None:
    first, second = create(sdk, ecs.instances(2), at(hours=1))
    sdk.call(CANCEL, EventId=[first])

    (entry,) = entries(sdk.call(HISTORY, EventId=[first, second]))
    assert entry["EventId"] == first
    assert entry["EventCycleStatus"]["Name"] in FINAL
    assert "EventFinishTime" in entry


def test_full_status_shows_what_is_scheduled_by_instance(
    sdk: VendorClient, ecs: Target, at: Callable[..., str]
) -> None:
    instances = ecs.instances(2)
    (event_id,) = create(sdk, instances[:1], at(hours=1))
    shown = {
        entry["InstanceId"]: [
            event["EventId"]
            for event in entry["ScheduledSystemEventSet"]["ScheduledSystemEventType"]
        ]
        for entry in full_status(sdk, instances)
    }

    assert shown == {instances[0]: [event_id], instances[1]: []}


def full_status(sdk: VendorClient, instances: list[str]) -> list[dict[str, Any]]:
    answer = sdk.call("DescribeInstancesFullStatus", InstanceId=instances)
    found = answer["InstanceFullStatusSet"]["InstanceFullStatusType"]
    assert isinstance(found, list)
    return found


def test_ranges_of_time_and_filters_by_resource(
    sdk: VendorClient, ecs: Target, at: Callable[..., str]
) -> None:
    first, second = ecs.instances(2)
    early, late = at(hours=1), at(hours=3)
    made = create(sdk, [first, second], early) + create(sdk, [first], late)

    def count(**filters: Any) -> int:
        found = sdk.call(HISTORY, EventId=made, InstanceEventCycleStatus=ALL, **filters)
        return len(entries(found))

    assert count() == 3
    assert count(ResourceId=[first]) == 2
    assert count(InstanceId=second) == 1
    assert count(**{"NotBefore.Start": late, "NotBefore.End": late}) == 1
    assert count(**{"NotBefore.End": early}) == 2
    assert count(InstanceEventType=["SystemFailure.Reboot"]) == 0
    assert count(**{"EventPublishTime.Start": at(hours=1)}) == 0


def test_pages_by_number_and_by_token(
    sdk: VendorClient, ecs: Target, at: Callable[..., str]
) -> None:
    instances = ecs.instances(5)
    made = [id for hours in range(1, 6) for id in create(sdk, instances, at(hours=hours))]
    page = sdk.call(HISTORY, EventId=made, InstanceEventCycleStatus=ALL, PageNumber=3)
    seen: list[str] = []
    token = ""
    while True:
        answer = sdk.call(
            HISTORY,
            EventId=made,
            InstanceEventCycleStatus=ALL,
            MaxResults=10,
            **({"NextToken": token} if token else {}),
        )
        seen += [entry["EventId"] for entry in entries(answer)]
        token = answer.get("NextToken", "")
        if not token:
            break

    assert (len(entries(page)), page["TotalCount"], page["PageSize"]) == (5, 25, 10)
    assert sorted(seen) == sorted(made)


def test_an_unknown_id_is_no_error_when_describing(sdk: VendorClient) -> None:
    assert entries(sdk.call(HISTORY, EventId=["e-unknown"], InstanceEventCycleStatus=ALL)) == []


def test_the_errors_of_create(sdk: VendorClient, ecs: Target, at: Callable[..., str]) -> None:
    instances = ecs.instances()
    many = [*instances, *(f"i-nobody{n}" for n in range(100))]
    later = at(hours=1)

    assert code_of(lambda: sdk.call(CREATE, EventType="SystemFailure.Stop", NotBefore=later)) == (
        "MissingParameter",
        404,
    )
    assert code_of(lambda: sdk.call(CREATE, NotBefore=later, InstanceId=instances[:1])) == (
        "MissingParameter",
        404,
    )
    assert code_of(lambda: create(sdk, instances[:1], later, "SystemFailure.Delete")) == (
        "InvalidParameter",
        403,
    )
    assert code_of(lambda: create(sdk, instances[:1], "tomorrow")) == ("InvalidParameter", 403)
    assert code_of(lambda: create(sdk, instances[:1], at(seconds=0))) == (
        "InvalidNotBefore.Passed",
        403,
    )
    assert code_of(lambda: create(sdk, [instances[0], "i-nobody"], later)) == (
        "InvalidInstanceId.NotFound",
        404,
    )
    assert code_of(lambda: create(sdk, many, later)) == ("InstanceIdLimitExceeded", 403)
    open_statuses = ["Scheduled", "Executing"]
    left = sdk.call(HISTORY, ResourceId=instances, InstanceEventCycleStatus=open_statuses)
    assert entries(left) == []


def test_the_errors_of_cancel(sdk: VendorClient, ecs: Target, at: Callable[..., str]) -> None:
    instances = ecs.instances(1)
    (event_id,) = create(sdk, instances, at(hours=1))

    def cancel(*ids: str) -> tuple[str, int]:
        return code_of(lambda: sdk.call(CANCEL, EventId=list(ids)))

    assert cancel() == ("MissingParameter", 404)
    assert cancel("e-unknown") == ("InvalidEventId.NotFound", 403)
    assert cancel(event_id, "e-unknown") == ("InvalidEventId.NotFound", 403)
    assert cancel(*[f"e-{n}" for n in range(101)]) == ("EventIdLimitExceeded", 400)
    (entry,) = entries(sdk.call(HISTORY, EventId=[event_id], InstanceEventCycleStatus=ALL))
    assert entry["EventCycleStatus"]["Name"] == "Scheduled"


def test_the_errors_of_the_reads(sdk: VendorClient) -> None:
    many = [f"e-{n}" for n in range(101)]

    assert code_of(lambda: sdk.call(HISTORY, EventId=many)) == ("EventIdLimitExceeded", 403)
    assert code_of(
        lambda: sdk.call(
            HISTORY,
            **{"NotBefore.Start": "2026-01-02T00:00:00Z", "NotBefore.End": "2026-01-01T00:00:00Z"},
        )
    ) == ("InvalidParameter.TimeEndBeforeStart", 403)
    assert code_of(lambda: sdk.call(HISTORY, InstanceEventCycleStatus=["Done"])) == (
        "InvalidParameter",
        403,
    )


def test_another_region_has_other_events(
    sdk: VendorClient,
    connect: Callable[..., VendorClient],
    ecs: Target,
    at: Callable[..., str],
) -> None:
    made = create(sdk, ecs.instances(1), at(hours=1))
    elsewhere = connect("cn-shanghai")
    answer = elsewhere.call(HISTORY, EventId=made, InstanceEventCycleStatus=ALL)
    assert entries(answer) == []


def test_a_restart_avoids_a_planned_one_and_nothing_else(
    sdk: VendorClient, ecs: Target, at: Callable[..., str]
) -> None:
    instances = ecs.instances()
    types = ("SystemMaintenance.Reboot", "SystemMaintenance.Stop", "SystemFailure.Reboot")
    made = [id for type in types for id in create(sdk, instances, at(hours=1), type)]
    sdk.call("RebootInstance", InstanceId=instances[0])
    found = entries(sdk.call(HISTORY, EventId=made, InstanceEventCycleStatus=ALL))

    assert {entry["EventType"]["Name"]: entry["EventCycleStatus"]["Name"] for entry in found} == {
        "SystemMaintenance.Reboot": "Avoided",
        "SystemMaintenance.Stop": "Scheduled",
        "SystemFailure.Reboot": "Executing",
    }
