import subprocess


def test_the_instance_restarts_early(ecs_fake, tmp_path):
    program = tmp_path / "handler"
    subprocess.run(["go", "build", "-o", program, "."], check=True)
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    handler = ecs_fake.popen([program])
    ecs_fake.expect(instance).within("60s", handler).rebooted().event_avoided()
