"""Sends what is in the outbox, and lets what is due in the cloud happen.

It runs in the fake's event loop. The first attempts of a lane, which is one target of one rule,
are made in order; lanes do not wait for each other, and a retry does not wait for its lane. An
attempt is recorded as begun before it is made: after the death of the process it is made again,
as a repeat. Back-off is cloud time, time-outs are real time.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from ...state.clock import Epoch
from ...state.cloud import Cloud
from ...state.outbox_table import FAILED, Delivery, Ended, Outcome
from ..retries import wait_before_retry
from .recorder import Recorder

READ_AHEAD = 200
"""Deliveries of a lane that are read at once. So many messages are placed in a queue in one
transaction; the API is served in between."""

MOST_RETRIES_AT_ONCE = 20
"""Retries under way in one lane."""

LONGEST_TIMER_SECONDS = 3_600.0
_SHORTEST_TIMER_SECONDS = 0.001
_AFTER_FAILURE_SECONDS = 1.0
"""Until it looks again after the data file could not be written."""

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Makes one attempt; it never raises for what the target does."""

    async def __call__(self, delivery: Delivery) -> Outcome: ...


Place = Callable[[Delivery], Outcome]
"""Makes an attempt within the transaction that records it."""


class Dispatcher:
    """*senders* and *places* by kind of target; *bury* puts a body in a dead-letter queue."""

    def __init__(
        self,
        cloud: Cloud,
        senders: Mapping[str, Sender],
        places: Mapping[str, Place],
        bury: Callable[[Delivery], None],
    ) -> None:
        self._cloud = cloud
        self._outbox = cloud.store.outbox
        self._senders = senders
        self._places = places
        self._recorder = Recorder(cloud.store, bury)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_to_look = False
        self._timer: asyncio.TimerHandle | None = None
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._retries: dict[int, asyncio.Task[None]] = {}
        self._watchers: set[asyncio.Future[None]] = set()

    # The life of the dispatcher.

    def start(self) -> None:
        """Begin, in the running loop. What an earlier run left is sent first."""
        self._loop = asyncio.get_running_loop()
        self._cloud.store.after_write = self._after_write
        self._cloud.clock.on_turn(self._fire)
        self._look(is_first=True)

    def stop(self) -> None:
        """End all attempts; those under way are made again by the next run."""
        self._cloud.store.after_write = None
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        for task in [*self._lanes.values(), *self._retries.values()]:
            task.cancel()

    def look_soon(self) -> None:
        """Look for what is due, in the next turn of the loop."""
        if self._loop is not None and not self._is_to_look:
            self._is_to_look = True
            self._loop.call_soon(self._look)

    def _after_write(self) -> None:
        if not self._recorder.is_writing:
            self.look_soon()

    # What is asked from outside.

    @property
    def is_quiet(self) -> bool:
        """Whether no attempt is due or under way."""
        return not (self._is_to_look or self._lanes or self._retries)

    def changed(self) -> asyncio.Future[None]:
        """Is done when an attempt has ended, or a delivery is offered to this process.

        It watches from this call on, so that nothing is missed before it is awaited.
        """
        watcher = asyncio.get_running_loop().create_future()
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return watcher

    def tell(self) -> None:
        """Wake those who wait for `changed`."""
        for watcher in tuple(self._watchers):
            if not watcher.done():
                watcher.set_result(None)

    # Looking.

    def _look(self, *, is_first: bool = False) -> None:
        self._is_to_look = False
        if self._loop is None:
            return
        try:
            now = self._cloud.now()
            due = self._cloud.next_due()
            if due is not None and due <= now:
                with self._cloud.store.transaction():
                    self._cloud.settle()
            if self._outbox.is_used:
                lanes = self._outbox.take_touched()
                if is_first or self._timer is None:
                    lanes.update(self._outbox.lanes_due(now))
                for lane in lanes - self._lanes.keys():
                    self._lanes[lane] = self._loop.create_task(self._serve(lane))
                self._start_retries(now)
            self._set_timer(now)
        except sqlite3.Error as error:
            log.error("the data file cannot be used: %s", error)
            self._loop.call_later(_AFTER_FAILURE_SECONDS, self.look_soon)
        self.tell()

    def _set_timer(self, now: Epoch) -> None:
        """Look again when the next transition or attempt is due."""
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        following = [self._cloud.next_due()]
        if self._outbox.is_used:
            following.append(self._outbox.next_due(now))
        moments = [moment for moment in following if moment is not None]
        seconds = self._cloud.clock.wall_seconds_until(min(moments)) if moments else None
        if seconds is None:
            seconds = LONGEST_TIMER_SECONDS
        bounded = min(max(seconds, _SHORTEST_TIMER_SECONDS), LONGEST_TIMER_SECONDS)
        self._timer = self._loop.call_later(bounded, self._fire)

    def _fire(self) -> None:
        """The time has come for something, or the clock was turned."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self.look_soon()

    def _start_retries(self, now: Epoch) -> None:
        assert self._loop is not None
        in_lane: dict[str, int] = {}
        for delivery in self._outbox.retries_due(now):
            lane = delivery.new.lane
            in_lane[lane] = in_lane.get(lane, 0) + 1
            if delivery.delivery_id in self._retries or in_lane[lane] > MOST_RETRIES_AT_ONCE:
                continue
            task = self._loop.create_task(self._retry(delivery))
            self._retries[delivery.delivery_id] = task

    # Sending.

    async def _serve(self, lane: str) -> None:
        """Make the first attempts of *lane*, in order, until none is due."""
        try:
            while batch := self._next_batch(lane):
                if batch[0].new.kind in self._places:
                    self._recorder.place(partial(self._placed, batch))
                    self.tell()
                    await asyncio.sleep(0)
                else:
                    await self._send_in_order(batch)
        except sqlite3.Error as error:
            log.error("the data file cannot be used: %s", error)
            if self._loop is not None:
                self._loop.call_later(_AFTER_FAILURE_SECONDS, self._touch, lane)
        finally:
            del self._lanes[lane]
            self.look_soon()

    def _touch(self, lane: str) -> None:
        self._outbox.touch(lane)
        self.look_soon()

    def _next_batch(self, lane: str) -> list[Delivery]:
        batch = self._outbox.waiting(lane, self._cloud.now(), READ_AHEAD)
        if not batch or (batch[0].new.blocks and self._outbox.is_blocked(lane)):
            return []
        if self._cloud.switches.delivery_order == "shuffled":
            self._cloud.random.shuffle(batch)
        return batch

    async def _send_in_order(self, batch: list[Delivery]) -> None:
        """One after the other; an end and the next beginning are written together."""
        remaining = deque(batch)
        cleared = self._outbox.cleared
        await self._recorder.write(batch[0].delivery_id, None)
        while remaining:
            delivery = remaining.popleft()
            outcome = await self._attempt(delivery)
            if self._outbox.cleared != cleared:
                return
            is_over = outcome.outcome == FAILED and delivery.new.blocks
            following = None if is_over or not remaining else remaining[0].delivery_id
            await self._recorder.write(following, self._ended(delivery, outcome))
            self.tell()
            if is_over:
                return

    async def _retry(self, delivery: Delivery) -> None:
        try:
            if delivery.new.kind in self._places:
                self._recorder.place(partial(self._placed, [delivery]))
                return
            await self._recorder.write(delivery.delivery_id, None)
            outcome = await self._attempt(delivery)
            await self._recorder.write(None, self._ended(delivery, outcome))
        except sqlite3.Error as error:
            log.error("the data file cannot be used: %s", error)
            await asyncio.sleep(_AFTER_FAILURE_SECONDS)
        finally:
            del self._retries[delivery.delivery_id]
            # A delivery that held up its lane may do so no longer.
            self._outbox.touch(delivery.new.lane)
            self.look_soon()

    async def _attempt(self, delivery: Delivery) -> Outcome:
        sender = self._senders.get(delivery.new.kind)
        if sender is None:
            return Outcome(FAILED, answer=f"the fake does not deliver to {delivery.new.kind}")
        try:
            return await sender(delivery)
        except Exception as error:
            # A lane must not end because of one delivery.
            log.exception("the attempt at delivery %s failed", delivery.delivery_id)
            return Outcome(FAILED, answer=f"{type(error).__name__} in the fake")

    def _placed(self, batch: list[Delivery]) -> list[Ended]:
        return [
            self._ended(delivery, self._places[delivery.new.kind](delivery)) for delivery in batch
        ]

    def _ended(self, delivery: Delivery, outcome: Outcome) -> Ended:
        """An attempt with the time of the next one; the last that fails is for the dead letters."""
        number, now, retry_at = delivery.attempts + 1, self._cloud.now(), None
        if outcome.outcome == FAILED:
            wait = wait_before_retry(delivery.new.retry, number, self._cloud.random)
            if wait is not None:
                retry_at = now + wait
                self.look_soon()
        is_dead = outcome.outcome == FAILED and retry_at is None and delivery.new.dead_letter
        dead = delivery if is_dead else None
        return Ended(delivery.delivery_id, number, outcome, now, retry_at, dead)
