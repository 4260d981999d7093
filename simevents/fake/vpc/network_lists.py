"""The VPC actions that list networks and vSwitches.

The Terraform provider's data sources use them, and crash if a list is missing.
"""

from ..protocol import api_errors, filters
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.paging import page
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource
from .networks import free_addresses, tags_of, vswitches_of

_VPC = ("Vpc", "2016-04-28")

# Filters that are compared with the member of the same name.
_OF_A_VPC = ("VpcName", "ResourceGroupId", "IsDefault")
_OF_A_VSWITCH = ("VpcId", "VSwitchId", "VSwitchName", "ZoneId", "ResourceGroupId", "IsDefault")


@action(
    *_VPC,
    "DescribeVpcs",
    honours=" ".join(_OF_A_VPC)
    + " RegionId VpcId VpcOwnerId EnableIpv6 DhcpOptionsSetId Tag.Key Tag.Value DryRun PageNumber"
    " PageSize",
)
def describe_vpcs(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    ids = [id for id in call.text("VpcId").split(",") if id]
    wanted, tags = filters.given(call, _OF_A_VPC), call.tags()
    vpcs = [
        entry
        for vpc in cloud.store.find("vpc", region)
        if (not ids or vpc.id in ids)
        and _has_features(cloud, call, "VpcOwnerId")
        and not call.text("DhcpOptionsSetId")
        and filters.same(entry := _vpc(cloud, vpc), wanted)
        and filters.tagged(cloud.store.tags("vpc", vpc.id), tags)
    ]
    shown, members = page(cloud, call, vpcs)
    return members | {"Vpcs": {"Vpc": shown}}


def _has_features(cloud: Cloud, call: Call, owner: str) -> bool:
    """Whether the filters allow what all networks have: this account's, and without IPv6."""
    return not call.boolean("EnableIpv6") and call.text(owner) in ("", cloud.store.account_id)


def _vpc(cloud: Cloud, vpc: Resource) -> AnswerMembers:
    same = ("CidrBlock", "VpcName", "Description", "ResourceGroupId", "VRouterId")
    return {name: vpc.attributes[name] for name in same} | {
        "VpcId": vpc.id,
        "RegionId": vpc.region,
        "Status": "Available",
        "CreationTime": iso_time(vpc.created_at),
        "IsDefault": False,
        "EnabledIpv6": False,
        "Ipv6CidrBlock": "",
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "UserCidrs": {"UserCidr": []},
        "NatGatewayIds": {"NatGatewayIds": []},
        "RouterTableIds": {"RouterTableIds": [vpc.attributes["RouteTableId"]]},
        "VSwitchIds": {"VSwitchId": [vswitch.id for vswitch in vswitches_of(cloud, vpc.id)]},
        "Tags": {"Tag": tags_of(cloud, vpc)},
    }


@action(
    *_VPC,
    "DescribeVSwitches",
    honours=" ".join(_OF_A_VSWITCH)
    + " RegionId VSwitchOwnerId EnableIpv6 RouteTableId Tag.Key Tag.Value DryRun PageNumber"
    " PageSize",
)
def describe_vswitches(cloud: Cloud, call: Call) -> AnswerMembers:
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    wanted, tags = filters.given(call, _OF_A_VSWITCH), call.tags()
    vswitches = [
        entry
        for vswitch in cloud.store.find("vswitch", call.text("RegionId") or None)
        if _has_features(cloud, call, "VSwitchOwnerId")
        and filters.same(entry := _vswitch(cloud, vswitch), wanted)
        and call.text("RouteTableId") in ("", entry["RouteTable"]["RouteTableId"])
        and filters.tagged(cloud.store.tags("vswitch", vswitch.id), tags)
    ]
    shown, members = page(cloud, call, vswitches)
    return members | {"VSwitches": {"VSwitch": shown}}


def _vswitch(cloud: Cloud, vswitch: Resource) -> AnswerMembers:
    same = ("VpcId", "ZoneId", "CidrBlock", "VSwitchName", "Description")
    vpc = cloud.store.get("vpc", vswitch.attributes["VpcId"])
    return {name: vswitch.attributes[name] for name in same} | {
        "VSwitchId": vswitch.id,
        "Status": "Available",
        "CreationTime": iso_time(vswitch.created_at),
        "Ipv6CidrBlock": "",
        "AvailableIpAddressCount": free_addresses(cloud, vswitch),
        "IsDefault": False,
        "ResourceGroupId": "" if vpc is None else vpc.attributes["ResourceGroupId"],
        "RouteTable": {
            "RouteTableId": "" if vpc is None else vpc.attributes["RouteTableId"],
            "RouteTableType": "System",
        },
        "Tags": {"Tag": tags_of(cloud, vswitch)},
    }
