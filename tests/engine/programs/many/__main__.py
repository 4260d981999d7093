"""More drills in one stack than a provider with attributes could serve."""

import pulumi

from simevents import SimulatedSystemEvent

config = pulumi.Config()

for number in range(config.require_int("count")):
    SimulatedSystemEvent(
        f"drill-{number}",
        event_type="SystemMaintenance.Reboot",
        instance_ids=config.require_object("instanceIds"),
        not_before=f"+{number + 60}m",
    )
