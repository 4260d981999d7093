"""The ECS actions that list regions, zones and what is in stock in a zone.

Everything is in stock in every zone. The answers have the members that the Terraform
provider's data sources read: they crash or drop an entry if a list is missing.
"""

from ...protocol import filters
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.catalog import (
    DISK_CATEGORIES,
    INSTANCE_TYPES,
    REGIONS,
    zones,
)
from ...state.cloud import Cloud
from .instance_types import families, number

_ECS = ("Ecs", "2014-05-26")


@action(
    *_ECS,
    "DescribeRegions",
    honours="",
    # Names are in English only, and everything is available in every region.
    ignores="AcceptLanguage InstanceChargeType ResourceType",
)
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


@action(
    *_ECS,
    "DescribeZones",
    honours="RegionId",
    # Names are in English only, and everything is in stock, with all details.
    ignores="AcceptLanguage InstanceChargeType SpotStrategy Verbose",
)
def describe_zones(_cloud: Cloud, call: Call) -> AnswerMembers:
    types = [type.id for type in INSTANCE_TYPES]
    names = families(INSTANCE_TYPES)
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
                    "AvailableResources": {"ResourcesInfo": [_in_a_zone(types, names)]},
                }
                for zone in zones(call.region)
            ]
        }
    }


def _in_a_zone(types: list[str], names: list[str]) -> AnswerMembers:
    return {
        "IoOptimized": True,
        "InstanceTypes": {"supportedInstanceType": types},
        "InstanceTypeFamilies": {"supportedInstanceTypeFamily": names},
        "InstanceGenerations": {"supportedInstanceGeneration": ["ecs-6", "ecs-7", "ecs-8"]},
        "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
        "SystemDiskCategories": {"supportedSystemDiskCategory": list(DISK_CATEGORIES)},
        "DataDiskCategories": {"supportedDataDiskCategory": list(DISK_CATEGORIES)},
    }


@action(
    *_ECS,
    "DescribeAvailableResource",
    honours="RegionId DestinationResource ZoneId InstanceType Cores Memory IoOptimized"
    " NetworkCategory SystemDiskCategory DataDiskCategory ResourceType",
    # They select by price or contract; everything is in stock for each of them.
    ignores="InstanceChargeType SpotStrategy SpotDuration Scope",
)
def describe_available_resource(_cloud: Cloud, call: Call) -> AnswerMembers:
    region, destination = call.region, call.required("DestinationResource")
    cores, memory = call.integer("Cores", 0), number(call, "Memory")
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
        if _is_in_stock(call)
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


def _is_in_stock(call: Call) -> bool:
    """Whether the catalog has what the filters ask for: these disks, I/O optimized, in a VPC."""
    resource_type = call.text("ResourceType", "instance")
    if resource_type not in ("instance", "disk"):
        raise call.refusal("ResourceType", f"the fake cloud has no {resource_type}")
    disks = filters.given(call, ("SystemDiskCategory", "DataDiskCategory"))
    return (
        set(disks.values()) <= set(DISK_CATEGORIES)
        and call.text("IoOptimized", "optimized") == "optimized"
        and call.text("NetworkCategory", "vpc") == "vpc"
    )
