"""The ECS actions that create, change and delete instances.

The control routes also use `run`, to create instances without a VPC. By default an
instance is Running immediately, so that tests need not wait. The switch
`instance_transition_seconds` adds a delay.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from ...models import OPEN_STATUSES, EventCycleStatus
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.catalog import DEFAULT_IMAGE_ID, DEFAULT_INSTANCE_TYPE, zones
from ..state.cloud import Cloud
from ..state.event_table import EventFilter
from ..state.store import Resource
from .instance_status import status_of
from .power import named_instance

_ECS = ("Ecs", "2014-05-26")

# Parameters of RunInstances that DescribeInstances returns with the same name.
_ECHOED = (
    "InstanceName",
    "HostName",
    "Description",
    "ResourceGroupId",
    "KeyPairName",
    "SpotStrategy",
)

ACTIONS_ON_MAINTENANCE = ("Stop", "AutoRecover", "AutoRedeploy")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):00:00")


def run(
    cloud: Cloud, region: str, instance_ids: Iterable[str], attributes: dict[str, Any]
) -> list[Resource]:
    """Create one instance per id; *attributes* override the defaults."""
    made = []
    for instance_id in instance_ids:
        if cloud.store.get("instance", instance_id) is not None:
            raise ApiError(api_errors.INSTANCE_DUPLICATE, instance_id=instance_id)
        plain: dict[str, Any] = {
            "Status": "Running",
            "Meanwhile": "Pending",
            "SettlesAt": cloud.now() + cloud.switches.instance_transition_seconds,
            "ZoneId": zones(region)[1],
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


@action(
    *_ECS,
    "RunInstances",
    honours=" ".join(_ECHOED)
    + " RegionId Amount SecurityGroupId SecurityGroupIds InstanceType ImageId UserData ZoneId"
    " VSwitchId PrivateIpAddress InternetMaxBandwidthOut InternetChargeType DeletionProtection"
    " SystemDisk.Category SystemDisk.Size SystemDisk.DiskName SystemDisk.Description"
    " SystemDisk.PerformanceLevel Tag.Key Tag.Value DryRun ClientToken",
)
def run_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    amount = call.integer("Amount", 1)
    if not 1 <= amount <= 100:
        raise call.refusal("Amount", "not between 1 and 100")
    groups = call.listed("SecurityGroupIds") or [call.required("SecurityGroupId")]
    for group_id in groups:
        if cloud.store.get("security_group", group_id) is None:
            raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
    attributes: dict[str, Any] = {name: call.text(name) for name in _ECHOED}
    attributes |= {
        "InstanceType": call.required("InstanceType"),
        "ImageId": call.required("ImageId"),
        "SecurityGroupIds": groups,
        "UserData": call.text("UserData"),
        "InternetMaxBandwidthOut": call.integer("InternetMaxBandwidthOut", 0),
        "InternetChargeType": call.text("InternetChargeType", "PayByTraffic"),
        "DeletionProtection": call.boolean("DeletionProtection"),
    }
    system_disk = {
        "Category": call.text("SystemDisk.Category", "cloud_essd"),
        "Size": call.integer("SystemDisk.Size", 40),
        "DiskName": call.text("SystemDisk.DiskName"),
        "Description": call.text("SystemDisk.Description"),
        "PerformanceLevel": call.text("SystemDisk.PerformanceLevel"),
    }
    places = _places(cloud, call, amount)
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    made = []
    for place in places:
        disk = {"SystemDisk": system_disk | {"DiskId": cloud.new_id("d")}}
        made += run(cloud, region, [cloud.new_id("i")], attributes | place | disk)
    for instance in made:
        cloud.store.tag("instance", instance.id, call.tags())
    return {"InstanceIdSets": {"InstanceIdSet": [instance.id for instance in made]}}


def _places(cloud: Cloud, call: Call, amount: int) -> list[dict[str, Any]]:
    """Zone, network and next free address in the vSwitch, for each of *amount* instances."""
    vswitch_id = call.text("VSwitchId")
    if not vswitch_id:
        return [{"ZoneId": call.text("ZoneId")}] * amount
    vswitch = cloud.store.get("vswitch", vswitch_id)
    if vswitch is None:
        raise ApiError(api_errors.VSWITCH_NOT_FOUND)
    taken = {
        instance.attributes.get("PrivateIpAddress")
        for instance in cloud.store.find("instance", vswitch.region)
    }
    hosts = ipaddress.IPv4Network(vswitch.attributes["CidrBlock"]).hosts()
    free = (str(host) for host in hosts if str(host) not in taken)
    asked = call.text("PrivateIpAddress")
    place = {
        "ZoneId": vswitch.attributes["ZoneId"],
        "VpcId": vswitch.attributes["VpcId"],
        "VSwitchId": vswitch_id,
    }
    return [
        place | {"PrivateIpAddress": asked if asked and number == 0 else next(free, "")}
        for number in range(amount)
    ]


@action(
    *_ECS,
    "ModifyInstanceAttribute",
    honours="InstanceId InstanceName Description HostName UserData DeletionProtection"
    " SecurityGroupIds",
)
def modify_instance_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    instance = named_instance(cloud, call)
    changed: dict[str, Any] = {
        name: call.parameters[name]
        for name in ("InstanceName", "Description", "HostName", "UserData")
        if call.given(name)
    }
    if call.given("DeletionProtection"):
        changed["DeletionProtection"] = call.boolean("DeletionProtection")
    groups = call.listed("SecurityGroupIds")
    if groups:
        changed["SecurityGroupIds"] = groups
    cloud.store.modify(instance, **changed)
    return {}


@action(
    *_ECS,
    "ModifyInstanceMaintenanceAttributes",
    honours="RegionId InstanceId MaintenanceWindow.StartTime MaintenanceWindow.EndTime"
    " ActionOnMaintenance NotifyOnMaintenance",
    missing=api_errors.EVENT_MISSING_PARAMETER,
    invalid=api_errors.EVENT_INVALID_PARAMETER,
)
def modify_instance_maintenance_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    ids = call.listed("InstanceId", most=100)
    if not ids:
        raise call.missing("InstanceId.N")
    changed: dict[str, Any] = {}
    windows = call.pairs("MaintenanceWindow", "StartTime", "EndTime")
    for start, end in windows.items():
        hours = _HOUR.fullmatch(start), _HOUR.fullmatch(end)
        if len(windows) > 1 or None in hours or start == end:
            raise call.refusal("MaintenanceWindow.N", "not one window from full hour to full hour")
        changed["MaintenanceWindows"] = [{"StartTime": start, "EndTime": end}]
    reaction = call.text("ActionOnMaintenance")
    if reaction:
        if reaction not in ACTIONS_ON_MAINTENANCE:
            raise call.refusal("ActionOnMaintenance", f"none of {ACTIONS_ON_MAINTENANCE}")
        changed["ActionOnMaintenance"] = reaction
    if call.given("NotifyOnMaintenance"):
        changed["NotifyOnMaintenance"] = call.boolean("NotifyOnMaintenance")
    instances = [each for each in cloud.store.get_all("instance", ids) if each.region == region]
    if len(instances) < len(set(ids)):
        raise ApiError(api_errors.INSTANCE_NOT_FOUND)
    for instance in instances:
        cloud.store.modify(instance, **changed)
    return {}


@action(*_ECS, "JoinSecurityGroup", honours="InstanceId SecurityGroupId")
def join_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    instance, group_id = _membership(cloud, call)
    present = instance.attributes["SecurityGroupIds"]
    if group_id not in present:
        cloud.store.modify(instance, SecurityGroupIds=[*present, group_id])
    return {}


@action(*_ECS, "LeaveSecurityGroup", honours="InstanceId SecurityGroupId")
def leave_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    instance, group_id = _membership(cloud, call)
    remaining = [id for id in instance.attributes["SecurityGroupIds"] if id != group_id]
    cloud.store.modify(instance, SecurityGroupIds=remaining)
    return {}


@action(*_ECS, "DeleteInstance", honours="InstanceId Force DryRun")
def delete_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    _delete(cloud, call, [named_instance(cloud, call)])
    return {}


@action(*_ECS, "DeleteInstances", honours="RegionId InstanceId Force DryRun ClientToken")
def delete_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    """Deletes all the instances, or none if one cannot be deleted."""
    region = call.region
    ids = call.listed("InstanceId", most=100)
    if not ids:
        raise call.missing("InstanceId.N")
    instances = [each for each in cloud.store.get_all("instance", ids) if each.region == region]
    if len(instances) < len(set(ids)):
        raise ApiError(api_errors.INSTANCE_NOT_FOUND)
    _delete(cloud, call, instances)
    return {}


def _delete(cloud: Cloud, call: Call, instances: list[Resource]) -> None:
    """Delete *instances*. An instance that is not stopped can only be deleted with Force."""
    is_forced = call.boolean("Force")
    for instance in instances:
        if instance.attributes["DeletionProtection"]:
            raise ApiError(api_errors.DELETION_PROTECTED)
        if not is_forced and status_of(instance, cloud.now()) != "Stopped":
            raise ApiError(api_errors.INSTANCE_STATUS)
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    for instance in instances:
        cloud.store.delete("instance", instance.id)
    if cloud.switches.events_of_deleted_instance == "cancel":
        orphaned = EventFilter(
            instance_ids=[instance.id for instance in instances], statuses=OPEN_STATUSES
        )
        ids = [event.event_id for event in cloud.store.events.find(orphaned)]
        cloud.store.events.move(ids, EventCycleStatus.CANCELED, cloud.now())


def _membership(cloud: Cloud, call: Call) -> tuple[Resource, str]:
    instance = named_instance(cloud, call)
    group_id = call.required("SecurityGroupId")
    if cloud.store.get("security_group", group_id) is None:
        raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
    return instance, group_id
