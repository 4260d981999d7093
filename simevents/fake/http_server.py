"""An ASGI application at an address of this machine: how it starts, serves and stops.

It serves in a thread of this process, or in the foreground. All requests run in one event loop.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import uvicorn

from .protocol.asgi import AsgiApplication
from .protocol.connections import Connections

HOST = "127.0.0.1"
START_SECONDS = 30
TICK_SECONDS = 0.1
"""How often it looks whether a signal has ended it."""


class ServerError(Exception):
    """The server cannot start; the text gives the reason and the solution."""


class HttpServer:
    """Listens at *host* and *port*, 0 for a free one; `serve_with` says what it serves.

    The constructor binds the address, so `url` is known when it returns. Raises ServerError if
    the address cannot be used.
    """

    def __init__(self, host: str = HOST, port: int = 0) -> None:
        self._thread: threading.Thread | None = None
        self._is_over = False
        self._socket = _bind(host, port)
        self.url = _url(self._socket)

    def serve_with(
        self,
        application: AsgiApplication,
        connections: Connections,
        at_end: Callable[[], None] = lambda: None,
        at_start: Callable[[], None] = lambda: None,
        before_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Let *application* answer what is not for the tunnels of *connections*.

        *at_start* is called in the event loop before the first request, *before_end* when the
        server begins to stop, and *at_end* after the last request.
        """
        self._connections = connections
        self._at_end = at_end
        config = uvicorn.Config(
            application,
            http=connections.protocol(),
            lifespan="off",
            ws="none",
            proxy_headers=False,
            # Its warnings are a line for each malformed request, without any bound.
            log_level="error",
            access_log=False,
            # Else it looks whether stdout is a terminal, also when that is closed.
            use_colors=False,
            # The answers already have a Date, in the cloud's time.
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, connections, at_start, before_end, at_end)

    def serve(self) -> None:
        """Serve in the foreground until the process receives SIGINT or SIGTERM.

        When it ends, what the application keeps is complete and released.
        """
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._at_end()

    def end(self) -> None:
        """Let `serve` return; may be called from a signal handler."""
        self._server.end()

    def start(self) -> None:
        """Serve in a thread; returns when the server accepts requests.

        Raises ServerError if it does not start, or was started or stopped before.
        """
        if self._thread is not None:
            raise ServerError("This fake cloud has been started already.")
        if self._is_over:
            raise ServerError("This fake cloud has been stopped; create another one.")
        self._thread = threading.Thread(target=self.serve, name="simevents-fake", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.ready.wait(0.05):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"The fake cloud at {self.url} did not start.")

    def stop(self) -> None:
        """Stop serving, and release the address and what the application keeps, for good."""
        self._is_over = True
        if self._thread is not None:
            self._server.end()
            self._thread.join()
            self._thread = None
        self._socket.close()
        self._at_end()

    def move(self) -> None:
        """Listen at a new free port, which `url` then has, and close all connections.

        A program that still runs and knows the old address reaches nothing any more.
        """
        bound = _bind(HOST, 0)

        async def moved() -> None:
            await self._server.move(bound)
            self._connections.abort_all()

        asyncio.run_coroutine_threadsafe(moved(), self._server.loop).result()
        self._socket, self.url = bound, _url(bound)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn's server, with an event that is set when it accepts requests.

    `HttpServer.serve_with` says when the functions are called. uvicorn repeats the signal that
    ended it, which ends the process: code after `run` is not reached.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        at_start: Callable[[], None],
        before_end: Callable[[], None],
        at_end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._at_start = at_start
        self._before_end = before_end
        self._at_end = at_end
        self._ending = asyncio.Event()
        self.ready = threading.Event()

    def end(self) -> None:
        """Let it return; from another thread, or from a signal handler."""
        self.should_exit = True
        if self.ready.is_set():
            # A loop that is closed has ended already.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether it has to end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        protocol: Any = self.config.http_protocol_class
        self._connections.make_protocol = partial(
            protocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self._at_start()
        self.ready.set()

    async def move(self, bound: socket.socket) -> None:
        """Serve *bound* instead of the sockets so far."""
        for server in self.servers:
            server.close()
        await super().startup([bound])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_end()
        if not self.server_state.connections and not self.server_state.tasks:
            # Nobody needs the tenth of a second that uvicorn leaves to clients.
            for each in (*self.servers, *(sockets or ())):
                each.close()
            self._at_end()
            return
        await super().shutdown(sockets)
        self._at_end()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        raise ServerError(
            f"Port {port} on {host} cannot be used ({reason}). Give another "
            "one with --port, or --port 0 for any free one; if an older fake cloud holds it, stop "
            "that one."
        ) from None
    # For such sockets asyncio does not disable Nagle's algorithm, which adds 40 ms per call.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
