"""SendDryRunSystemEvent. Source: the API page; the content that the console's test dialog sends."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.contract.clients import Refused
from tests.fake.cms.clients import Cms

NAME = "Instance:SystemMaintenance.Reboot:Scheduled"
CONTENT = {
    "product": "ECS",
    "resourceId": "acs:ecs:cn-beijing:123456789:instance/i-any",
    "level": "CRITICAL",
    "instanceName": "web-1",
    "regionId": "cn-beijing",
    "groupId": "0",
    "name": "another name",
    "status": "Normal",
    "content": {"eventStatus": "Scheduled", "instanceId": "i-any"},
}
QUEUE = [{"Id": "1", "Queue": "q1"}]


def bodies(cloud: Cloud) -> list[Any]:
    return [
        json.loads(cloud.get(f"deliveries/{each['delivery_id']}")["body"])
        for each in cloud.get("deliveries")
    ]


def test_the_callers_members_are_laid_over_a_message(
    cms: Cms, cloud: Cloud, put_rule: Callable[..., None]
) -> None:
    put_rule(pattern={"NameList": [NAME]}, MnsParameters=QUEUE)
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    answer = cms.call(
        "SendDryRunSystemEvent", Product="ecs", EventName=NAME, EventContent=json.dumps(CONTENT)
    )
    (body,) = bodies(cloud)
    (delivery,) = cloud.get("deliveries")
    answer.pop("RequestId")

    assert answer == {"Code": "200", "Message": "success", "Success": "true"}
    assert body == {
        "ver": "1.0",
        "id": body["id"],
        "product": "ECS",
        "serviceType": "ECS",
        "resourceId": CONTENT["resourceId"],
        "resource": "",
        "instanceName": "web-1",
        "groupId": "0",
        "level": "CRITICAL",
        "curLevel": "CRITICAL",
        "status": "Normal",
        "name": NAME,
        "eventRealname": "实例计划重启通知（系统维护）",
        "eventRealnameEn": NAME,
        "eventType": "Maintenance",
        "ruleName": "r1",
        "userId": "1000000000000001",
        "regionId": "cn-beijing",
        "regionName": "cn-beijing",
        "eventTime": "20260102T110405.000+0800",
        "content": CONTENT["content"],
    }
    assert {
        name: delivery[name]
        for name in ("name", "status", "event_id", "instance_id", "region", "kind", "address")
    } == {
        "name": NAME,
        "status": "Scheduled",
        "event_id": "",
        "instance_id": "i-any",
        "region": "cn-beijing",
        "kind": "queue",
        "address": "q1",
    }


def test_no_event_arises(cms: Cms, cloud: Cloud, put_rule: Callable[..., None]) -> None:
    put_rule(MnsParameters=QUEUE)
    cms.call("SendDryRunSystemEvent", Product="ECS", EventName=NAME)

    assert len(cloud.get("deliveries")) == 1
    assert cloud.get("events") == []
    assert cms.call("DescribeSystemEventAttribute")["SystemEvents"]["SystemEvent"] == []


def test_only_rules_that_match_are_tried(
    cms: Cms, cloud: Cloud, put_rule: Callable[..., None]
) -> None:
    put_rule("other-name", {"NameList": ["Instance:StateChange"]}, MnsParameters=QUEUE)
    put_rule("other-product", {"Product": "RDS"}, MnsParameters=QUEUE)
    put_rule("right", {"SQLFilter": "i-any"}, MnsParameters=QUEUE)
    cms.call(
        "SendDryRunSystemEvent", Product="ECS", EventName=NAME, EventContent=json.dumps(CONTENT)
    )

    assert [each["rule"] for each in cloud.get("deliveries")] == ["right"]


def test_an_event_of_another_product_can_be_tried(
    cms: Cms, cloud: Cloud, put_rule: Callable[..., None]
) -> None:
    put_rule(pattern={"Product": "CloudMonitor", "LevelList": ["WARN"]}, MnsParameters=QUEUE)
    content = {"level": "WARN", "status": "stopped"}
    cms.call(
        "SendDryRunSystemEvent",
        Product="CloudMonitor",
        EventName="Agent_Status_Stopped",
        GroupId="7301",
        EventContent=json.dumps(content),
    )
    (body,) = bodies(cloud)

    assert (body["product"], body["groupId"], body["status"], body["content"]) == (
        *("CloudMonitor", "7301", "stopped"),
        {},
    )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"EventName": NAME}, "Product is mandatory for this action."),
        ({"Product": "ECS"}, "EventName is mandatory for this action."),
        *(
            (
                {"Product": "ECS", "EventName": NAME, "EventContent": content},
                "EventContent is not valid: not a JSON object of at most 32 levels.",
            )
            for content in ("{", "[1]", "1", '{"a": NaN}', '{"a":' * 40 + "1" + "}" * 40)
        ),
    ],
)
def test_a_bad_dry_run_is_refused(
    cms: Cms, cloud: Cloud, put_rule: Callable[..., None], parameters: dict[str, str], said: str
) -> None:
    put_rule(MnsParameters=QUEUE)
    with pytest.raises(Refused) as caught:
        cms.call("SendDryRunSystemEvent", **parameters)

    assert (caught.value.code, caught.value.status) == ("ParameterInvalid", 400)
    assert f"Illegal parameters: {said}" in str(caught.value)
    assert cloud.get("deliveries") == []
