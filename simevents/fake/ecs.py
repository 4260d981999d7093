"""The ECS actions on instances: run, describe, change, delete.

`run` also serves the control routes, which make instances without a VPC. An
instance is Running as soon as it is made, so that a test never waits for it.
Reads that only the Terraform provider makes (user data, maintenance, attachment)
answer what an instance without such settings has.
"""

import ipaddress
from collections.abc import Iterable
from typing import Any

from . import codes
from .cloud import ANSWER_MEMBERS, Call, Cloud, action, iso_minute, page
from .codes import Refused
from .store import Resource

DEFAULT_INSTANCE_TYPE = "ecs.g6.large"
DEFAULT_IMAGE_ID = "aliyun_3_x64_20G_alibase_20240819.vhd"

# Parameters of RunInstances that DescribeInstances shows under the same name.
_ECHOED = (
    "InstanceName",
    "HostName",
    "Description",
    "ResourceGroupId",
    "KeyPairName",
    "SpotStrategy",
)


def run(
    cloud: Cloud, region: str, instance_ids: Iterable[str], attributes: dict[str, Any]
) -> list[Resource]:
    """Make an instance per id; *attributes* override what a plain instance has."""
    made = []
    for instance_id in instance_ids:
        if cloud.store.get("instance", instance_id) is not None:
            raise Refused(codes.INSTANCE_DUPLICATE, instance_id=instance_id)
        plain: dict[str, Any] = {
            "Status": "Running",
            "ZoneId": f"{region}-b",
            "InstanceType": DEFAULT_INSTANCE_TYPE,
            "ImageId": DEFAULT_IMAGE_ID,
            "InstanceName": instance_id,
            "HostName": instance_id,
            "SecurityGroupIds": [],
            "SystemDisk": {
                "DiskId": cloud.new_id("d"),
                "Category": "cloud_essd",
                "Size": 40,
            },
            "UserData": "",
            "DeletionProtection": False,
        }
        given = {name: value for name, value in attributes.items() if value not in ("", None)}
        instance = Resource("instance", instance_id, region, cloud.now(), plain | given)
        cloud.store.put(instance)
        made.append(instance)
    return made


