import subprocess

import pytest


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """Built before a test begins: in a test with the fake, nothing can be downloaded."""
    built = tmp_path_factory.mktemp("program") / "handler"
    subprocess.run(["go", "build", "-o", built, "."], check=True)
    return built


def test_the_instance_restarts_early(program, ecs_fake):
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    handler = ecs_fake.popen([program])
    ecs_fake.expect(instance).within("60s", handler).rebooted().event_avoided()
