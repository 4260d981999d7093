"""Changes of the cloud become deliveries, as the rules of the bus ask for."""

import json
from typing import Any

from simevents.fake.state.delivery_records import NewDelivery
from simevents.fake.state.occurrences import Interruption, StateChange
from tests.conftest import REGION
from tests.fake.eventbridge.inner_bus import DEFAULT, INSTANCE, InnerBus

URL = "http://127.0.0.1:8080/hook"
HOOK = {"Id": "hook", "Type": "http", "Endpoint": URL, "ParamList": []}
QUEUE = {
    "Id": "queue",
    "Type": "acs.mns.queue",
    "Endpoint": "acs:mns:cn-beijing:1000000000000001:queues/events",
    "ParamList": [],
}
FUNCTION = {
    "Id": "function",
    "Type": "acs.fc.function",
    "Endpoint": "acs:fc:cn-beijing:1000000000000001:services/ops.LATEST/functions/drain",
    "ParamList": [],
}
REBOOT = "SystemMaintenance.Reboot"
HOUR = 3_600


def parameter(key: str, form: str, value: str = "", template: str = "") -> dict[str, str]:
    return {"ResourceKey": key, "Form": form, "Value": value, "Template": template}


def statuses(bus: InnerBus) -> list[tuple[str, str]]:
    return [(delivery.target_id, delivery.status) for delivery in bus.deliveries()]


def test_a_planned_restart_is_delivered_when_it_is_published_and_at_each_change() -> None:
    bus = InnerBus()
    bus.rule({"source": ["acs.ecs"]}, HOOK)
    start = bus.clock.now()
    event_id = bus.schedule(INSTANCE, REBOOT, start + HOUR, simulated=True)
    bus.advance(2 * HOUR)
    first, *later = bus.deliveries()
    body = json.loads(first.body)

    assert first == NewDelivery(
        notice_id=body["id"],
        at=start,
        region=REGION,
        instance_id=INSTANCE,
        event_id=event_id,
        name="ecs:Instance:SystemMaintenance.Reboot",
        status="Scheduled",
        via="eventbridge",
        rule="rule",
        target_id="hook",
        lane="eventbridge/default/rule/hook",
        kind="http",
        address=URL,
        body=first.body,
        settings={"region": REGION, "token": "", "signed": True},
        retry="backoff",
        blocks=False,
        dead_letter="",
    )
    assert body == {
        "id": first.notice_id,
        "source": "acs.ecs",
        "specversion": "1.0",
        "type": "ecs:Instance:SystemMaintenance.Reboot",
        "subject": f"acs.ecs:{REGION}:1000000000000001:{INSTANCE}",
        "time": "2026-01-01T08:00:00+08:00",
        "datacontenttype": "application/json;charset=utf-8",
        "aliyunaccountid": "1000000000000001",
        "aliyunpublishtime": "2026-01-01T00:00:00Z",
        "aliyuneventbusname": "default",
        "aliyunregionid": REGION,
        "aliyunpublishaddr": "172.25.0.1",
        "data": {
            "eventId": event_id,
            "eventType": REBOOT,
            "eventStatus": "Scheduled",
            "instanceId": INSTANCE,
            "publishTime": "2026-01-01T00:00:00Z",
            "notBefore": "2026-01-01T01:00:00Z",
        },
    }
    assert [
        (each.at, each.status, json.loads(each.body)["data"]["eventStatus"]) for each in later
    ] == [(start + HOUR, status, status) for status in ("Executing", "Executed")]


def test_a_cancelled_failure_is_an_event_on_the_bus() -> None:
    bus = InnerBus()
    bus.rule({"type": ["ecs:Instance:SystemFailure.Reboot"]}, HOOK)
    event_id = bus.schedule(
        INSTANCE, "SystemFailure.Reboot", bus.clock.now() + HOUR, simulated=True
    )
    bus.cancel(event_id)

    assert statuses(bus) == [("hook", "Executing"), ("hook", "Canceled")]
    assert json.loads(bus.deliveries()[1].body)["data"]["eventStatus"] == "Canceled"


def test_other_changes_of_an_instance_are_events_too() -> None:
    bus = InnerBus()
    bus.rule({"type": [{"prefix": "ecs:Instance:"}]}, HOOK)
    at = bus.clock.now()
    with bus.store.transaction():
        bus.cloud.happened(
            [
                StateChange(INSTANCE, REGION, "Stopped", at),
                Interruption(INSTANCE, REGION, at),
            ]
        )

    assert [(each.name, json.loads(each.body)["data"]) for each in bus.deliveries()] == [
        (
            "ecs:Instance:StateChange",
            {
                "resourceId": INSTANCE,
                "resourceType": "ALIYUN::ECS::Instance",
                "state": "Stopped",
            },
        ),
        (
            "ecs:Instance:PreemptibleInstanceInterruption",
            {"instanceId": INSTANCE, "action": "delete"},
        ),
    ]


def test_a_pattern_decides_and_each_target_gets_its_own_delivery() -> None:
    bus = InnerBus()
    bus.rule({"data": {"eventStatus": ["Executed"]}}, HOOK, QUEUE, FUNCTION, name="ends")
    bus.rule({"source": ["acs.oss"]}, HOOK, name="other")
    bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)
    bus.advance(HOUR)

    assert [
        (each.rule, each.lane, each.kind, each.address, each.settings) for each in bus.deliveries()
    ] == [
        (
            "ends",
            "eventbridge/default/ends/hook",
            "http",
            URL,
            {"region": REGION, "token": "", "signed": True},
        ),
        (
            "ends",
            "eventbridge/default/ends/queue",
            "queue",
            "events",
            {"region": "cn-beijing", "base64": False},
        ),
        (
            "ends",
            "eventbridge/default/ends/function",
            "function",
            "ops/drain",
            {"region": "cn-beijing"},
        ),
    ]


