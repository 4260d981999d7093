import asyncio

from handler import client, handle


def test_everything_on_the_failing_host_is_stopped(ecs_fake):
    failing, healthy = ecs_fake.run_instances(3)[:2], ecs_fake.run_instances()
    ecs_fake.schedule("SystemFailure.Redeploy", failing, "+30m")
    asyncio.run(handle(client()))
    ecs_fake.expect(*failing).stopped()
    ecs_fake.expect(*healthy).untouched()
