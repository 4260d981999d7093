"""One drill, with a resource option that the configuration names."""

import pulumi

from simevents import SimulatedSystemEvent

config = pulumi.Config()
other = pulumi.ComponentResource("options:index:Other", "other")
options = {
    "none": pulumi.ResourceOptions(),
    "protect": pulumi.ResourceOptions(protect=True),
    "retain_on_delete": pulumi.ResourceOptions(retain_on_delete=True),
    "deleted_with": pulumi.ResourceOptions(deleted_with=other),
    "ignore_changes": pulumi.ResourceOptions(ignore_changes=["not_before", "event_type"]),
}

SimulatedSystemEvent(
    "drill",
    event_type=config.get("eventType") or "SystemMaintenance.Reboot",
    instance_ids=config.require_object("instanceIds"),
    not_before=config.get("notBefore") or "+1h",
    opts=options[config.require("option")],
)
