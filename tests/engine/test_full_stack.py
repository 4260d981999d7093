"""The whole stack of `infra/`: network, instances and events, with the real alicloud plugin."""

from typing import Any

import pytest

from tests.engine.conftest import CHECKOUT, CloudProcess, MakeStack, Stack
from tests.fake.requests import call

REGION = "cn-hangzhou"
REBOOT = {"name": "planned-reboot", "type": "SystemMaintenance.Reboot", "notBefore": "+2h"}
FAILURE = {
    "name": "host-failure",
    "type": "SystemFailure.Redeploy",
    "notBefore": "+30m",
    "instances": [0],
}
WEBHOOK = "http://127.0.0.1:9/hook?token=t0ken"
NOTIFICATIONS = {
    "cloudMonitor": {"queue": "monitor-events", "levels": ["CRITICAL"]},
    "eventBridge": {"queue": "bus-events", "types": ["ecs:Instance:SystemFailure.Redeploy"]},
}


def settings(cloud: CloudProcess) -> dict[str, Any]:
    return {
        "simevents:endpoint": cloud.url,
        "alicloud:region": REGION,
        "simevents:zone": "cn-hangzhou-b",
        "simevents:instanceType": "ecs.g6.large",
        "simevents:imageId": "aliyun_3_x64_20G_alibase_20240819.vhd",
        "simevents:instanceCount": 2,
        "simevents:events": [REBOOT, FAILURE],
    }


@pytest.fixture
def stack(make_stack: MakeStack, cloud: CloudProcess) -> Stack:
    return make_stack(CHECKOUT, settings(cloud) | {"simevents:notifications": NOTIFICATIONS})


def events_of(stack: Stack, name: str) -> dict[str, str]:
    """Event id by instance id, from the stack's outputs."""
    return {row["instance"]: row["event"] for row in stack.outputs()["events"][name]}


