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

_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


_UPGRADE = re.compile(rb"\r\nupgrade: *h2c(?=\r\n)", re.IGNORECASE)


def _without_upgrade(data: bytes) -> bytes:
    """*data* without the offer of HTTP/2 that Java's HTTP client sends in its first request.

    With that header the parser would drop the body.
    """
    if not data.startswith(b"POST "):
        return data
    head, blank, body = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head + b"\r\n")[:-2] + blank + body if blank else data


PROXIED_HOST = "simevents.proxied_host"
"""In the scope of a request that a client sent as to a proxy: the host and port that it names."""


def _without_user(netloc: str) -> str:
    """*netloc* without user and password, which are a secret."""
    return netloc.rpartition("@")[2]


class Connections:
    """The open connections, by peer address. ASGI has no method to abort a connection.

    *refuse_tunnel* returns the whole answer for a ``CONNECT`` to the host and port that it gets.
    """

    def __init__(self, refuse_tunnel: Callable[[str], bytes]) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._refuse_tunnel = refuse_tunnel

    def abort(self, client: tuple[str, int]) -> None:
        self._transports[tuple(client)].abort()  # type: ignore[index]

    def abort_all(self) -> None:
        for transport in list(self._transports.values()):
            transport.abort()

    def end_with(self, client: tuple[str, int], answer: bytes) -> None:
        """Send a whole answer as it is, and close the connection."""
        transport = self._transports[tuple(client)]  # type: ignore[index]
        transport.write(answer)
        transport.close()

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's HTTP protocol; it also tracks connections and limits the request head."""
        transports = self._transports
        refuse_tunnel = self._refuse_tunnel

        class TrackedProtocol(HttpToolsProtocol):
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
                if self.parser.get_method() == b"CONNECT":
                    self.transport.write(refuse_tunnel(_without_user(self.url.decode("latin-1"))))
                    self.transport.close()
                    return
                if b"://" in self.url:
                    netloc = _without_user(urlsplit(self.url.decode("latin-1")).netloc)
                    self.scope[PROXIED_HOST] = netloc  # type: ignore[literal-required]
                super().on_headers_complete()

            def data_received(self, data: bytes) -> None:
                super().data_received(_without_upgrade(data))
                self._head_bytes = self._head_bytes + len(data) if self._is_in_head else 0
                if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                    self.transport.write(_HEAD_TOO_LARGE)
                    self.transport.close()

        return TrackedProtocol
