"""The actions of Mns-open, with which consoles and Terraform manage queues.

They work on the queues of the data plane. An answer has its members within ``Data``, beside a
code and a status of its own.
"""

import math
from typing import Any

from ..protocol import filters
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.queue_table import Queue
from . import errors, queues
from .attributes import BOUNDS, DEAD_LETTERS, LOGGING, read_dead_letters, read_numbers
from .endpoints import region_of

_PRODUCT = ("Mns-open", "2022-01-19")

NORMAL = "normal"
"""The type of a queue; the fake has no ``fifo``."""

_NUMBERS = (
    *("VisibilityTimeout", "MaximumMessageSize", "MessageRetentionPeriod"),
    *("DelaySeconds", "PollingWaitSeconds"),
)
_ATTRIBUTES = " ".join((*_NUMBERS, "EnableLogging", "DlqPolicy"))
_SMALLEST_PAGE, _LARGEST_PAGE = 10, 50


@action(
    *_PRODUCT,
    "CreateQueue",
    honours=f"RegionId QueueName QueueType Tag.Key Tag.Value {_ATTRIBUTES}",
)
def create_queue(cloud: Cloud, call: Call) -> AnswerMembers:
    _check_type(call)
    queue, is_new = queues.create(cloud, region(call), call.required("QueueName"), _given(call))
    if is_new:
        cloud.store.tag(queues.KIND, queues.tag_id(queue), call.tags())
    return _done()


@action(*_PRODUCT, "SetQueueAttributes", honours=f"RegionId QueueName {_ATTRIBUTES}")
def set_queue_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    queues.change(cloud, _existing(cloud, call), _given(call))
    return _done()


@action(*_PRODUCT, "GetQueueAttributes", honours="RegionId QueueName", ignores="Tag.Key Tag.Value")
def get_queue_attributes(cloud: Cloud, call: Call) -> AnswerMembers:
    queues.settle(cloud)
    return answer(_shown(cloud, _existing(cloud, call)))


@action(
    *_PRODUCT,
    "ListQueue",
    honours="RegionId QueueName QueueType Tag.Key Tag.Value PageNum PageSize",
)
def list_queue(cloud: Cloud, call: Call) -> AnswerMembers:
    """Lists queues by name; QueueName is a part of theirs."""
    queues.settle(cloud)
    part, type, tags = call.text("QueueName"), call.text("QueueType"), call.tags()
    found = [
        queue
        for queue in cloud.store.queues.find(region(call) or None)
        if part in queue.name
        and type in ("", NORMAL)
        and filters.tagged(cloud.store.tags(queues.KIND, queues.tag_id(queue)), tags)
    ]
    number = max(call.integer("PageNum", 1), 1)
    size = min(max(call.integer("PageSize", _SMALLEST_PAGE), _SMALLEST_PAGE), _LARGEST_PAGE)
    shown = found[(number - 1) * size : number * size]
    return answer(
        {
            "PageData": [_shown(cloud, queue) for queue in shown],
            "PageNum": number,
            "PageSize": size,
            "Pages": math.ceil(len(found) / size),
            "Size": len(shown),
            "Total": len(found),
        }
    )


@action(*_PRODUCT, "DeleteQueue", honours="RegionId QueueName")
def delete_queue(cloud: Cloud, call: Call) -> AnswerMembers:
    queues.delete(cloud, _existing(cloud, call))
    return _done()


def region(call: Call) -> str:
    """The region that the call or its host names; empty if neither does."""
    return call.text("RegionId") or region_of(call.host)


def _existing(cloud: Cloud, call: Call) -> Queue:
    return queues.existing(cloud, region(call), call.required("QueueName"))


def _check_type(call: Call) -> None:
    type = call.text("QueueType", NORMAL)
    if type == "fifo":
        raise ApiError(errors.QUEUE_TYPE_NOT_SERVED, type=type)
    if type != NORMAL:
        raise call.refusal("QueueType", f"{type} is neither normal nor fifo")


def _given(call: Call) -> dict[str, Any]:
    given = read_numbers({name: call.text(name) for name in _NUMBERS})
    if call.text("EnableLogging"):
        given[LOGGING] = call.boolean("EnableLogging")
    if call.text("DlqPolicy"):
        given[DEAD_LETTERS] = read_dead_letters(call.text("DlqPolicy"))
    return given


def _done() -> AnswerMembers:
    return answer({"Code": 200, "Message": "Success", "Success": True})


def answer(data: AnswerMembers) -> AnswerMembers:
    """A success, with what the action answers as its ``Data``."""
    return {
        "Code": 200,
        "Status": "Success",
        "Success": True,
        "Message": "operation success",
        "Data": data,
    }


def _shown(cloud: Cloud, queue: Queue) -> AnswerMembers:
    counts = cloud.store.queues.counts(queue, cloud.now())
    tags = cloud.store.tags(queues.KIND, queues.tag_id(queue))
    return {
        "QueueName": queue.name,
        "QueueType": NORMAL,
        "CreateTime": int(queue.created_at),
        "LastModifyTime": int(queue.modified_at),
        **{name: queue.attributes[name] for name in BOUNDS},
        "LoggingEnabled": queue.attributes[LOGGING],
        "ActiveMessages": counts.active,
        "InactiveMessages": counts.inactive,
        "DelayMessages": counts.delayed,
        "DlqPolicy": _policy(queue),
        "Tags": [{"TagKey": key, "TagValue": value} for key, value in tags.items()],
    }


def _policy(queue: Queue) -> AnswerMembers:
    """The policy, with its number as a text: so the models of answers have it."""
    policy = dict(queue.attributes[DEAD_LETTERS])
    if "MaxReceiveCount" in policy:
        policy["MaxReceiveCount"] = str(policy["MaxReceiveCount"])
    return policy
