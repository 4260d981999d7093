"""The fake cloud as an HTTP server: one ASGI application and its lifetime.

`FakeServer` serves in a thread of this process (tests) or in the foreground (the
command). All work happens on the server's one event loop, so the store needs no
locks. Starting it as a process of its own is `daemon`'s business.
"""

import asyncio
import hmac
import ipaddress
import os
import random
import re
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from . import instances, rpc, wire
from .access_keys import AccessKeys
from .catalog import DEFAULT_REGION
from .clock import Clock
from .cloud import Cloud
from .journal import Journal
from .store import Store
from .switches import Switches, Value

HOST = "127.0.0.1"
MAX_HEAD_BYTES = 256_000
"""Of the request line and the headers; a call with every list full is a tenth of it."""
MAX_BODY_BYTES = 1_000_000

AsgiApplication = Callable[..., Awaitable[None]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ServerError(Exception):
    """The server cannot start; its text says why and what to do."""


class FakeServer:
    """A fake Alibaba Cloud, on loopback unless *host* says otherwise.

    *data* is the file that keeps the cloud over restarts; None keeps it in memory.
    *port* 0 takes a free one; the address is bound, and `url` known, before the
    constructor returns. *access_keys* (id to secret) are accepted besides the
    published pair, and with *accept_any_key* any other, whose signatures are then not
    checked. *instance_ids* exist from the start, in *region*. *switches* say
    how to answer what is not documented (docs/switches.md). *control_token* is asked
    for by the control routes, as ``Authorization: Bearer``; off loopback one is made
    when none is given, and is `control_token` afterwards. *wall* tells real time and
    *seed* fixes the ids that are made.

    Raises ServerError when the address cannot be used, StoreError when *data* cannot,
    BadSwitch when there is no such switch.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        host: str = HOST,
        port: int = 0,
        control_token: str = "",
        switches: Mapping[str, Value] | None = None,
        access_keys: dict[str, str] | None = None,
        accept_any_key: bool = False,
        instance_ids: Iterable[str] = (),
        region: str = DEFAULT_REGION,
        wall: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        given = Switches().changed(**(switches or {}))
        self._socket = _bind(host, port)
        self.url = _url(self._socket)
        self.control_token = control_token
        if not control_token and not _is_loopback(host):
            self.control_token = secrets.token_urlsafe(24)
        try:
            self._store = Store(data)
        except BaseException:
            self._socket.close()
            raise
        keys = {FAKE_ACCESS_KEY_ID: FAKE_ACCESS_KEY_SECRET} | (access_keys or {})
        cloud = Cloud(
            self._store,
            Clock(wall, self._store.clock_setting()),
            random.Random(seed),  # noqa: S311 - ids, and keys that open nothing else
            AccessKeys(keys, self._store, accept_any=accept_any_key),
            wall,
            given.changed(**self._store.switches()),
        )
        with self._store.transaction():
            missing = [id for id in instance_ids if self._store.get("instance", id) is None]
            instances.run(cloud, region, missing, {})
        journal = Journal()
        connections = Connections()
        application = Application(
            rpc.Rpc(cloud, journal),
            Guard(partial(_control_routes, cloud, journal, given), self.control_token),
            connections,
        )
        self._server = _Server(
            uvicorn.Config(
                application,
                http=connections.protocol(),
                lifespan="off",
                ws="none",
                proxy_headers=False,
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


_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


_UPGRADE = re.compile(rb"\r\nupgrade: *h2c(?=\r\n)", re.IGNORECASE)


def _without_upgrade(data: bytes) -> bytes:
    """Java's HTTP client offers HTTP/2 with its first request; the parser would drop the body."""
    if not data.startswith(b"POST "):
        return data
    head, blank, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head + b"\r\n")[:-2] + blank + body if blank else data


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
        """uvicorn's HTTP protocol, noting its connections here and bounding a request's head."""
        transports = self._transports

        class Noted(HttpToolsProtocol):
            _head_bytes = 0
            _is_in_head = False

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                transports[transport.get_extra_info("peername")] = transport
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                transports.pop(self.transport.get_extra_info("peername"), None)
                super().connection_lost(error)

            def on_message_begin(self) -> None:
                self._is_in_head = True
                super().on_message_begin()

            def on_headers_complete(self) -> None:
                self._is_in_head = False
                super().on_headers_complete()

            def data_received(self, data: bytes) -> None:
                super().data_received(_without_upgrade(data))
                self._head_bytes = self._head_bytes + len(data) if self._is_in_head else 0
                if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                    self.transport.write(_HEAD_TOO_LARGE)
                    self.transport.close()

        return Noted


def _control_routes(cloud: Cloud, journal: Journal, switches: Switches) -> "AsgiApplication":
    # Imported when it is first asked for: its framework takes a third of the start-up time.
    from . import control

    return control.routes(cloud, journal, switches)


class Guard:
    """Lets to the control routes whoever has the token or, without one, is on this machine.

    A page in a browser on this machine could be led to a name that stands for it; so
    without a token the name that was asked for must be one of loopback.
    """

    def __init__(self, make_routes: Callable[[], "AsgiApplication"], token: str) -> None:
        self._make_routes = make_routes
        self._routes: AsgiApplication | None = None
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if self._token:
            given = headers.get(b"authorization", b"")
            is_allowed = hmac.compare_digest(given, f"Bearer {self._token}".encode())
            wanted = "the header Authorization: Bearer with the control token of this server"
        else:
            is_allowed = _is_loopback(_host_name(headers.get(b"host", b"")))
            wanted = "a loopback address as its host"
        if not is_allowed:
            body = orjson.dumps({"error": f"a control request needs {wanted}"})
            await _send(send, 403, [(b"content-type", b"application/json")], body)
            return
        if self._routes is None:
            self._routes = self._make_routes()
        await self._routes(scope, receive, send)


class Application:
    """The ASGI application: ``/_fake/`` goes to the control routes, all else to the API."""

    def __init__(
        self,
        api: rpc.Rpc,
        control_routes: "AsgiApplication",
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
                [(b"content-type", b"text/plain")],
                b"The request is too large.",
            )
            return
        answer = self._api.answer(
            wire.Request(
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"],
                headers=wire.headers(scope["headers"]),
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


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


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
    # asyncio leaves Nagle's algorithm on for sockets made this way, which costs 40 ms a call.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _host_name(header: bytes) -> str:
    try:
        return urlsplit(f"//{header.decode('latin-1')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
