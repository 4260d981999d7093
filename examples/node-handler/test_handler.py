import subprocess

import pytest


@pytest.fixture(scope="session", autouse=True)
def installed():
    """Before a test begins: in a test with the fake, nothing can be downloaded."""
    subprocess.run(["npm", "ci", "--silent"], check=True)


def test_the_instance_restarts_early(ecs_fake):
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    handler = ecs_fake.popen(["node", "handler.js"])
    ecs_fake.expect(instance).within("60s", handler).rebooted().event_avoided()
