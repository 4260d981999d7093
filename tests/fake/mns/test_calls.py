"""Calls of the data plane as the rest of the fake sees them: journal, faults, limits, regions."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.conftest import Cloud
from tests.fake.mns.data_plane import call, code_of, members_of, message, signed_headers, xml
from tests.fake.requests import call as rpc

Q = "/queues/q"
M = f"{Q}/messages"
BATCH = xml("Messages", "<Message><MessageBody>a</MessageBody></Message>" * 4)
SHOWN = ("action", "parameters", "status", "code", "is_read", "results", "carried_out")


@pytest.fixture
def queue(cloud: Cloud) -> str:
    """The URL of the cloud, which has a queue."""
    assert call(cloud.url, "PUT", Q).status_code == 201
    return cloud.url


def entry_of(cloud: Cloud) -> tuple[Any, ...]:
    (*_, last) = cloud.get("calls")
    return tuple(last[name] for name in SHOWN)


def test_each_call_is_in_the_journal_without_bodies_and_handles(cloud: Cloud, queue: str) -> None:
    seen = [entry_of(cloud)]
    for method, target, body in (
        ("POST", M, BATCH),
        ("GET", f"{M}?numOfMessages=16&waitseconds=1", ""),
        ("DELETE", f"{M}?ReceiptHandle=1-1-secret", ""),
        ("GET", "/queues", ""),
    ):
        call(queue, method, target, body)
        seen.append(entry_of(cloud))
    name = {"QueueName": "q"}

    assert seen == [
        ("CreateQueue", name, 201, "", False, None, True),
        ("BatchSendMessage", name, 201, "", False, 4, True),
        (
            "BatchReceiveMessage",
            name | {"waitseconds": "1", "numOfMessages": "16"},
            200,
            "",
            True,
            4,
            True,
        ),
        ("DeleteMessage", name, 400, "ReceiptHandleError", False, None, False),
        ("ListQueue", {}, 200, "", True, 1, True),
    ]


def test_faults_strike_the_data_plane(cloud: Cloud, queue: str) -> None:
    cloud.post("faults", action="*", error="ServiceUnavailable", times=1)
    refused = call(queue, "POST", M, message("a"))
    cloud.post("faults", action="*", cut="after", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        call(queue, "POST", M, message("b"))
    cut = entry_of(cloud)
    cloud.post("faults", action="*", cut="before", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        call(queue, "POST", M, message("c"))
    cloud.post("faults", action="*", garbage=True, times=1)
    garbage = call(queue, "POST", M, BATCH)
    cloud.post("faults", action="*", partial=True, times=1)
    partial = members_of(call(queue, "GET", f"{M}?numOfMessages=16&peekonly=true").content)
    whole = members_of(call(queue, "GET", f"{M}?numOfMessages=16&peekonly=true").content)

    assert code_of(refused) == (503, "ServiceUnavailable")
    assert cut == ("SendMessage", {"QueueName": "q"}, 0, "", False, None, True)
    assert garbage.status_code == 502
    assert [m["MessageBody"] for m in partial["Message"]] == ["b", "a"]
    assert [m["MessageBody"] for m in whole["Message"]] == ["b", *"aaaa"]


def test_limits_hold_for_the_data_plane(cloud: Cloud, queue: str) -> None:
    cloud.post("throttle", SendMessage=1)
    codes = [call(queue, "POST", M, message("a")).status_code for _ in range(2)]
    cloud.post("throttle")

    assert codes == [201, 400]


def test_the_host_says_in_which_region_a_queue_is(cloud: Cloud) -> None:
    def asked(method: str, region: str, target: str = Q) -> httpx.Response:
        host = f"1000000000000001.mns.{region}.aliyuncs.com"
        return call(cloud.url, method, target, host=host)

    made = [asked("PUT", region) for region in ("cn-beijing", "cn-shanghai-internal-vpc")]
    missing = asked("GET", "cn-hangzhou")
    listed = members_of(asked("GET", "cn-shanghai", "/queues").content)
    by_address = members_of(call(cloud.url, "GET", "/queues").content)
    rpc(cloud, "DeleteQueue", "2022-01-19", RegionId="cn-beijing", QueueName="q")

    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].headers["location"] == (
        "http://1000000000000001.mns.cn-beijing.aliyuncs.com/queues/q"
    )
    assert code_of(missing) == (404, "QueueNotExist")
    assert len(listed["Queue"]) == 1
    assert len(by_address["Queue"]) == 2
    assert asked("GET", "cn-beijing").status_code == 404
    # Without a region, the one that is left is found.
    assert call(cloud.url, "GET", Q).status_code == 200


def test_a_message_travels_through_the_proxy(cloud: Cloud, queue: str) -> None:
    url = "http://1.mns.cn-hangzhou.aliyuncs.com"
    with httpx.Client(proxy=queue) as client:
        signed = signed_headers("GET", Q)
        answer = client.get(f"{url}{Q}", headers=signed)
        other = client.get("http://1.log.cn-hangzhou.aliyuncs.com/queues/q", headers=signed)

    assert members_of(answer.content)["QueueName"] == "q"
    assert other.status_code == 403


def test_a_taught_answer_comes_before_a_queue(cloud: Cloud, queue: str) -> None:
    cloud.post("answers", call="GET /queues/q", members={"QueueName": "taught"})
    answer = call(queue, "GET", Q)
    cloud.delete("answers")

    assert b"taught" in answer.content


def test_a_reset_deletes_queues_and_their_messages(cloud: Cloud, queue: str) -> None:
    call(queue, "POST", M, BATCH)
    cloud.post("reset")
    missing = code_of(call(queue, "GET", Q))
    call(queue, "PUT", Q)

    assert missing == (404, "QueueNotExist")
    assert code_of(call(queue, "GET", M)) == (404, "MessageNotExist")


@pytest.fixture
def any_key() -> Iterator[str]:
    with FakeServer(accept_any_key=True) as server:
        yield server.url


def test_with_any_key_no_signature_is_checked(any_key: str) -> None:
    answer = call(any_key, "PUT", Q, authorization="MNS LTAI5tOwn:anything")

    assert answer.status_code == 201


def test_a_server_that_stops_answers_a_poll_of_30_seconds_at_once() -> None:
    server = FakeServer()
    server.start()
    call(server.url, "PUT", Q)
    begun = threading.Event()
    wakeups = server._queues._cloud.wakeups
    waiting = wakeups.waiting

    @contextmanager
    def told(subject: str, wake: Callable[[], None]) -> Iterator[None]:
        with waiting(subject, wake):
            begun.set()
            yield

    wakeups.waiting = told  # type: ignore[method-assign]
    answers: list[httpx.Response] = []
    poll = threading.Thread(
        target=lambda: answers.append(call(server.url, "GET", f"{M}?waitseconds=30"))
    )
    poll.start()
    assert begun.wait(10)
    server.stop()
    poll.join(10)

    assert [code_of(answer) for answer in answers] == [(404, "MessageNotExist")]


def test_queues_messages_and_handles_outlive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data) as server:
        call(server.url, "PUT", Q, xml("Queue", "<VisibilityTimeout>600</VisibilityTimeout>"))
        call(server.url, "POST", M, message("held"))
        held = members_of(call(server.url, "GET", M).content)
        call(server.url, "POST", M, message("waiting"))
    with FakeServer(data=data) as server:
        received = members_of(call(server.url, "GET", M).content)
        deleted = call(server.url, "DELETE", f"{M}?ReceiptHandle={held['ReceiptHandle']}")
        meta = members_of(call(server.url, "GET", Q).content)

    assert received["MessageBody"] == "waiting"
    assert deleted.status_code == 204
    assert (meta["VisibilityTimeout"], meta["InactiveMessages"]) == ("600", "1")
