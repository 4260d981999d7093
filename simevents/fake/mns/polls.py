"""Long polls: a receive waits for a message, in real seconds.

It is woken by a message that is sent, by one that becomes visible, and by a turned clock. It ends
when the client has left.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from ..protocol.asgi import ClientLeft, Receive
from ..state.clock import Epoch
from ..state.cloud import Cloud

MOST_POLLS = 500
"""The limit for polls that wait at the same time; more are answered at once."""

T = TypeVar("T")


class Polls:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._waiting = 0
        self._are_over = False

    def end(self) -> None:
        """Let no poll wait any more."""
        self._are_over = True
        self._cloud.wakeups.wake_all()

    async def wait(
        self,
        subject: str,
        look: Callable[[], T | None],
        next_at: Callable[[], Epoch | None],
        seconds: float,
        receive: Receive,
    ) -> T | None:
        """What *look* returns, as soon as it is not None; None after *seconds*.

        *look* is called again when *subject* has changed, and at the time of the cloud that
        *next_at* returns. Raises ClientLeft, and what *look* raises.
        """
        found = look()
        if found is not None or seconds <= 0 or not self._may_wait():
            return found
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        bell = _Bell(loop)
        leaving = asyncio.ensure_future(receive())
        self._waiting += 1
        try:
            with self._cloud.wakeups.waiting(subject, bell.ring):
                while found is None and (left := deadline - loop.time()) > 0:
                    if self._are_over:
                        return None
                    moment = next_at()
                    until = None if moment is None else self._cloud.clock.wall_seconds_until(moment)
                    parts: set[asyncio.Future[Any]] = {leaving, bell.rung}
                    await asyncio.wait(
                        parts,
                        timeout=left if until is None else min(left, until),
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    if leaving.done():
                        raise ClientLeft
                    bell.renew()
                    found = look()
        finally:
            self._waiting -= 1
            leaving.cancel()
        return found

    def _may_wait(self) -> bool:
        return self._waiting < MOST_POLLS and not self._are_over


class _Bell:
    """Is rung by others; whoever waits for `rung` renews it before looking."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.renew()

    def renew(self) -> None:
        self.rung: asyncio.Future[None] = self._loop.create_future()

    def ring(self) -> None:
        if not self.rung.done():
            self.rung.set_result(None)
