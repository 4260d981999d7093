"""alicloud resources beside an event, without a provider or with the one of the fake."""

import pulumi
import pulumi_alicloud as alicloud

from simevents import SimulatedSystemEvent
from simevents.alicloud import fake_provider

config = pulumi.Config()
provider = fake_provider() if config.require_bool("provider") else None


def network(name: str, opts: pulumi.ResourceOptions) -> None:
    alicloud.vpc.Network(name, vpc_name=name, cidr_block="10.80.0.0/16", opts=opts)


inner = pulumi.ComponentResource(
    "beside:index:Inner",
    "inner",
    None,
    pulumi.ResourceOptions(providers=[provider] if provider else []),
)
network("within", pulumi.ResourceOptions(parent=inner))
network("before", pulumi.ResourceOptions(provider=provider))
for name in ("reboot", "another-reboot"):
    SimulatedSystemEvent(
        name,
        event_type="SystemMaintenance.Reboot",
        instance_ids=config.require_object("instanceIds"),
        not_before="+1h" if name == "reboot" else "+2h",
    )
network("after-1", pulumi.ResourceOptions(provider=provider))
network("after-2", pulumi.ResourceOptions(provider=provider))