def test_the_stack_is_created_changed_and_destroyed(stack: Stack, cloud: CloudProcess) -> None:
    webhook = "simevents:notifications.cloudMonitor.webhook"
    stack.run("config", "set", "--secret", "--path", webhook, WEBHOOK)
    stack.up()
    reboots, failures = events_of(stack, "planned-reboot"), events_of(stack, "host-failure")
    instances = stack.outputs()["instance_ids"]
    assert sorted(reboots) == sorted(instances)
    assert list(failures) == instances[:1]
    assert len(cloud.open_events()) == 3
    assert "t0ken" not in stack.run("stack", "export")

    stack.preview()
    stack.refresh("--expect-no-changes")

    # The rule is made anew without the webhook, and the events stay.
    stack.set(
        simevents__instanceCount=3,
        simevents__notifications={"cloudMonitor": {"queue": "monitor-events"}},
    )
    stack.up("--parallel", "64")
    assert stack.outputs()["notifications"] == {
        "cloudMonitor": {"rule": "simevents-test", "queue": "monitor-events", "webhook": False}
    }
    targets = call(cloud, "DescribeEventRuleTargetList", "2019-01-01", RuleName="simevents-test")
    assert targets["WebhookParameters"] == {"WebhookParameter": []}
    assert [t["Queue"] for t in targets["MnsParameters"]["MnsParameter"]] == ["monitor-events"]
    more = events_of(stack, "planned-reboot")
    assert {id: more[id] for id in reboots} == reboots
    assert len(more) == 3
    assert events_of(stack, "host-failure") == failures

    stack.set(simevents__events=[REBOOT, FAILURE | {"notBefore": "+45m"}])
    stack.up()
    assert events_of(stack, "planned-reboot") == more
    replaced = events_of(stack, "host-failure")
    assert replaced != failures
    assert list(replaced) == list(failures)

    behind = more[instances[1]]
    cloud.cancel(REGION, behind)
    stack.refresh()
    stack.up()
    again = events_of(stack, "planned-reboot")
    assert again[instances[1]] != behind
    assert {id: e for id, e in again.items() if id != instances[1]} == {
        id: e for id, e in more.items() if id != instances[1]
    }

    stack.destroy()
    assert cloud.statuses() == ["Canceled"] * 6
    assert [i for i in cloud.get("instances") if i["region"] == REGION] == []
    calls = cloud.get("calls")
    canceled = {
        value
        for call in calls
        if call["action"] == "CancelSimulatedSystemEvents" and call["status"] == 200
        for name, value in call["parameters"].items()
        if name.startswith("EventId.")
    }
    assert canceled == {event["event_id"] for event in cloud.get("events")}
    assert all("TriggerRealOps" not in call["parameters"] for call in calls)
    names = [call["action"] for call in calls]
    last_cancel = len(names) - 1 - names[::-1].index("CancelSimulatedSystemEvents")
    assert last_cancel < names.index("DeleteInstance")
    # The rules are there when the first event is made, and until the last one is cancelled.
    first_create = names.index("CreateSimulatedSystemEvents")
    assert max(names.index("PutEventRuleTargets"), names.index("CreateRule")) < first_create
    assert names.count("DeleteEventRules") == 2
    assert last_cancel < len(names) - 1 - names[::-1].index("DeleteEventRules")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"simevents:instanceCount": -1},
            "simevents:instanceCount is -1; use a whole number, 1 or more",
            id="a negative instance count",
        ),
        pytest.param(
            {"simevents:instanceCount": "two"},
            "simevents:instanceCount is 'two'; use a whole number, 1 or more",
            id="an instance count in letters",
        ),
        pytest.param(
            {"simevents:events": [FAILURE | {"instances": [2]}]},
            "simevents:events[0].instances is 2; use instances that the stack has: numbers "
            "from 0 to 1",
            id="an instance that the stack does not have",
        ),
        pytest.param(
            {"simevents:events": [REBOOT, REBOOT]},
            "simevents:events[1].name is 'planned-reboot'; use a unique name",
            id="two events of one name",
        ),
        pytest.param(
            {"simevents:events": [REBOOT | {"at": "+1h"}]},
            "simevents:events[0].at is '+1h'; use only name, type, notBefore and instances",
            id="an unknown key of an event",
        ),
        pytest.param(
            {"simevents:endpoint": "http://ecs.example.com"},
            "endpoint: http://ecs.example.com would send credentials unencrypted to another "
            "machine; use https://",
            id="plain HTTP to another machine",
        ),
        pytest.param(
            {"simevents:instanzType": "ecs.g6.large"},
            "simevents:instanzType is not a valid key of this stack; use simevents:instanceType",
            id="a misspelt key",
        ),
        pytest.param(
            {"simevents:notifications": {"cloudMonitor": {"queu": "q"}}},
            "simevents:notifications.cloudMonitor.queu is not a valid key; use "
            "simevents:notifications.cloudMonitor.queue",
            id="a misspelt key of a rule",
        ),
        pytest.param(
            {"simevents:zone": None}, "simevents:zone is not set; use a zone", id="no zone"
        ),
        pytest.param(
            {"alicloud:region": None},
            "alicloud:region is not set; use a region such as cn-hangzhou",
            id="no region",
        ),
    ],
)
def test_wrong_configuration_fails_the_preview_and_names_the_key(
    stack: Stack, change: dict[str, Any], expected: str
) -> None:
    stack.settings = {n: v for n, v in (stack.settings | change).items() if v is not None}
    stack.write()
    text = stack.fails("preview")

    assert expected in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            REBOOT | {"type": "SystemMaintenance.Rebot"},
            "'SystemMaintenance.Rebot' is not a valid event type; use one of SystemMaintenance.",
        ),
        (
            FAILURE | {"notBefore": "soon"},
            "'soon' is not a valid time; use a UTC time such as 2027-01-31T09:30:00Z",
        ),
    ],
)
def test_an_invalid_type_or_time_fails_the_preview(
    stack: Stack, event: dict[str, Any], expected: str
) -> None:
    stack.set(simevents__events=[event])

    assert expected in " ".join(stack.fails("preview").split())
