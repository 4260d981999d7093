"""A stack that owns events only, on instances that exist already."""

import pulumi

from simevents import SimulatedSystemEvent

config = pulumi.Config()

drill = SimulatedSystemEvent(
    "drill",
    event_type=config.require("eventType"),
    instance_ids=config.require_object("instanceIds"),
    not_before=config.require("notBefore"),
)

pulumi.export("event_ids", drill.event_ids)
pulumi.export("statuses", drill.statuses)
pulumi.export("not_before", drill.not_before_at)
