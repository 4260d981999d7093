"""The order of members in answers: that of captured answers of the real service.

Source of the orders: answers that the vendor published in
aliyun/alibabacloud-ecs-tool-troubleshooter.
"""

import re
from typing import Any
from xml.etree import ElementTree

import httpx

from tests.conftest import REGION, Cloud
from tests.fake.requests import call, instance_in_a_vpc, signed


def words(text: str) -> list[str]:
    return text.split()


INSTANCE = words(
    """
    ResourceGroupId Memory InstanceChargeType Cpu OSName InstanceNetworkType InnerIpAddress
    ExpiredTime ImageId EipAddress ImageOptions HostName Tags VlanId Status HibernationOptions
    MetadataOptions InstanceId StoppedMode CpuOptions StartTime PrivateDnsNameOptions
    DeletionProtection SecurityGroupIds VpcAttributes InternetChargeType InstanceName
    DeploymentSetId InternetMaxBandwidthOut SerialNumber OSType CreationTime AutoReleaseTime
    Description InstanceTypeFamily DedicatedInstanceAttribute PublicIpAddress GPUSpec
    NetworkInterfaces SpotPriceLimit DeviceAvailable SaleCycle InstanceType SpotStrategy OSNameEn
    KeyPairName IoOptimized ZoneId ClusterId EcsCapacityReservationAttr DedicatedHostAttribute
    GPUAmount OperationLocks InternetMaxBandwidthIn Recyclable RegionId CreditSpecification
    """
)
ATTRIBUTES = words(
    """
    Description Memory InstanceChargeType Cpu InstanceNetworkType PublicIpAddress InnerIpAddress
    EnableJumboFrame ExpiredTime ImageId EipAddress InstanceType VlanId HostName Status IoOptimized
    ZoneId ClusterId InstanceId StoppedMode DedicatedHostAttribute SecurityGroupIds
    VpcAttributes OperationLocks InternetChargeType InstanceName InternetMaxBandwidthOut
    SerialNumber InternetMaxBandwidthIn CreationTime RegionId CreditSpecification
    """
)
# The service writes Device and PerformanceLevel in either order: they share a bucket.
DISK = words(
    """
    DetachedTime Category Description KMSKeyId ResourceGroupId Encrypted Size DeleteAutoSnapshot
    DiskChargeType Throughput IOPS MultiAttach Attachments Placement ExpiredTime ImageId
    StorageSetId Tags Status AttachedTime StorageClusterId ZoneId InstanceId SourceSnapshotId
    ProductCode Device PerformanceLevel DeleteWithInstance EnableAutomatedSnapshotPolicy
    EnableAutoSnapshot AutoSnapshotPolicyId DiskName OperationLocks BdfId Portable Type SerialNumber
    CreationTime RegionId DiskId
    """
)
EVENT = words(
    """
    EventFinishTime EventCycleStatus EventPublishTime InstanceId EventType ExtendedAttribute EventId
    NotBefore Reason
    """
)


def made(cloud: Cloud) -> str:
    """An instance with every optional member."""
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "a", "KeyPairName": "any"}
    instance, _ = instance_in_a_vpc(cloud, **tags)
    return instance


def test_an_instance(cloud: Cloud) -> None:
    instance = made(cloud)
    answer = call(cloud, "DescribeInstances", PageSize="100")
    (entry,) = answer["Instances"]["Instance"]

    assert list(answer) == [
        *("Instances", "TotalCount", "NextToken", "PageSize", "RequestId", "PageNumber")
    ]
    assert list(entry) == INSTANCE
    assert list(entry["VpcAttributes"]) == [
        "PrivateIpAddress",
        "VpcId",
        "VSwitchId",
        "NatIpAddress",
    ]
    assert list(entry["CpuOptions"]) == ["ThreadsPerCore", "Numa", "CoreCount"]
    attributes = call(cloud, "DescribeInstanceAttribute", InstanceId=instance)
    # RequestId shares a bucket with ZoneId and may be before it or after it.
    assert [name for name in attributes if name != "RequestId"] == ATTRIBUTES


def test_the_same_in_xml(cloud: Cloud) -> None:
    made(cloud)
    sent = signed("POST", Action="DescribeInstances", RegionId=REGION, Format="XML")
    (entry,) = ElementTree.fromstring(httpx.post(cloud.url, data=sent).text).iter("Instance")

    assert [member.tag for member in entry] == INSTANCE


def test_a_disk(cloud: Cloud) -> None:
    cloud.instances(1)
    answer = call(cloud, "DescribeDisks")
    (entry,) = answer["Disks"]["Disk"]

    assert list(answer) == [
        *("TotalCount", "NextToken", "PageSize", "RequestId", "PageNumber", "Disks")
    ]
    assert list(entry) == DISK
    assert list(entry["Attachments"]["Attachment"][0]) == ["AttachedTime", "InstanceId", "Device"]


def test_an_event(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post(
        "events",
        instance_ids=[instance],
        event_type="SystemMaintenance.Reboot",
        not_before="2099-01-01T00:00:00Z",
        status="Executed",
        reason="any",
    )
    answer = call(cloud, "DescribeInstanceHistoryEvents")
    (entry,) = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]

    assert list(answer) == [
        *("TotalCount", "PageSize", "RequestId", "PageNumber", "InstanceSystemEventSet")
    ]
    assert list(entry) == EVENT
    assert list(entry["EventType"]) == ["Code", "Name"]


def test_a_health_status(cloud: Cloud) -> None:
    cloud.instances(1)
    answer = call(cloud, "DescribeInstancesFullStatus")
    (entry,) = answer["InstanceFullStatusSet"]["InstanceFullStatusType"]

    assert list(answer) == [
        *("TotalCount", "PageSize", "RequestId", "PageNumber", "InstanceFullStatusSet")
    ]
    assert list(entry) == ["Status", "InstanceId", "HealthStatus", "ScheduledSystemEventSet"]


def test_images_and_regions(cloud: Cloud) -> None:
    image = call(cloud, "DescribeImages", PageSize="1")["Images"]["Image"][0]
    region = call(cloud, "DescribeRegions")["Regions"]["Region"][0]
    captured = words(
        """
        ImageOwnerAlias IsSelfShared Description Platform ResourceGroupId Size IsSubscribed BootMode
        OSName IsPublic ImageId DetectionOptions Features OSNameEn Tags LoginAsNonRootSupported
        Status Progress Usage Architecture ProductCode IsCopied ImageFamily IsSupportIoOptimized
        IsSupportCloudinit ImageName DiskDeviceMappings ImageVersion OSType CreationTime
        """
    )

    # The captured images are an account's own, and have no owner's id.
    assert [name for name in image if name != "ImageOwnerId"] == captured
    assert [name for name in region if name != "Status"] == [
        *("RegionId", "RegionEndpoint", "LocalName")
    ]


def test_the_members_of_an_error_keep_their_documented_order(cloud: Cloud) -> None:
    answer: dict[str, Any] = call(cloud, "DescribeInstances", PageSize="0")

    assert list(answer) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
    assert re.fullmatch(r"[0-9A-F-]{36}", answer["RequestId"])
