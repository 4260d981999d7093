"""Rules, with both SDKs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.fake.eventbridge.clients import BusClient
from tests.fake.eventbridge.test_buses import data

PATTERN = '{"source":["acs.ecs"],"type":[{"prefix":"ecs:Instance:SystemMaintenance"}]}'
ARN = "acs:eventbridge:cn-hangzhou:1000000000000001:eventbus/default/rule/"
RULE = {"EventBusName": "default", "RuleName": "maintenance"}
HOOK = {
    "Id": "hook",
    "Type": "http",
    "Endpoint": "http://127.0.0.1:8080/hook",
    "PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY",
    "ErrorsTolerance": "NONE",
    "DeadLetterQueue": {"Arn": "acs:mns:cn-hangzhou:1000000000000001:/queues/dead"},
    "ParamList": [
        {"ResourceKey": "url", "Form": "CONSTANT", "Value": "http://127.0.0.1:8080/hook"},
        {"ResourceKey": "Body", "Form": "ORIGINAL"},
        {"ResourceKey": "Network", "Form": "CONSTANT", "Value": "PublicNetwork"},
    ],
}


def create(sdk: BusClient, **parameters: Any) -> Any:
    return data(sdk("CreateRule", **RULE, FilterPattern=PATTERN, **parameters))


def test_a_rule_is_created_and_read_with_its_targets(sdk: BusClient, cloud: Cloud) -> None:
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    created = create(sdk, EventTargets=[HOOK], Description="d", Status="DISABLE")

    assert created == {"RuleARN": f"{ARN}maintenance"}
    assert data(sdk("GetRule", **RULE)) == {
        "EventBusName": "default",
        "RuleName": "maintenance",
        "RuleARN": f"{ARN}maintenance",
        "Description": "d",
        "Status": "DISABLE",
        "FilterPattern": PATTERN,
        "CreatedTimestamp": 1767323045000,
        "Targets": [HOOK],
    }


def test_a_rule_is_enabled_unless_it_says_otherwise(sdk: BusClient) -> None:
    create(sdk)
    statuses = [data(sdk("GetRule", **RULE))["Status"]]
    for action in ("DisableRule", "EnableRule"):
        data(sdk(action, **RULE))
        statuses.append(data(sdk("GetRule", **RULE))["Status"])

    assert statuses == ["ENABLE", "DISABLE", "ENABLE"]


def test_an_update_changes_what_it_names(sdk: BusClient) -> None:
    create(sdk, EventTargets=[HOOK], Description="before")
    whole = data(sdk("GetRule", **RULE))
    results = [
        data(sdk("UpdateRule", **RULE, FilterPattern="{}")),
        data(sdk("UpdateRule", **RULE, Description="after", Status="DISABLE")),
    ]

    assert results == [True, True]
    changed = {"FilterPattern": "{}", "Description": "after", "Status": "DISABLE"}
    assert data(sdk("GetRule", **RULE)) == whole | changed


def test_a_deleted_rule_is_gone(sdk: BusClient) -> None:
    create(sdk)
    data(sdk("DeleteRule", **RULE))
    missing = sdk("GetRule", **RULE)

    assert (missing["Code"], missing["Success"], missing["Message"]) == (
        "EventRuleNotExisted",
        False,
        "The event rule [maintenance] of event bus [default] not existed!",
    )


def test_rules_of_a_bus_are_listed_by_name(sdk: BusClient) -> None:
    sdk("CreateEventBus", EventBusName="orders")
    sdk("CreateRule", EventBusName="orders", RuleName="a", FilterPattern="{}")
    for name in ("b2", "a", "b1"):
        sdk(
            "CreateRule",
            EventBusName="default",
            RuleName=name,
            FilterPattern="{}",
            EventTargets=[HOOK],
        )
    listed = data(sdk("ListRules", EventBusName="default", RuleNamePrefix="b", Limit=1))
    rest = data(
        sdk(
            "ListRules",
            EventBusName="default",
            RuleNamePrefix="b",
            Limit=1,
            NextToken=listed["NextToken"],
        )
    )

    assert listed["Total"] == 2
    assert [rule["RuleName"] for rule in listed["Rules"] + rest["Rules"]] == ["b1", "b2"]
    assert rest["NextToken"] == ""
    assert listed["Rules"][0]["Targets"] == [
        {
            "Id": "hook",
            "Type": "http",
            "Endpoint": "http://127.0.0.1:8080/hook",
            "ErrorsTolerance": "NONE",
        }
    ]


REASON = "Event pattern is not valid, reason: "
PATTERN_CODE = "EventRuleFilterPatternSchemaError"
REFUSED = [
    (
        "CreateRule",
        {"FilterPattern": '{"source": "acs.ecs"}'},
        PATTERN_CODE,
        f"{REASON}the pattern has invalid pattern value (field source)",
    ),
    (
        "CreateRule",
        {"FilterPattern": '{"data": {"a": ["1","2","3","4","5","6"]}}'},
        PATTERN_CODE,
        f"{REASON}a field has at most 5 expressions (field data.a)",
    ),
    (
        "CreateRule",
        {"FilterPattern": '{"data": {"a": [{"regex": "x"}]}}'},
        PATTERN_CODE,
        f"{REASON}the pattern condition is unrecognized: regex (field data.a)",
    ),
    (
        "CreateRule",
        {"FilterPattern": "[" * 100_000},
        PATTERN_CODE,
        f"{REASON}the pattern has more than 65536 characters",
    ),
    (
        "UpdateRule",
        {"FilterPattern": "[" * 60_000},
        PATTERN_CODE,
        f"{REASON}the pattern isn't a valid json format string: it has more than 64 levels",
    ),
    (
        "CreateRule",
        {"RuleName": "a/b"},
        "EventRuleNameInvalid",
        "The event rule name [a/b] is invalid!",
    ),
    ("CreateRule", {"EventBusName": "x"}, "EventBusNotExist", "The event bus [x] not existed!"),
    (
        "CreateRule",
        {"RuleName": "taken"},
        "EventRuleAlreadyExist",
        "The event rule [taken] of event bus [default] already existed!",
    ),
    (
        "EnableRule",
        {"RuleName": "nobody"},
        "EventRuleNotExisted",
        "The event rule [nobody] of event bus [default] not existed!",
    ),
    ("ListRules", {"EventBusName": "x"}, "EventBusNotExist", "The event bus [x] not existed!"),
]


@pytest.mark.parametrize(("action", "changed", "code", "message"), REFUSED)
def test_what_is_refused_changes_nothing(
    call: Callable[..., dict[str, Any]],
    cloud: Cloud,
    action: str,
    changed: dict[str, str],
    code: str,
    message: str,
) -> None:
    taken = {"EventBusName": "default", "RuleName": "taken", "FilterPattern": "{}"}
    call("CreateRule", **taken)
    before = call("ListRules", EventBusName="default")["Data"]
    sent = taken | ({"RuleName": "new"} if action == "CreateRule" else {}) | changed
    documented = {"EnableRule": ["EventBusName", "RuleName"], "ListRules": ["EventBusName"]}
    names = documented.get(action, list(sent))
    answer = call(action, **{name: sent[name] for name in names})

    assert (answer["status"], answer["Success"]) == (200, False)
    assert (answer["Code"], answer["Message"]) == (code, message)
    assert call("ListRules", EventBusName="default")["Data"] == before


def test_an_unknown_status_is_refused(call: Callable[..., dict[str, Any]]) -> None:
    answer = call("CreateRule", **RULE, FilterPattern="{}", Status="ON")

    assert (answer["status"], answer["Code"], answer["Message"]) == (
        400,
        "InvalidParameter",
        "The specified parameter Status is not valid: neither ENABLE nor DISABLE.",
    )
