"""TagResources and UntagResources, which ECS and VPC both have in the same shape."""

from .cloud import ANSWER_MEMBERS, Call, Cloud, action
from .codes import RESOURCE_NOT_FOUND, Refused

# ResourceType, in lower case, to the kind under which the store keeps it.
_KINDS = {
    "instance": "instance",
    "securitygroup": "security_group",
    "vpc": "vpc",
    "vswitch": "vswitch",
}


@action("Vpc", "2016-04-28", "TagResources")
@action("Ecs", "2014-05-26", "TagResources")
def tag_resources(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    for kind, id in _named(cloud, call):
        cloud.store.tag(kind, id, call.tags())
    return {}


@action("Vpc", "2016-04-28", "UnTagResources")
@action("Ecs", "2014-05-26", "UntagResources")
def untag_resources(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    for kind, id in _named(cloud, call):
        keys = list(cloud.store.tags(kind, id)) if call.boolean("All") else call.listed("TagKey")
        cloud.store.untag(kind, id, keys)
    return {}


def _named(cloud: Cloud, call: Call) -> list[tuple[str, str]]:
    resource_type = call.required("ResourceType")
    kind = _KINDS.get(resource_type.lower())
    if kind is None:
        raise Refused(
            call.invalid,
            name="ResourceType",
            reason=f"the fake cloud has no {resource_type}",
        )
    ids = call.listed("ResourceId")
    if not ids:
        raise Refused(call.missing, name="ResourceId.N")
    for id in ids:
        if cloud.store.get(kind, id) is None:
            raise Refused(RESOURCE_NOT_FOUND, resource_id=id)
    return [(kind, id) for id in ids]
