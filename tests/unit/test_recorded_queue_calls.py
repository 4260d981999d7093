"""Calls of the queues' data plane: what is read of them, what is written, and what is refused."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mns.account import Account
from mns.message_property import MessagePropertyValue, PropertyType
from mns.mns_exception import MNSClientNetworkException
from mns.queue import Message, Queue, QueueMeta

from simevents.errors import Unrecordable
from simevents.testing.key_shapes import assert_no_keys
from simevents.testing.recording.allowing import allowed
from simevents.testing.recording.answers import Scrubbed
from simevents.testing.recording.cassettes import recorder
from simevents.testing.recording.documents import digest
from simevents.testing.recording.requests import NotUnderstood, read
from tests.conftest import Cloud

XML = '<?xml version="1.0"?><{0} xmlns="http://mns.aliyuncs.com/doc/v1/">{1}</{0}>'
HOST = "http://1234567890123456.mns.cn-hangzhou.aliyuncs.com"
NOTICE = '{"ver":"1.0","product":"ECS","name":"Instance:SystemMaintenance.Reboot:Scheduled"}'

Connect = Callable[[str], Queue]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """A queue by a client that is made now, so within the cassette that is open."""
    made: list[Account] = []

    def connected(url: str) -> Queue:
        made.append(Account(url, "testid", "testsecret"))
        return made[-1].get_queue("q1")

    yield connected
    for account in made:
        account.mns_client.close_connection()


def action(method: str, path: str, body: str = "") -> str:
    headers = {"x-mns-version": "2015-06-06", "Authorization": "MNS LTAIsomebodysown:signature"}
    found = read(method, HOST + path, headers, body, allowed([]))
    assert found is not None
    return found.action or found.problem


def test_method_path_query_and_body_say_the_action() -> None:
    message = XML.format("Message", "<MessageBody>a</MessageBody>")
    batch = "<Message><MessageBody>a</MessageBody></Message>"
    asked = {
        ("PUT", "/queues/q", XML.format("Queue", "")): "CreateQueue",
        ("PUT", "/queues/q?metaoverride=true", XML.format("Queue", "")): "SetQueueAttributes",
        ("GET", "/queues/q", ""): "GetQueueAttributes",
        ("DELETE", "/queues/q", ""): "DeleteQueue",
        ("GET", "/queues", ""): "ListQueue",
        ("POST", "/queues/q/messages", message): "SendMessage",
        ("POST", "/queues/q/messages", XML.format("Messages", batch)): "BatchSendMessage",
        ("GET", "/queues/q/messages?waitseconds=1", ""): "ReceiveMessage",
        ("GET", "/queues/q/messages?numOfMessages=2", ""): "BatchReceiveMessage",
        ("GET", "/queues/q/messages?peekOnly=true", ""): "PeekMessage",
        ("GET", "/queues/q/messages?peekonly=true&numOfMessages=2", ""): "BatchPeekMessage",
        ("DELETE", "/queues/q/messages?receiptHandle=h", ""): "DeleteMessage",
        (
            *("DELETE", "/queues/q/messages"),
            XML.format("ReceiptHandles", "<ReceiptHandle>h</ReceiptHandle>"),
        ): "BatchDeleteMessage",
        (
            *("PUT", "/queues/q/messages?ReceiptHandle=h&VisibilityTimeout=7"),
            "",
        ): "ChangeMessageVisibility",
    }

    assert {key: action(*key) for key in asked} == asked


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", "/topics/t", "", "at a path that has no queue"),
        ("PATCH", "/queues/q", "", "with the method PATCH"),
        ("POST", "/queues/q/messages", "<a", "whose body is not the API's XML"),
        ("POST", "/queues/q/messages", XML.format("Other", ""), "whose body is not the API's XML"),
        ("POST", "/queues/q/messages", "<!DOCTYPE a><a/>", "whose body is not the API's XML"),
    ],
)
def test_other_requests_are_not_recorded(method: str, path: str, body: str, problem: str) -> None:
    assert problem in action(method, path, body)
    assert "It cannot be recorded" in action(method, path, body)


def written(method: str, path: str, asked_body: str, answer: str) -> str:
    headers = {"x-mns-version": "2015-06-06"}
    asked = read(method, HOST + path, headers, asked_body, allowed([]))
    assert asked is not None
    assert asked.problem == ""
    return Scrubbed(asked, answer.encode()).body.decode()


def test_an_error_does_not_tell_the_account() -> None:
    members = (
        "<Code>MessageNotExist</Code><Message>Message not exist.</Message>"
        "<RequestId>9D31644C-5E46-B8ED-D826-2513ADB41B6E</RequestId>"
        "<HostId>{}.mns.cn-hangzhou.aliyuncs.com</HostId>"
    )
    answer = XML.format("Error", members.format("1234567890123456"))
    body = written("GET", "/queues/q/messages", "", answer)

    assert members.format("1000000000000000") in body
    assert 'xmlns="http://mns.aliyuncs.com/doc/v1/"' in body


def test_digests_are_those_of_the_messages_as_they_are_written() -> None:
    message = "<Message><MessageBody>{}</MessageBody></Message>"
    asked = XML.format("Messages", message.format(NOTICE) + message.format("hush"))
    sent = "<Message><MessageId>A-1</MessageId><MessageBodyMD5>0</MessageBodyMD5></Message>"
    body = written("POST", "/queues/q/messages", asked, XML.format("Messages", sent * 2))
    peeked = XML.format(
        "Message", "<MessageBody>hush</MessageBody><MessageBodyMD5>0</MessageBodyMD5>"
    )
    read_again = written("GET", "/queues/q/messages?peekonly=true", "", peeked)

    assert re.findall("<MessageBodyMD5>(.+?)<", body) == [digest(NOTICE), digest("scrubbed")]
    assert re.findall("<MessageBodyMD5>(.+?)<", read_again) == [digest("scrubbed")]


@pytest.mark.parametrize("answer", [XML.format("Other", ""), "<!DOCTYPE a><a/>", "<a", "7"])
def test_an_answer_that_is_not_the_queues_is_not_recorded(answer: str) -> None:
    with pytest.raises(NotUnderstood, match="an answer to ReceiveMessage"):
        written("GET", "/queues/q/messages", "", answer)


def use(queue: Queue) -> list[str]:
    """What a program sees of a message about an event, and of another one."""
    queue.create(QueueMeta())
    queue.send_message(Message(NOTICE))
    queue.send_message(Message("a secret of the shop"))
    seen = []
    for _ in range(2):
        received = queue.receive_message(1)
        changed = queue.change_message_visibility(received.receipt_handle, 60)
        queue.delete_message(changed.receipt_handle)
        seen.append(received.message_body.decode())
    queue.delete()
    return seen


def test_the_client_is_recorded_without_a_secret_and_replayed(
    cloud: Cloud, connect: Connect, tmp_path: Path
) -> None:
    cloud.post("account", id="1234567890123456")
    with recorder(tmp_path, "once").use_cassette("queue.yaml"):
        recorded = use(connect(cloud.url))
    text = (tmp_path / "queue.yaml").read_text()
    with recorder(tmp_path).use_cassette("queue.yaml") as cassette:
        replayed = use(connect(HOST))

        assert cassette.all_played
    assert recorded == [NOTICE, "a secret of the shop"]
    assert replayed == [NOTICE, "scrubbed"]
    assert_no_keys(tmp_path)
    assert re.findall(r"testid|secret|12345678901234|MNS |<ReceiptHandle>(?!scrubbed<)", text) == []


def test_a_message_that_the_project_allows_replays_as_it_was(
    cloud: Cloud, connect: Connect, tmp_path: Path
) -> None:
    allow = ["SendMessage.MessageBody", "ReceiveMessage.MessageBody"]
    with recorder(tmp_path, "once", allow).use_cassette("queue.yaml"):
        recorded = use(connect(cloud.url))
    with recorder(tmp_path, allow=allow).use_cassette("queue.yaml"):
        assert use(connect(HOST)) == recorded == [NOTICE, "a secret of the shop"]


def test_a_call_that_was_not_recorded_is_named(
    cloud: Cloud, connect: Connect, tmp_path: Path
) -> None:
    with recorder(tmp_path, "once").use_cassette("queue.yaml"):
        connect(cloud.url).create(QueueMeta())
    with (
        recorder(tmp_path).use_cassette("queue.yaml"),
        pytest.raises(MNSClientNetworkException) as caught,
    ):
        connect(HOST).delete()

    assert "'Action': 'DeleteQueue'" in str(caught.value)
    assert "It has CreateQueue" in str(caught.value)


def test_what_the_list_does_not_have_is_refused(
    cloud: Cloud, connect: Connect, tmp_path: Path
) -> None:
    message = Message(NOTICE)
    message.add_user_property("team", MessagePropertyValue(PropertyType.STRING, "ops"))
    refused = pytest.raises(Unrecordable, match=r"Allow SendMessage\.UserProperties\.PropertyValue")
    with refused, recorder(tmp_path, "once").use_cassette("queue.yaml"):
        queue = connect(cloud.url)
        queue.create(QueueMeta())
        queue.send_message(message)

    assert not (tmp_path / "queue.yaml").exists()
