"""From calls of ECS to the deliveries that event rules ask for."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from mns.account import Account
from mns.queue import QueueMeta

from tests.conftest import Cloud
from tests.fake.cms.clients import Cms
from tests.fake.delivery.receiver import Receiver
from tests.fake.requests import call

REBOOT = "Instance:SystemMaintenance.Reboot"
QUEUE = [{"Id": "1", "Region": "cn-beijing", "Queue": "q1"}]


@pytest.fixture
def instance(cloud: Cloud) -> str:
    """An instance of a cloud whose clock stands at 2026-01-02T03:04:05Z."""
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    (made,) = cloud.instances(1)
    return made


def schedule(cloud: Cloud, instance: str, type: str = "SystemMaintenance.Reboot") -> str:
    sent = {"EventType": type, "NotBefore": "2026-01-02T04:00:00Z", "InstanceId.1": instance}
    answer = call(cloud, "CreateSimulatedSystemEvents", **sent)
    return str(answer["EventIdSet"]["EventId"][0])


def rows(cloud: Cloud) -> list[dict[str, Any]]:
    """What was written for the targets, without what became of it."""
    mine = ("name", "status", "via", "rule", "target_id", "kind", "address", "instance_id")
    return [{name: each[name] for name in mine} for each in cloud.get("deliveries")]


def names(cloud: Cloud) -> list[str]:
    return [each["name"] for each in cloud.get("deliveries")]


def bodies(cloud: Cloud) -> list[Any]:
    return [
        json.loads(cloud.get(f"deliveries/{each['delivery_id']}")["body"])
        for each in cloud.get("deliveries")
    ]


def test_a_cloud_without_rules_writes_nothing(cms: Cms, cloud: Cloud, instance: str) -> None:
    schedule(cloud, instance)
    call(cloud, "RebootInstance", InstanceId=instance)

    assert cloud.get("deliveries") == []


def test_a_created_event_is_written_for_each_target(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(
        pattern={"EventTypeList": ["Maintenance"]},
        MnsParameters=[*QUEUE, {"Id": "2", "Topic": "t1"}],
        WebhookParameters=[
            {"Id": "3", "Url": "http://127.0.0.1:9/hook"},
            {"Id": "4", "Protocol": "ping", "Url": "http://127.0.0.1:9/"},
        ],
        FcParameters=[{"Id": "5", "ServiceName": "ops", "FunctionName": "drain"}],
        ContactParameters=[{"Id": "6", "ContactGroupName": "ops"}],
    )
    schedule(cloud, instance)
    common = {
        "name": f"{REBOOT}:Scheduled",
        "status": "Scheduled",
        "via": "cloudmonitor",
        "rule": "r1",
        "instance_id": instance,
    }

    assert rows(cloud) == [
        common | {"target_id": "1", "kind": "queue", "address": "q1"},
        common | {"target_id": "3", "kind": "webhook", "address": "http://127.0.0.1:9/hook"},
        common | {"target_id": "5", "kind": "function", "address": "ops/drain"},
    ]
    settings = [
        cloud.get(f"deliveries/{each['delivery_id']}")["settings"]
        for each in cloud.get("deliveries")
    ]
    assert settings == [
        {"region": "cn-beijing", "base64": True},
        {"method": "POST"},
        {"region": "cn-hangzhou"},
    ]


def test_the_message_is_the_whole_one(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    call(cloud, "ModifyInstanceAttribute", InstanceId=instance, InstanceName="web-1")
    put_rule(
        pattern={"EventTypeList": ["Maintenance"]},
        MnsParameters=QUEUE,
        WebhookParameters=[{"Id": "2", "Url": "http://127.0.0.1:9/"}],
    )
    event = schedule(cloud, instance)
    queued, posted = bodies(cloud)

    assert queued == {
        "ver": "1.0",
        "id": queued["id"],
        "product": "ECS",
        "serviceType": "ECS",
        "resourceId": f"acs:ecs:cn-hangzhou:1000000000000001:instance/{instance}",
        "resource": "",
        "instanceName": "web-1",
        "groupId": "",
        "level": "CRITICAL",
        "curLevel": "CRITICAL",
        "status": "Normal",
        "name": f"{REBOOT}:Scheduled",
        "eventRealname": "实例计划重启通知（系统维护）",
        "eventRealnameEn": f"{REBOOT}:Scheduled",
        "eventType": "Maintenance",
        "ruleName": "r1",
        "userId": "1000000000000001",
        "regionId": "cn-hangzhou",
        "regionName": "cn-hangzhou",
        "eventTime": "20260102T110405.000+0800",
        "content": {
            "eventId": event,
            "eventType": "SystemMaintenance.Reboot",
            "eventStatus": "Scheduled",
            "instanceId": instance,
            "publishTime": "2026-01-02T03:04:05Z",
            "notBefore": "2026-01-02T04:00:00Z",
        },
    }
    assert posted == queued | {"traceId": queued["id"]}


@pytest.mark.parametrize(
    ("then", "statuses"),
    [
        ("advance", ["Scheduled", "Executing", "Executed"]),
        ("reboot", ["Scheduled", "Avoided"]),
        ("cancel", ["Scheduled", "Canceled"]),
    ],
)
def test_each_change_is_written_in_order(
    cms: Cms,
    cloud: Cloud,
    instance: str,
    put_rule: Callable[..., None],
    then: str,
    statuses: list[str],
) -> None:
    put_rule(pattern={"EventTypeList": ["Maintenance"]}, MnsParameters=QUEUE)
    event = schedule(cloud, instance)
    if then == "advance":
        cloud.post("clock", advance="2h")
    elif then == "reboot":
        call(cloud, "RebootInstance", InstanceId=instance)
    else:
        call(cloud, "CancelSimulatedSystemEvents", **{"EventId.1": event})

    assert names(cloud) == [f"{REBOOT}:{status}" for status in statuses]
    assert [body["content"]["eventStatus"] for body in bodies(cloud)] == statuses


def test_a_cancelled_failure_is_written_only_with_an_invented_name(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(pattern={"EventTypeList": ["Exception"]}, MnsParameters=QUEUE)
    failure = "Instance:SystemFailure.Stop"
    for _ in range(2):
        event = schedule(cloud, instance, "SystemFailure.Stop")
        call(cloud, "CancelSimulatedSystemEvents", **{"EventId.1": event})
        cloud.post("switches", canceled_failure_event="invented")

    assert names(cloud) == [
        *(f"{failure}:Executing", f"{failure}:Executing"),
        f"{failure}:Canceled",
    ]


def test_only_enabled_rules_that_match_count(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    maintenance = {"EventTypeList": ["Maintenance"]}
    put_rule("matching", maintenance, MnsParameters=QUEUE)
    put_rule("of-another-class", {"EventTypeList": ["Exception"]}, MnsParameters=QUEUE)
    put_rule("of-another-instance", maintenance | {"SQLFilter": "i-none"}, MnsParameters=QUEUE)
    put_rule("disabled", maintenance, MnsParameters=QUEUE)
    put_rule("without-targets", maintenance)
    cms.call("DisableEventRules", RuleNames=["disabled"])
    cms.call(
        "PutEventRule",
        RuleName="custom",
        EventPattern=[{"Product": "ECS"}],
        EventType="CUSTOM",
    )
    cms.call("PutEventRuleTargets", RuleName="custom", MnsParameters=QUEUE)
    schedule(cloud, instance)

    assert [each["rule"] for each in rows(cloud)] == ["matching"]


def test_rules_that_change_count_at_once(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(pattern={"EventTypeList": ["Maintenance"]}, MnsParameters=QUEUE)
    schedule(cloud, instance)
    put_rule(pattern={"EventTypeList": ["Exception"]})
    schedule(cloud, instance)
    put_rule(pattern={"EventTypeList": ["*"], "LevelList": ["CRITICAL"]})
    schedule(cloud, instance)
    cms.call("DeleteEventRules", RuleNames=["r1"])
    schedule(cloud, instance)

    assert names(cloud) == [f"{REBOOT}:Scheduled"] * 2


def test_a_reset_ends_all_rules(cms: Cms, cloud: Cloud, put_rule: Callable[..., None]) -> None:
    put_rule(MnsParameters=QUEUE)
    cloud.post("reset")
    cloud.instances(1)

    assert names(cloud) == []
    put_rule(MnsParameters=QUEUE)
    cloud.instances(1)
    assert names(cloud) == ["Instance:StateChange"] * 2


def test_a_refused_call_writes_nothing(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(MnsParameters=QUEUE)
    call(cloud, "StopInstance", InstanceId=instance, DryRun="true")

    assert names(cloud) == []


def test_the_switches_of_the_message(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(pattern={"EventTypeList": ["Maintenance"]}, MnsParameters=QUEUE)
    cloud.post("switches", cloudmonitor_status="event", cloudmonitor_queue_encoding="raw")
    schedule(cloud, instance)
    cloud.post("switches", cloudmonitor_body="documented")
    schedule(cloud, instance)
    whole, short = bodies(cloud)
    (first, _) = cloud.get("deliveries")

    assert whole["status"] == "Scheduled"
    assert cloud.get(f"deliveries/{first['delivery_id']}")["settings"]["base64"] is False
    assert list(short) == [
        *("ver", "id", "product", "resourceId", "level", "name", "userId", "eventTime"),
        *("regionId", "content"),
    ]


def test_with_a_silence_time_the_same_is_told_once(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    (second,) = cloud.instances(1)
    put_rule(pattern={"NameList": ["Instance:StateChange"]}, MnsParameters=QUEUE)
    cms.call(
        "PutEventRule",
        RuleName="r1",
        EventPattern=[{"Product": "ECS", "NameList": ["Instance:StateChange"]}],
        SilenceTime=3600,
    )
    cloud.post("switches", silence_time="suppress")
    call(cloud, "StopInstance", InstanceId=instance)
    call(cloud, "StopInstance", InstanceId=second)
    call(cloud, "StartInstance", InstanceId=instance)
    cloud.post("clock", advance="61m")
    call(cloud, "StopInstance", InstanceId=instance)

    assert [each["instance_id"] for each in rows(cloud)] == [instance, second, instance]


def test_a_webhook_gets_the_message(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    with Receiver() as receiver:
        put_rule(
            pattern={"EventTypeList": ["Maintenance"]},
            WebhookParameters=[{"Id": "1", "Url": f"{receiver.url}/hook"}],
        )
        schedule(cloud, instance)
        received = receiver.next()

    assert (received.method, received.path) == ("POST", "/hook")
    assert received.json["name"] == f"{REBOOT}:Scheduled"
    assert next(iter(received.json)) == "traceId"


def test_a_webhook_by_get_gets_the_members_as_parameters(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    with Receiver() as receiver:
        put_rule(
            pattern={"EventTypeList": ["Maintenance"]},
            WebhookParameters=[{"Id": "1", "Method": "GET", "Url": f"{receiver.url}/hook?env=t"}],
        )
        schedule(cloud, instance)
        received = receiver.next()
    parameters = dict(parse_qsl(urlsplit(received.path).query, keep_blank_values=True))

    assert (received.method, received.body) == ("GET", b"")
    assert parameters["env"] == "t"
    assert parameters["name"] == f"{REBOOT}:Scheduled"
    assert json.loads(parameters["content"])["instanceId"] == instance


def test_a_webhook_on_another_machine_is_stored_and_refused_when_it_is_due(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    put_rule(
        pattern={"EventTypeList": ["Maintenance"]},
        WebhookParameters=[{"Id": "1", "Url": "https://hooks.example.com/x"}],
    )
    schedule(cloud, instance)
    assert cloud.post("deliveries/wait", seconds=20)["is_quiet"]

    assert [each["state"] for each in cloud.get("deliveries")] == ["refused"]


def test_a_queue_gets_base64_of_the_message_as_the_vendors_consumer_expects(
    cms: Cms, cloud: Cloud, instance: str, put_rule: Callable[..., None]
) -> None:
    account = Account(cloud.url, "testid", "testsecret")
    queue = account.get_queue("q1")
    queue.create(QueueMeta())
    put_rule(
        pattern={"EventTypeList": ["Maintenance"]},
        MnsParameters=[{"Id": "1", "Region": "cn-hangzhou", "Queue": "q1"}],
    )
    schedule(cloud, instance)
    assert cloud.post("deliveries/wait", seconds=20)["is_quiet"]
    # Its default: the body of a message is Base64.
    message = queue.receive_message()
    queue.delete_message(message.receipt_handle)
    account.mns_client.close_connection()
    queue.mns_client.close_connection()

    assert json.loads(message.message_body)["name"] == f"{REBOOT}:Scheduled"
    assert [each["acknowledged_at"] is not None for each in cloud.get("deliveries")] == [True]
