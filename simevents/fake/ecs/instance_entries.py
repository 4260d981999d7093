"""Instances in the format of the API."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..protocol.call import AnswerMembers
from ..state.catalog import image, instance_type
from ..state.clock import Epoch, iso_minute
from ..state.cloud import Cloud
from ..state.store import CACHED_RESOURCES, Resource
from .instance_status import status_of


def described(cloud: Cloud, instances: Sequence[Resource]) -> list[AnswerMembers]:
    """The entries of *instances* in the answer of DescribeInstances."""
    now = cloud.now()
    tags = cloud.store.tags_of("instance", [instance.id for instance in instances])
    return [_entry(instance, now, tags.get(instance.id, {})) for instance in instances]


def _entry(instance: Resource, now: Epoch, tags: Mapping[str, str]) -> AnswerMembers:
    return _steady_members(instance) | {
        "Status": status_of(instance, now),
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]},
    }


@lru_cache(maxsize=CACHED_RESOURCES)
def _steady_members(instance: Resource) -> AnswerMembers:
    """The members that do not depend on the time or on tags."""
    attributes = instance.attributes
    address = attributes.get("PrivateIpAddress")
    size = instance_type(attributes["InstanceType"])
    system = image(attributes["ImageId"])
    return {
        "InstanceId": instance.id,
        "InstanceName": attributes["InstanceName"],
        "HostName": attributes["HostName"],
        "Description": attributes.get("Description", ""),
        "RegionId": instance.region,
        "ZoneId": attributes["ZoneId"],
        "ImageId": attributes["ImageId"],
        "InstanceType": attributes["InstanceType"],
        "InstanceTypeFamily": size.family,
        "InstanceChargeType": "PostPaid",
        "InstanceNetworkType": "vpc" if attributes.get("VpcId") else "classic",
        "InternetChargeType": attributes.get("InternetChargeType", "PayByTraffic"),
        "InternetMaxBandwidthIn": 0,
        "InternetMaxBandwidthOut": attributes.get("InternetMaxBandwidthOut", 0),
        "SpotStrategy": attributes.get("SpotStrategy", "NoSpot"),
        "KeyPairName": attributes.get("KeyPairName", ""),
        "ResourceGroupId": attributes.get("ResourceGroupId", ""),
        "Cpu": size.cpu,
        "Memory": int(size.memory * 1024),
        "OSType": system.os_type,
        "OSName": system.os_name,
        "OSNameEn": system.os_name,
        "CreationTime": iso_minute(instance.created_at),
        "StartTime": iso_minute(instance.created_at),
        "ExpiredTime": "2099-12-31T15:59Z",
        "DeletionProtection": attributes["DeletionProtection"],
        "DeviceAvailable": True,
        "IoOptimized": True,
        "Recyclable": False,
        "SecurityGroupIds": {"SecurityGroupId": attributes["SecurityGroupIds"]},
        "PublicIpAddress": {"IpAddress": []},
        # The Terraform provider's list of instances crashes if an instance has no address.
        "InnerIpAddress": {"IpAddress": [] if address else [_inner_address(instance.id)]},
        "EipAddress": {"AllocationId": "", "IpAddress": "", "InternetChargeType": ""},
        "VpcAttributes": {
            "VpcId": attributes.get("VpcId", ""),
            "VSwitchId": attributes.get("VSwitchId", ""),
            "NatIpAddress": "",
            "PrivateIpAddress": {"IpAddress": [address] if address else []},
        },
        # Network interfaces are not covered. The list is empty, so clients do not request them.
        "NetworkInterfaces": {"NetworkInterface": []},
        "OperationLocks": {"LockReason": []},
    }


def _inner_address(instance_id: str) -> str:
    """The address of an instance without a VPC; always the same for the same id."""
    first, second, third = hashlib.sha256(instance_id.encode()).digest()[:3]
    return f"10.{first}.{second}.{third}"
