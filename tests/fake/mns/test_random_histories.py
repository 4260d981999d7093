"""Random histories: no message is lost, and none is received twice while it is invisible."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from simevents.fake.mns import messages
from simevents.fake.mns.messages import Draft
from simevents.fake.protocol.api_errors import ApiError
from tests.fake.mns.inner_queues import InnerQueues

RUNS = int(os.environ.get("RULES_RUNS", "100"))
TIMEOUT, MOST_RECEIVES, RETENTION = 30, 3, 600
DEAD = {"Enabled": True, "DeadLetterTargetQueue": "dead", "MaxReceiveCount": MOST_RECEIVES}


@dataclass
class Known:
    """A message as the documentation describes it."""

    visible_at: float
    ends_at: float
    receives: int = 0
    handle: str = ""
    is_dead: bool = False
    is_deleted: bool = False


class Histories(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.inner = InnerQueues()
        self.dead = self.inner.queue("dead", MessageRetentionPeriod=RETENTION, VisibilityTimeout=5)
        self.queue = self.inner.queue(
            VisibilityTimeout=TIMEOUT, MessageRetentionPeriod=RETENTION, DlqPolicy=DEAD
        )
        self.known: dict[str, Known] = {}

    def teardown(self) -> None:
        if hasattr(self, "inner"):
            self.inner.store.close()

    def now(self) -> float:
        return self.inner.clock.now()

    def let_time_work(self) -> None:
        for message in self.known.values():
            is_over = message.ends_at <= self.now()
            dies = message.receives >= MOST_RECEIVES and message.visible_at <= self.now()
            if dies and not message.is_dead and message.visible_at < message.ends_at:
                message.is_dead = True
                message.ends_at = message.visible_at + RETENTION
                is_over = message.ends_at <= self.now()
            message.is_deleted |= is_over

    def visible(self) -> list[str]:
        self.let_time_work()
        return sorted(
            body
            for body, message in self.known.items()
            if not (message.is_dead or message.is_deleted) and message.visible_at <= self.now()
        )

    @rule(delay=st.sampled_from([0, 0, 10, 40]), priority=st.integers(1, 16))
    def send(self, delay: int, priority: int) -> None:
        body = f"m{len(self.known):03}"
        sent = self.inner.do(messages.send, self.queue, Draft(body, priority, delay))
        self.known[body] = Known(self.now() + delay, self.now() + RETENTION, handle=sent.handle)

    @rule(most=st.integers(1, 16))
    def receive(self, most: int) -> None:
        expected = self.visible()
        received = self.inner.receive(self.queue, most)
        bodies = sorted(message.body for message in received)
        assert len(bodies) == min(most, len(expected))
        assert set(bodies) <= set(expected)
        for message in received:
            mine = self.known[message.body]
            mine.receives += 1
            assert message.receives == mine.receives
            mine.visible_at = self.now() + TIMEOUT
            mine.handle = messages.handle_of(message)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self._use(data, lambda handle: self.inner.do(messages.delete, self.queue, handle))

    @rule(data=st.data(), seconds=st.sampled_from([1, 50]))
    def change(self, data: st.DataObject, seconds: int) -> None:
        def changed(handle: str) -> None:
            mine = next(each for each in self.known.values() if each.handle == handle)
            mine.handle, mine.visible_at = self.inner.do(
                messages.change_visibility, self.queue, handle, seconds
            )

        self._use(data, changed, deletes=False)

    @rule(seconds=st.sampled_from([1, 10, 30, 300, 590]))
    def advance(self, seconds: int) -> None:
        # Step by step, so that each message dies or ends at its own time.
        for _ in range(seconds):
            self.inner.advance(1)
            self.let_time_work()

    @rule()
    def look_at_all(self) -> None:
        expected = self.visible()
        peeked = self.inner.do(messages.peek, self.queue, 10_000)
        dead = self.inner.do(messages.peek, self.dead, 10_000)
        counts = self.inner.counts(self.queue)
        alive = [m for m in self.known.values() if not (m.is_dead or m.is_deleted)]
        assert sorted(message.body for message in peeked) == expected
        assert sorted(message.body for message in dead) == sorted(
            body for body, m in self.known.items() if m.is_dead and not m.is_deleted
        )
        assert counts.active + counts.inactive + counts.delayed == len(alive)

    def _use(
        self, data: st.DataObject, act: Callable[[str], None], *, deletes: bool = True
    ) -> None:
        handled = [body for body, message in self.known.items() if message.handle]
        if not handled:
            return
        mine = self.known[data.draw(st.sampled_from(handled))]
        self.let_time_work()
        is_good = not (mine.is_dead or mine.is_deleted) and mine.visible_at > self.now()
        if is_good:
            act(mine.handle)
            mine.is_deleted |= deletes
        else:
            with pytest.raises(ApiError, match="MessageNotExist"):
                act(mine.handle)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=RUNS,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
