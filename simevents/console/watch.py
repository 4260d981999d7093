"""Reads the cloud again and again, once for all pages, and tells them what is new."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from .model import Model, News
from .sources import NotReached, Source

log = logging.getLogger(__name__)

Listener = Callable[[News], None]

_LONGEST_PAUSE = 2.0
"""Seconds between two attempts to reach a cloud that does not answer."""


class Watch:
    """Reads *source* into *model* while somebody looks."""

    def __init__(self, source: Source) -> None:
        self.model = Model()
        self.lost = ""
        """Why the cloud cannot be read now; empty while it can."""
        self.note = ""
        """What happened to the cloud that a person should know; empty for nothing."""
        self._source = source
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._is_over = False

    def start(self) -> None:
        """Begin to read, in the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        self._is_over = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._source.close()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* with what is new; the function that is returned ends that."""
        self._listeners.append(listener)
        self._hurry.set()

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    def look_now(self) -> None:
        """Something was done: read at once."""
        self._hurry.set()

    async def _run(self) -> None:
        while not self._is_over:
            if self._listeners or not self.model.run:
                await self._look()
            pause = self._source.seconds_between
            with contextlib.suppress(TimeoutError):
                # asyncio.wait_for of Python 3.11 may lose the cancellation by which this ends.
                async with asyncio.timeout(min(pause, _LONGEST_PAUSE) if self.lost else pause):
                    await self._hurry.wait()
            self._hurry.clear()

    async def _look(self) -> None:
        was = (self.lost, self.note)
        news = News()
        try:
            found = await self._source.read()
            is_other = bool(self.model.run) and found.run != self.model.run
            news = self.model.take(found)
        except NotReached as error:
            self.lost = str(error)
        except Exception as error:
            # The pages would stand still, and look as if nothing happened.
            log.exception("the cloud could not be read")
            self.lost = f"The console has a fault: {type(error).__name__}; trying again."
        else:
            if is_other:
                self.note = "The cloud was started again or reset; this is the new one."
            elif self.lost:
                self.note = "Connected again."
            self.lost = ""
        if news.is_any or (self.lost, self.note) != was:
            self._tell(news)

    def _tell(self, news: News) -> None:
        for listener in list(self._listeners):
            try:
                listener(news)
            except Exception:
                log.exception("a page could not be told of changes")
