"""Which states of instances are told, and when. Source: the page "Instance event notification"."""

import json
from pathlib import Path
from typing import Any

import pytest

from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from tests.conftest import Cloud
from tests.fake.requests import call, instance_in_a_vpc

CMS = "2019-01-01"
STATE, INTERRUPTION = "Instance:StateChange", "Instance:PreemptibleInstanceInterruption"


@pytest.fixture
def instance(cloud: Cloud) -> str:
    """An instance of a cloud whose clock stands at 2026-01-02T03:04:05Z."""
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    (made,) = cloud.instances(1)
    return made


def told(cloud: Cloud, name: str = STATE) -> list[tuple[int, str]]:
    """Seconds since the beginning, and state; oldest first."""
    read = {"Name": name, "PageSize": "100"}
    answer = call(cloud, "DescribeSystemEventAttribute", CMS, **read)
    entries = answer["SystemEvents"]["SystemEvent"]
    return [
        (entry["Time"] // 1000 - 1_767_323_045, json.loads(entry["Content"])["state"])
        for entry in reversed(entries)
    ]


def carried_out(cloud: Cloud, action: str, **parameters: str) -> None:
    answer = call(cloud, action, **parameters)
    assert "Code" not in answer, answer


@pytest.mark.parametrize(
    ("before", "action", "states"),
    [
        ([], "StopInstance", ["Stopping", "Stopped"]),
        (["StopInstance"], "StartInstance", ["Starting", "Running"]),
        ([], "RebootInstance", ["Stopping", "Starting", "Running"]),
        (["StopInstance"], "DeleteInstance", ["Deleted"]),
    ],
)
def test_the_states_of_a_call(
    cloud: Cloud, instance: str, before: list[str], action: str, states: list[str]
) -> None:
    for earlier in before:
        carried_out(cloud, earlier, InstanceId=instance)
    known = len(told(cloud))
    carried_out(cloud, action, InstanceId=instance)

    assert told(cloud)[known:] == [(0, state) for state in states]


def test_a_new_instance_is_created_and_runs(cloud: Cloud, instance: str) -> None:
    assert told(cloud) == [(0, "Created"), (0, "Running")]


def test_instances_that_are_run_and_created_are_told(cloud: Cloud, instance: str) -> None:
    known = len(told(cloud))
    _, wanted = instance_in_a_vpc(cloud)
    carried_out(cloud, "CreateInstance", **wanted)

    assert [state for _, state in told(cloud)[known:]] == [
        *("Created", "Running"),
        *("Created", "Stopped"),
    ]


def test_the_plural_actions_tell_each_instance(cloud: Cloud, instance: str) -> None:
    (second,) = cloud.instances(1)
    known = len(told(cloud))
    ids = {"InstanceId.1": instance, "InstanceId.2": second}
    carried_out(cloud, "StopInstances", **ids)
    carried_out(cloud, "DeleteInstances", **ids)

    assert [state for _, state in told(cloud)[known:]] == [
        *("Stopping", "Stopped", "Stopping", "Stopped"),
        *("Deleted", "Deleted"),
    ]


def test_a_call_that_is_refused_tells_nothing(cloud: Cloud, instance: str) -> None:
    known = len(told(cloud))
    call(cloud, "StartInstance", InstanceId=instance)
    call(cloud, "StopInstance", InstanceId=instance, DryRun="true")
    call(cloud, "DeleteInstance", InstanceId=instance)

    assert told(cloud)[known:] == []


def test_a_transition_that_takes_time_is_told_when_it_ends(cloud: Cloud, instance: str) -> None:
    known = len(told(cloud))
    cloud.post("switches", instance_transition_seconds=60)
    carried_out(cloud, "StopInstance", InstanceId=instance)
    begun = told(cloud)[known:]
    cloud.post("clock", advance="59s")
    before = told(cloud)[known:]
    cloud.post("clock", advance="2h")
    carried_out(cloud, "StartInstance", InstanceId=instance)
    cloud.post("clock", advance="2h")

    assert begun == before == [(0, "Stopping")]
    assert told(cloud)[known:] == [
        (0, "Stopping"),
        (60, "Stopped"),
        (59 + 7200, "Starting"),
        (59 + 7200 + 60, "Running"),
    ]


def test_states_and_events_of_one_turn_of_the_clock_are_in_order(
    cloud: Cloud, instance: str
) -> None:
    rule = {"EventPattern.1.Product": "ECS", "RuleName": "r1"}
    call(cloud, "PutEventRule", CMS, **rule)
    target = {"MnsParameters.1.Id": "1", "MnsParameters.1.Queue": "q1"}
    call(cloud, "PutEventRuleTargets", CMS, RuleName="r1", **target)
    cloud.post("switches", instance_transition_seconds=3600)
    for due in ("2026-01-02T03:34:05Z", "2026-01-02T04:34:05Z"):
        sent = {"EventType": "SystemMaintenance.Stop", "InstanceId.1": instance}
        carried_out(cloud, "CreateSimulatedSystemEvents", NotBefore=due, **sent)
    carried_out(cloud, "StopInstance", InstanceId=instance)
    known = len(cloud.get("deliveries"))
    cloud.post("clock", advance="3h")
    stop = "Instance:SystemMaintenance.Stop"

    assert [each["name"] for each in cloud.get("deliveries")][known:] == [
        *(f"{stop}:Executing", f"{stop}:Executed"),
        STATE,
        *(f"{stop}:Executing", f"{stop}:Executed"),
    ]


def test_a_deleted_instance_does_not_end_its_transition(cloud: Cloud, instance: str) -> None:
    known = len(told(cloud))
    cloud.post("switches", instance_transition_seconds=60)
    carried_out(cloud, "StopInstance", InstanceId=instance)
    carried_out(cloud, "DeleteInstance", InstanceId=instance, Force="true")
    cloud.post("clock", advance="1h")

    assert told(cloud)[known:] == [(0, "Stopping"), (0, "Deleted")]


def test_what_was_told_and_what_is_to_come_survive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    switches = {"instance_transition_seconds": 60}

    def states(fake: FakeServer) -> list[str]:
        answer = call(Cloud(fake.url), "DescribeSystemEventAttribute", CMS, Name=STATE)
        contents = [json.loads(e["Content"]) for e in answer["SystemEvents"]["SystemEvent"]]
        return [content["state"] for content in reversed(contents)]

    with FakeServer(data=data, instance_ids=["i-1"], switches=switches) as fake:
        control = Control(fake.url, send=fake.control)
        control.post("clock", freeze=True)
        first = states(fake)
    with FakeServer(data=data) as fake:
        control = Control(fake.url, send=fake.control)
        control.post("clock", advance="1m")
        second = states(fake)

    assert (first, second) == (["Created"], ["Created", "Running"])


def interrupt(cloud: Cloud, instance: str) -> Any:
    return cloud.post(
        "events",
        instance_ids=[instance],
        event_type=INTERRUPTION,
        not_before="2026-01-02T03:09:05Z",
    )


def test_an_interruption_of_the_only_instance_is_in_the_metadata(
    cloud: Cloud, instance: str
) -> None:
    interrupt(cloud, instance)

    assert cloud.get("metadata")["spot_termination_time"] == "2026-01-02T03:09:05Z"


def test_an_interruption_is_told_and_is_no_event_of_ecs(cloud: Cloud, instance: str) -> None:
    cloud.post("metadata", instance_id=instance)
    answer = interrupt(cloud, instance)
    told = call(cloud, "DescribeSystemEventAttribute", CMS, Name=INTERRUPTION)
    (entry,) = told["SystemEvents"]["SystemEvent"]

    assert answer == []
    assert cloud.get("events") == []
    assert json.loads(entry["Content"]) == {"instanceId": instance, "action": "delete"}
    assert (entry["Level"], entry["Status"]) == ("WARN", "Normal")
    assert cloud.get("metadata")["spot_termination_time"] == "2026-01-02T03:09:05Z"


def test_an_interruption_of_another_instance_is_not_in_the_metadata(
    cloud: Cloud, instance: str
) -> None:
    (other,) = cloud.instances(1)
    cloud.post("metadata", instance_id=instance)
    interrupt(cloud, other)

    assert cloud.get("metadata")["spot_termination_time"] is None


def test_an_interruption_is_delivered(cloud: Cloud, instance: str) -> None:
    rule = {"EventPattern.1.Product": "ECS", "EventPattern.1.NameList.1": INTERRUPTION}
    call(cloud, "PutEventRule", CMS, RuleName="r1", **rule)
    target = {"FcParameters.1.ServiceName": "ops", "FcParameters.1.FunctionName": "drain"}
    call(cloud, "PutEventRuleTargets", CMS, RuleName="r1", **target, **{"FcParameters.1.Id": "1"})
    interrupt(cloud, instance)
    (delivery,) = cloud.get("deliveries")
    body = json.loads(cloud.get(f"deliveries/{delivery['delivery_id']}")["body"])

    assert (body["name"], body["level"], body["eventType"], body["content"]) == (
        *(INTERRUPTION, "WARN", "StatusNotification"),
        {"instanceId": instance, "action": "delete"},
    )
