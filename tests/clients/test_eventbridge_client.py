"""The vendor's client of EventBridge's data plane, in an environment of its own."""

import json
import subprocess
from typing import Any

import pytest

from simevents.testing import FakeCloud
from tests.clients.toolchains import HERE, python_program
from tests.conftest import Cloud

pytestmark = pytest.mark.slow

HOOK = "http://127.0.0.1:9/hook"
ARN = "acs:eventbridge:cn-hangzhou:1000000000000001:eventbus/orders"
OWNER = {"ResourceOwnerAccountId": "1000000000000001"}
NONE_FAILED = OWNER | {"ErrorEntriesCount": 0, "ErrorEntries": []}
TARGET = {
    "Id": "hook",
    "Type": "http",
    "Endpoint": HOOK,
    "ParamList": [
        {
            "ResourceKey": "Body",
            "Form": "TEMPLATE",
            "Value": '{"a":"$.data.amount"}',
            "Template": "${a}",
        }
    ],
}
ACTIONS = [
    *("CreateEventBus", "GetEventBus", "ListEventBuses", "CreateRule", "PutTargets"),
    *("ListTargets", "ListRules", "UpdateRule", "DisableRule", "EnableRule", "GetRule"),
    *("TestEventPattern", "PutEvents", "DeleteTargets", "DeleteRule", "DeleteEventBus"),
    "GetEventBus",
]


def words(endpoint: str) -> list[str]:
    return [*python_program(HERE / "eventbridge", "client.py"), endpoint, HOOK]


def test_each_action_of_the_client(cloud: Cloud) -> None:
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    ended = subprocess.run(
        words(cloud.url.partition("://")[2]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answers: dict[str, Any] = json.loads(ended.stdout)
    pattern = answers["described"]["FilterPattern"]
    put = answers.pop("put")
    bus = {
        "EventBusName": "orders",
        "EventBusARN": ARN,
        "Description": "of the shop",
        "CreateTimestamp": 1767323045000,
    }

    assert [entry["EventId"] for entry in put["EntryList"]] == ["1", "2", "3"]
    assert put["FailedEntryCount"] == 0
    assert answers == {
        "created": OWNER | {"EventBusARN": ARN},
        "bus": OWNER | bus,
        "buses": OWNER | {"EventBuses": [bus], "NextToken": "", "Total": 1},
        "rule": OWNER | {"RuleARN": f"{ARN}/rule/large"},
        "targets": NONE_FAILED,
        "listed": OWNER | {"Targets": [TARGET]},
        "rules": OWNER
        | {
            "Rules": [
                {
                    "EventBusName": "orders",
                    "RuleName": "large",
                    "RuleARN": f"{ARN}/rule/large",
                    "Description": "",
                    "Status": "ENABLE",
                    "FilterPattern": pattern,
                    # The list of the client has a parameter list for each target.
                    "Targets": [TARGET | {"ParamList": []}],
                    "Ctime": 1767323045000,
                    "Mtime": 1767323045000,
                }
            ],
            "NextToken": "",
            "Total": 1,
        },
        "updated": OWNER,
        "disabled": OWNER,
        "enabled": OWNER,
        "described": OWNER
        | {
            "EventBusName": "orders",
            "RuleName": "large",
            "RuleARN": f"{ARN}/rule/large",
            "Description": "d",
            "Status": "ENABLE",
            "FilterPattern": pattern,
            "Targets": [TARGET],
            "Ctime": 1767323045000,
            "Mtime": 1767323045000,
        },
        "tried": OWNER | {"Result": True},
        "removed": OWNER
        | {
            "ErrorEntriesCount": 1,
            "ErrorEntries": [
                {
                    "EntryId": "nobody",
                    "ErrorCode": "EventTargetNotExist",
                    "ErrorMessage": "The event target [nobody] of event rule [large] on eventbus"
                    " [orders] is not existed!",
                }
            ],
        },
        "deleted": OWNER,
        "gone": OWNER,
        "refused": ["EventBusNotExist", "The event bus [orders] not existed!"],
    }
    assert cloud.actions() == ACTIONS
    assert [
        (delivery["rule"], delivery["via"], delivery["name"], delivery["address"])
        for delivery in cloud.get("deliveries")
    ] == [("large", "eventbridge", "order:Created", HOOK)] * 2


def test_the_client_reaches_the_fake_by_the_vendors_host(ecs_fake: FakeCloud) -> None:
    running = ecs_fake.popen(
        words("1000000000000001.eventbridge.cn-beijing.aliyuncs.com"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors

    assert [call.action for call in ecs_fake.calls] == ACTIONS
    assert json.loads(output)["created"]["EventBusARN"] == ARN.replace("hangzhou", "beijing")
    assert ecs_fake.proxy_refusals == []
