"""ASGI applications in this process, such as those of FastAPI: a loop for the test's whole length.

The loop runs in a thread of its own, so that what an application starts in the background goes on,
and so that a test that is a coroutine itself can be told, too.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from ...errors import InvalidInput, SimulatedEventsError
from ...fake.state.delivery_records import Delivery
from . import web_requests
from .function_compute import label
from .targets import Answer
from .wsgi import is_asgi, takes

# pytest shows the line of the test and those of the handler, not ours.
__tracebackhide__ = True

LIFESPAN_SECONDS = 30.0
"""Real time for an application to start, and to end."""

T = TypeVar("T")


class _Lifespan:
    """One application from its start to its end, as the ASGI specification has it."""

    def __init__(self, application: Any) -> None:
        self.state: dict[str, Any] = {}
        """What the application keeps for its requests."""
        self._application = application
        self._to_application: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_application: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._is_started = False

    async def start(self) -> None:
        """Raises what the application raises after it has said that its start failed."""
        self._task = asyncio.create_task(self._run())
        said = await self._ask("lifespan.startup")
        if said is None:
            # It does not know of lifespans, which is allowed.
            await asyncio.gather(self._task, return_exceptions=True)
            return
        if said["type"] == "lifespan.startup.failed":
            await self._task
            raise InvalidInput(
                "asgi", f"{label(self._application)} did not start: {said.get('message', '')}"
            )
        self._is_started = True

    async def end(self) -> None:
        if not self._is_started or self._task is None:
            return
        said = await self._ask("lifespan.shutdown")
        await self._task
        if said is not None and said["type"] == "lifespan.shutdown.failed":
            raise SimulatedEventsError(
                f"{label(self._application)} did not end: {said.get('message', '')}"
            )

    async def _ask(self, what: str) -> dict[str, Any] | None:
        self._to_application.put_nowait({"type": what})
        async with asyncio.timeout(LIFESPAN_SECONDS):
            return await self._from_application.get()

    async def _run(self) -> None:
        async def send(message: dict[str, Any]) -> None:
            self._from_application.put_nowait(message)

        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        try:
            await self._application(scope, self._to_application.get, send)
        finally:
            self._from_application.put_nowait(None)


class AsgiLoop:
    """The loop of a test's applications; it starts with the first of them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lifespans: dict[int, _Lifespan] = {}

    def is_here(self) -> bool:
        """Whether this code runs in the loop's thread."""
        return threading.current_thread() is self._thread

    def begin(self, application: Any) -> dict[str, Any]:
        """Start *application*, unless it has been started in this test; the state it keeps."""
        if id(application) not in self._lifespans:
            lifespan = self.run(lambda: _made(application))
            self.run(lifespan.start)
            self._lifespans[id(application)] = lifespan
        return self._lifespans[id(application)].state

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in the loop, from another thread."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._loop.run_forever, name="simevents-asgi", daemon=True
            )
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result()

    def end(self) -> list[BaseException]:
        """End the applications and the loop; what they raise at their end."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return []
        failures: list[BaseException] = []
        for lifespan in self._lifespans.values():
            try:
                self.run(lifespan.end)
            except Exception as error:  # noqa: BLE001 - the test reports it
                failures.append(error)
        self._lifespans.clear()
        self.run(_cancel_all)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = self._thread = None
        return failures


class AsgiTarget:
    """*application* in *loop*, which is started at once."""

    def __init__(self, application: Any, path: str, loop: AsgiLoop) -> None:
        if not callable(application):
            raise InvalidInput(
                "asgi", f"{application!r} is not an ASGI application; use one such as FastAPI()"
            )
        if not is_asgi(application) and not takes(application, 3):
            raise InvalidInput(
                "asgi",
                f"{label(application)} is not called with scope, receive and send; for a WSGI "
                "application use wsgi=",
            )
        self._application = application
        self._path = path
        self._loop = loop
        self.description = f"the ASGI application {label(application)}"
        self._state = loop.begin(application)

    def call(self, delivery: Delivery) -> Answer:
        return self._loop.run(lambda: self._called(delivery))

    async def _called(self, delivery: Delivery) -> Answer:
        import httpx

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await self._application({**scope, "state": dict(self._state)}, receive, send)

        asked = web_requests.request(delivery, self._path)
        async with httpx.ASGITransport(app=with_state) as transport:
            response = await transport.handle_async_request(asked)
            await response.aread()
        return web_requests.answer(response)


async def _made(application: Any) -> _Lifespan:
    return _Lifespan(application)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(LIFESPAN_SECONDS):
            await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()
