"""Long polls: they end with a message, with the client, or when their real seconds are over."""

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from simevents.fake.mns import messages, polls, queues
from simevents.fake.mns.messages import Draft
from simevents.fake.mns.service import QueueService
from simevents.fake.protocol.wire import Response
from simevents.fake.state.journal import Journal
from simevents.fake.state.queue_table import Queue
from tests.fake.mns.data_plane import members_of, request
from tests.fake.mns.inner_queues import InnerQueues

URL = "http://127.0.0.1:1/queues/q/messages"
LONG = "/queues/q/messages?waitseconds=30"


class Polling(InnerQueues):
    """The service with a clock that stands still, and the journal of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()
        self.service = QueueService(self.cloud, self.journal)
        self.leaves = asyncio.Event()

    async def poll(self, target: str = LONG) -> Response | None:
        return await self.service.answer(request("GET", target), URL, self._receive)

    async def waiting(self, count: int = 1, target: str = LONG) -> list["asyncio.Task[Any]"]:
        """Polls that have looked once and wait now."""
        started = [asyncio.create_task(self.poll(target)) for _ in range(count)]
        # One turn of the loop starts them.
        await asyncio.sleep(0)
        assert not any(poll.done() for poll in started)
        return started

    async def _receive(self) -> MutableMapping[str, Any]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def inner() -> Iterator[Polling]:
    made = Polling()
    yield made
    made.store.close()


async def body_of(poll: "asyncio.Task[Response | None]") -> str:
    answer = await asyncio.wait_for(poll, 10)
    assert answer is not None
    members = members_of(answer.body)
    return str(members.get("MessageBody") or members["Code"])


def test_a_poll_is_woken_by_a_message(inner: Polling) -> None:
    async def run() -> str:
        queue = inner.queue()
        (poll,) = await inner.waiting()
        inner.send(queue, "a")
        return await body_of(poll)

    assert asyncio.run(run()) == "a"


def test_a_poll_is_woken_when_the_clock_is_advanced_to_a_visible_message(inner: Polling) -> None:
    async def run() -> tuple[str, str]:
        queue = inner.queue()
        inner.send(queue, "later", delay=3_600)
        (poll,) = await inner.waiting()
        inner.advance(3_600)
        delayed = await body_of(poll)
        (poll,) = await inner.waiting()
        inner.advance(30)
        return delayed, await body_of(poll)

    assert asyncio.run(run()) == ("later", "later")


def test_a_poll_is_woken_when_a_running_clock_comes_to_a_visible_message() -> None:
    async def run() -> str:
        polling = Polling()
        now = [0.0]
        polling.clock._wall = lambda: now[0]
        polling.clock.run_at(1_000)
        polling.send(polling.queue(), "soon", delay=60)
        (poll,) = await polling.waiting()
        # What the poll has to wait for are 0.06 seconds; then the clock is there.
        now[0] = 0.07
        return await body_of(poll)

    assert asyncio.run(run()) == "soon"


def test_a_poll_of_the_dead_letter_queue_is_woken_when_a_message_dies(inner: Polling) -> None:
    async def run() -> str:
        policy = {"Enabled": True, "DeadLetterTargetQueue": "q", "MaxReceiveCount": 1}
        inner.queue("q")
        source = inner.queue("source", DlqPolicy=policy)
        inner.send(source, "dies")
        inner.receive(source)
        (poll,) = await inner.waiting()
        inner.advance(30)
        return await body_of(poll)

    assert asyncio.run(run()) == "dies"


def test_a_poll_is_woken_when_a_consumer_gives_its_message_back(inner: Polling) -> None:
    async def run() -> str:
        queue = inner.queue()
        inner.send(queue, "a")
        (held,) = inner.receive(queue)
        (poll,) = await inner.waiting()
        inner.do(messages.change_visibility, queue, messages.handle_of(held), 1)
        inner.advance(1)
        return await body_of(poll)

    assert asyncio.run(run()) == "a"


def test_one_message_ends_one_poll(inner: Polling) -> None:
    async def run() -> tuple[list[str], int]:
        queue = inner.queue()
        waiting = await inner.waiting(3)
        inner.send(queue, "a", "b")
        done, pending = await asyncio.wait(waiting, timeout=10, return_when="FIRST_COMPLETED")
        while len(done) < 2:
            more, pending = await asyncio.wait(pending, timeout=10, return_when="FIRST_COMPLETED")
            done |= more
        bodies = [await body_of(poll) for poll in done]
        inner.leaves.set()
        await asyncio.wait(pending)
        return sorted(bodies), len(pending)

    assert asyncio.run(run()) == (["a", "b"], 1)


def test_a_client_that_leaves_ends_its_poll_and_takes_no_message(inner: Polling) -> None:
    async def run() -> tuple[Response | None, Queue]:
        queue = inner.queue()
        (poll,) = await inner.waiting()
        inner.leaves.set()
        inner.send(queue, "a")
        return await asyncio.wait_for(poll, 10), queue

    answer, queue = asyncio.run(run())
    (entry,) = inner.journal.entries()

    assert answer is None
    assert (entry["action"], entry["status"], entry["answered"]) == ("ReceiveMessage", 0, False)
    assert inner.bodies(queue) == ["a"]


def test_a_poll_of_a_queue_that_is_deleted_ends_with_its_error(inner: Polling) -> None:
    async def run() -> str:
        queue = inner.queue()
        (poll,) = await inner.waiting()
        inner.do(queues.delete, queue)
        return await body_of(poll)

    assert asyncio.run(run()) == "QueueNotExist"


def test_a_poll_without_a_message_ends_after_its_real_seconds() -> None:
    async def run() -> tuple[object, int]:
        polling = Polling()
        looks: list[None] = []

        def look() -> str | None:
            looks.append(None)
            return None

        found = await polls.Polls(polling.cloud).wait(
            "nothing", look, lambda: None, 0.01, polling._receive
        )
        return found, len(looks)

    assert asyncio.run(run()) == (None, 2)


def test_the_queue_says_how_long_to_wait_unless_the_query_does(inner: Polling) -> None:
    async def run() -> tuple[str, str]:
        queue = inner.queue(PollingWaitSeconds=30)
        by_query = asyncio.create_task(inner.poll("/queues/q/messages?waitseconds=0"))
        at_once = await body_of(by_query)
        (by_queue,) = await inner.waiting(target="/queues/q/messages")
        inner.send(queue, "a")
        return at_once, await body_of(by_queue)

    assert asyncio.run(run()) == ("MessageNotExist", "a")


def test_more_polls_than_the_limit_are_answered_at_once(
    inner: Polling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polls, "MOST_POLLS", 2)

    async def run() -> tuple[str, list[str]]:
        queue = inner.queue()
        waiting = await inner.waiting(2)
        refused = await body_of(asyncio.create_task(inner.poll()))
        inner.send(queue, "a", "a")
        return refused, [await body_of(poll) for poll in waiting]

    assert asyncio.run(run()) == ("MessageNotExist", ["a", "a"])


def test_a_server_that_ends_answers_its_polls(inner: Polling) -> None:
    async def run() -> list[str]:
        inner.queue()
        (poll,) = await inner.waiting()
        inner.service.end_polls()
        return [await body_of(poll), await body_of(asyncio.create_task(inner.poll()))]

    assert asyncio.run(run()) == ["MessageNotExist"] * 2


def test_a_batch_ends_with_what_there_is(inner: Polling) -> None:
    async def run() -> int:
        queue = inner.queue()
        (poll,) = await inner.waiting(target=f"{LONG}&numOfMessages=16")
        with inner.store.transaction():
            for body in "abc":
                messages.send(inner.cloud, queue, Draft(body))
        answer = await asyncio.wait_for(poll, 10)
        assert answer is not None
        return len(members_of(answer.body)["Message"])

    assert asyncio.run(run()) == 3
