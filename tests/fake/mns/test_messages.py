"""What the service promises of messages: who gets one, when, and how often."""

from collections.abc import Iterator

import pytest

from simevents.fake.mns import messages, queues
from simevents.fake.protocol.api_errors import ApiError
from simevents.fake.state.delivery_records import NewDelivery
from simevents.fake.state.queue_table import Counts
from tests.conftest import REGION
from tests.fake.mns.inner_queues import InnerQueues, bodies_of


@pytest.fixture
def inner() -> Iterator[InnerQueues]:
    made = InnerQueues()
    yield made
    made.store.close()


def code_of(error: pytest.ExceptionInfo[ApiError]) -> tuple[str, int]:
    return error.value.code, error.value.status


def test_a_received_message_is_invisible_for_the_time_out_of_the_queue(inner: InnerQueues) -> None:
    queue = inner.queue(VisibilityTimeout=30)
    inner.send(queue, "a")
    first = inner.bodies(queue)
    inner.advance(29.9)
    still = inner.bodies(queue)
    inner.advance(0.1)
    (again,) = inner.receive(queue)

    assert (first, still) == (["a"], [])
    assert (again.body, again.receives) == ("a", 2)
    assert again.received_at == inner.clock.now() - 30


def test_a_delayed_message_comes_when_its_delay_is_over(inner: InnerQueues) -> None:
    queue = inner.queue(DelaySeconds=10)
    inner.send(queue, "by the queue")
    inner.send(queue, "of its own", delay=20)
    inner.send(queue, "at once", delay=0)
    seen = []
    for _ in range(3):
        seen.append(inner.bodies(queue))
        inner.advance(10)

    assert seen == [["at once"], ["by the queue"], ["of its own"]]


def test_the_lowest_priority_number_comes_first_then_the_message_that_is_visible_longest(
    inner: InnerQueues,
) -> None:
    queue = inner.queue(VisibilityTimeout=5)
    inner.send(queue, "16", priority=16)
    inner.send(queue, "8 a", "8 b")
    inner.send(queue, "1", priority=1)
    order = [inner.bodies(queue, 1), inner.bodies(queue, 2), inner.bodies(queue)]

    assert order == [["1"], ["8 a", "8 b"], ["16"]]


def test_a_message_is_gone_when_its_retention_is_over_also_while_a_consumer_has_it(
    inner: InnerQueues,
) -> None:
    queue = inner.queue(MessageRetentionPeriod=60, VisibilityTimeout=90)
    inner.send(queue, "a", "b")
    (held,) = inner.receive(queue, 1)
    inner.advance(60)
    with pytest.raises(ApiError) as refused:
        inner.do(messages.delete, queue, messages.handle_of(held))

    assert code_of(refused) == ("MessageNotExist", 404)
    assert inner.bodies(queue) == []
    assert inner.counts(queue) == Counts(0, 0, 0)


def test_peeking_changes_nothing(inner: InnerQueues) -> None:
    queue = inner.queue()
    inner.send(queue, "a", "b")
    peeked = [inner.do(messages.peek, queue, 16) for _ in range(2)]

    assert bodies_of(peeked[0]) == ["a", "b"]
    assert peeked[0] == peeked[1]
    assert inner.bodies(queue) == ["a", "b"]


def test_the_counts_tell_visible_received_and_delayed_messages_apart(inner: InnerQueues) -> None:
    queue = inner.queue()
    inner.send(queue, "a", "b", "c")
    inner.send(queue, "later", delay=100)
    inner.receive(queue, 1)
    before = inner.counts(queue)
    inner.advance(100)

    assert before == Counts(active=2, inactive=1, delayed=1)
    assert inner.counts(queue) == Counts(active=4, inactive=0, delayed=0)


def test_only_the_latest_handle_is_good_and_only_while_the_message_is_invisible(
    inner: InnerQueues,
) -> None:
    queue = inner.queue(VisibilityTimeout=30)
    inner.send(queue, "a")
    (first,) = inner.receive(queue)
    inner.advance(30)
    (second,) = inner.receive(queue)
    renewed, _ = inner.do(messages.change_visibility, queue, messages.handle_of(second), 10)
    failed = inner.do(
        messages.delete_all, queue, [messages.handle_of(first), messages.handle_of(second)]
    )
    inner.advance(10)
    too_late = inner.do(messages.delete_all, queue, [renewed])
    (third,) = inner.receive(queue)
    last = inner.do(messages.delete_all, queue, [messages.handle_of(third)])

    assert [error.code for _, error in (*failed, *too_late)] == ["MessageNotExist"] * 3
    assert last == []
    assert inner.counts(queue) == Counts(0, 0, 0)


