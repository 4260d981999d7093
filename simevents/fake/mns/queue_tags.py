"""The tagging actions of Mns-open, which Terraform calls and no SDK of the vendor has."""

from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.queue_table import Queue
from . import queues
from .control_plane import answer, region

_PRODUCT = ("Mns-open", "2022-01-19")


@action(*_PRODUCT, "TagResources", honours="RegionId ResourceType ResourceId Tag.Key Tag.Value")
def tag_resources(cloud: Cloud, call: Call) -> AnswerMembers:
    for queue in _named(cloud, call):
        cloud.store.tag(queues.KIND, queues.tag_id(queue), call.tags())
    return answer({})


@action(*_PRODUCT, "UntagResources", honours="RegionId ResourceType ResourceId TagKey")
def untag_resources(cloud: Cloud, call: Call) -> AnswerMembers:
    for queue in _named(cloud, call):
        cloud.store.untag(queues.KIND, queues.tag_id(queue), call.listed("TagKey"))
    return answer({})


def _named(cloud: Cloud, call: Call) -> list[Queue]:
    type = call.required("ResourceType")
    if type.lower() != "queue":
        raise call.refusal("ResourceType", f"the fake cloud has no {type}")
    names = call.listed("ResourceId")
    if not names:
        raise call.missing("ResourceId.N")
    return [queues.existing(cloud, region(call), name) for name in names]
