"""Sends what is in the outbox, and lets what is due in the cloud happen.

It runs in the fake's event loop. The first attempts of a lane, which is one target of one rule,
are made in order; lanes do not wait for each other, and a retry does not wait for its lane. An
attempt is recorded as begun before it is made: after the death of the process it is made again,
as a repeat. Back-off is cloud time, time-outs are real time.
"""

import asyncio
import logging
import math
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Set
from functools import partial
from itertools import takewhile

from ...state.clock import Epoch
from ...state.cloud import Cloud
from ...state.outbox_table import Delivery, Ended
from .attempts import Attempts, Place, Sender, holds_up
from .recorder import Recorder

READ_AHEAD = 200
"""Deliveries of a lane that are read at once. So many messages are placed in a queue in one
transaction; the API is served in between."""

MOST_RETRIES_AT_ONCE = 20
"""Retries under way in one lane."""

MOST_LANES_AT_ONCE = 20
"""Lanes that are begun in one turn of the loop, in which the API waits."""

LONGEST_TIMER_SECONDS = 3_600.0
_SHORTEST_TIMER_SECONDS = 0.001
_AFTER_FAILURE_SECONDS = 1.0
"""Until it looks again after the data file could not be written."""

log = logging.getLogger(__name__)


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
        self._attempts = Attempts(cloud, senders, places)
        self._recorder = Recorder(cloud.store, bury)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_over = False
        self._is_to_look = False
        self._timer: asyncio.TimerHandle | None = None
        self._lanes: dict[str, asyncio.Task[None]] = {}
        """Tasks that make first attempts, by lane."""
        self._retried: dict[str, asyncio.Task[None]] = {}
        """Tasks that make retries, by lane."""
        self._first_retry_at: Epoch = math.inf
        """Of the retries that were recorded since it last looked for retries that are due."""
        self._watchers: set[asyncio.Future[None]] = set()

    # The life of the dispatcher.

    def start(self) -> None:
        """Begin, in the running loop. What an earlier run left is sent first."""
        self._loop = asyncio.get_running_loop()
        self._cloud.store.after_write = self._after_write
        self._cloud.clock.on_turn(self._fire)
        self._look(is_first=True)

    def stop(self) -> None:
        """End all attempts; those under way are made again by the next run.

        Whoever waits for `changed` is woken.
        """
        self.is_over = True
        self._cloud.store.after_write = None
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        for task in [*self._lanes.values(), *self._retried.values()]:
            task.cancel()
        self.tell()

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
        return not (self._is_to_look or self._lanes or self._retried)

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
                lanes, retried = self._outbox.take_touched()
                if is_first or self._timer is None:
                    lanes.update(self._outbox.lanes_due(now))
                if is_first or self._timer is None or self._first_retry_at <= now:
                    self._first_retry_at = math.inf
                    retried.update(self._outbox.lanes_to_retry(now))
                self._begin(self._lanes, lanes, self._serve, self._touch)
                self._begin(self._retried, retried, self._retry, self._touch_retries)
            self._set_timer(now)
        except sqlite3.Error as error:
            log.error("the data file cannot be used: %s", error)
            self._loop.call_later(_AFTER_FAILURE_SECONDS, self.look_soon)
        self.tell()

    def _set_timer(self, now: Epoch) -> None:
        """Look again when the next transition or attempt is due."""
        assert self._loop is not None
        following = [self._cloud.next_due()]
        if self._outbox.is_used:
            following.append(self._outbox.next_due(now))
        moments = [moment for moment in following if moment is not None]
        seconds = self._cloud.clock.wall_seconds_until(min(moments)) if moments else None
        if seconds is None:
            seconds = LONGEST_TIMER_SECONDS
        bounded = min(max(seconds, _SHORTEST_TIMER_SECONDS), LONGEST_TIMER_SECONDS)
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() + bounded:
                # What it was set for may have become due since, and is not in the future now.
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(bounded, self._fire)

    def _fire(self) -> None:
        """The time has come for something, or the clock was turned."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self.look_soon()

    # Sending.

    def _begin(
        self,
        running: dict[str, asyncio.Task[None]],
        lanes: Set[str],
        serve: Callable[[str], Awaitable[None]],
        again: Callable[[str], None],
    ) -> None:
        """Let *serve* run for those of *lanes* for which it is not *running*.

        *again* is called with lanes for which it does not run yet, and after a failure.
        """
        assert self._loop is not None
        for number, lane in enumerate(lanes - running.keys()):
            if number >= MOST_LANES_AT_ONCE:
                again(lane)
                continue
            running[lane] = self._loop.create_task(self._guarded(running, lane, serve, again))

    async def _guarded(
        self,
        running: dict[str, asyncio.Task[None]],
        lane: str,
        serve: Callable[[str], Awaitable[None]],
        again: Callable[[str], None],
    ) -> None:
        try:
            await serve(lane)
        except sqlite3.Error as error:
            log.error("the data file cannot be used: %s", error)
            if self._loop is not None:
                self._loop.call_later(_AFTER_FAILURE_SECONDS, again, lane)
        finally:
            del running[lane]
            self.look_soon()

    def _touch(self, lane: str) -> None:
        self._outbox.touch(lane)
        self.look_soon()

    def _touch_retries(self, lane: str) -> None:
        self._outbox.touch_retries(lane)
        self.look_soon()

    async def _serve(self, lane: str) -> None:
        """Make the first attempts of *lane*, in order, until none is due."""
        while batch := self._next_batch(lane):
            await self._make(batch, at_once=1)

    async def _retry(self, lane: str) -> None:
        """Make the retries of *lane*, several at once, until none is due."""
        while batch := self._outbox.retries_due(lane, self._cloud.now(), READ_AHEAD):
            await self._make(self._alike(batch), at_once=MOST_RETRIES_AT_ONCE)
            # A delivery that held up its lane may do so no longer.
            self._touch(lane)

    def _next_batch(self, lane: str) -> list[Delivery]:
        batch = self._outbox.waiting(lane, self._cloud.now(), READ_AHEAD)
        if not batch or (batch[0].new.blocks and self._outbox.is_blocked(lane)):
            return []
        if self._cloud.switches.delivery_order == "shuffled":
            self._cloud.random.shuffle(batch)
        return self._alike(batch)

    def _alike(self, batch: list[Delivery]) -> list[Delivery]:
        """The first of *batch* up to where the kind changes: the target may have been replaced."""
        is_placed = self._attempts.is_placed(batch[0])
        return list(takewhile(lambda each: self._attempts.is_placed(each) == is_placed, batch))

    async def _make(self, batch: list[Delivery], at_once: int) -> None:
        if self._attempts.is_placed(batch[0]):
            self._recorder.place(partial(self._placed, batch))
            self.tell()
            await asyncio.sleep(0)
            return
        remaining = deque(batch)
        senders = (self._send(remaining) for _ in range(min(at_once, len(batch))))
        # All of them end here, also when the data file could not be written.
        for error in await asyncio.gather(*senders, return_exceptions=True):
            if error is not None:
                raise error

    async def _send(self, remaining: deque[Delivery]) -> None:
        """One after the other; an end and the next beginning are written together."""
        cleared = self._outbox.cleared
        delivery = remaining.popleft() if remaining else None
        if delivery is not None:
            await self._recorder.write(delivery.delivery_id, None)
        while delivery is not None:
            ended = await self._attempts.send(delivery)
            if self._outbox.cleared != cleared:
                return
            is_over = holds_up(ended, delivery) or not remaining
            delivery = None if is_over else remaining.popleft()
            await self._recorder.write(None if delivery is None else delivery.delivery_id, ended)
            self._note_retry(ended)
            self.tell()

    def _placed(self, batch: list[Delivery]) -> list[Ended]:
        made = self._attempts.place(batch)
        for ended in made:
            self._note_retry(ended)
        return made

    def _note_retry(self, ended: Ended) -> None:
        """For the timer, which does not know of it yet; by then it may be due already."""
        if ended.retry_at is not None:
            self._first_retry_at = min(self._first_retry_at, ended.retry_at)
            self.look_soon()
