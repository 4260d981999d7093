"""The ECS actions that list the catalog: regions, zones, instance types and images.

Everything is in stock in every zone. The answers have the members that the Terraform
provider's data sources read: they crash or drop an entry if a list is missing.
"""

from typing import Any

from ..protocol import paging
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.catalog import (
    DISK_CATEGORIES,
    IMAGES,
    INSTANCE_TYPES,
    REGIONS,
    Image,
    InstanceType,
    zones,
)
from ..state.cloud import Cloud

_ECS = ("Ecs", "2014-05-26")


@action(*_ECS, "DescribeRegions", honours="")
def describe_regions(_cloud: Cloud, _call: Call) -> AnswerMembers:
    return {
        "Regions": {
            "Region": [
                {
                    "RegionId": region,
                    "RegionEndpoint": f"ecs.{region}.aliyuncs.com",
                    "LocalName": name,
                    "Status": "available",
                }
                for region, name in REGIONS.items()
            ]
        }
    }


@action(*_ECS, "DescribeZones", honours="RegionId")
def describe_zones(_cloud: Cloud, call: Call) -> AnswerMembers:
    types = [type.id for type in INSTANCE_TYPES]
    families = _families(INSTANCE_TYPES)
    return {
        "Zones": {
            "Zone": [
                {
                    "ZoneId": zone,
                    "LocalName": zone,
                    "ZoneType": "AvailabilityZone",
                    "AvailableInstanceTypes": {"InstanceTypes": types},
                    "AvailableDiskCategories": {"DiskCategories": list(DISK_CATEGORIES)},
                    "AvailableVolumeCategories": {"VolumeCategories": []},
                    "AvailableDedicatedHostTypes": {"DedicatedHostType": []},
                    "DedicatedHostGenerations": {"DedicatedHostGeneration": []},
                    "AvailableResourceCreation": {
                        "ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"]
                    },
                    "AvailableResources": {"ResourcesInfo": [_in_a_zone(types, families)]},
                }
                for zone in zones(call.region)
            ]
        }
    }


def _in_a_zone(types: list[str], families: list[str]) -> AnswerMembers:
    return {
        "IoOptimized": True,
        "InstanceTypes": {"supportedInstanceType": types},
        "InstanceTypeFamilies": {"supportedInstanceTypeFamily": families},
        "InstanceGenerations": {"supportedInstanceGeneration": ["ecs-6", "ecs-7", "ecs-8"]},
        "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
        "SystemDiskCategories": {"supportedSystemDiskCategory": list(DISK_CATEGORIES)},
        "DataDiskCategories": {"supportedDataDiskCategory": list(DISK_CATEGORIES)},
    }


@action(
    *_ECS,
    "DescribeAvailableResource",
    honours="RegionId DestinationResource ZoneId InstanceType Cores Memory",
)
def describe_available_resource(_cloud: Cloud, call: Call) -> AnswerMembers:
    region, destination = call.region, call.required("DestinationResource")
    cores, memory = call.integer("Cores", 0), _number(call, "Memory")
    values = {
        "Zone": [],
        "IoOptimized": ["optimized"],
        "InstanceType": [
            type.id
            for type in INSTANCE_TYPES
            if call.text("InstanceType") in ("", type.id)
            and cores in (0, type.cpu)
            and memory in (0, type.memory)
        ],
        "Network": ["vpc"],
        "SystemDisk": list(DISK_CATEGORIES),
        "DataDisk": list(DISK_CATEGORIES),
    }
    if destination not in values:
        raise call.refusal("DestinationResource", f"none of {', '.join(values)}")
    supported = [
        {"Value": value, "Status": "Available", "StatusCategory": "WithStock"}
        | ({"Min": 20, "Max": 2048, "Unit": "GiB"} if "Disk" in destination else {})
        for value in values[destination]
    ]
    resources = [{"Type": destination, "SupportedResources": {"SupportedResource": supported}}]
    return {
        "AvailableZones": {
            "AvailableZone": [
                {
                    "RegionId": region,
                    "ZoneId": zone,
                    "Status": "Available",
                    "StatusCategory": "WithStock",
                    "AvailableResources": {
                        "AvailableResource": [] if destination == "Zone" else resources
                    },
                }
                for zone in zones(region)
                if call.text("ZoneId") in ("", zone)
            ]
        }
    }


