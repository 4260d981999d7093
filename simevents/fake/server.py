"""The fake cloud as an HTTP server: one ASGI application and its lifetime.

`FakeServer` serves in a thread of this process (tests) or in the foreground (the
command). All work happens on the server's one event loop, so the store needs no
locks. Starting it as a process of its own is `daemon`'s business.
"""

import asyncio
import os
import random
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from . import control, ecs, rpc
from .clock import Clock
from .cloud import Cloud
from .journal import Journal
from .store import Store

HOST = "127.0.0.1"
MAX_BODY_BYTES = 1_000_000

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ServerError(Exception):
    """The server cannot start; its text says why and what to do."""


class FakeServer:
    """A fake Alibaba Cloud on loopback.

    *data* is the file that keeps the cloud over restarts; None keeps it in memory.
    *port* 0 takes a free one; the address is bound, and `url` known, before the
    constructor returns. *access_keys* (id to secret) are accepted besides the
    published pair. *instance_ids* exist from the start, in *region*. *wall* tells
    real time and *seed* fixes the ids that are made.

    Raises ServerError when the port is taken, StoreError when *data* cannot be used.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        port: int = 0,
        access_keys: dict[str, str] | None = None,
        instance_ids: Iterable[str] = (),
        region: str = control.DEFAULT_REGION,
        wall: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        self._socket = _bind(port)
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        try:
            self._store = Store(data)
        except BaseException:
            self._socket.close()
            raise
        clock = Clock(wall, self._store.clock_setting())
        keys = {FAKE_ACCESS_KEY_ID: FAKE_ACCESS_KEY_SECRET} | (access_keys or {})
        cloud = Cloud(self._store, clock, random.Random(seed), keys)  # noqa: S311 - ids, not keys
        with self._store.transaction():
            missing = [id for id in instance_ids if self._store.get("instance", id) is None]
            ecs.run(cloud, region, missing, {})
        journal = Journal()
        connections = Connections()
        application = Application(
            rpc.Rpc(cloud, journal, wall), control.routes(cloud, journal), connections
        )
        self._server = _Server(
            uvicorn.Config(
                application,
                http=connections.protocol(),
                lifespan="off",
                log_level="warning",
                access_log=False,
                # Answers carry the cloud's own Date.
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Serve in the foreground until the process is asked to end (SIGINT, SIGTERM)."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._store.close()

    def start(self) -> None:
        """Serve in a thread; returns when the first request would be answered."""
        if self._thread is not None:
            raise ServerError("This fake cloud has been started already.")
        self._thread = threading.Thread(target=self.serve, name="simevents-fake", daemon=True)
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> None:
        """Stop serving; harmless when it is not running."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None

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
    """uvicorn, with an event that tells when it accepts requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Connections:
    """The open connections by their far end: ASGI itself has no way to cut one."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def abort(self, client: tuple[str, int]) -> None:
        self._transports[tuple(client)].abort()  # type: ignore[index]

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's HTTP protocol, noting its connections here."""
        transports = self._transports

        class Noted(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
            def connection_made(self, transport: asyncio.Transport) -> None:
                transports[transport.get_extra_info("peername")] = transport
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                transports.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(error)

        return Noted


class Application:
    """The ASGI application: ``/_fake/`` goes to the control routes, all else to the API."""

    def __init__(
        self,
        api: rpc.Rpc,
        control_routes: Callable[..., Awaitable[None]],
        connections: "Connections",
    ) -> None:
        self._api = api
        self._control = control_routes
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_fake/"):
            await self._control(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            await _send(
                send,
                413,
                [("content-type", "text/plain")],
                b"The request is too large.",
            )
            return
        answer = self._api.answer(
            rpc.Request(
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"],
                headers={
                    name.decode("latin-1"): value.decode("latin-1")
                    for name, value in scope["headers"]
                },
                body=body,
            )
        )
        if answer.delay_seconds:
            await asyncio.sleep(answer.delay_seconds)
        if answer.is_cut:
            self._connections.abort(scope["client"])
            # Let the server notice before it asks where the answer is.
            await asyncio.sleep(0)
            return
        await _send(send, answer.status, answer.headers, answer.body)


async def _body(receive: Receive) -> bytes | None:
    """The whole request body; None when it is larger than any client's."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _send(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _bind(port: int) -> socket.socket:
    try:
        bound = socket.create_server((HOST, port))
    except OSError as error:
        raise ServerError(
            f"Port {port} on {HOST} cannot be used ({os.strerror(error.errno or 0)}). Give another "
            "one with --port, or --port 0 for any free one; if an older fake cloud holds it, stop "
            "that one."
        ) from None
    # asyncio leaves Nagle's algorithm on for sockets made this way, which costs 40 ms a call.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound
