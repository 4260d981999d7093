"""Instances in the format of the API.

The members and their order are those of the 43 instances in the captured answers that
the vendor published in aliyun/alibabacloud-ecs-tool-troubleshooter. Members that depend on
features which the fake does not cover have the value that an instance without the feature has.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..protocol.call import AnswerMembers
from ..protocol.member_order import InOrder, names_in_order
from ..state.catalog import InstanceType, image, instance_type
from ..state.clock import Epoch, iso_minute
from ..state.cloud import Cloud
from ..state.store import CACHED_RESOURCES, Resource
from .instance_status import status_of

_UNLIMITED = -1
"""InternetMaxBandwidthIn of an instance without a public address."""

_LEAST_INBOUND = 10


def _ordered(**members: Any) -> InOrder:
    """An object of an instance, in order already, so that no entry orders it again."""
    return names_in_order(members)


def _listed(name: str, *texts: str | None) -> InOrder:
    """A list as the API writes it, in an object of one member; without what is empty."""
    return InOrder({name: [text for text in texts if text]})


_NO_ELASTIC_ADDRESS = _ordered(AllocationId="", IpAddress="", InternetChargeType="")
_NO_HIBERNATION = _ordered(Configured=False)
_METADATA_OPTIONS = _ordered(HttpTokens="", HttpEndpoint="")
_NO_DEDICATION = _ordered(Tenancy="", Affinity="")
_NO_DEDICATED_HOST = _ordered(DedicatedHostId="", DedicatedHostName="", DedicatedHostClusterId="")
_NO_RESERVATION = _ordered(CapacityReservationPreference="", CapacityReservationId="")
# Network interfaces are not covered. The list is empty, so clients do not request them.
_NO_INTERFACES = _ordered(NetworkInterface=[])
_NO_LOCKS = _ordered(LockReason=[])
_NOTHING = _ordered()


def described(cloud: Cloud, instances: Sequence[Resource]) -> list[AnswerMembers]:
    """The entries of *instances* in the answer of DescribeInstances."""
    now = cloud.now()
    tags = cloud.store.tags_of("instance", [instance.id for instance in instances])
    return [_entry(instance, now, tags.get(instance.id, {})) for instance in instances]


def _entry(instance: Resource, now: Epoch, tags: Mapping[str, str]) -> AnswerMembers:
    entry = InOrder(_steady_members(instance, bool(tags)))
    status = entry["Status"] = status_of(instance, now)
    if status == "Stopped":
        entry["StoppedMode"] = instance.attributes.get("StoppedMode", "KeepCharging")
    if tags:
        entry["Tags"] = {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]}
    return entry


@lru_cache(maxsize=CACHED_RESOURCES)
def _steady_members(instance: Resource, has_tags: bool) -> AnswerMembers:
    """The members that do not depend on the time, and the places of those that do."""
    attributes = instance.attributes
    address = attributes.get("PrivateIpAddress")
    public = attributes.get("PublicIpAddress")
    size = instance_type(attributes["InstanceType"])
    system = image(attributes["ImageId"])
    outbound = attributes.get("InternetMaxBandwidthOut", 0)
    inbound = attributes.get("InternetMaxBandwidthIn", 0) or max(outbound, _LEAST_INBOUND)
    # An instance without tags or without a key pair does not have the member at all.
    tags: dict[str, Any] = {"Tags": _NOTHING} if has_tags else {}
    key_pair = {name: attributes[name] for name in ("KeyPairName",) if attributes.get(name)}
    members: dict[str, Any] = {
        "ResourceGroupId": attributes.get("ResourceGroupId", ""),
        "Memory": int(size.memory * 1024),
        "InstanceChargeType": "PostPaid",
        "Cpu": size.cpu,
        "OSName": system.os_name,
        "InstanceNetworkType": "vpc" if attributes.get("VpcId") else "classic",
        # The Terraform provider's list of instances crashes if an instance has no address.
        "InnerIpAddress": _listed("IpAddress", "" if address else inner_address(instance.id)),
        "ExpiredTime": "2099-12-31T15:59Z",
        "ImageId": attributes["ImageId"],
        "EipAddress": _NO_ELASTIC_ADDRESS,
        "ImageOptions": _NOTHING,
        "HostName": attributes["HostName"],
        **tags,
        "VlanId": "",
        "Status": "",
        "HibernationOptions": _NO_HIBERNATION,
        "MetadataOptions": _METADATA_OPTIONS,
        "InstanceId": instance.id,
        "StoppedMode": "Not-applicable",
        "CpuOptions": _cpu_options(size),
        "StartTime": iso_minute(instance.created_at),
        "PrivateDnsNameOptions": _NOTHING,
        "DeletionProtection": attributes["DeletionProtection"],
        "SecurityGroupIds": _listed("SecurityGroupId", *attributes["SecurityGroupIds"]),
        "VpcAttributes": _ordered(
            PrivateIpAddress=_listed("IpAddress", address),
            VpcId=attributes.get("VpcId", ""),
            VSwitchId=attributes.get("VSwitchId", ""),
            NatIpAddress="",
        ),
        "InternetChargeType": attributes.get("InternetChargeType", "PayByTraffic"),
        "InstanceName": attributes["InstanceName"],
        "DeploymentSetId": "",
        "InternetMaxBandwidthOut": outbound,
        "SerialNumber": serial_number(instance.id),
        "OSType": system.os_type,
        "CreationTime": iso_minute(instance.created_at),
        "AutoReleaseTime": "",
        "Description": attributes.get("Description", ""),
        "InstanceTypeFamily": size.family,
        "DedicatedInstanceAttribute": _NO_DEDICATION,
        "PublicIpAddress": _listed("IpAddress", public),
        "GPUSpec": "",
        "NetworkInterfaces": _NO_INTERFACES,
        "SpotPriceLimit": 0.0,
        "DeviceAvailable": True,
        "SaleCycle": "",
        "InstanceType": attributes["InstanceType"],
        "SpotStrategy": attributes.get("SpotStrategy", "NoSpot"),
        "OSNameEn": system.os_name,
        **key_pair,
        "IoOptimized": True,
        "ZoneId": attributes["ZoneId"],
        "ClusterId": "",
        "EcsCapacityReservationAttr": _NO_RESERVATION,
        "DedicatedHostAttribute": _NO_DEDICATED_HOST,
        "GPUAmount": 0,
        "OperationLocks": _NO_LOCKS,
        "InternetMaxBandwidthIn": inbound if public else _UNLIMITED,
        "Recyclable": False,
        "RegionId": instance.region,
        "CreditSpecification": "Standard" if size.is_burstable else "",
    }
    return names_in_order(members)


def serial_number(id: str) -> str:
    """The serial number of a resource; always the same for the same id."""
    return str(uuid.UUID(bytes=hashlib.sha256(id.encode()).digest()[:16], version=4))


@lru_cache(maxsize=100)
def _cpu_options(size: InstanceType) -> InOrder:
    numa = "" if size.is_burstable else "ON" if size.cpu <= 2 else "N/A"
    return _ordered(ThreadsPerCore=2, Numa=numa, CoreCount=max(size.cpu // 2, 1))


def inner_address(instance_id: str) -> str:
    """The address of an instance without a VPC; always the same for the same id."""
    first, second, third = hashlib.sha256(instance_id.encode()).digest()[:3]
    return f"10.{first}.{second}.{third}"
