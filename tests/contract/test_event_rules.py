"""Event rules of CloudMonitor, a dry run and the reads of events, through the vendor's SDKs.

Where the pages do not say how an unknown rule is answered, the fake's choice is written here.
Sources: the API pages of PutEventRule and its relatives, and of DescribeSystemEventAttribute.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from mns.account import Account
from mns.queue import QueueMeta

from simevents.testing.live.targets import Target
from tests.contract.clients import VendorClient, code_of

SCHEDULED = "Instance:SystemMaintenance.Reboot:Scheduled"
PATTERN = {
    "Product": "ECS",
    "EventTypeList": ["Maintenance"],
    "LevelList": ["CRITICAL", "WARN"],
    "NameList": [SCHEDULED, "Instance:SystemMaintenance.Reboot:Canceled"],
}

Name = Callable[[str], str]


def state_of(cms: VendorClient, rule: str) -> str:
    listed = cms.call("DescribeEventRuleList", NamePrefix=rule)["EventRules"]["EventRule"]
    return ",".join(entry["State"] for entry in listed if entry["Name"] == rule)


def without_account(arn: str) -> str:
    return re.sub(":[0-9]{16}:", ":ACCOUNT:", arn)


def test_the_life_of_a_rule(cms: VendorClient, name: Name) -> None:
    rule = name("rule")
    put = cms.call("PutEventRule", RuleName=rule, EventPattern=[PATTERN], State="ENABLED")
    states = [state_of(cms, rule)]
    for action in ("DisableEventRules", "EnableEventRules", "DeleteEventRules"):
        assert cms.call(action, RuleNames=[rule])["Code"] == "200"
        states.append(state_of(cms, rule))

    assert (put["Code"], put["Message"], put["Success"]) == ("200", "success", True)
    assert states == ["ENABLED", "DISABLED", "ENABLED", ""]


def test_a_rule_is_described_as_it_was_put(cms: VendorClient, name: Name) -> None:
    rule = name("rule")
    cms.call("PutEventRule", RuleName=rule, EventPattern=[PATTERN])
    described = cms.call("DescribeEventRuleAttribute", RuleName=rule)["Result"]
    pattern = described["EventPattern"]

    assert (described["Name"], described["State"], described["EventType"]) == (
        rule,
        "ENABLED",
        "SYSTEM",
    )
    assert pattern["Product"] == "ECS"
    for member in ("EventTypeList", "LevelList", "NameList"):
        assert pattern[member] == {member: PATTERN[member]}


def test_the_targets_of_a_rule(cms: VendorClient, ecs: Target, name: Name) -> None:
    rule, queue = name("rule"), name("queue")
    to_queue = {"Id": "1", "Region": ecs.region, "Queue": queue}
    to_hook = {
        "Id": "2",
        "Protocol": "http",
        "Method": "POST",
        "Url": "http://127.0.0.1:9/hook",
    }
    cms.call("PutEventRule", RuleName=rule, EventPattern=[PATTERN])
    put = cms.call(
        "PutEventRuleTargets",
        RuleName=rule,
        MnsParameters=[to_queue],
        WebhookParameters=[to_hook],
    )
    both = cms.call("DescribeEventRuleTargetList", RuleName=rule)
    cms.call("DeleteEventRuleTargets", RuleName=rule, Ids=["2"])
    one = cms.call("DescribeEventRuleTargetList", RuleName=rule)
    (listed,) = both["MnsParameters"]["MnsParameter"]
    (hook,) = both["WebhookParameters"]["WebhookParameter"]

    assert (put["Code"], put["FailedParameterCount"]) == ("200", "0")
    assert {member: listed[member] for member in to_queue} == to_queue
    assert without_account(listed["Arn"]) == f"acs:mns:{ecs.region}:ACCOUNT:/queues/{queue}"
    # A cassette does not have the address: it may contain a secret.
    assert (hook["Id"], hook["Protocol"], hook["Method"]) == ("2", "http", "POST")
    assert one["MnsParameters"] == both["MnsParameters"]
    assert one["WebhookParameters"] == {"WebhookParameter": []}


@pytest.mark.parametrize(
    "action",
    ["DescribeEventRuleAttribute", "DescribeEventRuleTargetList", "PutEventRuleTargets"],
)
def test_an_unknown_rule_is_not_found(cms: VendorClient, name: Name, action: str) -> None:
    extra: dict[str, Any] = {}
    if action == "PutEventRuleTargets":
        extra = {"MnsParameters": [{"Id": "1", "Region": "cn-hangzhou", "Queue": "q"}]}

    found = code_of(lambda: cms.call(action, RuleName=name("unknown"), **extra))
    assert found == ("ResourceNotFound", 404)


def test_a_rule_without_a_product_is_refused(cms: VendorClient, name: Name) -> None:
    pattern = {"NameList": [SCHEDULED]}
    put = code_of(lambda: cms.call("PutEventRule", RuleName=name("rule"), EventPattern=[pattern]))

    assert put == ("ParameterInvalid", 400)
    assert state_of(cms, name("rule")) == ""


def test_a_dry_run_arrives_in_a_queue(
    cms: VendorClient, ecs: Target, queues: Account, name: Name
) -> None:
    rule, queue = name("rule"), queues.get_queue(name("queue"))
    queue.create(QueueMeta())
    cms.call("PutEventRule", RuleName=rule, EventPattern=[PATTERN])
    target = {"Id": "1", "Region": ecs.region, "Queue": queue.queue_name}
    cms.call("PutEventRuleTargets", RuleName=rule, MnsParameters=[target])
    content = {"level": "CRITICAL", "content": {"eventStatus": "Scheduled", "instanceId": "i-any"}}
    answer = cms.call(
        "SendDryRunSystemEvent",
        Product="ECS",
        EventName=SCHEDULED,
        EventContent=json.dumps(content),
    )
    message = json.loads(queue.receive_message(10).message_body)

    assert (answer["Code"], answer["Success"]) == ("200", "true")
    assert (message["name"], message["product"], message["ruleName"]) == (SCHEDULED, "ECS", rule)
    assert message["content"] == content["content"]


def test_an_event_is_listed_by_cloudmonitor(
    cms: VendorClient, compute: VendorClient, ecs: Target, name: Name, at: Callable[..., str]
) -> None:
    (instance,) = ecs.instances(1)
    not_before = at(hours=1)
    created = compute.call(
        "CreateSimulatedSystemEvents",
        EventType="SystemMaintenance.Reboot",
        NotBefore=not_before,
        InstanceId=[instance],
    )
    (event_id,) = created["EventIdSet"]["EventId"]
    answer = cms.call("DescribeSystemEventAttribute", Product="ECS", Name=SCHEDULED)
    (entry,) = (
        entry
        for entry in answer["SystemEvents"]["SystemEvent"]
        if json.loads(entry["Content"])["eventId"] == event_id
    )
    content = json.loads(entry["Content"])

    assert [entry[member] for member in ("Product", "Name", "Level", "Status", "RegionId")] == [
        *("ECS", SCHEDULED, "CRITICAL", "Normal", ecs.region),
    ]
    assert without_account(entry["ResourceId"]) == (
        f"acs:ecs:{ecs.region}:ACCOUNT:instance/{instance}"
    )
    assert (content["instanceId"], content["eventStatus"], content["notBefore"]) == (
        instance,
        "Scheduled",
        not_before,
    )
