import sys

from consumer import consume


def test_the_instance_is_drained(ecs_fake, capsys):
    ecs_fake.deliver_to(queue="ecs-events")
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    consume(wait_seconds=0)
    assert f"draining {instance}" in capsys.readouterr().out
    ecs_fake.expect(instance).event_delivered("Scheduled", to="ecs-events")


def test_the_consumer_as_it_runs_in_production(ecs_fake):
    ecs_fake.deliver_to(queue="ecs-events")
    ecs_fake.popen([sys.executable, "consumer.py"])
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    ecs_fake.expect(instance).event_delivered("Scheduled", within="30s")
