from aliyunsdkcore.client import AcsClient
from handler import handle


def test_the_instance_restarts_early(ecs_fake):
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    handle(AcsClient("any-key-id", "any-secret", "cn-hangzhou"))
    ecs_fake.clock.advance("3h")
    ecs_fake.expect(instance).rebooted().event_avoided()
