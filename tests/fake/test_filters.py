"""The filters of the actions that read lists: each selects, and none is ignored."""

from typing import Any

import pytest

from tests.conftest import REGION, Cloud
from tests.fake.requests import VPC, call, instance_in_a_vpc


@pytest.fixture
def instances(cloud: Cloud) -> list[str]:
    """One in a VPC with a public address and tags; one without, a minute older."""
    cloud.post("clock", set="2027-01-01T00:00:00Z")
    cloud.post("clock", freeze=True)
    (plain,) = cloud.instances(1)
    cloud.post("clock", advance="1m")
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "a", "ResourceGroupId": "rg-1"}
    rich, _ = instance_in_a_vpc(
        cloud, InternetMaxBandwidthOut="5", PrivateIpAddress="10.1.0.9", **tags
    )
    return [rich, plain]


def found(cloud: Cloud, **filters: str) -> list[str]:
    answer = call(cloud, "DescribeInstances", **filters)
    return [entry["InstanceId"] for entry in answer["Instances"]["Instance"]]


def test_instances_by_address(cloud: Cloud, instances: list[str]) -> None:
    rich, plain = instances
    entries = call(cloud, "DescribeInstances")["Instances"]["Instance"]
    (public,) = entries[0]["PublicIpAddress"]["IpAddress"]
    (inner,) = entries[1]["InnerIpAddress"]["IpAddress"]

    assert found(cloud, PublicIpAddresses=f'["{public}"]') == [rich]
    assert found(cloud, PublicIpAddresses='["47.0.0.1"]') == []
    assert found(cloud, InnerIpAddresses=f"['{inner}']") == [plain]
    assert found(cloud, PrivateIpAddresses='["10.1.0.9"]') == [rich]
    assert found(cloud, EipAddresses='["47.0.0.1"]') == []
    assert found(cloud, EipAddresses='[""]') == []
    assert found(cloud, **{"Ipv6Address.1": "2001:db8::1"}) == []


def test_instances_by_creation_time(cloud: Cloud, instances: list[str]) -> None:
    rich, plain = instances

    def since(key: str, moment: str) -> list[str]:
        return found(cloud, **{"Filter.1.Key": key, "Filter.1.Value": moment})

    assert since("CreationStartTime", "2027-01-01T00:01Z") == [rich]
    assert since("CreationEndTime", "2027-01-01T00:00Z") == [plain]
    assert since("CreationStartTime", "2027-01-01T00:02Z") == []
    wrong = {"Filter.1.Key": "CreationStartTime", "Filter.1.Value": "today"}
    assert call(cloud, "DescribeInstances", **wrong)["Code"] == "InvalidParameter"


@pytest.mark.parametrize(
    ("filters", "selected"),
    [
        ({"IoOptimized": "true"}, 2),
        ({"IoOptimized": "False"}, 0),
        ({"DeviceAvailable": "true"}, 2),
        ({"HttpTokens": "required"}, 0),
        ({"HttpEndpoint": "enabled"}, 2),
        ({"HpcClusterId": "hpc-1"}, 0),
        ({"LockReason": "security"}, 0),
        ({"RdmaIpAddresses": "10.0.0.1"}, 0),
        ({"ResourceGroupId": "rg-1"}, 1),
        ({"Tag.1.Key": "team"}, 1),
        ({"InstanceNetworkType": "vpc"}, 1),
        ({"InstanceName": "i-*"}, 2),
        ({"InstanceName": "i-?"}, 0),
    ],
    ids=str,
)
def test_instances_by_other_filters(
    cloud: Cloud, instances: list[str], filters: dict[str, str], selected: int
) -> None:
    assert len(found(cloud, **filters)) == selected


def test_filtered_instances_by_token(cloud: Cloud) -> None:
    made = cloud.instances(7)
    seen: list[str] = []
    token: dict[str, str] = {}
    while token.get("NextToken") != "":
        answer = call(cloud, "DescribeInstances", IoOptimized="true", MaxResults="3", **token)
        seen += [entry["InstanceId"] for entry in answer["Instances"]["Instance"]]
        token = {"NextToken": answer["NextToken"]}

    assert sorted(seen) == made


@pytest.mark.parametrize(
    ("filters", "selected"),
    [
        ({"Category": "cloud_essd"}, 2),
        ({"Category": "cloud_ssd"}, 0),
        ({"Status": "All"}, 2),
        ({"Status": "Available"}, 0),
        ({"DiskType": "data"}, 0),
        ({"DiskChargeType": "PrePaid"}, 0),
        ({"DeleteWithInstance": "false"}, 0),
        ({"Encrypted": "true"}, 0),
        ({"EnableShared": "true"}, 0),
        ({"ResourceGroupId": "rg-1"}, 1),
        ({"SnapshotId": "s-1"}, 0),
        ({"Tag.1.Key": "team"}, 0),
        ({"DiskName": "*"}, 2),
        ({"DiskName": "data"}, 0),
        ({"Filter.1.Key": "CreationStartTime", "Filter.1.Value": "2027-01-01T00:01Z"}, 1),
    ],
    ids=str,
)
def test_disks(cloud: Cloud, instances: list[str], filters: dict[str, str], selected: int) -> None:
    assert call(cloud, "DescribeDisks", **filters)["TotalCount"] == selected


