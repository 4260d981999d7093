"""A change of an event arrives in a queue, through CloudMonitor's rules and EventBridge's.

Sources: the pages of event notifications of ECS, and of both products' rules.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from mns.account import Account
from mns.queue import Queue, QueueMeta

from simevents.testing.live.targets import Target
from tests.contract.clients import VendorClient

TYPE = "SystemMaintenance.Reboot"

Name = Callable[[str], str]


@pytest.fixture
def queue(queues: Account, name: Name) -> Queue:
    made = queues.get_queue(name("queue"))
    made.create(QueueMeta())
    return made


def next_message(queue: Queue) -> Any:
    received = queue.receive_message(10)
    queue.delete_message(received.receipt_handle)
    return json.loads(received.message_body)


def schedule_and_cancel(
    compute: VendorClient, instance: str, not_before: str, queue: Queue
) -> tuple[str, list[Any]]:
    """The id of the event, and the message about each of the two changes."""
    created = compute.call(
        "CreateSimulatedSystemEvents",
        EventType=TYPE,
        NotBefore=not_before,
        InstanceId=[instance],
    )
    (event_id,) = created["EventIdSet"]["EventId"]
    scheduled = next_message(queue)
    compute.call("CancelSimulatedSystemEvents", EventId=[event_id])
    return event_id, [scheduled, next_message(queue)]


def test_cloudmonitor_puts_each_change_into_a_queue(
    cms: VendorClient,
    compute: VendorClient,
    ecs: Target,
    queue: Queue,
    name: Name,
    at: Callable[..., str],
) -> None:
    (instance,), rule, not_before = ecs.instances(1), name("rule"), at(hours=1)
    cms.call("PutEventRule", RuleName=rule, EventPattern=[{"Product": "ECS"}])
    target = {"Id": "1", "Region": ecs.region, "Queue": queue.queue_name}
    cms.call("PutEventRuleTargets", RuleName=rule, MnsParameters=[target])
    event_id, messages = schedule_and_cancel(compute, instance, not_before, queue)

    assert [message["name"] for message in messages] == [
        f"Instance:{TYPE}:Scheduled",
        f"Instance:{TYPE}:Canceled",
    ]
    for message, status in zip(messages, ("Scheduled", "Canceled"), strict=True):
        content = message["content"]
        assert (message["product"], message["regionId"], message["ruleName"]) == (
            "ECS",
            ecs.region,
            rule,
        )
        assert (content["eventId"], content["eventType"], content["eventStatus"]) == (
            event_id,
            TYPE,
            status,
        )
        assert (content["instanceId"], content["notBefore"]) == (instance, not_before)


def test_eventbridge_puts_each_change_into_a_queue(
    buses: VendorClient,
    compute: VendorClient,
    ecs: Target,
    queue: Queue,
    name: Name,
    at: Callable[..., str],
) -> None:
    (instance,), not_before = ecs.instances(1), at(hours=1)
    queue.set_encoding(False)
    pattern = {"source": ["acs.ecs"], "type": [{"prefix": "ecs:Instance:SystemMaintenance"}]}
    target = {
        "Id": "to-queue",
        "Type": "acs.mns.queue",
        "Endpoint": f"acs:mns:{ecs.region}:1000000000000001:queues/{queue.queue_name}",
        "ParamList": [
            {"ResourceKey": "queue", "Form": "CONSTANT", "Value": queue.queue_name},
            {"ResourceKey": "Body", "Form": "ORIGINAL"},
        ],
    }
    made = buses.call(
        "CreateRule",
        EventBusName="default",
        RuleName=name("rule"),
        FilterPattern=json.dumps(pattern),
        EventTargets=[target],
    )
    event_id, events = schedule_and_cancel(compute, instance, not_before, queue)

    assert made["Success"] is True
    for event, status in zip(events, ("Scheduled", "Canceled"), strict=True):
        assert (event["source"], event["type"]) == ("acs.ecs", f"ecs:Instance:{TYPE}")
        assert (event["data"]["eventId"], event["data"]["eventStatus"]) == (event_id, status)
        assert event["data"]["instanceId"] == instance
