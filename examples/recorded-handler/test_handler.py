"""Record what is exchanged with the fake, then replay it; neither needs an account:

pytest --record-mode=once
pytest --ecs-target=cassette
"""

from aliyunsdkcore.client import AcsClient
from handler import events, handle


def test_the_instance_restarts_early(ecs):
    (instance,) = ecs.instances()
    (event_id,) = ecs.schedule("SystemMaintenance.Reboot", instance, "+2h")
    client = AcsClient(ecs.access_key_id, ecs.access_key_secret, ecs.region)
    handle(client)
    (event,) = events(client, "Scheduled", "Avoided")
    assert (event["EventId"], event["EventCycleStatus"]["Name"]) == (event_id, "Avoided")