@pytest.mark.parametrize(
    ("action", "filters", "selected"),
    [
        ("DescribeVpcs", {}, 1),
        ("DescribeVpcs", {"IsDefault": "true"}, 0),
        ("DescribeVpcs", {"EnableIpv6": "true"}, 0),
        ("DescribeVpcs", {"VpcOwnerId": "1"}, 0),
        ("DescribeVpcs", {"ResourceGroupId": "rg-other"}, 0),
        ("DescribeVSwitches", {"RouteTableId": "vtb-other"}, 0),
        ("DescribeVSwitches", {"ZoneId": f"{REGION}-b", "IsDefault": "false"}, 1),
        ("DescribeRouteTableList", {"RouteTableType": "System"}, 1),
        ("DescribeRouteTableList", {"RouteTableType": "Custom"}, 0),
        ("DescribeRouteTableList", {"Tag.1.Key": "team"}, 0),
    ],
    ids=str,
)
def test_networks(
    cloud: Cloud, instances: list[str], action: str, filters: dict[str, str], selected: int
) -> None:
    assert call(cloud, action, VPC, **filters)["TotalCount"] == selected


@pytest.mark.parametrize(
    ("filters", "selected"),
    [
        ({}, 2),
        ({"SecurityGroupName": "web"}, 1),
        ({"SecurityGroupName": "we"}, 0),
        ({"SecurityGroupName": "we", "FuzzyQuery": "true"}, 1),
        ({"SecurityGroupType": "enterprise"}, 1),
        ({"ResourceGroupId": "rg-1"}, 1),
        ({"NetworkType": "vpc"}, 0),
        ({"ServiceManaged": "true"}, 0),
        ({"Tag.1.Key": "team"}, 1),
    ],
    ids=str,
)
def test_security_groups(cloud: Cloud, filters: dict[str, str], selected: int) -> None:
    tags = {"Tag.1.Key": "team", "Tag.1.Value": "a", "ResourceGroupId": "rg-1"}
    call(cloud, "CreateSecurityGroup", SecurityGroupName="web", **tags)
    call(cloud, "CreateSecurityGroup", SecurityGroupType="enterprise")

    assert call(cloud, "DescribeSecurityGroups", **filters)["TotalCount"] == selected


def test_the_catalog(cloud: Cloud) -> None:
    def types(**filters: str) -> set[str]:
        found: list[dict[str, Any]] = call(cloud, "DescribeInstanceTypes", **filters)[
            "InstanceTypes"
        ]["InstanceType"]
        return {entry["InstanceTypeFamily"] for entry in found}

    def images(**filters: str) -> int:
        return int(call(cloud, "DescribeImages", **filters)["TotalCount"])

    def stock(**filters: str) -> int:
        wanted = {"DestinationResource": "InstanceType", "ZoneId": f"{REGION}-b"}
        answer = call(cloud, "DescribeAvailableResource", **wanted, **filters)
        (zone,) = answer["AvailableZones"]["AvailableZone"]
        (resource,) = zone["AvailableResources"]["AvailableResource"]
        return len(resource["SupportedResources"]["SupportedResource"])

    assert types(CpuArchitecture="ARM") == set()
    assert types(MinimumGPUAmount="1") == set()
    assert types(MaximumGPUAmount="0", InstanceTypeFamily="ecs.g6") == {"ecs.g6"}
    assert images() == images(IsPublic="true") == images(ImageName="*") == 7
    assert images(IsPublic="false") == images(SnapshotId="s-1") == images(Usage="none") == 0
    assert images(Architecture="arm64", InstanceType="ecs.g6.large") == 0
    assert stock() == stock(SystemDiskCategory="cloud_essd") == stock(InstanceChargeType="PrePaid")
    assert stock(SystemDiskCategory="cloud") == stock(NetworkCategory="classic") == 0


def test_events_by_resource_group(cloud: Cloud, instances: list[str]) -> None:
    for instance in instances:
        cloud.post(
            "events",
            instance_ids=[instance],
            event_type="SystemMaintenance.Reboot",
            not_before="2027-01-02T00:00:00Z",
        )
    answer = call(
        cloud,
        "DescribeInstanceHistoryEvents",
        ResourceGroupId="rg-1",
        **{"InstanceEventCycleStatus.1": "Scheduled"},
    )
    events = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]

    assert [event["InstanceId"] for event in events] == instances[:1]
    refused = call(cloud, "DescribeInstanceHistoryEvents", ImpactLevel="100")
    assert refused["Code"] == "OperationDenied.NotInWhiteList"
