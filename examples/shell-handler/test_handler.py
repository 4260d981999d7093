from pathlib import Path

HANDLER = Path(__file__).with_name("handler.sh")


def test_the_instance_is_drained(ecs_fake, tmp_path):
    running = ecs_fake.popen([HANDLER], cwd=tmp_path)
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    assert running.wait(timeout=60) == 0
    assert (tmp_path / "drained" / instance).exists()
    ecs_fake.expect().called("DescribeInstanceHistoryEvents").no_unexpected_calls()