@pytest.mark.parametrize(
    "handle", ["", "x", "1-1", "1-1-", "1-1-ABCDEF0123456789", "1-" + "9" * 30]
)
def test_what_is_no_handle_is_refused_as_such(inner: InnerQueues, handle: str) -> None:
    queue = inner.queue()
    with pytest.raises(ApiError) as refused:
        inner.do(messages.delete, queue, handle)

    assert code_of(refused) == ("ReceiptHandleError", 400)


def test_a_handle_of_another_queue_is_refused(inner: InnerQueues) -> None:
    queue, other = inner.queue(), inner.queue("other")
    inner.send(queue, "a")
    (held,) = inner.receive(queue)
    with pytest.raises(ApiError) as refused:
        inner.do(messages.delete, other, messages.handle_of(held))

    assert code_of(refused) == ("ReceiptHandleError", 400)


def test_a_changed_visibility_counts_from_now(inner: InnerQueues) -> None:
    queue = inner.queue(VisibilityTimeout=30)
    inner.send(queue, "a")
    (held,) = inner.receive(queue)
    inner.advance(20)
    _, visible_at = inner.do(messages.change_visibility, queue, messages.handle_of(held), 15)
    seen = []
    for _ in range(2):
        inner.advance(10)
        seen.append(inner.bodies(queue))

    assert visible_at == held.visible_at - 30 + 35
    assert seen == [[], ["a"]]


def test_a_delayed_message_can_be_deleted_by_the_handle_of_its_sender(inner: InnerQueues) -> None:
    queue = inner.queue()
    sent = inner.do(messages.send, queue, messages.Draft("a", delay=60))
    inner.do(messages.delete, queue, sent.handle)
    inner.advance(60)

    assert inner.bodies(queue) == []


def test_a_message_that_is_too_large_or_empty_is_refused(inner: InnerQueues) -> None:
    queue = inner.queue(MaximumMessageSize=1_024)
    inner.send(queue, "é" * 512)
    for body in ("é" * 512 + "x", ""):
        with pytest.raises(ApiError) as refused:
            inner.send(queue, body)
        assert code_of(refused) == ("InvalidArgument", 400)

    assert inner.counts(queue).active == 1


def test_a_deleted_queue_takes_its_messages_along(inner: InnerQueues) -> None:
    queue = inner.queue()
    inner.send(queue, "a")
    inner.do(queues.delete, queue)
    again = inner.queue()

    assert inner.bodies(again) == []


def test_a_message_of_a_delivery_is_acknowledged_when_its_consumer_deletes_it(
    inner: InnerQueues,
) -> None:
    queue = inner.queue()
    delivery = NewDelivery(
        notice_id="n", at=0, region=REGION, instance_id="i-1", event_id="e-1", name="n",
        status="s", via="cloudmonitor", rule="r", target_id="1", lane="l", kind="queue",
        address="q", body=b"{}",
    )  # fmt: skip
    inner.store.outbox.add([delivery])
    message_id = inner.do(messages.send_message, REGION, "q", b"e30=")
    inner.store._db.execute("UPDATE deliveries SET message_id = ?", (message_id,))
    (held,) = inner.receive(queue)
    (before,) = inner.store.outbox.find()
    inner.advance(5)
    inner.do(messages.delete, queue, messages.handle_of(held))
    (after,) = inner.store.outbox.find()

    assert (held.body, held.message_id) == ("e30=", message_id)
    assert (before.acknowledged_at, after.acknowledged_at) == (None, inner.clock.now())


def test_sending_to_a_queue_that_does_not_exist_is_refused(inner: InnerQueues) -> None:
    inner.do(queues.ensure_queue, "cn-beijing", "q")
    with pytest.raises(ApiError) as refused:
        inner.do(messages.send_message, REGION, "q", b"a")

    assert code_of(refused) == ("QueueNotExist", 404)


def test_an_ensured_queue_is_made_once_whatever_its_attributes(inner: InnerQueues) -> None:
    made = inner.queue(VisibilityTimeout=77)
    found = [inner.do(queues.ensure_queue, REGION, name) for name in ("q", "new", "new")]

    assert found[0] == made
    assert found[1] == found[2]
    assert [queue.name for queue in inner.store.queues.find()] == ["new", "q"]
