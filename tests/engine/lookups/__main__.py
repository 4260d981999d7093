"""The first lookups of a test stack with the alicloud plugin, as outputs."""

import pulumi
import pulumi_alicloud as alicloud

from simevents.alicloud import fake_provider

provider = fake_provider(region="cn-hangzhou")
here = pulumi.InvokeOptions(provider=provider)

zones = alicloud.get_zones(available_resource_creation="VSwitch", opts=here)
images = alicloud.ecs.get_images(owners="system", name_regex="^ubuntu", opts=here)
types = alicloud.ecs.get_instance_types(cpu_core_count=4, memory_size=16, opts=here)

network = alicloud.vpc.Network(
    "net",
    vpc_name="net",
    cidr_block="172.16.0.0/12",
    opts=pulumi.ResourceOptions(provider=provider),
)
switch = alicloud.vpc.Switch(
    "switch",
    vpc_id=network.id,
    zone_id="cn-hangzhou-a",
    cidr_block="172.16.1.0/24",
    vswitch_name="switch",
    opts=pulumi.ResourceOptions(provider=provider),
)


def listed(switch_id: str) -> list[str]:
    """Look up by name and by id what has been created."""
    found = alicloud.vpc.get_networks(name_regex="^net$", opts=here)
    switches = alicloud.vpc.get_switches(ids=[switch_id], opts=here)
    return [*found.names, *(each.name for each in switches.vswitches)]


# With details, the plugin omits instances that are in no network.
instances = alicloud.ecs.get_instances(status="Running", enable_details=False, opts=here)

pulumi.export("account", alicloud.get_account(opts=here).id)
pulumi.export("zones", [zone.id for zone in zones.zones])
pulumi.export("images", sorted(image.id for image in images.images))
pulumi.export("types", sorted(type.id for type in types.instance_types))
pulumi.export("instances", sorted(instances.ids))
pulumi.export("networks", switch.id.apply(listed))
