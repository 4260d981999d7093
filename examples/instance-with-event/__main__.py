"""An instance, and a planned reboot of it: on Alibaba Cloud, or on a local fake cloud."""

import pulumi
import pulumi_alicloud as alicloud

from simevents import SimulatedSystemEvent
from simevents.alicloud import configured_endpoint, fake_provider

config = pulumi.Config()

# simevents:endpoint leads the events to a fake cloud; this provider leads the rest there too.
provider = fake_provider() if configured_endpoint() else None
here = pulumi.ResourceOptions(provider=provider)

network = alicloud.vpc.Network("drill", vpc_name="drill", cidr_block="10.80.0.0/16", opts=here)
switch = alicloud.vpc.Switch(
    "drill",
    vswitch_name="drill",
    vpc_id=network.id,
    cidr_block="10.80.0.0/20",
    zone_id=config.require("zone"),
    opts=here,
)
group = alicloud.ecs.SecurityGroup(
    "drill", security_group_name="drill", vpc_id=network.id, opts=here
)
web = alicloud.ecs.Instance(
    "web",
    instance_name="web",
    instance_type=config.require("instanceType"),
    image_id=config.require("imageId"),
    vswitch_id=switch.id,
    security_groups=[group.id],
    system_disk_category="cloud_essd",
    opts=here,
)
reboot = SimulatedSystemEvent(
    "planned-reboot",
    event_type="SystemMaintenance.Reboot",
    instance_ids=[web.id],
    not_before="+2h",
)

pulumi.export("instance", web.id)
pulumi.export("statuses", reboot.statuses)