def one(*targets: dict[str, Any]) -> NewDelivery:
    """The delivery of a planned restart to one target."""
    bus = InnerBus()
    bus.rule({}, *targets)
    bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)
    (delivery,) = bus.deliveries()
    return delivery


def test_body_and_address_are_resolved_when_the_event_happens() -> None:
    delivery = one(
        HOOK
        | {
            "ParamList": [
                parameter(
                    "url", "TEMPLATE", '{"i":"$.data.instanceId"}', "http://127.0.0.1:1/${i}"
                ),
                parameter("Body", "TEMPLATE", '{"s":"$.data.eventStatus"}', '{"now":"${s}"}'),
                parameter("Token", "CONSTANT", "tok"),
            ]
        }
    )

    assert delivery.address == f"http://127.0.0.1:1/{INSTANCE}"
    assert delivery.body == b'{"now":"Scheduled"}'
    assert delivery.settings == {"region": REGION, "token": "tok", "signed": True}


def test_parameters_of_queues_and_functions_come_before_the_endpoint() -> None:
    queue = one(
        QUEUE
        | {
            "ParamList": [
                parameter("queue", "CONSTANT", "others"),
                parameter("IsBase64Encode", "CONSTANT", "true"),
                parameter("Body", "JSONPATH", "$.data.instanceId"),
            ]
        }
    )
    function = one(
        FUNCTION
        | {
            "ParamList": [
                parameter("serviceName", "CONSTANT", "night"),
                parameter("functionName", "CONSTANT", "watch"),
            ]
        }
    )

    assert (queue.address, queue.body) == ("others", INSTANCE.encode())
    assert queue.settings == {"region": "cn-beijing", "base64": True}
    assert function.address == "night/watch"


def test_a_function_of_today_has_no_service() -> None:
    arn = "acs:fc:cn-hangzhou:1000000000000001:functions/drain"

    assert one(FUNCTION | {"Endpoint": arn}).address == "/drain"


def test_strategy_tolerance_and_dead_letters_of_the_target() -> None:
    dead = {"Arn": "acs:mns:cn-beijing:1000000000000001:/queues/dead"}
    patient = HOOK | {"PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY", "ErrorsTolerance": "NONE"}
    delivery = one(patient | {"DeadLetterQueue": dead})
    shortened = one(
        HOOK | {"DeadLetterQueue": dead, "ParamList": [parameter("Body", "JSONPATH", "$.id")]}
    )

    assert (delivery.retry, delivery.blocks, delivery.dead_letter) == ("decay", True, "dead")
    assert delivery.settings["dead_letter_region"] == "cn-beijing"
    assert "original" not in delivery.settings
    assert json.loads(shortened.settings["original"])["id"] == shortened.body.decode()


def test_a_target_of_another_type_gets_nothing() -> None:
    sms = {"Id": "sms", "Type": "acs.sms", "Endpoint": "x", "ParamList": []}

    assert one(sms, HOOK).target_id == "hook"


def test_subject_and_time_can_be_switched() -> None:
    bus = InnerBus()
    bus.cloud.switches = bus.cloud.switches.changed(
        eventbridge_subject="arn", eventbridge_time="utc"
    )
    bus.rule({}, HOOK)
    bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)
    body = json.loads(bus.deliveries()[0].body)

    assert (body["subject"], body["time"]) == (
        f"acs:ecs:{REGION}:1000000000000001:instance/{INSTANCE}",
        "2026-01-01T00:00:00Z",
    )


def test_each_change_of_a_rule_counts_at_once() -> None:
    bus = InnerBus()
    rule = DEFAULT | {"RuleName": "rule"}
    told: list[bool] = []
    bus.cloud.on_rules = lambda: told.append(bus.channel.has_rules())

    def change(action: str, **parameters: Any) -> int:
        """The deliveries of the event that follows a change."""
        bus.call(action, **rule, **parameters)
        before = len(bus.deliveries())
        bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)
        return len(bus.deliveries()) - before

    assert not bus.channel.has_rules()
    assert [
        change("CreateRule", FilterPattern="{}", EventTargets=[HOOK]),
        change("PutTargets", Targets=[QUEUE]),
        change("DeleteTargets", TargetIds=["hook"]),
        change("DisableRule"),
        change("EnableRule"),
        change("UpdateRule", FilterPattern='{"source":["acs.oss"]}'),
        change("UpdateRule", FilterPattern='{"source":["acs.ecs"]}'),
        change("DeleteRule"),
    ] == [1, 2, 1, 0, 1, 0, 1, 0]
    assert told == [True] * 7 + [False]


def test_rules_of_other_buses_get_no_events_of_the_cloud() -> None:
    bus = InnerBus()
    bus.call("CreateEventBus", EventBusName="orders")
    bus.rule({}, HOOK, bus="orders")
    bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)

    assert bus.deliveries() == []


def test_a_change_that_is_undone_causes_no_delivery() -> None:
    bus = InnerBus()
    bus.rule({}, HOOK)
    try:
        with bus.store.transaction():
            bus.schedule(INSTANCE, REBOOT, bus.clock.now() + HOUR, simulated=True)
            raise LookupError
    except LookupError:
        pass

    assert bus.deliveries() == []
