"""Deliveries to targets in this process: a test takes each one and says how it ended.

The fake's loop offers them; a thread of the test takes them. So the target runs on a thread of
the test, where it can call the fake.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ...state.delivery_records import DELIVERED, FAILED, Delivery, Outcome

MOST_ANSWER_CHARACTERS = 500


@dataclass(eq=False)
class _Offer:
    delivery: Delivery
    ended: "asyncio.Future[Outcome]"
    begun: float = field(default_factory=time.monotonic)


class InProcess:
    """The deliveries that wait for a thread of the test.

    *on_offer* is called in the fake's loop when there is another one; it must not wait.
    """

    def __init__(self) -> None:
        self.on_offer: Callable[[], None] = lambda: None
        self.tell: Callable[[], None] = lambda: None
        """Called as `on_offer` is, for those who wait in the fake's loop."""
        self._lock = threading.Lock()
        self._offers: deque[_Offer] = deque()
        self._taken: dict[int, _Offer] = {}

    def take(self) -> Delivery | None:
        """The next delivery, from any thread; None if there is none. `answer` must follow."""
        with self._lock:
            if not self._offers:
                return None
            offer = self._offers.popleft()
            self._taken[offer.delivery.delivery_id] = offer
        return offer.delivery

    def answer(
        self, delivery_id: int, *, is_delivered: bool, text: str = "", http_status: int = 0
    ) -> None:
        """Say how a delivery that was taken has ended, from any thread."""
        with self._lock:
            offer = self._taken.pop(delivery_id)
        outcome = Outcome(
            DELIVERED if is_delivered else FAILED,
            http_status,
            text[:MOST_ANSWER_CHARACTERS],
            time.monotonic() - offer.begun,
        )

        def end() -> None:
            if not offer.ended.done():
                offer.ended.set_result(outcome)

        loop = offer.ended.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(end)

    def __len__(self) -> int:
        return len(self._offers)

    async def send(self, delivery: Delivery) -> Outcome:
        """Offer a delivery, and wait until somebody has taken and answered it."""
        offer = _Offer(delivery, asyncio.get_running_loop().create_future())
        with self._lock:
            self._offers.append(offer)
        self.tell()
        self.on_offer()
        try:
            return await offer.ended
        finally:
            with self._lock:
                if offer in self._offers:
                    self._offers.remove(offer)
