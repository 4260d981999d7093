from index import handler

PATTERN = {"source": ["acs.ecs"], "data": {"eventStatus": ["Scheduled"]}}


def test_the_instance_restarts_early(ecs_fake):
    ecs_fake.deliver_to(function=handler, via="eventbridge", pattern=PATTERN)
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    ecs_fake.clock.advance("3h")
    ecs_fake.expect(instance).event_delivered("Scheduled").rebooted().event_avoided()
