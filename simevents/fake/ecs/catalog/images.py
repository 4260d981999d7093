"""The ECS action DescribeImages. The fake has public images only."""

from collections.abc import Mapping
from typing import Any

from ....models import parse_time
from ...protocol import api_errors, filters, paging
from ...protocol.api_errors import ApiError
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.catalog import IMAGES, Image
from ...state.cloud import Cloud

# Filters that are compared with the member of the same name.
_SAME_NAME = (
    *("ImageOwnerAlias", "ImageOwnerId", "ImageFamily", "OSType", "Architecture", "IsPublic"),
    *("IsSupportCloudinit", "IsSupportIoOptimized", "ResourceGroupId", "Usage"),
)

_CREATION_TIME = "2024-08-19T08:00:00Z"


@action(
    "Ecs",
    "2014-05-26",
    "DescribeImages",
    honours=" ".join(_SAME_NAME)
    + " RegionId ImageId ImageName InstanceType Status SnapshotId Tag.Key Tag.Value Filter.Key"
    " Filter.Value DryRun"
    " PageNumber PageSize",
    # The images are not expired, and fit both new instances and changed systems.
    ignores="ActionType ShowExpired",
)
def describe_images(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    ids = [id for id in call.text("ImageId").split(",") if id]
    wanted, created = filters.given(call, _SAME_NAME), filters.created(call)
    # No image has tags or was made from a snapshot; all types of the catalog are x86.
    has_none = call.tags() or call.text("SnapshotId")
    images = [
        image
        for image in map(_image, IMAGES)
        if not has_none
        and created.contains(parse_time(image["CreationTime"]).timestamp())
        and (not ids or image["ImageId"] in ids)
        and filters.same(image, wanted)
        and filters.named(image["ImageName"], call.text("ImageName"))
        and (not call.text("InstanceType") or image["Architecture"] == "x86_64")
        and (not call.text("Status") or image["Status"] in call.text("Status").split(","))
    ]
    shown, members = paging.page(cloud, call, images)
    return members | {"RegionId": region, "Images": {"Image": shown}}


def _image(image: Image) -> Mapping[str, Any]:
    return {
        "ImageId": image.id,
        "ImageName": image.id,
        "ImageFamily": "",
        "ImageVersion": "1",
        "ImageOwnerAlias": "system",
        "IsSelfShared": "",
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
        "CreationTime": _CREATION_TIME,
        "ProductCode": "",
        "DetectionOptions": {},
        "IsCopied": False,
        "IsPublic": True,
        "IsSubscribed": False,
        "IsSupportCloudinit": True,
        "IsSupportIoOptimized": True,
        "LoginAsNonRootSupported": True,
        "ResourceGroupId": "",
        "DiskDeviceMappings": {"DiskDeviceMapping": []},
        "Features": {"NvmeSupport": "supported"},
        "Tags": {"Tag": []},
    }
