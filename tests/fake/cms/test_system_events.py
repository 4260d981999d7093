"""What CloudMonitor's reads tell of what has happened.

Sources: the API pages of DescribeSystemEventAttribute, DescribeSystemEventCount and
DescribeSystemEventMetaList; the ECS guide for preemptible instances, which has a real answer.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.contract.clients import code_of
from tests.fake.cms.clients import Cms
from tests.fake.requests import call

NOW_MS = 1_767_323_045_000  # 2026-01-02T03:04:05Z
REBOOT = "Instance:SystemMaintenance.Reboot"
FAILURE = "Instance:SystemFailure.Stop"
STATE = "Instance:StateChange"


@pytest.fixture
def happened(cloud: Cloud) -> tuple[str, str]:
    """Of two instances, one has a reboot that was executed, the other stops and has failed.

    All of it on 2026-01-02: at 03:04:05 and, for the execution, at 04:00:00; it is 05:04:05.
    """
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    first, second = cloud.instances(2)
    for instance, type in ((first, "SystemMaintenance.Reboot"), (second, "SystemFailure.Stop")):
        sent = {"EventType": type, "NotBefore": "2026-01-02T04:00:00Z", "InstanceId.1": instance}
        answer = call(cloud, "CreateSimulatedSystemEvents", **sent)
        assert "EventIdSet" in answer
    assert "Code" not in call(cloud, "StopInstance", InstanceId=second)
    cloud.post("clock", advance="2h")
    return first, second


def found(cms: Cms, **filters: Any) -> list[str]:
    answer = cms.call("DescribeSystemEventAttribute", **filters)
    return [entry["Name"] for entry in answer["SystemEvents"]["SystemEvent"]]


EVERYTHING = [
    *(f"{REBOOT}:Executed", f"{FAILURE}:Executed", f"{REBOOT}:Executing"),
    *(f"{FAILURE}:Executing", f"{REBOOT}:Scheduled"),
    *[STATE] * 6,
]
"""Newest first; at the same time, events come before states."""


def test_an_entry_has_the_members_of_the_vendors_answer(
    cms: Cms, cloud: Cloud, happened: tuple[str, str]
) -> None:
    answer = cms.call("DescribeSystemEventAttribute", Name=f"{REBOOT}:Scheduled")
    (entry,) = answer["SystemEvents"]["SystemEvent"]
    (event,) = [
        each["event_id"] for each in cloud.get("events") if each["instance_id"] == happened[0]
    ]

    assert (answer["Code"], answer["Message"], answer["Success"]) == ("200", "success", "true")
    assert json.loads(entry.pop("Content")) == {
        "eventId": event,
        "eventType": "SystemMaintenance.Reboot",
        "eventStatus": "Scheduled",
        "instanceId": happened[0],
        "publishTime": "2026-01-02T03:04:05Z",
        "notBefore": "2026-01-02T04:00:00Z",
    }
    assert entry == {
        "Product": "ECS",
        "Name": f"{REBOOT}:Scheduled",
        "Level": "CRITICAL",
        "Status": "Normal",
        "Time": NOW_MS,
        "RegionId": "cn-hangzhou",
        "GroupId": "0",
        "InstanceName": happened[0],
        "Id": entry["Id"],
        "ResourceId": f"acs:ecs:cn-hangzhou:1000000000000001:instance/{happened[0]}",
    }


def test_everything_is_told_newest_first(cms: Cms, happened: tuple[str, str]) -> None:
    assert found(cms, PageSize=100) == EVERYTHING


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"Product": "ecs", "PageSize": 100}, EVERYTHING),
        ({"Product": "oss"}, []),
        (
            {"EventType": "Maintenance"},
            [f"{REBOOT}:{status}" for status in ("Executed", "Executing", "Scheduled")],
        ),
        ({"EventType": "Exception"}, [f"{FAILURE}:Executed", f"{FAILURE}:Executing"]),
        ({"Level": "INFO"}, [STATE] * 6),
        ({"Level": "Info"}, [STATE] * 6),
        ({"Status": "normal", "PageSize": 100}, EVERYTHING),
        ({"Status": "Executed"}, [f"{REBOOT}:Executed", f"{FAILURE}:Executed"]),
        ({"Name": STATE}, [STATE] * 6),
        ({"Name": "Instance:State"}, []),
        ({"GroupId": "7301"}, []),
        ({"SearchKeywords": "Executed and SystemFailure.Stop"}, [f"{FAILURE}:Executed"]),
        ({"SearchKeywords": "Stopped or Stopping"}, [STATE, STATE]),
        # The second from three o'clock, in milliseconds and in seconds.
        ({"StartTime": NOW_MS + 1}, EVERYTHING[:3]),
        ({"StartTime": NOW_MS // 1000 + 1}, EVERYTHING[:3]),
        ({"StartTime": NOW_MS, "EndTime": NOW_MS, "Level": "CRITICAL"}, EVERYTHING[3:5]),
        ({"EndTime": NOW_MS - 1}, []),
    ],
)
def test_filters(
    cms: Cms, happened: tuple[str, str], filters: dict[str, Any], expected: list[str]
) -> None:
    assert found(cms, **filters) == expected


def test_pages(cms: Cms, happened: tuple[str, str]) -> None:
    pages = [found(cms, PageNumber=number, PageSize=4) for number in (1, 2, 3, 4)]

    assert pages == [EVERYTHING[:4], EVERYTHING[4:8], EVERYTHING[8:], []]
    assert found(cms) == EVERYTHING[:10]


def test_the_states_of_an_instance_are_told(cms: Cms, happened: tuple[str, str]) -> None:
    answer = cms.call("DescribeSystemEventAttribute", Name=STATE, SearchKeywords=happened[1])
    contents = [json.loads(entry["Content"]) for entry in answer["SystemEvents"]["SystemEvent"]]

    assert contents == [
        {"resourceId": happened[1], "resourceType": "ALIYUN::ECS::Instance", "state": state}
        for state in ("Stopped", "Stopping", "Running", "Created")
    ]


def test_the_id_is_that_of_the_delivered_message(
    cms: Cms, cloud: Cloud, put_rule: Callable[..., None]
) -> None:
    put_rule(MnsParameters=[{"Id": "1", "Queue": "q1"}])
    (instance,) = cloud.instances(1)
    call(cloud, "StopInstance", InstanceId=instance)
    sent = {"EventType": "SystemFailure.Stop", "NotBefore": "2099-01-01T00:00:00Z"}
    call(cloud, "CreateSimulatedSystemEvents", **sent, **{"InstanceId.1": instance})
    delivered = [
        json.loads(cloud.get(f"deliveries/{each['delivery_id']}")["body"])["id"]
        for each in cloud.get("deliveries")
    ]
    told = cms.call("DescribeSystemEventAttribute")["SystemEvents"]["SystemEvent"]

    assert len(delivered) == 5
    assert sorted(delivered) == sorted(entry["Id"] for entry in told)


def test_events_are_counted_by_name_and_resource(cms: Cms, happened: tuple[str, str]) -> None:
    answer = cms.call("DescribeSystemEventCount")
    counts = answer["SystemEventCounts"]["SystemEventCount"]

    assert (answer["Code"], answer["Success"]) == ("200", "true")
    assert sorted((each["Name"], each["Num"]) for each in counts) == [
        (STATE, 2),
        (STATE, 4),
        (f"{FAILURE}:Executed", 1),
        (f"{FAILURE}:Executing", 1),
        (f"{REBOOT}:Executed", 1),
        (f"{REBOOT}:Executing", 1),
        (f"{REBOOT}:Scheduled", 1),
    ]
    assert {each["Time"] for each in counts if each["Name"] == STATE} == {NOW_MS}


def test_counts_have_filters(cms: Cms, happened: tuple[str, str]) -> None:
    answer = cms.call("DescribeSystemEventCount", Name=STATE, SearchKeywords=happened[1])

    assert [each["Num"] for each in answer["SystemEventCounts"]["SystemEventCount"]] == [4]


@pytest.mark.parametrize(
    "bad",
    [
        {"StartTime": "yesterday"},
        {"EndTime": "-1"},
        {"SearchKeywords": "a and"},
        {"PageSize": 101},
        {"PageNumber": 0},
    ],
)
def test_a_bad_filter_is_refused(cms: Cms, bad: dict[str, Any]) -> None:
    assert code_of(lambda: cms.call("DescribeSystemEventAttribute", **bad)) == (
        "ParameterInvalid",
        400,
    )


def test_the_list_of_events(cms: Cms) -> None:
    answer = cms.call("DescribeSystemEventMetaList")
    by_name = {each["Name"]: each for each in answer["Data"]["Resource"]}

    assert (answer["Code"], answer["Success"]) == (200, True)
    assert by_name[f"{REBOOT}:Scheduled"] == {
        "Product": "ECS",
        "Name": f"{REBOOT}:Scheduled",
        "NameDesc": "实例计划重启通知（系统维护）",
        "NameDesc.En": f"{REBOOT}:Scheduled",
        "Status": "Scheduled",
        "StatusDesc": "Scheduled",
        "Level": "CRITICAL",
        "EventType": "Maintenance",
    }
    assert f"{FAILURE}:Canceled" not in by_name
