"""The vendor's client of the data plane, aliyun-mns-sdk, on the fake."""

import threading
from collections.abc import Callable, Iterator

import pytest
from mns.account import Account
from mns.message_property import MessagePropertyValue, PropertyType
from mns.mns_exception import MNSServerException
from mns.mns_request import ListQueueRequest, ListQueueResponse
from mns.queue import Message, Queue, QueueMeta

from tests.conftest import Cloud

# The client says in Chinese that the counts are going away.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

NAMES = (
    *("visibility_timeout", "maximum_message_size", "message_retention_period", "delay_seconds"),
    *("polling_wait_seconds", "active_messages", "inactive_messages", "delay_messages"),
    *("queue_name", "logging_enabled"),
)

Connect = Callable[..., Account]


@pytest.fixture
def connect(cloud: Cloud) -> Iterator[Connect]:
    """Makes clients, each with a connection of its own."""
    made: list[Account] = []

    def connected(secret: str = "testsecret") -> Account:
        made.append(Account(cloud.url, "testid", secret))
        return made[-1]

    yield connected
    for account in made:
        account.mns_client.close_connection()


@pytest.fixture
def queue(connect: Connect) -> Queue:
    made = connect().get_queue("q1")
    made.create(QueueMeta())
    return made


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(MNSServerException) as refused:
        call()
    return str(refused.value.type)


def test_a_queue_is_created_changed_and_deleted(cloud: Cloud, connect: Connect) -> None:
    queue = connect().get_queue("q1")
    url = queue.create(QueueMeta(vis_timeout=60, max_msg_size=2048, delay_sec=5))
    same = queue.create(QueueMeta(vis_timeout=60, max_msg_size=2048, delay_sec=5))
    other = code_of(lambda: queue.create(QueueMeta(vis_timeout=61)))
    queue.set_attributes(QueueMeta(polling_wait_sec=7, logging_enabled=True))
    meta = queue.get_attributes()
    queue.delete()
    queue.delete()

    assert url == same == f"{cloud.url}/queues/q1"
    assert other == "QueueAlreadyExist"
    assert [getattr(meta, name) for name in NAMES] == [60, 2048, 345_600, 5, 7, 0, 0, 0, "q1", True]
    assert code_of(queue.get_attributes) == "QueueNotExist"


def test_queues_are_listed_by_prefix_and_page(cloud: Cloud, connect: Connect) -> None:
    mine = connect()
    for name in ("a-1", "b-1", "a-2", "a-3"):
        mine.get_queue(name).create(QueueMeta())
    first = mine.list_queue(prefix="a-", ret_number=2)
    second = mine.list_queue(prefix="a-", ret_number=2, marker=first[1])
    whole, answer = ListQueueRequest("a-", with_meta=True), ListQueueResponse()
    mine.mns_client.list_queue(whole, answer)

    assert first[0] == [f"{cloud.url}/queues/a-1", f"{cloud.url}/queues/a-2"]
    assert second == ([f"{cloud.url}/queues/a-3"], "")
    assert mine.list_queue(prefix="c") == ([], "")
    assert [meta["QueueName"] for meta in answer.queuemeta_list] == ["a-1", "a-2", "a-3"]
    assert answer.queuemeta_list[0]["VisibilityTimeout"] == "30"


def test_a_message_makes_its_whole_way(queue: Queue) -> None:
    sent = queue.send_message(Message("hello <&> \r\n ü", priority=3))
    peeked = queue.peek_message()
    received = queue.receive_message(1)
    changed = queue.change_message_visibility(received.receipt_handle, 100)
    queue.delete_message(changed.receipt_handle)

    assert sent.message_id == peeked.message_id == received.message_id
    assert sent.message_body_md5 == received.message_body_md5
    assert peeked.message_body.decode() == received.message_body.decode() == "hello <&> \r\n ü"
    assert (peeked.dequeue_count, received.dequeue_count, received.priority) == (0, 1, 3)
    assert int(changed.next_visible_time) > received.next_visible_time
    assert code_of(queue.receive_message) == "MessageNotExist"
    assert code_of(lambda: queue.delete_message(received.receipt_handle)) == "MessageNotExist"


def test_a_body_that_is_not_encoded_arrives_as_it_is(queue: Queue) -> None:
    queue.set_encoding(False)
    queue.send_message(Message('{"a": "<&>\n"}'))
    received = queue.receive_message_with_str_body()

    assert received.message_body == '{"a": "<&>\n"}'


def test_batches(queue: Queue) -> None:
    sent = queue.batch_send_message([Message(text) for text in "abc"])
    peeked = queue.batch_peek_message(16)
    received = queue.batch_receive_message(2, 1)
    handles = [message.receipt_handle for message in received]
    queue.batch_delete_message(handles)
    with pytest.raises(MNSServerException) as refused:
        queue.batch_delete_message([*handles, "1-nothing"])

    assert [m.message_id for m in sent] == [m.message_id for m in peeked]
    assert [m.message_body for m in received] == [b"a", b"b"]
    assert (refused.value.type, refused.value.sub_errors) == (
        "MessageNotExist",
        [
            *(
                {
                    "ErrorCode": "MessageNotExist",
                    "ErrorMessage": "Message not exist.",
                    "ReceiptHandle": handle,
                }
                for handle in handles
            ),
            {
                "ErrorCode": "ReceiptHandleError",
                "ErrorMessage": "The receipt handle you provide is not valid.",
                "ReceiptHandle": "1-nothing",
            },
        ],
    )


def test_of_a_batch_the_valid_messages_are_sent(connect: Connect) -> None:
    queue = connect().get_queue("small")
    queue.create(QueueMeta(max_msg_size=1024))
    with pytest.raises(MNSServerException) as refused:
        queue.batch_send_message([Message("a"), Message("b" * 1024), Message("c", delay_seconds=9)])

    assert refused.value.type == "InvalidArgument"
    assert queue.receive_message().message_body == b"a"
    assert queue.get_attributes().delay_messages == 1


def test_properties_of_a_message_arrive(queue: Queue) -> None:
    message = Message("a")
    message.add_user_property("team", MessagePropertyValue(PropertyType.STRING, "ops"))
    queue.send_message(message)
    received = queue.receive_message()

    assert received.user_properties["team"].get_raw_value() == "ops"


def test_a_delayed_message_has_a_handle_at_once(cloud: Cloud, queue: Queue) -> None:
    sent = queue.send_message(Message("a", delay_seconds=60))
    before = code_of(queue.receive_message)
    cloud.post("clock", advance="1m")
    received = queue.receive_message()

    assert sent.receipt_handle
    assert (before, received.message_body) == ("MessageNotExist", b"a")


def test_a_long_poll_ends_with_the_message_that_arrives(
    cloud: Cloud, connect: Connect, queue: Queue
) -> None:
    found: list[bytes] = []
    other = connect().get_queue("q1")
    poll = threading.Thread(target=lambda: found.append(other.receive_message(30).message_body))
    poll.start()
    queue.send_message(Message("a"))
    poll.join(10)

    assert found == [b"a"]


def test_a_wrong_secret_and_a_topic_are_refused(
    cloud: Cloud, connect: Connect, queue: Queue
) -> None:
    wrong = connect("wrong").get_queue("q1")
    codes = code_of(wrong.receive_message), code_of(connect().get_topic("t").get_attributes)
    (unexpected,) = cloud.get("calls?unexpected=1")
    cloud.post("reset")

    assert codes == ("SignatureDoesNotMatch", "InvalidRequestURL")
    assert unexpected["action"] == "GET /topics/t"
