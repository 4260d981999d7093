"""The ECS actions on security groups. The fake does not support rules, so no group has any."""

from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.paging import page
from ..protocol.registry import action
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.store import Resource


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
    honours="RegionId SecurityGroupIds SecurityGroupId VpcId SecurityGroupName"
    " Tag.Key Tag.Value PageNumber PageSize",
)
def describe_security_groups(cloud: Cloud, call: Call) -> AnswerMembers:
    requested = call.json_list("SecurityGroupIds") or [call.text("SecurityGroupId")]
    groups = [
        group
        for group in cloud.store.find("security_group", call.region)
        if (not any(requested) or group.id in requested)
        and call.text("VpcId") in ("", group.attributes["VpcId"])
        and call.text("SecurityGroupName") in ("", group.attributes["SecurityGroupName"])
        and call.tags().items() <= cloud.store.tags(group.kind, group.id).items()
    ]
    shown, members = page(cloud, call, groups)
    return members | {
        "RegionId": call.region,
        "SecurityGroups": {
            "SecurityGroup": [
                group.attributes
                | {
                    "SecurityGroupId": group.id,
                    "CreationTime": iso_time(group.created_at),
                    "Tags": {
                        "Tag": [
                            {"TagKey": key, "TagValue": value}
                            for key, value in cloud.store.tags(group.kind, group.id).items()
                        ]
                    },
                }
                for group in shown
            ]
        },
    }


@action("Ecs", "2014-05-26", "DescribeSecurityGroupAttribute", honours="RegionId SecurityGroupId")
def describe_security_group_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    group = _security_group(cloud, call)
    return {
        "RegionId": group.region,
        "SecurityGroupId": group.id,
        "SecurityGroupName": group.attributes["SecurityGroupName"],
        "Description": group.attributes["Description"],
        "VpcId": group.attributes["VpcId"],
        "InnerAccessPolicy": "Accept",
        "Permissions": {"Permission": []},
    }


@action(
    "Ecs",
    "2014-05-26",
    "ModifySecurityGroupAttribute",
    honours="RegionId SecurityGroupId SecurityGroupName Description",
)
def modify_security_group_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    group = _security_group(cloud, call)
    changed = {
        name: call.parameters[name]
        for name in ("SecurityGroupName", "Description")
        if call.given(name)
    }
    cloud.store.modify(group, **changed)
    return {}


@action("Ecs", "2014-05-26", "DeleteSecurityGroup", honours="RegionId SecurityGroupId")
def delete_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    group = _security_group(cloud, call)
    dependents = [
        instance.id
        for instance in cloud.store.find("instance", group.region)
        if group.id in instance.attributes["SecurityGroupIds"]
    ]
    if dependents:
        raise ApiError(api_errors.SECURITY_GROUP_IN_USE, dependents=", ".join(dependents))
    cloud.store.delete("security_group", group.id)
    return {}


def _security_group(cloud: Cloud, call: Call) -> Resource:
    group = cloud.store.get("security_group", call.required("SecurityGroupId"))
    if group is None or group.region != call.region:
        raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
    return group
