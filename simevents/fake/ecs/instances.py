"""The ECS actions that change and delete instances."""

import re
from typing import Any

from ...models import OPEN_STATUSES, EventCycleStatus
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.event_table import EventFilter
from ..state.store import Resource
from .instance_status import status_of, tell
from .power import named_instance

_ECS = ("Ecs", "2014-05-26")

ACTIONS_ON_MAINTENANCE = ("Stop", "AutoRecover", "AutoRedeploy")
_HOUR = re.compile(r"([01][0-9]|2[0-3]):00:00")


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
    tell(cloud, instances, ["Deleted"])
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
