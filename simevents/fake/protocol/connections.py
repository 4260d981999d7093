"""The fake's open connections: it tracks them, limits request heads, and can abort them.

This extends uvicorn's HTTP protocol. `application` handles the requests themselves.
"""

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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

    *refuse_tunnel* returns the whole answer for a ``CONNECT`` to the host and port that it gets.
    """

    def __init__(self, refuse_tunnel: Callable[[str], bytes]) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._refuse_tunnel = refuse_tunnel

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
        """uvicorn's HTTP protocol, which also tracks connections and limits the request head.

        It removes the header Upgrade, such as the offer of HTTP/2 that Java's HTTP client sends:
        with that header the parser would drop the body.
        """
        transports = self._transports
        refuse_tunnel = self._refuse_tunnel

        class TrackedProtocol(HttpToolsProtocol):
            _head_bytes = 0
            _is_in_head = False
            _is_between_messages = True

            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                self._held = _HeldHead()
                # ASGI knows the first two of the four parts of an IPv6 address.
                self._peer = (transport.get_extra_info("peername") or ("", 0))[:2]
                transports[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, error: Exception | None) -> None:
                transports.pop(self._peer, None)
                super().connection_lost(error)

            def on_message_begin(self) -> None:
                self._is_in_head = True
                self._is_between_messages = False
                super().on_message_begin()

            def on_headers_complete(self) -> None:
                self._is_in_head = False
                is_tunnel = self.parser.get_method() == b"CONNECT"
                # The parser ends a request with an offer at its head: its body would be the next.
                if is_tunnel or self.parser.should_upgrade():
                    netloc = _without_user(self.url.decode("latin-1"))
                    self.transport.write(refuse_tunnel(netloc) if is_tunnel else _NO_UPGRADE)
                    self.transport.close()
                    return
                if not self.url.startswith((b"/", b"*")):
                    netloc = _without_user(urlsplit(self.url.decode("latin-1")).netloc)
                    self.scope[PROXIED_HOST] = netloc  # type: ignore[literal-required]
                super().on_headers_complete()

            def on_message_complete(self) -> None:
                self._is_between_messages = True
                super().on_message_complete()

            def data_received(self, data: bytes) -> None:
                if self._is_between_messages:
                    data = self._held.add(data)
                    self._unset_keepalive_if_required()
                if data:
                    super().data_received(data)
                    self._head_bytes = self._head_bytes + len(data) if self._is_in_head else 0
                is_too_large = max(self._head_bytes, len(self._held)) > MAX_HEAD_BYTES
                if is_too_large and not self.transport.is_closing():
                    self._held.clear()
                    self.transport.write(_HEAD_TOO_LARGE)
                    self.transport.close()

        return TrackedProtocol


def _without_user(netloc: str) -> str:
    """*netloc* without user and password, which are a secret."""
    return netloc.rpartition("@")[2]
