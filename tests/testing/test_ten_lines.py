"""A test of a handler as a user writes it, with both SDKs and with any settings."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526 import (
    DescribeInstanceHistoryEventsRequest,
    RebootInstanceRequest,
)

from simevents.testing import FakeCloud

OPEN = ["Scheduled", "Executing"]


def older(client: AcsClient) -> None:
    """Restart each instance that has a planned restart, with the older SDK."""
    asked = DescribeInstanceHistoryEventsRequest.DescribeInstanceHistoryEventsRequest()
    asked.set_InstanceEventCycleStatuss(OPEN)
    answer = json.loads(client.do_action_with_exception(asked))
    for event in answer["InstanceSystemEventSet"]["InstanceSystemEventType"]:
        restart = RebootInstanceRequest.RebootInstanceRequest()
        restart.set_InstanceId(event["InstanceId"])
        client.do_action_with_exception(restart)


def newer(client: Client) -> None:
    asked = models.DescribeInstanceHistoryEventsRequest(
        region_id="cn-hangzhou", instance_event_cycle_status=OPEN
    )
    found = client.describe_instance_history_events(asked).body.instance_system_event_set
    for event in found.instance_system_event_type:
        client.reboot_instance(models.RebootInstanceRequest(instance_id=event.instance_id))


async def newer_async(client: Client) -> None:
    asked = models.DescribeInstanceHistoryEventsRequest(
        region_id="cn-hangzhou", instance_event_cycle_status=OPEN
    )
    answer = await client.describe_instance_history_events_async(asked)
    for event in answer.body.instance_system_event_set.instance_system_event_type:
        restart = models.RebootInstanceRequest(instance_id=event.instance_id)
        await client.reboot_instance_async(restart)


def scheduled(ecs_fake: FakeCloud) -> str:
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    return instance


@pytest.mark.parametrize("region", ["cn-hangzhou", "xx-unknown-1"])
def test_the_older_sdk_with_any_keys(ecs_fake: FakeCloud, region: str) -> None:
    if region != "cn-hangzhou":
        ecs_fake.switch(unknown_region="accept")
        ecs_fake.region = region
    instance = scheduled(ecs_fake)
    older(AcsClient("LTAIsomebodysown", "secret", region, auto_retry=False))

    ecs_fake.clock.advance("2h")
    ecs_fake.expect(instance).rebooted().event_avoided()


@pytest.mark.parametrize(
    "settings",
    [
        {"region_id": "cn-hangzhou"},
        {"endpoint": "ecs.cn-hangzhou.aliyuncs.com", "protocol": "http"},
        {"endpoint": "ecs-proxy.example.com:8443", "https_proxy": "http://10.0.0.1:3128"},
    ],
)
def test_the_newer_sdk_with_any_endpoint(ecs_fake: FakeCloud, settings: dict[str, str]) -> None:
    instance = scheduled(ecs_fake)
    config = Config(access_key_id="LTAIsomebodysown", access_key_secret="secret", **settings)
    newer(Client(config))
    ecs_fake.expect(instance).rebooted().event_avoided()

    ecs_fake.reset()
    instance = scheduled(ecs_fake)
    asyncio.run(newer_async(Client(config)))
    ecs_fake.expect(instance).rebooted().event_avoided()


def test_the_clock_the_faults_and_the_journal(ecs_fake: FakeCloud) -> None:
    ecs_fake.add_instance("i-web")
    ecs_fake.clock.freeze()
    now = ecs_fake.clock.now
    (event,) = ecs_fake.schedule("SystemMaintenance.Reboot", ["i-web"], timedelta(hours=2))
    assert event.not_before == now + timedelta(hours=2)
    ecs_fake.faults.add("DescribeInstanceHistoryEvents", error="Throttling", times=1)

    assert ecs_fake.clock.advance(timedelta(hours=3)) == now + timedelta(hours=3)
    ecs_fake.expect("i-web").event_executed().untouched()
    assert [status.value for _, status in ecs_fake.events[0].history] == [
        "Scheduled",
        "Executing",
        "Executed",
    ]
    assert ecs_fake.calls == []
    assert ecs_fake.status("i-web") == "Running"
    assert ecs_fake.clock.set(datetime.fromisoformat("2030-01-01T00:00:00Z")).year == 2030


def test_a_real_event(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    (event,) = ecs_fake.happen("SystemMaintenance.CleanInactiveDisks", instance)
    assert (event.simulated, event.event_type) == (False, "SystemMaintenance.CleanInactiveDisks")
