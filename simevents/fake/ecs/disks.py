"""The ECS actions that read disks and snapshots.

Each instance has one system disk; the fake supports no other disks, and no snapshots. The
members of a disk and their order are those of the captured answers that the vendor
published in aliyun/alibabacloud-ecs-tool-troubleshooter.
"""

from typing import NamedTuple

from ..protocol import api_errors, filters, paging
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource

_ECS = ("Ecs", "2014-05-26")

# Filters that are compared with the member of the same name.
_SAME_NAME = (
    *("InstanceId", "ZoneId", "ResourceGroupId", "DiskChargeType", "PerformanceLevel"),
    *("Encrypted", "KMSKeyId", "Portable", "DeleteWithInstance", "DeleteAutoSnapshot"),
    *("EnableAutoSnapshot", "EnableAutomatedSnapshotPolicy", "AutoSnapshotPolicyId"),
    "MultiAttach",
)
# Filters of which the value "all", in any case, matches all disks.
_OR_ALL = {"Category": "Category", "DiskType": "Type", "Status": "Status"}


class _Performance(NamedTuple):
    """What a disk can do: a base, an amount per GiB and a maximum, as the vendor documents."""

    operations: tuple[int, int, int]
    throughput: tuple[int, float, int]
    """MB per second."""


_PERFORMANCE = {
    ("cloud_efficiency", ""): _Performance((1_800, 8, 5_000), (100, 0.15, 140)),
    ("cloud_ssd", ""): _Performance((1_800, 30, 25_000), (120, 0.5, 300)),
    ("cloud_essd", "PL0"): _Performance((1_800, 12, 10_000), (100, 0.25, 180)),
    ("cloud_essd", "PL1"): _Performance((1_800, 50, 50_000), (120, 0.5, 350)),
    ("cloud_essd", "PL2"): _Performance((4_000, 50, 100_000), (120, 0.5, 750)),
    ("cloud_essd", "PL3"): _Performance((7_800, 50, 1_000_000), (120, 0.5, 4_000)),
    ("cloud_auto", ""): _Performance((1_800, 50, 50_000), (120, 0.5, 350)),
}
_PLAIN = _PERFORMANCE["cloud_efficiency", ""]


@action(
    *_ECS,
    "DescribeDisks",
    honours=" ".join((*_SAME_NAME, *_OR_ALL))
    + " RegionId DiskIds DiskName SnapshotId LockReason EnableShared Tag.Key Tag.Value Filter.Key"
    " Filter.Value DryRun PageNumber PageSize MaxResults NextToken",
    # It adds a member for regional disks, which the fake does not have.
    ignores="AdditionalAttributes",
)
def describe_disks(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    disk_ids = call.json_list("DiskIds")
    wanted, created = filters.given(call, _SAME_NAME), filters.created(call)
    kinds = {
        member: value
        for name, member in _OR_ALL.items()
        if (value := call.text(name)).lower() not in ("", "all")
    }
    # No disk is locked, made from a snapshot, shared or tagged.
    has_none = call.text("LockReason") or call.text("SnapshotId") or call.tags()
    instances = [
        instance
        for instance in cloud.store.find("instance", region)
        if not has_none
        and not call.boolean("EnableShared")
        and created.contains(instance.created_at)
        and (not disk_ids or instance.attributes["SystemDisk"]["DiskId"] in disk_ids)
    ]
    disks = [
        ((instance.created_at, disk["DiskId"]), disk)
        for instance in instances
        if filters.same(disk := _disk(instance), wanted | kinds)
        and filters.named(disk["DiskName"], call.text("DiskName"))
    ]
    shown, members = paging.page_or_token(cloud, call, disks)
    return members | {"Disks": {"Disk": shown}}


def _disk(instance: Resource) -> AnswerMembers:
    disk = instance.attributes["SystemDisk"]
    level = disk.get("PerformanceLevel", "")
    moment = iso_time(instance.created_at)
    performance = _PERFORMANCE.get((disk["Category"], level), _PLAIN)
    base, per_gib, most = performance.operations
    slow, per_gib_slow, fast = performance.throughput
    attached = {
        "AttachedTime": moment,
        "InstanceId": instance.id,
        "Device": "/dev/xvda",
    }
    return {
        "DetachedTime": "",
        "Category": disk["Category"],
        "Description": disk.get("Description", ""),
        "KMSKeyId": "",
        "ResourceGroupId": instance.attributes.get("ResourceGroupId", ""),
        "Encrypted": False,
        "Size": disk["Size"],
        "DeleteAutoSnapshot": False,
        "DiskChargeType": "PostPaid",
        "Throughput": int(min(slow + per_gib_slow * disk["Size"], fast)),
        "IOPS": min(base + per_gib * disk["Size"], most),
        "MultiAttach": "Disabled",
        "Attachments": {"Attachment": [attached]},
        "Placement": {},
        "ExpiredTime": "2999-09-08T16:00Z",
        "ImageId": instance.attributes["ImageId"],
        "StorageSetId": "",
        # Without Tags the Terraform provider would report a change on every run.
        "Tags": {"Tag": []},
        "Status": "In_use",
        **attached,
        "StorageClusterId": "",
        "ZoneId": instance.attributes["ZoneId"],
        "SourceSnapshotId": "",
        "ProductCode": "",
        "PerformanceLevel": level,
        "DeleteWithInstance": True,
        "EnableAutomatedSnapshotPolicy": False,
        "EnableAutoSnapshot": True,
        "AutoSnapshotPolicyId": "",
        "DiskName": disk.get("DiskName", ""),
        "OperationLocks": {"OperationLock": []},
        "BdfId": "",
        "Portable": True,
        "Type": "system",
        "SerialNumber": disk["DiskId"].removeprefix("d-"),
        "CreationTime": moment,
        "RegionId": instance.region,
        "DiskId": disk["DiskId"],
    }


@action(
    *_ECS,
    "DescribeSnapshots",
    honours="RegionId DryRun PageNumber PageSize MaxResults NextToken",
    ignores="*",
)
def describe_snapshots(cloud: Cloud, call: Call) -> AnswerMembers:
    """Always an empty list: the fake has no snapshots, so every filter finds none."""
    assert call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    shown, members = paging.page_or_token(cloud, call, [])
    return members | {"Snapshots": {"Snapshot": shown}}