@action(
    *_ECS,
    "DescribeInstanceTypes",
    honours="InstanceTypes InstanceTypeFamily InstanceTypeFamilies MinimumCpuCoreCount"
    " MaximumCpuCoreCount MinimumMemorySize MaximumMemorySize MaxResults NextToken",
)
def describe_instance_types(_cloud: Cloud, call: Call) -> AnswerMembers:
    requested = call.listed("InstanceTypes")
    families = call.listed("InstanceTypeFamilies") or [call.text("InstanceTypeFamily")]
    least_cores = call.integer("MinimumCpuCoreCount", 0)
    most_cores = call.integer("MaximumCpuCoreCount", 10_000)
    least_memory = _number(call, "MinimumMemorySize")
    most_memory = _number(call, "MaximumMemorySize") or 1e6
    types = [
        type
        for type in INSTANCE_TYPES
        if (not requested or type.id in requested)
        and (not any(families) or type.family in families)
        and least_cores <= type.cpu <= most_cores
        and least_memory <= type.memory <= most_memory
    ]
    size = paging.most_results(call, default=100)
    seen = paging.position(call)
    start = 0 if seen is None else max(min(int(min(seen[0], 1e6)), len(types)), 0)
    shown = types[start : start + size]
    members: AnswerMembers = {
        "InstanceTypes": {"InstanceType": [_described(type) for type in shown]}
    }
    if start + size < len(types):
        members["NextToken"] = paging.token(start + size)
    return members


def _described(type: InstanceType) -> dict[str, Any]:
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
    families = [
        {"InstanceTypeFamilyId": family, "Generation": f"ecs-{_generation(family)}"}
        for family in _families(INSTANCE_TYPES)
    ]
    return {
        "InstanceTypeFamilies": {
            "InstanceTypeFamily": [
                family
                for family in families
                if call.text("Generation") in ("", family["Generation"])
            ]
        }
    }


@action(*_ECS, "DescribeImageSupportInstanceTypes", honours="RegionId ImageId")
def describe_image_support_instance_types(_cloud: Cloud, call: Call) -> AnswerMembers:
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
            ]
        },
    }


@action(
    *_ECS,
    "DescribeImages",
    honours="RegionId ImageId ImageName ImageOwnerAlias OSType Architecture Status PageNumber"
    " PageSize",
)
def describe_images(cloud: Cloud, call: Call) -> AnswerMembers:
    """Returns public images only; the fake has no custom images."""
    ids = [id for id in call.text("ImageId").split(",") if id]
    images = [
        image
        for image in IMAGES
        if (not ids or image.id in ids)
        and call.text("ImageName") in ("", image.id)
        and call.text("ImageOwnerAlias") in ("", "system")
        and call.text("OSType") in ("", image.os_type)
        and call.text("Architecture") in ("", image.architecture)
        and (not call.text("Status") or "Available" in call.text("Status").split(","))
    ]
    region = call.region
    shown, members = paging.page(cloud, call, images)
    return members | {"RegionId": region, "Images": {"Image": [_image(image) for image in shown]}}


def _image(image: Image) -> dict[str, Any]:
    return {
        "ImageId": image.id,
        "ImageName": image.id,
        "ImageFamily": "",
        "ImageVersion": "1",
        "ImageOwnerAlias": "system",
        "ImageOwnerId": 0,
        "Description": "",
        "OSName": image.os_name,
        "OSNameEn": image.os_name,
        "OSType": image.os_type,
        "Platform": image.platform,
        "Architecture": image.architecture,
        "Size": image.size,
        "Status": "Available",
        "Progress": "100%",
        "Usage": "instance",
        "BootMode": "BIOS",
        "CreationTime": "2024-08-19T08:00:00Z",
        "ProductCode": "",
        "IsCopied": False,
        "IsPublic": True,
        "IsSelfShared": "",
        "IsSubscribed": False,
        "IsSupportCloudinit": True,
        "IsSupportIoOptimized": True,
        "LoginAsNonRootSupported": True,
        "ResourceGroupId": "",
        "DiskDeviceMappings": {"DiskDeviceMapping": []},
        "Features": {"NvmeSupport": "supported"},
        "Tags": {"Tag": []},
    }


def _families(types: tuple[InstanceType, ...]) -> list[str]:
    return list(dict.fromkeys(type.family for type in types))


def _generation(family: str) -> str:
    """The generation of *family*: 6 for ``ecs.g6``; 6 also for a family without a number."""
    return next((letter for letter in family if letter in "5678"), "6")


def _number(call: Call, name: str) -> float:
    """A size in GiB, which may be a fraction; 0 if absent."""
    try:
        return float(call.text(name, "0"))
    except ValueError:
        raise call.refusal(name, "not a number") from None
