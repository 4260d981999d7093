"""The ECS actions that create instances: RunInstances and CreateInstance.

The control routes also use `create`, to create instances without a VPC. By default an
instance is in its final status immediately, so that tests need not wait. The switch
`instance_transition_seconds` adds a delay.
"""

from collections.abc import Iterable
from typing import Any

from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.catalog import DEFAULT_IMAGE_ID, DEFAULT_INSTANCE_TYPE, zones
from ..state.cloud import Cloud
from ..state.store import Resource
from .addresses import new_public_address, places
from .instance_status import tell

_ECS = ("Ecs", "2014-05-26")

# Parameters that DescribeInstances returns with the same name.
_ECHOED = (
    "InstanceName",
    "HostName",
    "Description",
    "ResourceGroupId",
    "KeyPairName",
    "SpotStrategy",
)
_HONOURED = (
    " ".join(_ECHOED) + " RegionId SecurityGroupId InstanceType ImageId UserData ZoneId VSwitchId"
    " PrivateIpAddress InternetMaxBandwidthIn InternetMaxBandwidthOut InternetChargeType"
    " DeletionProtection SystemDisk.Category SystemDisk.Size SystemDisk.DiskName"
    " SystemDisk.Description SystemDisk.PerformanceLevel Tag.Key Tag.Value DryRun ClientToken"
)


def create(
    cloud: Cloud,
    region: str,
    instance_ids: Iterable[str],
    attributes: dict[str, Any],
    status: str = "Running",
) -> list[Resource]:
    """Create one instance per id; *attributes* override the defaults."""
    made = []
    for instance_id in instance_ids:
        if cloud.store.get("instance", instance_id) is not None:
            raise ApiError(api_errors.INSTANCE_DUPLICATE, instance_id=instance_id)
        plain: dict[str, Any] = {
            "Status": status,
            "Meanwhile": "Pending",
            "SettlesAt": cloud.now() + cloud.switches.instance_transition_seconds,
            "ZoneId": zones(region)[1],
            "InstanceType": DEFAULT_INSTANCE_TYPE,
            "ImageId": DEFAULT_IMAGE_ID,
            "InstanceName": instance_id,
            "HostName": f"iZ{instance_id.removeprefix('i-')}Z",
            "SecurityGroupIds": [],
            "SystemDisk": {
                "DiskId": cloud.new_id("d"),
                "Category": "cloud_essd",
                "PerformanceLevel": "PL1",
                "Size": 40,
            },
            "UserData": "",
            "DeletionProtection": False,
        }
        given = {name: value for name, value in attributes.items() if value not in ("", None)}
        instance = Resource("instance", instance_id, region, cloud.now(), plain | given)
        cloud.store.put(instance)
        made.append(instance)
    tell(cloud, made, ["Created"], status)
    return made


@action(*_ECS, "RunInstances", honours=_HONOURED + " Amount SecurityGroupIds")
def run_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    """An instance with an outbound bandwidth gets a public address."""
    amount = call.integer("Amount", 1)
    if not 1 <= amount <= 100:
        raise call.refusal("Amount", "not between 1 and 100")
    groups = call.listed("SecurityGroupIds") or [call.required("SecurityGroupId")]
    attributes = _attributes(cloud, call, groups)
    made = []
    for each in _create_all(cloud, call, attributes, amount, "Running"):
        if attributes["InternetMaxBandwidthOut"]:
            cloud.store.modify(each, PublicIpAddress=new_public_address(cloud))
        made.append(each.id)
    return {"InstanceIdSets": {"InstanceIdSet": made}}


@action(*_ECS, "CreateInstance", honours=_HONOURED)
def create_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    """The instance is Stopped, and has no public address before AllocatePublicIpAddress."""
    groups = [group] if (group := call.text("SecurityGroupId")) else []
    attributes = _attributes(cloud, call, groups)
    (made,) = _create_all(cloud, call, attributes, 1, "Stopped")
    return {"InstanceId": made.id}


def _attributes(cloud: Cloud, call: Call, groups: list[str]) -> dict[str, Any]:
    for group_id in groups:
        if cloud.store.get("security_group", group_id) is None:
            raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
    category = call.text("SystemDisk.Category", "cloud_essd")
    level = "PL1" if category == "cloud_essd" else ""
    return {name: call.text(name) for name in _ECHOED} | {
        "InstanceType": call.required("InstanceType"),
        "ImageId": call.required("ImageId"),
        "SecurityGroupIds": groups,
        "UserData": call.text("UserData"),
        "InternetMaxBandwidthIn": call.integer("InternetMaxBandwidthIn", 0),
        "InternetMaxBandwidthOut": call.integer("InternetMaxBandwidthOut", 0),
        "InternetChargeType": call.text("InternetChargeType", "PayByTraffic"),
        "DeletionProtection": call.boolean("DeletionProtection"),
        "SystemDisk": {
            "Category": category,
            "Size": call.integer("SystemDisk.Size", 40),
            "DiskName": call.text("SystemDisk.DiskName"),
            "Description": call.text("SystemDisk.Description"),
            "PerformanceLevel": call.text("SystemDisk.PerformanceLevel", level),
        },
    }


def _create_all(
    cloud: Cloud, call: Call, attributes: dict[str, Any], amount: int, status: str
) -> list[Resource]:
    region = call.region
    found = places(cloud, call, amount)
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    made = []
    for place in found:
        disk = {"SystemDisk": attributes["SystemDisk"] | {"DiskId": cloud.new_id("d")}}
        made += create(cloud, region, [cloud.new_id("i")], attributes | place | disk, status)
    for instance in made:
        cloud.store.tag("instance", instance.id, call.tags())
    return made
