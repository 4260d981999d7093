"""The tagging actions, which are the same in ECS and VPC, and DescribeTags."""

from ..protocol import paging
from ..protocol.api_errors import RESOURCE_NOT_FOUND, ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud

_ECS = ("Ecs", "2014-05-26")
_VPC = ("Vpc", "2016-04-28")

_TAGS_PER_PAGE = 50

# ResourceType, in lower case, to the kind of resource in the store.
_KINDS = {
    "instance": "instance",
    "securitygroup": "security_group",
    "vpc": "vpc",
    "vswitch": "vswitch",
}


@action(*_VPC, "TagResources", honours="ResourceType ResourceId Tag.Key Tag.Value")
@action(*_ECS, "TagResources", honours="ResourceType ResourceId Tag.Key Tag.Value")
def tag_resources(cloud: Cloud, call: Call) -> AnswerMembers:
    for kind, id in _named(cloud, call):
        cloud.store.tag(kind, id, call.tags())
    return {}


@action(*_VPC, "UnTagResources", honours="ResourceType ResourceId TagKey All")
@action(*_ECS, "UntagResources", honours="ResourceType ResourceId TagKey All")
def untag_resources(cloud: Cloud, call: Call) -> AnswerMembers:
    for kind, id in _named(cloud, call):
        keys = list(cloud.store.tags(kind, id)) if call.boolean("All") else call.listed("TagKey")
        cloud.store.untag(kind, id, keys)
    return {}


_OF_A_LIST = "ResourceType ResourceId Tag.Key Tag.Value NextToken"


@action(*_VPC, "ListTagResources", honours=_OF_A_LIST + " MaxResults")
@action(*_ECS, "ListTagResources", honours=_OF_A_LIST)
def list_tag_resources(cloud: Cloud, call: Call) -> AnswerMembers:
    """Lists tags by resource, by tag or by both.

    A resource that does not exist has no tags; it is not an error.
    """
    resource_type = call.required("ResourceType")
    kind, ids, asked = _kind(call), call.listed("ResourceId"), call.tags()
    if not ids and not asked:
        raise call.missing("ResourceId.N")
    found = [
        {"ResourceId": id, "ResourceType": resource_type, "TagKey": key, "TagValue": value}
        for id, key, value in cloud.store.tagged(kind)
        if (not ids or id in ids) and (not asked or (key in asked and asked[key] in ("", value)))
    ]
    shown, following = paging.slice_by_token(call, found, _TAGS_PER_PAGE)
    return {"NextToken": following, "TagResources": {"TagResource": shown}}


@action(
    *_ECS,
    "DescribeTags",
    honours="RegionId ResourceType ResourceId Tag.Key Tag.Value PageNumber PageSize",
)
def describe_tags(cloud: Cloud, call: Call) -> AnswerMembers:
    """Images and disks, which the API supports here too, have no tags in the fake."""
    asked = call.tags()
    kind = _KINDS.get(call.text("ResourceType").lower())
    kinds = [kind] if call.text("ResourceType") else [*_KINDS.values()]
    pairs = {
        (key, value)
        for each in kinds
        if each is not None
        for id, key, value in cloud.store.tagged(each)
        if call.text("ResourceId") in ("", id)
        and (not asked or (key in asked and asked[key] in ("", value)))
    }
    tags = [{"TagKey": key, "TagValue": value} for key, value in sorted(pairs)]
    shown, members = paging.page(cloud, call, tags)
    return members | {"Tags": {"Tag": shown}}


def _kind(call: Call) -> str:
    resource_type = call.required("ResourceType")
    kind = _KINDS.get(resource_type.lower())
    if kind is None:
        raise call.refusal("ResourceType", f"the fake cloud has no {resource_type}")
    return kind


def _named(cloud: Cloud, call: Call) -> list[tuple[str, str]]:
    kind, ids = _kind(call), call.listed("ResourceId")
    if not ids:
        raise call.missing("ResourceId.N")
    for id in ids:
        if cloud.store.get(kind, id) is None:
            raise ApiError(RESOURCE_NOT_FOUND, resource_id=id)
    return [(kind, id) for id in ids]
