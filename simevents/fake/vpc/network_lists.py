"""The VPC actions that list networks and vSwitches.

The Terraform provider's data sources use them, and crash if a list is missing.
"""

from ..protocol.call import AnswerMembers, Call
from ..protocol.paging import page
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource
from .networks import free_addresses, tags_of, vswitches_of

_VPC = ("Vpc", "2016-04-28")


@action(
    *_VPC, "DescribeVpcs", honours="RegionId VpcId VpcName Tag.Key Tag.Value PageNumber PageSize"
)
def describe_vpcs(cloud: Cloud, call: Call) -> AnswerMembers:
    ids = [id for id in call.text("VpcId").split(",") if id]
    vpcs = [
        vpc
        for vpc in cloud.store.find("vpc", call.region)
        if (not ids or vpc.id in ids)
        and call.text("VpcName") in ("", vpc.attributes["VpcName"])
        and call.tags().items() <= cloud.store.tags("vpc", vpc.id).items()
    ]
    shown, members = page(cloud, call, vpcs)
    return members | {"Vpcs": {"Vpc": [_vpc(cloud, vpc) for vpc in shown]}}


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
    honours="RegionId VpcId VSwitchId VSwitchName ZoneId Tag.Key Tag.Value PageNumber PageSize",
)
def describe_vswitches(cloud: Cloud, call: Call) -> AnswerMembers:
    vswitches = [
        vswitch
        for vswitch in cloud.store.find("vswitch", call.text("RegionId") or None)
        if call.text("VpcId") in ("", vswitch.attributes["VpcId"])
        and call.text("VSwitchId") in ("", vswitch.id)
        and call.text("VSwitchName") in ("", vswitch.attributes["VSwitchName"])
        and call.text("ZoneId") in ("", vswitch.attributes["ZoneId"])
        and call.tags().items() <= cloud.store.tags("vswitch", vswitch.id).items()
    ]
    shown, members = page(cloud, call, vswitches)
    return members | {"VSwitches": {"VSwitch": [_vswitch(cloud, each) for each in shown]}}


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
