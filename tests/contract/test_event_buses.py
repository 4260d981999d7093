"""Buses, rules, patterns and events of EventBridge, through the vendor's SDKs.

Errors about objects are answers with status 200 whose member Success is false. Source: the API
pages of EventBridge 2020-04-01.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mns.account import Account
from mns.queue import QueueMeta

from simevents.testing.live.targets import Target
from tests.contract.clients import GENERATIONS, VendorClient

PATTERN = {
    "source": ["acs.ecs"],
    "type": [{"prefix": "ecs:Instance:SystemMaintenance"}],
    "data": {"eventStatus": ["Scheduled", "Executing"]},
}
EVENT = {
    "id": "1",
    "source": "acs.ecs",
    "specversion": "1.0",
    "type": "ecs:Instance:SystemMaintenance.Reboot",
    "datacontenttype": "application/json",
    "data": {"eventStatus": "Scheduled", "instanceId": "i-any"},
}

Name = Callable[[str], str]


def data(answer: dict[str, Any]) -> Any:
    assert (answer["Code"], answer["Success"]) == ("Success", True)
    return answer.get("Data")


def failure(answer: dict[str, Any]) -> str:
    assert answer["Success"] is False
    assert answer["Message"]
    return str(answer["Code"])


def to_queue(region: str, queue: str) -> dict[str, Any]:
    return {
        "Id": "to-queue",
        "Type": "acs.mns.queue",
        "Endpoint": f"acs:mns:{region}:1000000000000001:queues/{queue}",
        "PushRetryStrategy": "BACKOFF_RETRY",
        "ErrorsTolerance": "ALL",
        "ParamList": [
            {"ResourceKey": "queue", "Form": "CONSTANT", "Value": queue},
            {"ResourceKey": "Body", "Form": "ORIGINAL"},
        ],
    }


def shown(target: dict[str, Any]) -> dict[str, Any]:
    """What a cassette has of a target: addresses and values may contain a secret."""
    parameters = [
        {name: value for name, value in parameter.items() if name in ("ResourceKey", "Form")}
        for parameter in target["ParamList"]
        if parameter["ResourceKey"] != "IsBase64Encode"
    ]
    rest = {n: target[n] for n in ("Id", "Type", "PushRetryStrategy", "ErrorsTolerance")}
    return rest | {"ParamList": parameters}


def test_the_life_of_a_bus(buses: VendorClient, name: Name) -> None:
    bus = name("bus")
    created = data(buses.call("CreateEventBus", EventBusName=bus, Description="of a test"))
    described = data(buses.call("GetEventBus", EventBusName=bus))
    listed = data(buses.call("ListEventBuses", NamePrefix=bus))
    again = failure(buses.call("CreateEventBus", EventBusName=bus))
    data(buses.call("DeleteEventBus", EventBusName=bus))

    assert described["EventBusName"] == bus
    assert created["EventBusARN"] == described["EventBusARN"]
    assert described["EventBusARN"].endswith(f":eventbus/{bus}")
    assert [entry["EventBusName"] for entry in listed["EventBuses"]] == [bus]
    assert again == "EventBusAlreadyExist"
    assert failure(buses.call("GetEventBus", EventBusName=bus)) == "EventBusNotExist"


def test_the_default_bus_always_exists(buses: VendorClient, name: Name) -> None:
    found = data(buses.call("GetEventBus", EventBusName="default"))

    assert found["EventBusName"] == "default"


def test_the_life_of_a_rule_with_a_target(buses: VendorClient, ecs: Target, name: Name) -> None:
    rule = {"EventBusName": name("bus"), "RuleName": name("rule")}
    target = to_queue(ecs.region, name("queue"))
    data(buses.call("CreateEventBus", EventBusName=rule["EventBusName"]))
    pattern = json.dumps(PATTERN, separators=(",", ":"))
    data(buses.call("CreateRule", **rule, FilterPattern=pattern, EventTargets=[target]))
    created = data(buses.call("GetRule", **rule))
    statuses = [created["Status"]]
    for action in ("DisableRule", "EnableRule"):
        data(buses.call(action, **rule))
        statuses.append(data(buses.call("GetRule", **rule))["Status"])
    every = json.dumps({"source": ["acs.ecs"]}, separators=(",", ":"))
    data(buses.call("UpdateRule", **rule, FilterPattern=every))
    updated = data(buses.call("GetRule", **rule))["FilterPattern"]
    listed = data(buses.call("ListRules", EventBusName=rule["EventBusName"]))
    data(buses.call("DeleteRule", **rule))

    assert json.loads(created["FilterPattern"]) == PATTERN
    assert [shown(found) for found in created["Targets"]] == [shown(target)]
    assert statuses == ["ENABLE", "DISABLE", "ENABLE"]
    assert json.loads(updated) == {"source": ["acs.ecs"]}
    assert [entry["RuleName"] for entry in listed["Rules"]] == [rule["RuleName"]]
    assert failure(buses.call("GetRule", **rule)) == "EventRuleNotExisted"
    data(buses.call("DeleteEventBus", EventBusName=rule["EventBusName"]))


def test_targets_are_put_and_deleted_by_id(buses: VendorClient, ecs: Target, name: Name) -> None:
    rule = {"EventBusName": name("bus"), "RuleName": name("rule")}
    first = to_queue(ecs.region, name("queue"))
    second = first | {"Id": "other", "ErrorsTolerance": "NONE"}
    data(buses.call("CreateEventBus", EventBusName=rule["EventBusName"]))
    data(buses.call("CreateRule", **rule, FilterPattern="{}", EventTargets=[first]))
    put = data(buses.call("PutTargets", **rule, Targets=[second]))
    both = data(buses.call("GetRule", **rule))["Targets"]
    deleted = data(buses.call("DeleteTargets", **rule, TargetIds=["to-queue"]))
    left = data(buses.call("ListTargets", **rule))["Targets"]

    assert (put["ErrorEntriesCount"], deleted["ErrorEntriesCount"]) == (0, 0)
    assert [shown(target) for target in both] == [shown(first), shown(second)]
    assert [target["Id"] for target in left] == ["other"]


def test_the_errors_of_buses_and_rules(buses: VendorClient, name: Name) -> None:
    rule = {"EventBusName": name("bus"), "RuleName": name("rule")}
    unknown_bus = failure(buses.call("GetRule", **rule))
    data(buses.call("CreateEventBus", EventBusName=rule["EventBusName"]))

    assert unknown_bus == "EventBusNotExist"
    for action in ("GetRule", "EnableRule", "DisableRule"):
        assert failure(buses.call(action, **rule)) == "EventRuleNotExisted"
    bad = {"type": [{"matches": "x"}]}
    refused = buses.call("CreateRule", **rule, FilterPattern=json.dumps(bad), EventTargets=[])
    assert failure(refused) == "EventRuleFilterPatternSchemaError"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({}, True),
        (PATTERN, True),
        ({"source": ["acs.oss"]}, False),
        ({"type": [{"suffix": ".Reboot"}]}, True),
        ({"type": [{"anything-but": {"prefix": "ecs:Instance"}}]}, False),
        ({"data": {"eventStatus": ["Canceled"]}}, False),
        ({"data": {"instanceId": [{"exists": False}]}}, False),
    ],
)
def test_a_pattern_is_tried_on_an_event(
    buses: VendorClient, name: Name, pattern: dict[str, Any], matches: bool
) -> None:
    answer = buses.call(
        "TestEventPattern", Event=json.dumps(EVENT), EventPattern=json.dumps(pattern)
    )

    assert data(answer) == {"Result": matches}


def test_an_event_that_is_put_arrives_in_a_queue(ecs: Target, queues: Account, name: Name) -> None:
    """Only the newer SDK has PutEvents."""
    keys = (ecs.access_key_id, ecs.access_key_secret, ecs.security_token)
    url = f"https://eventbridge-console.{ecs.region}.aliyuncs.com"
    buses = GENERATIONS["newer"]["eventbridge-console"](ecs.region, url, *keys)
    bus, queue = name("bus"), queues.get_queue(name("queue"))
    queue.create(QueueMeta())
    queue.set_encoding(False)
    data(buses.call("CreateEventBus", EventBusName=bus))
    target = to_queue(ecs.region, queue.queue_name)
    rule = {"EventBusName": bus, "RuleName": name("rule"), "FilterPattern": json.dumps(PATTERN)}
    data(buses.call("CreateRule", **rule, EventTargets=[target]))
    events = [
        {
            "Id": str(number),
            "Source": "acs.ecs",
            "Type": EVENT["type"],
            "DataContentType": "application/json",
            "Data": {"eventStatus": status, "instanceId": "i-any"},
        }
        for number, status in enumerate(("Canceled", "Scheduled"))
    ]
    put = data(buses.call("PutEvents", EventBusName=bus, EventList=events))
    event = json.loads(queue.receive_message(10).message_body)

    assert put["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in put["EntryList"]] == ["0", "1"]
    assert (event["id"], event["source"], event["type"]) == ("1", "acs.ecs", EVENT["type"])
    assert event["data"] == {"eventStatus": "Scheduled", "instanceId": "i-any"}
