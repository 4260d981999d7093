"""The ECS actions that read parts of an instance: status, disks, attributes and others.

Only the Terraform provider reads the role and the attachment attributes. Their answers
are those of an instance without such settings.
"""

from ..protocol import paging
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.store import Resource
from .instance_entries import described
from .instance_status import status_of
from .instances import ACTIONS_ON_MAINTENANCE
from .power import named_instance

_ECS = ("Ecs", "2014-05-26")

# The members of DescribeInstances that DescribeInstanceAttribute also returns.
_ATTRIBUTES = {
    *("CreationTime", "Cpu", "CreditSpecification", "Description", "EipAddress", "ExpiredTime"),
    *("HostName", "ImageId", "InnerIpAddress", "InstanceChargeType", "InstanceId"),
    *("InstanceName", "InstanceNetworkType", "InstanceType", "InternetChargeType"),
    *("InternetMaxBandwidthIn", "InternetMaxBandwidthOut", "Memory", "OperationLocks"),
    *("PublicIpAddress", "RegionId", "SecurityGroupIds", "Status", "VpcAttributes", "ZoneId"),
}


@action(*_ECS, "DescribeInstanceStatus", honours="RegionId InstanceId ZoneId PageNumber PageSize")
def describe_instance_status(cloud: Cloud, call: Call) -> AnswerMembers:
    ids = call.listed("InstanceId", most=100)
    instances = [
        instance
        for instance in (
            _existing(cloud, call.region, ids) if ids else cloud.store.find("instance", call.region)
        )
        if call.text("ZoneId") in ("", instance.attributes["ZoneId"])
    ]
    shown, members = paging.page(cloud, call, instances)
    return members | {
        "InstanceStatuses": {
            "InstanceStatus": [
                {"InstanceId": instance.id, "Status": status_of(instance, cloud.now())}
                for instance in shown
            ]
        }
    }


@action(*_ECS, "DescribeDisks", honours="RegionId InstanceId DiskIds DiskType PageNumber PageSize")
def describe_disks(cloud: Cloud, call: Call) -> AnswerMembers:
    """Each instance has one system disk; the fake supports no other disks."""
    disk_ids = call.json_list("DiskIds")
    instances = [
        instance
        for instance in cloud.store.find("instance", call.region)
        if call.text("InstanceId") in ("", instance.id)
        and call.text("DiskType") in ("", "all", "system")
        and (not disk_ids or instance.attributes["SystemDisk"]["DiskId"] in disk_ids)
    ]
    shown, members = paging.page(cloud, call, instances)
    return members | {
        "Disks": {
            "Disk": [
                # Without Tags the Terraform provider would report a change on every run.
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


@action(*_ECS, "DescribeUserData", honours="InstanceId")
def describe_user_data(cloud: Cloud, call: Call) -> AnswerMembers:
    instance = named_instance(cloud, call)
    return {
        "RegionId": instance.region,
        "InstanceId": instance.id,
        "UserData": instance.attributes["UserData"],
    }


@action(*_ECS, "DescribeInstanceAttribute", honours="InstanceId")
def describe_instance_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    (entry,) = described(cloud, [named_instance(cloud, call)])
    attributes = {name: value for name, value in entry.items() if name in _ATTRIBUTES}
    # IoOptimized is a string here, but a boolean in DescribeInstances.
    return attributes | {"IoOptimized": "optimized"}


@action(*_ECS, "DescribeInstanceRamRole", honours="RegionId InstanceIds PageNumber PageSize")
def describe_instance_ram_role(cloud: Cloud, call: Call) -> AnswerMembers:
    """Lists each instance without a role; the fake does not support attaching roles.

    The Terraform provider's list of instances drops those that are not in this answer.
    """
    ids = call.json_list("InstanceIds")
    instances = (
        _existing(cloud, call.region, ids) if ids else cloud.store.find("instance", call.region)
    )
    shown, members = paging.page(cloud, call, instances)
    return {
        "RegionId": call.region,
        "TotalCount": members["TotalCount"],
        "InstanceRamRoleSets": {
            "InstanceRamRoleSet": [
                {"InstanceId": instance.id, "RamRoleName": ""} for instance in shown
            ]
        },
    }


@action(
    *_ECS,
    "DescribeInstanceMaintenanceAttributes",
    honours="RegionId InstanceId PageNumber PageSize",
)
def describe_instance_maintenance_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    ids = call.listed("InstanceId", most=100)
    instances = (
        _existing(cloud, call.region, ids) if ids else cloud.store.find("instance", call.region)
    )
    shown, members = paging.page(cloud, call, instances)
    return members | {
        "MaintenanceAttributes": {
            "MaintenanceAttribute": [_maintenance(instance) for instance in shown]
        }
    }


def _maintenance(instance: Resource) -> AnswerMembers:
    attributes = instance.attributes
    return {
        "InstanceId": instance.id,
        "MaintenanceWindows": {"MaintenanceWindow": attributes.get("MaintenanceWindows", [])},
        "ActionOnMaintenance": {
            "Value": attributes.get("ActionOnMaintenance", "AutoRecover"),
            "DefaultValue": "AutoRecover",
            "SupportedValues": {"SupportedValue": list(ACTIONS_ON_MAINTENANCE)},
        },
        "NotifyOnMaintenance": attributes.get("NotifyOnMaintenance", False),
    }


@action(
    *_ECS,
    "DescribeInstanceAttachmentAttributes",
    honours="RegionId InstanceIds PageNumber PageSize",
)
def describe_instance_attachment_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    instances = _existing(cloud, call.region, call.json_list("InstanceIds"))
    shown, members = paging.page(cloud, call, instances)
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


def _existing(cloud: Cloud, region: str, ids: list[str]) -> list[Resource]:
    return [each for each in cloud.store.get_all("instance", ids) if each.region == region]
