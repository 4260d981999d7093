"""The calls of the data plane: each takes what was asked and returns the answer.

They run within a transaction, after `queues.settle`, and raise ApiError.
"""

from collections.abc import Callable

from ..protocol.api_errors import ApiError
from ..protocol.registry import CALLS_BY_PATH
from ..state.cloud import Cloud
from ..state.queue_table import Message, Queue
from . import drafts, errors, messages, queues, xml_bodies
from .attributes import BOUNDS, POLLING_WAIT, VISIBILITY_TIMEOUT, Bounds
from .requests import Asked
from .xml_bodies import Answer, Members

_BATCH = Bounds(1, messages.MOST_IN_BATCH, "messages")
_LISTED = Bounds(1, 1_000, "queues")


def wait_seconds(cloud: Cloud, asked: Asked) -> int:
    """How long a receive waits for a message, in real seconds; the query comes before the queue."""
    given = asked.query.get("waitseconds", "")
    if given:
        return BOUNDS[POLLING_WAIT].read("waitseconds", given)
    return int(_queue(cloud, asked).attributes[POLLING_WAIT])


def create_queue(cloud: Cloud, asked: Asked) -> Answer:
    given = drafts.queue_attributes(asked.body)
    _, is_new = queues.create(cloud, asked.region, asked.queue, given)
    return Answer(201 if is_new else 204, location=asked.queue_url)


def set_queue_attributes(cloud: Cloud, asked: Asked) -> Answer:
    queues.change(cloud, _queue(cloud, asked), drafts.queue_attributes(asked.body))
    return Answer(204)


def get_queue_attributes(cloud: Cloud, asked: Asked) -> Answer:
    return Answer(200, "Queue", _attributes(cloud, _queue(cloud, asked)))


def delete_queue(cloud: Cloud, asked: Asked) -> Answer:
    """A queue that is missing is no error: the call may be repeated."""
    found = queues.find(cloud, asked.region, queues.check_name(asked.queue))
    if found is not None:
        queues.delete(cloud, found)
    return Answer(204)


def list_queue(cloud: Cloud, asked: Asked) -> Answer:
    headers = asked.headers
    prefix, marker = headers.get("x-mns-prefix", ""), headers.get("x-mns-marker", "")
    most = _LISTED.read("x-mns-ret-number", headers.get("x-mns-ret-number") or "1000")
    with_meta = headers.get("x-mns-with-meta", "").lower() == "true"
    found = [
        queue
        for queue in cloud.store.queues.find(asked.region or None)
        if queue.name.startswith(prefix) and _marker(queue) >= marker
    ]
    members: list[tuple[str, Members | str]] = [
        (
            "Queue",
            [
                ("QueueURL", f"{asked.base_url}/queues/{queue.name}"),
                *(_attributes(cloud, queue) if with_meta else ()),
            ],
        )
        for queue in found[:most]
    ]
    if len(found) > most:
        members.append(("NextMarker", _marker(found[most])))
    return Answer(200, "Queues", members)


def send_message(cloud: Cloud, asked: Asked) -> Answer:
    assert asked.body is not None
    draft = drafts.message(asked.body)
    made = messages.send(cloud, _queue(cloud, asked), draft)
    return Answer(201, "Message", xml_bodies.sent(made))


def batch_send_message(cloud: Cloud, asked: Asked) -> Answer:
    """The valid messages are sent; if one is not valid, the status is that of its error."""
    assert asked.body is not None
    queue = _queue(cloud, asked)
    made: list[tuple[str, Members]] = []
    failed: list[ApiError] = []
    for item in drafts.batch(asked.body, "Messages", "Message"):
        try:
            members = xml_bodies.sent(messages.send(cloud, queue, drafts.message(item)))
        except ApiError as error:
            failed.append(error)
            members = [("ErrorCode", error.code), ("ErrorMessage", error.text)]
        made.append(("Message", members))
    if not failed:
        return Answer(201, "Messages", made)
    # The vendor's client takes no handles beside errors.
    plain = [(name, [*members][:2]) for name, members in made]
    return Answer(failed[0].status, "Messages", plain, code=failed[0].code)


