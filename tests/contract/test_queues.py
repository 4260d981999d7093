"""Queues, by Mns-open in both SDKs and by the client of the data plane, aliyun-mns-sdk.

Sources: the pages of both APIs. Peeking, receiving and handles are as the data plane's pages say.
"""

import json
from collections.abc import Callable

import pytest
from mns.account import Account
from mns.mns_exception import MNSServerException
from mns.queue import Message, Queue, QueueMeta

from tests.contract.clients import VendorClient, code_of

# The client says in Chinese that the counts are going away.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

Name = Callable[[str], str]


def about(status: str) -> str:
    """A message about an event: other messages are withheld from cassettes."""
    return json.dumps(
        {
            "ver": "1.0",
            "product": "ECS",
            "name": f"Instance:SystemMaintenance.Reboot:{status}",
        },
        separators=(",", ":"),
    )


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(MNSServerException) as refused:
        call()
    return str(refused.value.type)


@pytest.fixture
def queue(queues: Account, name: Name) -> Queue:
    made = queues.get_queue(name("queue"))
    made.create(QueueMeta())
    return made


def test_the_life_of_a_queue(mns_open: VendorClient, name: Name) -> None:
    queue = name("queue")
    created = mns_open.call("CreateQueue", QueueName=queue, VisibilityTimeout=60)
    fresh = mns_open.call("GetQueueAttributes", QueueName=queue)["Data"]
    mns_open.call("SetQueueAttributes", QueueName=queue, DelaySeconds=5, PollingWaitSeconds=7)
    changed = mns_open.call("GetQueueAttributes", QueueName=queue)["Data"]
    listed = mns_open.call("ListQueue", QueueName=queue, PageNum=1, PageSize=10)["Data"]
    deleted = mns_open.call("DeleteQueue", QueueName=queue)
    shown = ("VisibilityTimeout", "DelaySeconds", "PollingWaitSeconds", "MaximumMessageSize")

    assert (created["Code"], created["Status"], created["Success"]) == (200, "Success", True)
    assert [fresh[member] for member in shown] == [60, 0, 0, 65_536]
    assert [changed[member] for member in shown] == [60, 5, 7, 65_536]
    assert [entry["QueueName"] for entry in listed["PageData"]] == [queue]
    assert deleted["Code"] == 200


@pytest.mark.parametrize("action", ["GetQueueAttributes", "SetQueueAttributes", "DeleteQueue"])
def test_an_unknown_queue_is_an_error(mns_open: VendorClient, name: Name, action: str) -> None:
    asked = code_of(lambda: mns_open.call(action, QueueName=name("unknown")))

    assert asked == ("QueueNotExist", 404)


def test_a_queue_of_one_plane_is_one_of_the_other(
    mns_open: VendorClient, queues: Account, name: Name
) -> None:
    mns_open.call("CreateQueue", QueueName=name("queue"), VisibilityTimeout=60)
    queue = queues.get_queue(name("queue"))
    visibility = queue.get_attributes().visibility_timeout
    queue.send_message(Message(about("Scheduled")))
    waiting = mns_open.call("GetQueueAttributes", QueueName=name("queue"))["Data"]
    queue.delete()

    assert (visibility, waiting["ActiveMessages"]) == (60, 1)
    gone = code_of(lambda: mns_open.call("GetQueueAttributes", QueueName=name("queue")))
    assert gone == ("QueueNotExist", 404)


def test_the_data_plane_creates_changes_and_deletes_a_queue(queues: Account, name: Name) -> None:
    queue = queues.get_queue(name("queue"))
    url = queue.create(QueueMeta(vis_timeout=60))
    again = queue.create(QueueMeta(vis_timeout=60))
    other = refusal(lambda: queue.create(QueueMeta(vis_timeout=61)))
    queue.set_attributes(QueueMeta(polling_wait_sec=7))
    found = queue.get_attributes()
    (listed,), marker = queues.list_queue(prefix=name("queue"))
    queue.delete()

    assert url == again == listed
    assert url.endswith(f".aliyuncs.com/queues/{name('queue')}")
    assert (other, marker) == ("QueueAlreadyExist", "")
    assert (found.queue_name, found.visibility_timeout, found.polling_wait_seconds) == (
        name("queue"),
        60,
        7,
    )
    assert refusal(queue.get_attributes) == "QueueNotExist"


def test_a_message_is_sent_peeked_received_and_deleted(queue: Queue) -> None:
    body = about("Scheduled")
    sent = queue.send_message(Message(body, priority=3))
    peeked = queue.peek_message()
    received = queue.receive_message(1)
    queue.delete_message(received.receipt_handle)

    assert sent.message_id == peeked.message_id == received.message_id
    assert sent.message_body_md5 == peeked.message_body_md5 == received.message_body_md5
    assert peeked.message_body.decode() == received.message_body.decode() == body
    assert (peeked.dequeue_count, received.dequeue_count, received.priority) == (0, 1, 3)
    assert refusal(queue.receive_message) == "MessageNotExist"


def test_a_changed_visibility_makes_the_handle_void(queue: Queue) -> None:
    queue.send_message(Message(about("Scheduled")))
    received = queue.receive_message(1)
    changed = queue.change_message_visibility(received.receipt_handle, 100)

    assert int(changed.next_visible_time) > received.next_visible_time
    old = refusal(lambda: queue.delete_message(received.receipt_handle))
    assert old == "MessageNotExist"
    queue.delete_message(changed.receipt_handle)
    assert queue.get_attributes().inactive_messages == 0


def test_batches_of_messages(queue: Queue) -> None:
    bodies = [about(status) for status in ("Scheduled", "Executing", "Executed")]
    sent = queue.batch_send_message([Message(body) for body in bodies])
    peeked = queue.batch_peek_message(16)
    received = queue.batch_receive_message(16, 1)
    queue.batch_delete_message([message.receipt_handle for message in received])

    ids = [message.message_id for message in sent]
    assert [message.message_id for message in peeked] == ids
    assert sorted(message.message_id for message in received) == sorted(ids)
    assert sorted(message.message_body.decode() for message in received) == sorted(bodies)
    assert refusal(lambda: queue.batch_receive_message(16)) == "MessageNotExist"


def test_the_errors_of_messages(queue: Queue, queues: Account, name: Name) -> None:
    missing = queues.get_queue(name("unknown"))

    assert refusal(lambda: missing.send_message(Message(about("Scheduled")))) == "QueueNotExist"
    assert refusal(missing.receive_message) == "QueueNotExist"
    assert refusal(queue.peek_message) == "MessageNotExist"
    assert refusal(lambda: queue.delete_message("1-nothing")) == "ReceiptHandleError"
    assert refusal(lambda: queue.change_message_visibility("1-nothing", 60)) == "ReceiptHandleError"
