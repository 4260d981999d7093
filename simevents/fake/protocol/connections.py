"""The fake's open connections: it tracks them, limits request heads, and can abort them.

This extends uvicorn's HTTP protocol. `application` handles the requests themselves, and
`tunnels` what the fake does not read.
"""

import asyncio
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...hosts import is_alibaba, is_metadata
from .tunnels import TLS_HANDSHAKE, Target, Tunnels, without_user

MAX_HEAD_BYTES = 256_000
"""The limit for request line and headers; the largest valid call needs a tenth of it."""

PROXIED_HOST = "simevents.proxied_host"
"""In the scope of a request that a client sent as to a proxy: the host and port that it names."""

_NO_UPGRADE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)

_METHOD = re.compile(rb"[A-Z]{1,20}(?: |\Z)")
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*(?=\r\n)", re.IGNORECASE)
_BLANK = b"\r\n\r\n"


@functools.lru_cache(maxsize=256)
def _is_elsewhere(netloc: str) -> bool:
    """Whether it is a host of Alibaba's; the metadata service is served as one of the fake."""
    try:
        host = urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return False
    return is_alibaba(host) and not is_metadata(host)


class _HeldHead:
    """The head of a request, held back until it is complete."""

    def __init__(self) -> None:
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def clear(self) -> None:
        self._held.clear()

    def add(self, data: bytes) -> bytes:
        """What has arrived of a request, without Upgrade, once its head is complete; else empty."""
        if not self._held and not _METHOD.match(data[:21]):
            return data
        searched = max(len(self._held) - len(_BLANK), 0)
        self._held += data
        end = self._held.find(_BLANK, searched)
        # The parser refuses bare line feeds.
        if end < 0 and self._held.find(b"\n\n", searched) < 0:
            return b""
        whole = bytes(self._held)
        self._held.clear()
        return _UPGRADE.sub(b"", whole[: end + 2]) + whole[end + 2 :] if end >= 0 else whole


class Connections:
    """The open connections, by peer address. ASGI has no method to abort a connection.

    *tunnels* takes over the connections that the fake does not read itself.
    """

    def __init__(self, tunnels: Tunnels) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self.tunnels = tunnels
        self.make_protocol: Callable[[], Any]
        """Makes the protocol of a connection; set when the server starts."""

    def abort(self, client: tuple[str, int]) -> None:
        """Abort the connection of *client*; without effect if the client has left."""
        transport = self._transports.get((client[0], client[1]))
        if transport is not None:
            transport.abort()

    def abort_all(self) -> None:
        for transport in list(self._transports.values()):
            transport.abort()

    def end_with(self, client: tuple[str, int] | None, answer: bytes) -> None:
        """Send a whole answer as it is, and close the connection."""
        # A client that has left is gone from the table, or named no more.
        transport = self._transports.get(tuple(client or ()))  # type: ignore[arg-type]
        if transport is not None and not transport.is_closing():
            transport.write(answer)
            transport.close()

    def protocol(self) -> type[asyncio.Protocol]:
        """The protocol of this server's connections."""
        return type("TrackedProtocol", (_TrackedProtocol,), {"open_connections": self})

    def track(self, peer: tuple[str, int], transport: asyncio.Transport) -> None:
        self._transports[peer] = transport

    def forget(self, peer: tuple[str, int], transport: asyncio.Transport) -> None:
        if self._transports.get(peer) is transport:
            del self._transports[peer]


class _TrackedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also tracks connections and limits the request head.

    It removes the header Upgrade, such as the offer of HTTP/2 that Java's HTTP client sends:
    with that header the parser would drop the body.
    """

    open_connections: Connections
    _head_bytes = 0
    _is_in_head = False
    _is_between_messages = True
    _is_new = True
    outer: "_TrackedProtocol | None" = None
    """The protocol of the client's own connection, when this serves the TLS inside it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._held = _HeldHead()
        # ASGI knows the first two of the four parts of an IPv6 address.
        self.peer = tuple(transport.get_extra_info("peername") or ("", 0))[:2]
        super().connection_made(transport)
        if self.outer is not None:
            self.peer, self.client = self.outer.peer, self.outer.client
            self.server = self.outer.server
        self.open_connections.track(self.peer, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.open_connections.forget(self.peer, self.transport)
        super().connection_lost(error)

    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._is_between_messages = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        # The parser ends a request with an offer at its head: its body would be the next.
        if self.parser.get_method() == b"CONNECT" or self.parser.should_upgrade():
            self.transport.write(_NO_UPGRADE)
            self.transport.close()
            return
        if not self.url.startswith((b"/", b"*")):
            netloc = without_user(urlsplit(self.url.decode("latin-1")).netloc)
            self.scope[PROXIED_HOST] = netloc  # type: ignore[literal-required]
        else:
            host = dict(self.headers).get(b"host", b"").decode("latin-1")
            # A program that was led here by its start-up code knows nothing of a proxy.
            if self.outer is not None or _is_elsewhere(host):
                self.scope[PROXIED_HOST] = host  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_between_messages = True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        if self._is_between_messages:
            is_handshake = self._is_new and data.startswith(TLS_HANDSHAKE)
            data = data if is_handshake else self._held.add(data)
            self._unset_keepalive_if_required()
            if data and self.outer is None and self._is_taken(data):
                return
        if data:
            self._is_new = False
            super().data_received(data)
            self._head_bytes = self._head_bytes + len(data) if self._is_in_head else 0
        is_too_large = max(self._head_bytes, len(self._held)) > MAX_HEAD_BYTES
        if is_too_large and not self.transport.is_closing():
            self._held.clear()
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()

    def _is_taken(self, data: bytes) -> bool:
        """Whether this connection is none of HTTP, or leads past the fake."""
        taken = self.open_connections.tunnels.take(data)
        if taken is None:
            return False
        if isinstance(taken, Target):
            self.open_connections.tunnels.open(taken, self.transport, self, self._inner)
        else:
            self.transport.write(taken)
            self.transport.close()
        return True

    def _inner(self) -> "_TrackedProtocol":
        made: _TrackedProtocol = self.open_connections.make_protocol()
        made.outer = self
        return made


def asked_url(scope: Mapping[str, Any]) -> str:
    """The URL that a client asked for, whether it came as to a proxy or not."""
    headers = dict(scope["headers"])
    host = scope.get(PROXIED_HOST) or headers.get(b"host", b"").decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1") if "raw_path" in scope else scope["path"]
    return f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")
