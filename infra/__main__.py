"""The stack: test instances, and the simulated events that its configuration lists."""

import config
import pulumi
from notifications import NotificationRules
from testbed import Testbed

from simevents import SimulatedSystemEvent
from simevents.alicloud import fake_provider


def described(event_type: str, event: SimulatedSystemEvent) -> pulumi.Output[list[dict[str, str]]]:
    """One line per event, for the stack's outputs."""
    outputs = pulumi.Output.all(
        event_ids=event.event_ids, statuses=event.statuses, not_before=event.not_before_at
    )
    return outputs.apply(
        lambda values: [
            {
                "event": values["event_ids"].get(instance_id, ""),
                "instance": instance_id,
                "type": event_type,
                "notBefore": values["not_before"],
                "status": status,
            }
            for instance_id, status in sorted(values["statuses"].items())
        ]
    )


configuration = config.load()
# Without an endpoint the stack is on Alibaba Cloud, and the plugin finds its keys itself.
local = configuration.endpoint is not None
cloud = pulumi.ResourceOptions(
    providers=[fake_provider(region=configuration.region)] if local else []
)
testbed = Testbed("testbed", configuration, cloud)
rules = (
    NotificationRules("notifications", configuration.notifications, configuration.region, cloud)
    if configuration.notifications
    else None
)
# The rules are there before the first event and after the last: each change is told.
told = pulumi.ResourceOptions(depends_on=[rules] if rules else [])

events = {}
for scheduled in configuration.events:
    numbers = scheduled.instances
    if numbers is None:
        numbers = tuple(range(configuration.instance_count))
    event = SimulatedSystemEvent(
        scheduled.name,
        event_type=scheduled.type,
        instance_ids=[testbed.instance_ids[number] for number in numbers],
        not_before=scheduled.not_before,
        opts=told,
    )
    events[scheduled.name] = described(scheduled.type, event)

pulumi.export("endpoint", configuration.endpoint or "Alibaba Cloud")
pulumi.export("region", configuration.region)
pulumi.export("instance_ids", testbed.instance_ids)
pulumi.export("events", events)
if rules is not None:
    pulumi.export("notifications", rules.described)
