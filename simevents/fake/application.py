"""The fake cloud as one ASGI application: the API, and the control routes behind their guard.

Sockets and the server's lifetime are `server`'s, what an answer says is `rpc`'s.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from .protocol import dispatch, wire
from .protocol.connections import Connections

MAX_BODY_BYTES = 1_000_000

AsgiApplication = Callable[..., Awaitable[None]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Guard:
    """Admits callers with the token to the control routes, or from loopback when there is none.

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
            is_allowed = is_loopback(_host_name(headers.get(b"host", b"")))
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
        api: dispatch.Rpc,
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
        try:
            body = await _body(receive)
        except _ClientLeft:
            return
        except _BodyTooLarge:
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


class _BodyTooLarge(Exception):
    """The body is larger than that of any client."""


class _ClientLeft(Exception):
    """The client closed the connection before the end of the body: there is no request."""


async def _body(receive: Receive) -> bytes:
    """The whole request body. Raises _BodyTooLarge or _ClientLeft."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeft
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


def _host_name(header: bytes) -> str:
    try:
        return urlsplit(f"//{header.decode('latin-1')}").hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an address, is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
