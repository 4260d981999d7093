"""The VPC actions: networks, their system route table, and vSwitches.

The answers have the members that the Terraform provider reads. If one is missing or has
the wrong type, the provider reports a change in every preview.
"""

import ipaddress

from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource

DEFAULT_CIDR = "172.16.0.0/12"


@action(
    "Vpc",
    "2016-04-28",
    "CreateVpc",
    honours="RegionId CidrBlock VpcName Description ResourceGroupId Tag.Key"
    " Tag.Value DryRun ClientToken",
)
def create_vpc(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    cidr = _cidr(call, "CidrBlock", DEFAULT_CIDR)
    vpc_id = cloud.new_id("vpc")
    attributes = {
        "CidrBlock": cidr,
        "VpcName": call.text("VpcName"),
        "Description": call.text("Description"),
        "ResourceGroupId": call.text("ResourceGroupId", "rg-default"),
        "VRouterId": cloud.new_id("vrt"),
        "RouteTableId": cloud.new_id("vtb"),
    }
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    cloud.store.put(Resource("vpc", vpc_id, region, cloud.now(), attributes))
    cloud.store.tag("vpc", vpc_id, call.tags())
    return {
        "VpcId": vpc_id,
        "VRouterId": attributes["VRouterId"],
        "RouteTableId": attributes["RouteTableId"],
        "ResourceGroupId": attributes["ResourceGroupId"],
    }


@action(
    "Vpc",
    "2016-04-28",
    "DescribeVpcAttribute",
    honours="RegionId VpcId DryRun",
    # The id decides; the parameter selects nothing.
    ignores="IsDefault",
)
def describe_vpc_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    vpc = _vpc(cloud, call)
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    return {
        "VpcId": vpc.id,
        "Status": "Available",
        "RegionId": vpc.region,
        "CreationTime": iso_time(vpc.created_at),
        "CidrBlock": vpc.attributes["CidrBlock"],
        "VpcName": vpc.attributes["VpcName"],
        "Description": vpc.attributes["Description"],
        "ResourceGroupId": vpc.attributes["ResourceGroupId"],
        "VRouterId": vpc.attributes["VRouterId"],
        "IsDefault": False,
        "ClassicLinkEnabled": False,
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "UserCidrs": {"UserCidr": []},
        "VSwitchIds": {"VSwitchId": [vswitch.id for vswitch in vswitches_of(cloud, vpc.id)]},
        "Tags": {"Tag": tags_of(cloud, vpc)},
    }


@action(
    "Vpc",
    "2016-04-28",
    "ModifyVpcAttribute",
    honours="RegionId VpcId VpcName Description CidrBlock",
)
def modify_vpc_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    vpc = _vpc(cloud, call)
    changed: dict[str, str] = {
        name: call.parameters[name] for name in ("VpcName", "Description") if call.given(name)
    }
    if call.text("CidrBlock"):
        changed["CidrBlock"] = _cidr(call, "CidrBlock", DEFAULT_CIDR)
    cloud.store.modify(vpc, **changed)
    return {}


@action("Vpc", "2016-04-28", "DeleteVpc", honours="RegionId VpcId")
def delete_vpc(cloud: Cloud, call: Call) -> AnswerMembers:
    vpc = _vpc(cloud, call)
    vswitches = [vswitch.id for vswitch in vswitches_of(cloud, vpc.id)]
    if vswitches:
        raise ApiError(api_errors.VPC_HAS_VSWITCHES, dependents=", ".join(vswitches))
    groups = cloud.store.find("security_group", vpc.region)
    in_vpc = [group.id for group in groups if group.attributes["VpcId"] == vpc.id]
    if in_vpc:
        raise ApiError(api_errors.VPC_HAS_SECURITY_GROUPS, dependents=", ".join(in_vpc))
    cloud.store.delete("vpc", vpc.id)
    return {}


@action(
    "Vpc",
    "2016-04-28",
    "CreateVSwitch",
    honours="RegionId ZoneId VpcId CidrBlock VSwitchName Description Tag.Key Tag.Value ClientToken",
)
def create_vswitch(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    zone_id = call.required("ZoneId")
    vpc = _vpc(cloud, call)
    call.required("CidrBlock")
    cidr = _cidr(call, "CidrBlock", "")
    if not _subnet(cidr).subnet_of(_subnet(vpc.attributes["CidrBlock"])):
        raise ApiError(
            api_errors.CIDR_INVALID,
            reason=f"{cidr} is not within {vpc.attributes['CidrBlock']}",
        )
    for other in vswitches_of(cloud, vpc.id):
        if _subnet(cidr).overlaps(_subnet(other.attributes["CidrBlock"])):
            raise ApiError(api_errors.CIDR_INVALID, reason=f"{cidr} overlaps that of {other.id}")
    vswitch_id = cloud.new_id("vsw")
    attributes = {
        "VpcId": vpc.id,
        "ZoneId": zone_id,
        "CidrBlock": cidr,
        "VSwitchName": call.text("VSwitchName"),
        "Description": call.text("Description"),
    }
    cloud.store.put(Resource("vswitch", vswitch_id, region, cloud.now(), attributes))
    cloud.store.tag("vswitch", vswitch_id, call.tags())
    return {"VSwitchId": vswitch_id}


@action("Vpc", "2016-04-28", "DescribeVSwitchAttributes", honours="RegionId VSwitchId DryRun")
def describe_vswitch_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    vswitch = _vswitch(cloud, call)
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    return {
        "VSwitchId": vswitch.id,
        "Status": "Available",
        "CreationTime": iso_time(vswitch.created_at),
        "VpcId": vswitch.attributes["VpcId"],
        "ZoneId": vswitch.attributes["ZoneId"],
        "CidrBlock": vswitch.attributes["CidrBlock"],
        # Must be present and empty: without it the Terraform provider assumes that IPv6 is on.
        "Ipv6CidrBlock": "",
        "VSwitchName": vswitch.attributes["VSwitchName"],
        "Description": vswitch.attributes["Description"],
        "AvailableIpAddressCount": free_addresses(cloud, vswitch),
        "IsDefault": False,
        "Tags": {"Tag": tags_of(cloud, vswitch)},
    }


@action(
    "Vpc",
    "2016-04-28",
    "ModifyVSwitchAttribute",
    honours="RegionId VSwitchId VSwitchName Description",
)
def modify_vswitch_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    vswitch = _vswitch(cloud, call)
    changed = {
        name: call.parameters[name] for name in ("VSwitchName", "Description") if call.given(name)
    }
    cloud.store.modify(vswitch, **changed)
    return {}


@action("Vpc", "2016-04-28", "DeleteVSwitch", honours="RegionId VSwitchId")
def delete_vswitch(cloud: Cloud, call: Call) -> AnswerMembers:
    vswitch = _vswitch(cloud, call)
    dependents = [
        instance.id
        for instance in cloud.store.find("instance", vswitch.region)
        if instance.attributes.get("VSwitchId") == vswitch.id
    ]
    if dependents:
        raise ApiError(api_errors.VSWITCH_IN_USE, dependents=", ".join(dependents))
    cloud.store.delete("vswitch", vswitch.id)
    return {}


def _vpc(cloud: Cloud, call: Call) -> Resource:
    vpc = cloud.store.get("vpc", call.required("VpcId"))
    if vpc is None or vpc.region != call.region:
        raise ApiError(api_errors.VPC_NOT_FOUND)
    return vpc


def _vswitch(cloud: Cloud, call: Call) -> Resource:
    vswitch = cloud.store.get("vswitch", call.required("VSwitchId"))
    if vswitch is None or vswitch.region != call.region:
        raise ApiError(api_errors.VSWITCH_NOT_FOUND)
    return vswitch


def vswitches_of(cloud: Cloud, vpc_id: str) -> list[Resource]:
    return [
        vswitch for vswitch in cloud.store.find("vswitch") if vswitch.attributes["VpcId"] == vpc_id
    ]


def tags_of(cloud: Cloud, resource: Resource) -> list[dict[str, str]]:
    tags = cloud.store.tags(resource.kind, resource.id)
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def free_addresses(cloud: Cloud, vswitch: Resource) -> int:
    """The free addresses. The service reserves the first and the last three of each block."""
    instances = cloud.store.find("instance", vswitch.region)
    used = len([each for each in instances if each.attributes.get("VSwitchId") == vswitch.id])
    return _subnet(vswitch.attributes["CidrBlock"]).num_addresses - 4 - used


def _subnet(cidr: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(cidr)


def _cidr(call: Call, name: str, default: str) -> str:
    cidr = call.text(name, default)
    try:
        ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ApiError(api_errors.CIDR_INVALID, reason=str(error)) from None
    return cidr
