"""Messages that nobody could deal with: they go to the dead-letter queue."""

from collections.abc import Iterator

import pytest

from simevents.fake.mns import messages, queues
from tests.fake.mns.inner_queues import InnerQueues

POLICY = {"Enabled": True, "DeadLetterTargetQueue": "dead", "MaxReceiveCount": 2}


@pytest.fixture
def inner() -> Iterator[InnerQueues]:
    made = InnerQueues()
    yield made
    made.store.close()


def test_a_message_dies_when_its_last_consumer_has_not_deleted_it_in_time(
    inner: InnerQueues,
) -> None:
    dead = inner.queue("dead", MessageRetentionPeriod=60)
    queue = inner.queue(VisibilityTimeout=30, DlqPolicy=POLICY)
    inner.send(queue, "a", "b", priority=3)
    for _ in range(2):
        assert inner.bodies(queue) == ["a", "b"]
        assert inner.bodies(dead) == []
        inner.advance(30)
    # Nobody has looked at the queue since: time alone moves them.
    (first, second) = inner.receive(dead)

    assert inner.bodies(queue) == []
    assert [(m.body, m.priority, m.receives) for m in (first, second)] == [("a", 3, 1), ("b", 3, 1)]
    assert first.enqueued_at == inner.clock.now()
    assert first.expires_at == inner.clock.now() + 60


def test_a_message_that_is_deleted_by_its_last_consumer_does_not_die(inner: InnerQueues) -> None:
    dead, queue = inner.queue("dead"), inner.queue(DlqPolicy={**POLICY, "MaxReceiveCount": 1})
    inner.send(queue, "a")
    (held,) = inner.receive(queue)
    inner.do(messages.delete, queue, messages.handle_of(held))
    inner.advance(1_000)

    assert inner.bodies(dead) == []


def test_a_last_consumer_may_keep_it_longer(inner: InnerQueues) -> None:
    dead, queue = inner.queue("dead"), inner.queue(DlqPolicy={**POLICY, "MaxReceiveCount": 1})
    inner.send(queue, "a")
    (held,) = inner.receive(queue)
    inner.do(messages.change_visibility, queue, messages.handle_of(held), 600)
    inner.advance(599)
    before = inner.bodies(dead)
    inner.advance(1)

    assert (before, inner.bodies(dead)) == ([], ["a"])


@pytest.mark.parametrize("target", ["missing", "q"])
def test_without_a_queue_for_the_dead_a_message_is_received_again(
    inner: InnerQueues, target: str
) -> None:
    policy = {"Enabled": True, "DeadLetterTargetQueue": target, "MaxReceiveCount": 1}
    queue = inner.queue(VisibilityTimeout=30, DlqPolicy=policy)
    inner.send(queue, "a")
    seen = []
    for _ in range(3):
        seen.append(inner.bodies(queue))
        inner.advance(30)

    assert seen == [["a"]] * 3


def test_a_policy_that_is_switched_off_spares_those_that_would_have_died(
    inner: InnerQueues,
) -> None:
    dead, queue = inner.queue("dead"), inner.queue(DlqPolicy={**POLICY, "MaxReceiveCount": 1})
    inner.send(queue, "a")
    inner.receive(queue)
    inner.do(queues.change, queue, {"DlqPolicy": {"Enabled": False}})
    inner.advance(30)

    assert (inner.bodies(dead), inner.bodies(queue)) == ([], ["a"])


def test_after_a_leap_of_the_clock_a_message_has_died_before_its_time_was_over(
    inner: InnerQueues,
) -> None:
    dead = inner.queue("dead")
    policy = {**POLICY, "MaxReceiveCount": 1}
    queue = inner.queue(MessageRetentionPeriod=60, VisibilityTimeout=30, DlqPolicy=policy)
    inner.send(queue, "a")
    inner.receive(queue)
    inner.advance(1_000)
    (message,) = inner.receive(dead)

    assert (message.body, message.enqueued_at) == ("a", inner.clock.now() - 970)
