"""Serves programs of other processes as the fake does: at a proxy, over HTTP and HTTPS."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import urlsplit

from ..fake.application import MAX_BODY_BYTES
from ..fake.http_server import HttpServer
from ..fake.protocol.api_errors import ApiError
from ..fake.protocol.asgi import (
    BodyTooLarge,
    ClientLeft,
    Receive,
    Scope,
    Send,
    closed,
    read_body,
    send_answer,
)
from ..fake.protocol.authority import Authority
from ..fake.protocol.connections import PROXIED_HOST, Connections, asked_url
from ..fake.protocol.tunnels import Tunnels
from ..fake.protocol.wire import Reading, Request, Response, error_members, headers, render
from ..fake.proxy import is_own, raw_refusal
from .gate import Gate

_NO_REQUEST_ID = "00000000-0000-0000-0000-000000000000"
_TEXT = [(b"content-type", b"text/plain")]


@dataclass(frozen=True)
class Asked:
    """One whole request of a program."""

    url: str
    netloc: str
    """The host that it is for, and its port if it names one."""
    request: Request
    target: bytes
    """Path and query as they were sent."""
    headers: list[tuple[bytes, bytes]]
    """As they were sent."""


class Answering(ABC):
    """An ASGI application that answers whole requests for any host."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.connections: Connections
        """Set when it is served."""

    @abstractmethod
    async def answer(self, asked: Asked) -> Response | None:
        """The answer; None to what goes to a host outside, which is refused."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(receive, MAX_BODY_BYTES)
        except ClientLeft:
            return
        except BodyTooLarge:
            await send_answer(send, 413, _TEXT, b"The request is too large.")
            return
        asked = _asked(scope, body)
        if asked is None:
            await send_answer(send, 400, _TEXT, b"The host of the request is not valid.")
            return
        answered = await self.answer(asked)
        if answered is not None:
            await send_answer(send, answered.status, answered.headers, answered.body)
            return
        netloc = scope.get(PROXIED_HOST)
        if netloc is None or is_own(netloc, scope["server"][1]):
            await send_answer(send, 404, _TEXT, b"This is no call of the API.")
            return
        # The reason is in the status line, because most clients show nothing else of it.
        reason = self.gate.refuse_host(netloc)
        self.connections.end_with(scope["client"], raw_refusal(reason))
        await closed(receive)


def error(request: Request, status: int, code: str, text: str) -> Response:
    """An error in the form of the API, so that the vendor's clients show it."""
    reading = Reading()
    try:
        reading.read(request)
    except ApiError:
        reading.as_json = True
    members: dict[str, Any] = error_members(request, _NO_REQUEST_ID, code, text)
    return render(status, "Error", members, as_json=reading.as_json, now=time())


@contextmanager
def serving(application: Answering) -> Iterator[tuple[str, bytes]]:
    """Serve it in a thread; the URL of the proxy, and the certificate to trust, as PEM."""
    authority = Authority()
    application.connections = Connections(Tunnels(application.gate, authority))
    server = HttpServer()
    server.serve_with(application, application.connections)
    with server:
        yield server.url, authority.certificate


def _asked(scope: Scope, body: bytes) -> Asked | None:
    """The request; None if its host is not valid."""
    url = asked_url(scope)
    try:
        netloc = urlsplit(url).netloc
        # Reading the port is what finds most mistakes.
        if urlsplit(url).port is not None and not urlsplit(url).hostname:
            return None
    except ValueError:
        return None
    query = scope["query_string"]
    request = Request(
        method=scope["method"],
        path=scope["path"],
        query=query,
        headers=headers(scope["headers"]),
        body=body,
    )
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return Asked(url, netloc, request, target, scope["headers"])
