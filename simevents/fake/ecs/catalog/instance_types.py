"""The ECS actions that list instance types and their families."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ...protocol import paging
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.catalog import INSTANCE_TYPES, InstanceType, image
from ...state.cloud import Cloud

_ECS = ("Ecs", "2014-05-26")

# Filters with one value, and those with several, by the member that they are compared with.
_SAME = {
    "InstanceTypeFamily": "InstanceTypeFamily",
    "CpuArchitecture": "CpuArchitecture",
    "GPUSpec": "GPUSpec",
    "InstanceCategory": "InstanceCategory",
    "InstanceFamilyLevel": "InstanceFamilyLevel",
    "LocalStorageCategory": "LocalStorageCategory",
    "NvmeSupport": "NvmeSupport",
}
_ANY_OF = {
    "InstanceTypes": "InstanceTypeId",
    "InstanceTypeFamilies": "InstanceTypeFamily",
    "CpuArchitectures": "CpuArchitecture",
    "GpuSpecs": "GPUSpec",
    "InstanceCategories": "InstanceCategory",
    "LocalStorageCategories": "LocalStorageCategory",
}
_LEAST = {
    "MinimumCpuCoreCount": "CpuCoreCount",
    "MinimumMemorySize": "MemorySize",
    "MinimumGPUAmount": "GPUAmount",
    "MinimumBaselineCredit": "BaselineCredit",
    "MinimumInitialCredit": "InitialCredit",
    "MinimumDiskQuantity": "DiskQuantity",
    "MinimumEniQuantity": "EniQuantity",
    "MinimumEniIpv6AddressQuantity": "EniIpv6AddressQuantity",
    "MinimumEniPrivateIpAddressQuantity": "EniPrivateIpAddressQuantity",
    "MinimumEriQuantity": "EriQuantity",
    "MinimumInstanceBandwidthRx": "InstanceBandwidthRx",
    "MinimumInstanceBandwidthTx": "InstanceBandwidthTx",
    "MinimumInstancePpsRx": "InstancePpsRx",
    "MinimumInstancePpsTx": "InstancePpsTx",
    "MinimumLocalStorageAmount": "LocalStorageAmount",
    "MinimumLocalStorageCapacity": "LocalStorageCapacity",
}
_MOST = {
    "MaximumCpuCoreCount": "CpuCoreCount",
    "MaximumMemorySize": "MemorySize",
    "MaximumGPUAmount": "GPUAmount",
}


@action(
    *_ECS,
    "DescribeInstanceTypes",
    honours=" ".join((*_SAME, *_ANY_OF, *_LEAST, *_MOST, "MaxResults NextToken")),
    # It adds members that the fake does not have.
    ignores="AdditionalAttributes",
)
def describe_instance_types(_cloud: Cloud, call: Call) -> AnswerMembers:
    single = {member: value for name, member in _SAME.items() if (value := call.text(name))}
    several = {member: values for name, member in _ANY_OF.items() if (values := call.listed(name))}
    least = {member: number(call, name) for name, member in _LEAST.items() if call.text(name)}
    most = {member: number(call, name) for name, member in _MOST.items() if call.text(name)}
    types = [
        described
        for described in map(_described, INSTANCE_TYPES)
        if all(described[member] == value for member, value in single.items())
        and all(described[member] in values for member, values in several.items())
        and all(described[member] >= value for member, value in least.items())
        and all(described[member] <= value for member, value in most.items())
    ]
    shown, following = paging.slice_by_token(call, types)
    members: AnswerMembers = {"InstanceTypes": {"InstanceType": shown}}
    return members | ({"NextToken": following} if following else {})


@lru_cache
def _described(type: InstanceType) -> Mapping[str, Any]:
    return {
        "InstanceTypeId": type.id,
        "InstanceTypeFamily": type.family,
        "InstanceFamilyLevel": "EnterpriseLevel",
        "InstanceCategory": "General-purpose",
        "CpuCoreCount": type.cpu,
        "CpuArchitecture": "X86",
        "MemorySize": type.memory,
        "EniQuantity": 3,
        "EniTotalQuantity": 3,
        "EniPrivateIpAddressQuantity": 6,
        "EniIpv6AddressQuantity": 1,
        "EniTrunkSupported": True,
        "EriQuantity": 0,
        "DiskQuantity": 17,
        "GPUAmount": 0,
        "GPUSpec": "",
        "LocalStorageAmount": 0,
        "LocalStorageCapacity": 0,
        "LocalStorageCategory": "",
        "BaselineCredit": 0,
        "InitialCredit": 0,
        "InstanceBandwidthRx": 1_024_000,
        "InstanceBandwidthTx": 1_024_000,
        "InstancePpsRx": 300_000,
        "InstancePpsTx": 300_000,
        "NvmeSupport": "unsupported",
    }


@action(*_ECS, "DescribeInstanceTypeFamilies", honours="Generation")
def describe_instance_type_families(_cloud: Cloud, call: Call) -> AnswerMembers:
    described = [
        {"InstanceTypeFamilyId": family, "Generation": f"ecs-{_generation(family)}"}
        for family in families(INSTANCE_TYPES)
    ]
    return {
        "InstanceTypeFamilies": {
            "InstanceTypeFamily": [
                family
                for family in described
                if call.text("Generation") in ("", family["Generation"])
            ]
        }
    }


@action(
    *_ECS,
    "DescribeImageSupportInstanceTypes",
    honours="RegionId ImageId",
    # Every type that an image supports is supported for a new and for a changed system.
    ignores="ActionType",
)
def describe_image_support_instance_types(_cloud: Cloud, call: Call) -> AnswerMembers:
    """All types of the catalog are x86, so an image for ARM supports none."""
    is_x86 = image(call.text("ImageId")).architecture == "x86_64"
    return {
        "RegionId": call.region,
        "ImageId": call.text("ImageId"),
        "InstanceTypes": {
            "InstanceType": [
                {
                    "InstanceTypeId": type.id,
                    "InstanceTypeFamily": type.family,
                    "CpuCoreCount": type.cpu,
                    "MemorySize": type.memory,
                }
                for type in INSTANCE_TYPES
                if is_x86
            ]
        },
    }


def families(types: tuple[InstanceType, ...]) -> list[str]:
    return list(dict.fromkeys(type.family for type in types))


def _generation(family: str) -> str:
    """The generation of *family*: 6 for ``ecs.g6``; 6 also for a family without a number."""
    return next((letter for letter in family if letter in "5678"), "6")


def number(call: Call, name: str) -> float:
    """A size in GiB, which may be a fraction; 0 if absent."""
    try:
        return float(call.text(name, "0"))
    except ValueError:
        raise call.refusal(name, "not a number") from None
