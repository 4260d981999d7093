"""The test instances and the network they stand in."""

import pulumi
import pulumi_alicloud as alicloud
from config import Configuration

CIDR = "10.80.0.0/16"
SWITCH_CIDR = "10.80.0.0/20"


class Testbed(pulumi.ComponentResource):
    """A VPC, a switch, a security group and the configured number of instances."""

    instance_ids: list[pulumi.Output[str]]

    def __init__(
        self, name: str, config: Configuration, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("simevents:infra:Testbed", name, None, opts)
        tags = {"project": pulumi.get_project(), "stack": pulumi.get_stack()}
        child = pulumi.ResourceOptions(parent=self)
        network = alicloud.vpc.Network(
            f"{name}-vpc", vpc_name=f"{name}-vpc", cidr_block=CIDR, tags=tags, opts=child
        )
        switch = alicloud.vpc.Switch(
            f"{name}-switch",
            vswitch_name=f"{name}-switch",
            vpc_id=network.id,
            cidr_block=SWITCH_CIDR,
            zone_id=config.zone,
            tags=tags,
            opts=child,
        )
        group = alicloud.ecs.SecurityGroup(
            f"{name}-group",
            security_group_name=f"{name}-group",
            vpc_id=network.id,
            tags=tags,
            opts=child,
        )
        instances = [
            alicloud.ecs.Instance(
                f"{name}-{number}",
                instance_name=f"{name}-{number}",
                instance_type=config.instance_type,
                image_id=config.image_id,
                vswitch_id=switch.id,
                security_groups=[group.id],
                system_disk_category="cloud_essd",
                tags=tags,
                opts=child,
            )
            for number in range(config.instance_count)
        ]
        self.instance_ids = [instance.id for instance in instances]
        self.register_outputs({"instance_ids": self.instance_ids})
