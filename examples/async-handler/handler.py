"""Stops what a failing host is about to take down, all at once: asyncio, newer SDK."""

import asyncio

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config


async def handle(client: Client) -> None:
    asked = models.DescribeInstanceHistoryEventsRequest(
        region_id="cn-hangzhou",
        instance_event_cycle_status=["Executing"],
        instance_event_type=["SystemFailure.Redeploy"],
    )
    answer = await client.describe_instance_history_events_async(asked)
    events = answer.body.instance_system_event_set.instance_system_event_type
    stops = [models.StopInstanceRequest(instance_id=event.instance_id) for event in events]
    await asyncio.gather(*(client.stop_instance_async(stop) for stop in stops))


def client() -> Client:
    keys = {"access_key_id": "your-key-id", "access_key_secret": "your-key-secret"}
    return Client(Config(region_id="cn-hangzhou", **keys))


async def main() -> None:
    while True:
        await handle(client())
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main())
