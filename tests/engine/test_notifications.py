"""Rules, queues and buses of the real alicloud plugin on a fake, and what they bring."""

import json
from pathlib import Path
from typing import Any

import pytest
from mns.account import Account
from mns.mns_exception import MNSServerException

from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, MakeStack, Stack
from tests.engine.receiver import receiver
from tests.fake.requests import call

PROGRAM = Path(__file__).parent / "programs" / "notified"
REGION = "cn-beijing"
CMS, MNS, BUS = "2019-01-01", "2022-01-19", "2020-04-01"
NAME = "Instance:SystemMaintenance.Reboot:"
BEGINNING: dict[str, Any] = {
    "notified:isOn": True,
    "notified:url": "http://127.0.0.1:9/one",
    "notified:visibilitySeconds": 30,
    "notified:purpose": "a test",
    "notified:prefixes": ["ecs:Instance:System"],
}
EDITED: dict[str, Any] = {
    "notified:isOn": False,
    "notified:url": "http://127.0.0.1:9/two",
    "notified:visibilitySeconds": 60,
    "notified:purpose": "another test",
    "notified:prefixes": ["ecs:Instance:System", "ecs:Disk:"],
    "notified:names": [f"{NAME}Scheduled", f"{NAME}Canceled"],
    "notified:filter": "Scheduled or Canceled",
    "notified:function": True,
}


def make(make_stack: MakeStack, cloud: CloudProcess, **more: Any) -> Stack:
    settings = {"simevents:endpoint": cloud.url, "alicloud:region": REGION, **BEGINNING}
    return make_stack(PROGRAM, settings | {f"notified:{name}": of for name, of in more.items()})


def test_rules_queues_and_buses_are_created_edited_and_removed(
    make_stack: MakeStack, cloud: CloudProcess
) -> None:
    stack = make(make_stack, cloud)
    stack.up()
    stack.preview()
    stack.refresh("--expect-no-changes")
    assert "8 unchanged" in stack.up()

    stack.settings |= EDITED
    stack.write()
    edited = stack.up()
    assert "5 updated" in edited
    assert "replaced" not in edited
    stack.preview()
    stack.refresh("--expect-no-changes")

    (rule,) = call(cloud, "DescribeEventRuleList", CMS)["EventRules"]["EventRule"]
    assert (rule["Name"], rule["State"]) == ("monitor", "DISABLED")
    assert rule["EventPattern"]["SQLFilter"] == EDITED["notified:filter"]
    assert rule["EventPattern"]["NameList"] == {"NameList": EDITED["notified:names"]}
    targets = call(cloud, "DescribeEventRuleTargetList", CMS, RuleName="monitor")
    (webhook,) = targets["WebhookParameters"]["WebhookParameter"]
    (function,) = targets["FcParameters"]["FCParameter"]
    assert (webhook["Url"], function["FunctionName"]) == (EDITED["notified:url"], "function")
    queue = call(cloud, "GetQueueAttributes", MNS, RegionId=REGION, QueueName="events")["Data"]
    assert (queue["VisibilityTimeout"], queue["DlqPolicy"]["MaxReceiveCount"]) == (60, "3")
    assert queue["Tags"] == [{"TagKey": "purpose", "TagValue": "another test"}]
    bus = call(cloud, "GetEventBus", BUS, EventBusName="own-bus")["Data"]
    assert bus["Description"] == "another test"
    bus_rule = call(cloud, "GetRule", BUS, EventBusName="default", RuleName="ecs-events")["Data"]
    assert bus_rule["Status"] == "DISABLE"
    assert json.loads(bus_rule["FilterPattern"])["type"] == [
        {"prefix": prefix} for prefix in EDITED["notified:prefixes"]
    ]
    assert {target["Id"]: target["Endpoint"] for target in bus_rule["Targets"]} == {
        "hook": EDITED["notified:url"],
        "dead": f"acs:mns:{REGION}:1000000000000001:queues/dead",
    }

    stack.destroy()
    with pytest.raises(MNSServerException, match="QueueNotExist"):
        messages(cloud)


def messages(cloud: CloudProcess) -> list[dict[str, Any]]:
    """All messages of the queue, read and deleted by the vendor's client."""
    account = Account(cloud.url, FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET)
    queue = account.get_queue("events")
    found: list[dict[str, Any]] = []
    try:
        while True:
            message = queue.receive_message(wait_seconds=1)
            queue.delete_message(message.receipt_handle)
            found.append(json.loads(message.message_body))
    except MNSServerException as error:
        if error.type != "MessageNotExist":
            raise
        return found
    finally:
        # Python warns of a socket that nobody closes.
        queue.mns_client.close_connection()
        account.mns_client.close_connection()


def told(bodies: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Instance and name of each message of CloudMonitor, sorted."""
    return sorted((body["content"]["instanceId"], body["name"]) for body in bodies)


def test_each_change_of_an_event_is_told_once(make_stack: MakeStack, cloud: CloudProcess) -> None:
    canceled, avoided = ARTICLE_INSTANCES
    (executed,) = cloud.post("instances", count=1, region=REGION)["instance_ids"]
    events = {"canceled": [canceled], "avoided": [avoided], "executed": [executed]}
    with receiver() as hook:
        stack = make(make_stack, cloud, url=hook.url, events=events)
        stack.up()
        event_ids = {event["instance_id"]: event["event_id"] for event in cloud.open_events()}
        scheduled = messages(cloud)
        assert told(scheduled) == sorted((i, f"{NAME}Scheduled") for i in event_ids)

        stack.set(notified__events={n: of for n, of in events.items() if n != "canceled"})
        stack.up()
        call(cloud, "RebootInstance", RegionId=REGION, InstanceId=avoided)
        cloud.post("clock", advance="3h")
        later = messages(cloud)
        cloud.post("deliveries/wait", seconds=10)
        stack.destroy()

    assert told(later) == sorted(
        [
            (canceled, f"{NAME}Canceled"),
            (avoided, f"{NAME}Avoided"),
            (executed, f"{NAME}Executing"),
            (executed, f"{NAME}Executed"),
        ]
    )
    for body in [*scheduled, *later]:
        content = body["content"]
        assert body["name"] == f"Instance:{content['eventType']}:{content['eventStatus']}"
        assert content["eventId"] == event_ids[content["instanceId"]]
        assert (body["ruleName"], body["regionId"]) == ("monitor", REGION)
    by_monitor = [body for body in hook.bodies if "specversion" not in body]
    # A webhook gets the same as a queue, and this besides.
    assert [body.pop("traceId") for body in by_monitor] == [body["id"] for body in by_monitor]
    by_bus = [body for body in hook.bodies if "specversion" in body]
    assert sorted(by_monitor, key=str) == sorted([*scheduled, *later], key=str)
    assert {event["type"] for event in by_bus} == {"ecs:Instance:SystemMaintenance.Reboot"}
    assert sorted((e["data"]["instanceId"], e["data"]["eventStatus"]) for e in by_bus) == sorted(
        (instance, name.removeprefix(NAME)) for instance, name in told([*scheduled, *later])
    )