@action("Ecs", "2014-05-26", "RunInstances")
def run_instances(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    region = call.region
    amount = call.integer("Amount", 1)
    if not 1 <= amount <= 100:
        raise Refused(call.invalid, name="Amount", reason="not between 1 and 100")
    groups = call.listed("SecurityGroupIds") or [call.required("SecurityGroupId")]
    for group_id in groups:
        if cloud.store.get("security_group", group_id) is None:
            raise Refused(codes.SECURITY_GROUP_NOT_FOUND)
    attributes: dict[str, Any] = {name: call.text(name) for name in _ECHOED}
    attributes |= {
        "InstanceType": call.required("InstanceType"),
        "ImageId": call.required("ImageId"),
        "SecurityGroupIds": groups,
        "UserData": call.text("UserData"),
        "InternetMaxBandwidthOut": call.integer("InternetMaxBandwidthOut", 0),
        "InternetChargeType": call.text("InternetChargeType", "PayByTraffic"),
        "DeletionProtection": call.boolean("DeletionProtection"),
        "SystemDisk": {
            "DiskId": cloud.new_id("d"),
            "Category": call.text("SystemDisk.Category", "cloud_essd"),
            "Size": call.integer("SystemDisk.Size", 40),
            "DiskName": call.text("SystemDisk.DiskName"),
            "Description": call.text("SystemDisk.Description"),
            "PerformanceLevel": call.text("SystemDisk.PerformanceLevel"),
        },
    }
    if call.boolean("DryRun"):
        return {"InstanceIdSets": {"InstanceIdSet": []}}
    made = []
    for _ in range(amount):
        placed = attributes | _placement(cloud, call)
        made += run(cloud, region, [cloud.new_id("i")], placed)
    for instance in made:
        cloud.store.tag("instance", instance.id, call.tags())
    return {"InstanceIdSets": {"InstanceIdSet": [instance.id for instance in made]}}


def _placement(cloud: Cloud, call: Call) -> dict[str, Any]:
    """Zone, network and the next free address of the vSwitch."""
    vswitch_id = call.text("VSwitchId")
    if not vswitch_id:
        return {"ZoneId": call.text("ZoneId")}
    vswitch = cloud.store.get("vswitch", vswitch_id)
    if vswitch is None:
        raise Refused(codes.VSWITCH_NOT_FOUND)
    taken = {
        instance.attributes.get("PrivateIpAddress")
        for instance in cloud.store.find("instance", vswitch.region)
    }
    hosts = ipaddress.IPv4Network(vswitch.attributes["CidrBlock"]).hosts()
    free = (str(host) for host in hosts if str(host) not in taken)
    return {
        "ZoneId": vswitch.attributes["ZoneId"],
        "VpcId": vswitch.attributes["VpcId"],
        "VSwitchId": vswitch_id,
        "PrivateIpAddress": call.text("PrivateIpAddress") or next(free, ""),
    }


@action("Ecs", "2014-05-26", "DescribeInstances")
def describe_instances(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    region = call.region
    ids = call.json_list("InstanceIds")
    if len(ids) > 100:
        raise Refused(call.invalid, name="InstanceIds", reason="more than 100 ids")
    if ids:
        found = [instance for id in ids if (instance := cloud.store.get("instance", id))]
    elif "InstanceIds" in call.parameters and call.text("InstanceIds"):
        found = []
    else:
        found = cloud.store.find("instance", region)
    tags = call.tags()
    instances = [
        instance
        for instance in found
        if instance.region == region
        and call.text("Status") in ("", instance.attributes["Status"])
        and call.text("InstanceName") in ("", instance.attributes["InstanceName"])
        and call.text("InstanceType") in ("", instance.attributes["InstanceType"])
        and call.text("ZoneId") in ("", instance.attributes["ZoneId"])
        and call.text("VpcId") in ("", instance.attributes.get("VpcId"))
        and call.text("VSwitchId") in ("", instance.attributes.get("VSwitchId"))
        and call.text("SecurityGroupId") in ("", *instance.attributes["SecurityGroupIds"])
        and tags.items() <= cloud.store.tags("instance", instance.id).items()
    ]
    shown, members = page(call, instances)
    return members | {
        "NextToken": "",
        "Instances": {"Instance": [_described(cloud, instance) for instance in shown]},
    }


def _described(cloud: Cloud, instance: Resource) -> ANSWER_MEMBERS:
    attributes = instance.attributes
    address = attributes.get("PrivateIpAddress")
    return {
        "InstanceId": instance.id,
        "InstanceName": attributes["InstanceName"],
        "HostName": attributes["HostName"],
        "Description": attributes.get("Description", ""),
        "Status": attributes["Status"],
        "RegionId": instance.region,
        "ZoneId": attributes["ZoneId"],
        "ImageId": attributes["ImageId"],
        "InstanceType": attributes["InstanceType"],
        "InstanceTypeFamily": attributes["InstanceType"].rpartition(".")[0],
        "InstanceChargeType": "PostPaid",
        "InstanceNetworkType": "vpc" if attributes.get("VpcId") else "classic",
        "InternetChargeType": attributes.get("InternetChargeType", "PayByTraffic"),
        "InternetMaxBandwidthIn": 0,
        "InternetMaxBandwidthOut": attributes.get("InternetMaxBandwidthOut", 0),
        "SpotStrategy": attributes.get("SpotStrategy", "NoSpot"),
        "KeyPairName": attributes.get("KeyPairName", ""),
        "ResourceGroupId": attributes.get("ResourceGroupId", ""),
        "Cpu": 2,
        "Memory": 8192,
        "OSType": "linux",
        "OSName": "Alibaba Cloud Linux 3.2104 LTS 64-bit",
        "CreationTime": iso_minute(instance.created_at),
        "StartTime": iso_minute(instance.created_at),
        "ExpiredTime": "2099-12-31T15:59Z",
        "DeletionProtection": attributes["DeletionProtection"],
        "DeviceAvailable": True,
        "IoOptimized": True,
        "Recyclable": False,
        "SecurityGroupIds": {"SecurityGroupId": attributes["SecurityGroupIds"]},
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "EipAddress": {"AllocationId": "", "IpAddress": "", "InternetChargeType": ""},
        "VpcAttributes": {
            "VpcId": attributes.get("VpcId", ""),
            "VSwitchId": attributes.get("VSwitchId", ""),
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [address] if address else []},
        },
        # Interfaces are not covered: none listed means that no client asks for them.
        "NetworkInterfaces": {"NetworkInterface": []},
        "OperationLocks": {"LockReason": []},
        "Tags": {
            "Tag": [
                {"TagKey": key, "TagValue": value}
                for key, value in cloud.store.tags("instance", instance.id).items()
            ]
        },
    }


@action("Ecs", "2014-05-26", "ModifyInstanceAttribute")
def modify_instance_attribute(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instance = _instance(cloud, call)
    changed: dict[str, Any] = {
        name: call.parameters[name]
        for name in ("InstanceName", "Description", "HostName", "UserData")
        if name in call.parameters
    }
    if "DeletionProtection" in call.parameters:
        changed["DeletionProtection"] = call.boolean("DeletionProtection")
    groups = call.listed("SecurityGroupIds")
    if groups:
        changed["SecurityGroupIds"] = groups
    cloud.store.modify(instance, **changed)
    return {}


@action("Ecs", "2014-05-26", "JoinSecurityGroup")
def join_security_group(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instance, group_id = _membership(cloud, call)
    present = instance.attributes["SecurityGroupIds"]
    if group_id not in present:
        cloud.store.modify(instance, SecurityGroupIds=[*present, group_id])
    return {}


@action("Ecs", "2014-05-26", "LeaveSecurityGroup")
def leave_security_group(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instance, group_id = _membership(cloud, call)
    remaining = [id for id in instance.attributes["SecurityGroupIds"] if id != group_id]
    cloud.store.modify(instance, SecurityGroupIds=remaining)
    return {}


@action("Ecs", "2014-05-26", "DeleteInstance")
def delete_instance(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """Its events stay as they are: what the service does with them is not documented."""
    instance = _instance(cloud, call)
    if instance.attributes["DeletionProtection"]:
        raise Refused(codes.DELETION_PROTECTED)
    if not call.boolean("DryRun"):
        cloud.store.delete("instance", instance.id)
    return {}


@action("Ecs", "2014-05-26", "DescribeDisks")
def describe_disks(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """Each instance has its system disk, and no other can be made here."""
    instances = [
        instance
        for instance in cloud.store.find("instance", call.region)
        if call.text("InstanceId") in ("", instance.id)
        and call.text("DiskType") in ("", "all", "system")
    ]
    shown, members = page(call, instances)
    return members | {
        "Disks": {
            "Disk": [
                # Tags must be there: without them the Terraform provider sees a change for ever.
                {
                    "InstanceId": instance.id,
                    "RegionId": instance.region,
                    "ZoneId": instance.attributes["ZoneId"],
                    "Type": "system",
                    "Status": "In_use",
                    "Encrypted": False,
                    "Tags": {"Tag": []},
                }
                | instance.attributes["SystemDisk"]
                for instance in shown
            ]
        }
    }


@action("Ecs", "2014-05-26", "DescribeUserData")
def describe_user_data(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instance = _instance(cloud, call)
    return {
        "RegionId": instance.region,
        "InstanceId": instance.id,
        "UserData": instance.attributes["UserData"],
    }


@action("Ecs", "2014-05-26", "DescribeInstanceAttribute")
def describe_instance_attribute(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instance = _instance(cloud, call)
    described = _described(cloud, instance)
    return {name: value for name, value in described.items() if name != "Tags"}


@action("Ecs", "2014-05-26", "DescribeInstanceRamRole")
def describe_instance_ram_role(_cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """Roles cannot be attached here, so no instance has one."""
    return {
        "RegionId": call.region,
        "TotalCount": 0,
        "InstanceRamRoleSets": {"InstanceRamRoleSet": []},
    }


@action("Ecs", "2014-05-26", "DescribeInstanceMaintenanceAttributes")
def describe_instance_maintenance_attributes(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instances = _existing(cloud, call.region, call.listed("InstanceId"))
    shown, members = page(call, instances)
    return members | {
        "MaintenanceAttributes": {
            "MaintenanceAttribute": [
                {
                    "InstanceId": instance.id,
                    "MaintenanceWindows": {"MaintenanceWindow": []},
                    "ActionOnMaintenance": {
                        "Value": "AutoRecover",
                        "DefaultValue": "AutoRecover",
                        "SupportedValues": {"SupportedValue": ["Stop", "AutoRecover"]},
                    },
                    "NotifyOnMaintenance": False,
                }
                for instance in shown
            ]
        }
    }


@action("Ecs", "2014-05-26", "DescribeInstanceAttachmentAttributes")
def describe_instance_attachment_attributes(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    instances = _existing(cloud, call.region, call.json_list("InstanceIds"))
    shown, members = page(call, instances)
    return members | {
        "Instances": {
            "Instance": [
                {
                    "InstanceId": instance.id,
                    "PrivatePoolOptionsMatchCriteria": "Open",
                    "PrivatePoolOptionsId": "",
                }
                for instance in shown
            ]
        }
    }


def _instance(cloud: Cloud, call: Call) -> Resource:
    instance = cloud.store.get("instance", call.required("InstanceId"))
    if instance is None:
        raise Refused(codes.INSTANCE_NOT_FOUND)
    return instance


def _existing(cloud: Cloud, region: str, ids: list[str]) -> list[Resource]:
    found = (cloud.store.get("instance", id) for id in ids)
    return [instance for instance in found if instance is not None and instance.region == region]


def _membership(cloud: Cloud, call: Call) -> tuple[Resource, str]:
    instance = _instance(cloud, call)
    group_id = call.required("SecurityGroupId")
    if cloud.store.get("security_group", group_id) is None:
        raise Refused(codes.SECURITY_GROUP_NOT_FOUND)
    return instance, group_id
