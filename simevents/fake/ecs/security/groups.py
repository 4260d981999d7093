"""The ECS actions on security groups; `rules` has those on their rules."""

from ...protocol import api_errors, filters, paging
from ...protocol.api_errors import ApiError
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.clock import iso_time
from ...state.cloud import Cloud
from ...state.store import Resource

_ATTRIBUTES = ("VpcId", "SecurityGroupName", "Description", "SecurityGroupType", "ResourceGroupId")

# Filters that are compared with the member of the same name.
_SAME_NAME = ("SecurityGroupId", "VpcId", "SecurityGroupType", "ResourceGroupId", "ServiceManaged")


@action(
    "Ecs",
    "2014-05-26",
    "CreateSecurityGroup",
    honours="RegionId VpcId SecurityGroupName Description SecurityGroupType"
    " ResourceGroupId Tag.Key Tag.Value ClientToken",
)
def create_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    vpc_id = call.text("VpcId")
    if vpc_id and cloud.store.get("vpc", vpc_id) is None:
        raise ApiError(api_errors.VPC_NOT_FOUND)
    group_id = cloud.new_id("sg")
    attributes = {
        "VpcId": vpc_id,
        "SecurityGroupName": call.text("SecurityGroupName"),
        "Description": call.text("Description"),
        "SecurityGroupType": call.text("SecurityGroupType", "normal"),
        "ResourceGroupId": call.text("ResourceGroupId"),
    }
    cloud.store.put(Resource("security_group", group_id, region, cloud.now(), attributes))
    cloud.store.tag("security_group", group_id, call.tags())
    return {"SecurityGroupId": group_id}


@action(
    "Ecs",
    "2014-05-26",
    "DescribeSecurityGroups",
    honours=" ".join(_SAME_NAME)
    + " RegionId SecurityGroupIds SecurityGroupName FuzzyQuery NetworkType IsQueryEcsCount DryRun"
    " Tag.Key Tag.Value PageNumber PageSize MaxResults NextToken",
)
def describe_security_groups(cloud: Cloud, call: Call) -> AnswerMembers:
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)
    ids, name = call.json_list("SecurityGroupIds"), call.text("SecurityGroupName")
    network = call.text("NetworkType")
    wanted, tags = filters.given(call, _SAME_NAME), call.tags()
    is_fuzzy = call.boolean("FuzzyQuery")
    groups = []
    for group in cloud.store.find("security_group", call.region):
        own = cloud.store.tags(group.kind, group.id)
        entry = _entry(group, own)
        if (
            (not ids or group.id in ids)
            and (name in ("", entry["SecurityGroupName"]) or (is_fuzzy and _fits(name, entry)))
            and network in ("", "vpc" if entry["VpcId"] else "classic")
            and filters.same(entry, wanted)
            and filters.tagged(own, tags)
        ):
            groups.append(((group.created_at, group.id), entry))
    shown, members = paging.page_or_token(cloud, call, groups)
    if call.boolean("IsQueryEcsCount"):
        for entry in shown:
            entry["EcsCount"] = len(_instances_in(cloud, call.region, entry["SecurityGroupId"]))
    return members | {"RegionId": call.region, "SecurityGroups": {"SecurityGroup": shown}}


def _fits(part: str, entry: AnswerMembers) -> bool:
    return part in entry["SecurityGroupName"]


def _entry(group: Resource, tags: dict[str, str]) -> AnswerMembers:
    return {name: group.attributes[name] for name in _ATTRIBUTES} | {
        "SecurityGroupId": group.id,
        "CreationTime": iso_time(group.created_at),
        "ServiceManaged": False,
        "Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.items()]},
    }


@action(
    "Ecs",
    "2014-05-26",
    "DescribeSecurityGroupAttribute",
    honours="RegionId SecurityGroupId Direction MaxResults NextToken",
    # Rules of groups in a VPC have one type. The Terraform provider sends "<nil>".
    ignores="NicType",
)
def describe_security_group_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    group = named_group(cloud, call)
    direction = call.text("Direction", "all")
    if direction not in ("all", "ingress", "egress"):
        raise call.refusal("Direction", "none of all, ingress and egress")
    rules = [
        rule
        for rule in group.attributes.get("Rules", [])
        if direction in ("all", rule["Direction"])
    ]
    members: AnswerMembers = {}
    if paging.by_token(call):
        rules, members["NextToken"] = paging.slice_by_token(call, rules)
    return members | {
        "RegionId": group.region,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.attributes["SecurityGroupName"],
        "Description": group.attributes["Description"],
        "VpcId": group.attributes["VpcId"],
        "InnerAccessPolicy": "Accept",
        "Permissions": {"Permission": rules},
    }


@action(
    "Ecs",
    "2014-05-26",
    "ModifySecurityGroupAttribute",
    honours="RegionId SecurityGroupId SecurityGroupName Description",
)
def modify_security_group_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    group = named_group(cloud, call)
    changed = {
        name: call.parameters[name]
        for name in ("SecurityGroupName", "Description")
        if call.given(name)
    }
    cloud.store.modify(group, **changed)
    return {}


@action("Ecs", "2014-05-26", "DeleteSecurityGroup", honours="RegionId SecurityGroupId")
def delete_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    group = named_group(cloud, call)
    dependents = _instances_in(cloud, group.region, group.id)
    if dependents:
        raise ApiError(api_errors.SECURITY_GROUP_IN_USE, dependents=", ".join(dependents))
    cloud.store.delete("security_group", group.id)
    return {}


def _instances_in(cloud: Cloud, region: str, group_id: str) -> list[str]:
    return [
        instance.id
        for instance in cloud.store.find("instance", region)
        if group_id in instance.attributes["SecurityGroupIds"]
    ]


def named_group(cloud: Cloud, call: Call) -> Resource:
    """The group with the call's SecurityGroupId. Raises ApiError if it does not exist."""
    group = cloud.store.get("security_group", call.required("SecurityGroupId"))
    if group is None or group.region != call.region:
        raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
    return group