def receive_message(cloud: Cloud, asked: Asked) -> Answer:
    return _shown(asked, messages.receive(cloud, *_wanted(cloud, asked)), xml_bodies.received)


def peek_message(cloud: Cloud, asked: Asked) -> Answer:
    return _shown(asked, messages.peek(cloud, *_wanted(cloud, asked)), xml_bodies.peeked)


def delete_message(cloud: Cloud, asked: Asked) -> Answer:
    queue = _queue(cloud, asked)
    messages.delete(cloud, queue, _handle(asked))
    return Answer(204)


def batch_delete_message(cloud: Cloud, asked: Asked) -> Answer:
    assert asked.body is not None
    queue = _queue(cloud, asked)
    items = drafts.batch(asked.body, "ReceiptHandles", "ReceiptHandle")
    failed = messages.delete_all(cloud, queue, [item.text.strip() for item in items])
    if not failed:
        return Answer(204)
    members = [
        (
            "Error",
            [("ErrorCode", error.code), ("ErrorMessage", error.text), ("ReceiptHandle", handle)],
        )
        for handle, error in failed
    ]
    return Answer(404, "Errors", members, code=failed[0][1].code)


def change_message_visibility(cloud: Cloud, asked: Asked) -> Answer:
    queue, handle = _queue(cloud, asked), _handle(asked)
    seconds = asked.query.get(VISIBILITY_TIMEOUT, "")
    if not seconds:
        raise ApiError(errors.MISSING_VISIBILITY_TIMEOUT)
    seconds_given = BOUNDS[VISIBILITY_TIMEOUT].read(VISIBILITY_TIMEOUT, seconds)
    renewed, visible_at = messages.change_visibility(cloud, queue, handle, seconds_given)
    until = xml_bodies.milliseconds(visible_at)
    return Answer(200, "ChangeVisibility", (("ReceiptHandle", renewed), ("NextVisibleTime", until)))


CALLS: dict[str, Callable[[Cloud, Asked], Answer]] = {
    "CreateQueue": create_queue,
    "SetQueueAttributes": set_queue_attributes,
    "GetQueueAttributes": get_queue_attributes,
    "DeleteQueue": delete_queue,
    "ListQueue": list_queue,
    "SendMessage": send_message,
    "BatchSendMessage": batch_send_message,
    "ReceiveMessage": receive_message,
    "BatchReceiveMessage": receive_message,
    "PeekMessage": peek_message,
    "BatchPeekMessage": peek_message,
    "DeleteMessage": delete_message,
    "BatchDeleteMessage": batch_delete_message,
    "ChangeMessageVisibility": change_message_visibility,
}
"""By the names of the API."""

CALLS_BY_PATH["MNS"] = tuple(CALLS)


def _queue(cloud: Cloud, asked: Asked) -> Queue:
    return queues.existing(cloud, asked.region, asked.queue)


def _wanted(cloud: Cloud, asked: Asked) -> tuple[Queue, int]:
    given = asked.query.get("numOfMessages")
    most = 1 if given is None else _BATCH.read("numOfMessages", given)
    return _queue(cloud, asked), most


def _shown(asked: Asked, found: list[Message], members_of: Callable[[Message], Members]) -> Answer:
    if not found:
        raise ApiError(errors.MESSAGE_NOT_EXIST)
    if "numOfMessages" not in asked.query:
        return Answer(200, "Message", members_of(found[0]))
    return Answer(200, "Messages", [("Message", members_of(message)) for message in found])


def _attributes(cloud: Cloud, queue: Queue) -> Members:
    return xml_bodies.attributes(queue, cloud.store.queues.counts(queue, cloud.now()))


def _handle(asked: Asked) -> str:
    handle = asked.query.get("ReceiptHandle", "")
    if not handle:
        raise ApiError(errors.MISSING_RECEIPT_HANDLE)
    return handle


def _marker(queue: Queue) -> str:
    return f"{queue.name}/{queue.region}"
