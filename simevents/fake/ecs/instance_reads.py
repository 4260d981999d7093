"""The ECS actions that read parts of an instance: status, attributes, console and others.

Only the Terraform provider reads the role and the attachment attributes. Their answers
are those of an instance without such settings.
"""

import base64
from datetime import datetime, timedelta, timezone

from ..protocol import api_errors, paging
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource
from .instance_entries import described
from .instance_status import status_of
from .instances import ACTIONS_ON_MAINTENANCE
from .power import named_instance

_ECS = ("Ecs", "2014-05-26")

_CHINA = timezone(timedelta(hours=8))

# The members of DescribeInstances that DescribeInstanceAttribute also returns, as captured.
_ATTRIBUTES = (
    *("Description", "Memory", "InstanceChargeType", "Cpu", "InstanceNetworkType"),
    *("PublicIpAddress", "InnerIpAddress", "ExpiredTime", "ImageId", "EipAddress", "InstanceType"),
    *("VlanId", "HostName", "Status", "ZoneId", "ClusterId", "InstanceId", "StoppedMode"),
    *("SecurityGroupIds", "VpcAttributes", "OperationLocks", "InternetChargeType", "InstanceName"),
    *("InternetMaxBandwidthOut", "SerialNumber", "InternetMaxBandwidthIn", "RegionId"),
    "CreditSpecification",
)


@action(
    *_ECS,
    "DescribeInstanceStatus",
    honours="RegionId InstanceId ZoneId ClusterId PageNumber PageSize",
)
def describe_instance_status(cloud: Cloud, call: Call) -> AnswerMembers:
    """No instance belongs to a cluster, as DescribeInstances shows too."""
    ids = call.listed("InstanceId", most=100)
    instances = [
        instance
        for instance in (
            _existing(cloud, call.region, ids) if ids else cloud.store.find("instance", call.region)
        )
        if call.text("ZoneId") in ("", instance.attributes["ZoneId"]) and not call.text("ClusterId")
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
    instance = named_instance(cloud, call)
    (entry,) = described(cloud, [instance])
    host = entry["DedicatedHostAttribute"]
    return {name: entry[name] for name in _ATTRIBUTES} | {
        "EnableJumboFrame": False,
        # These three differ from DescribeInstances: a string, seconds, and two members.
        "IoOptimized": "optimized",
        "CreationTime": iso_time(instance.created_at),
        "DedicatedHostAttribute": {name: host[name] for name in host if "Cluster" not in name},
    }


@action(*_ECS, "GetInstanceConsoleOutput", honours="RegionId InstanceId RemoveSymbols")
def get_instance_console_output(cloud: Cloud, call: Call) -> AnswerMembers:
    """The output of an instance that has booted; the fake runs no system that writes more."""
    instance = named_instance(cloud, call)
    if instance.region != call.region:
        raise ApiError(api_errors.INSTANCE_NOT_FOUND)
    symbols = ("", "") if call.boolean("RemoveSymbols") else ("\x1b[32m", "\x1b[0m")
    text = f"[    0.000000] {instance.attributes['ImageId']} on the fake cloud\n"
    text += f"[{symbols[0]}  OK  {symbols[1]}] Started {instance.attributes['HostName']}.\n"
    booted = datetime.fromtimestamp(instance.created_at, _CHINA)
    return {
        "InstanceId": instance.id,
        "ConsoleOutput": base64.b64encode(text.encode()).decode(),
        "LastUpdateTime": f"{booted:%Y-%m-%d %H:%M:%S}",
    }


@action(
    *_ECS,
    "DescribeInstanceRamRole",
    honours="RegionId InstanceIds RamRoleName PageNumber PageSize",
)
def describe_instance_ram_role(cloud: Cloud, call: Call) -> AnswerMembers:
    """Lists each instance without a role; the fake does not support attaching roles.

    The Terraform provider's list of instances drops those that are not in this answer.
    """
    ids = call.json_list("InstanceIds")
    instances = (
        _existing(cloud, call.region, ids) if ids else cloud.store.find("instance", call.region)
    )
    if call.text("RamRoleName"):
        instances = []
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
            "DefaultValue": "AutoRecover",
            "Value": attributes.get("ActionOnMaintenance", "AutoRecover"),
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
