"""Connections that the fake does not read itself: tunnels of CONNECT, and TLS at its own port.

A tunnel leads to the fake again, which then serves what the client sends encrypted, or to a
host that the user has allowed.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from ...hosts import is_metadata
from .authority import Authority

CONNECT_SECONDS = 20.0

TLS_HANDSHAKE = b"\x16"
"""The first byte of a client that speaks TLS; no HTTP request begins with it."""

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

_CONNECT = re.compile(rb"CONNECT (\S+) HTTP/1\.[01]\r\n")
_ABSOLUTE = re.compile(
    rb"(?P<method>[A-Z]+) http://(?P<netloc>[^/?# ]+)(?P<rest>\S*) HTTP/1\.[01]\r\n"
)
_BETWEEN_HOPS = re.compile(
    rb"\r\n(?:connection|keep-alive|proxy-connection|proxy-authorization):[^\r\n]*(?=\r\n|\Z)",
    re.IGNORECASE,
)
_BLANK = b"\r\n\r\n"

_AMBIGUOUS = re.compile(rb"\r\n[ \t]|[ \t]:|(?<!\r)\n|\r(?!\n)")
"""In a head: a folded line, a space before a colon, or half an end of line. Servers differ."""
_AMBIGUOUS_HEAD = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Gate(Protocol):
    """Decides which connections lead where."""

    def refusal_of_tunnel(self, netloc: str) -> bytes | None:
        """The whole answer that refuses ``CONNECT`` to *netloc*; None when it may pass."""

    def is_allowed(self, netloc: str) -> bool:
        """Whether *netloc* is a host outside that the user has allowed."""

    def handshake_failed(self, netloc: str, reason: str) -> None:
        """A client did not accept the certificate for *netloc*, or broke off."""


@dataclass(frozen=True)
class Target:
    """Where a connection leads: *head* goes there first. An empty *host* is the fake itself."""

    host: str
    port: int
    head: bytes
    answer: bytes
    """What the client is told once the connection stands."""
    netloc: str = ""

    @property
    def is_plain(self) -> bool:
        """Some clients use ``CONNECT`` for plain HTTP too; the port tells."""
        return self.netloc.endswith(":80")


class Tunnels:
    """Takes over connections of the fake's HTTP protocol."""

    def __init__(self, gate: Gate, authority: Authority) -> None:
        self._gate = gate
        self._authority = authority
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, data: bytes) -> "Target | bytes | None":
        """What the beginning of a request asks for: a tunnel, or the answer that refuses it.

        None for a request that the fake serves itself.
        """
        if data.startswith(TLS_HANDSHAKE):
            return Target("", 0, data, b"")
        found = _CONNECT.match(data)
        if found is None:
            return self._passing(data)
        netloc = without_user(found[1].decode("latin-1"))
        refused = self._gate.refusal_of_tunnel(netloc)
        if refused is not None:
            return refused
        early = data.partition(_BLANK)[2]
        if not self._gate.is_allowed(netloc):
            return Target("", 0, early, _ESTABLISHED, netloc)
        return _outside(netloc, 443, early, _ESTABLISHED)

    def _passing(self, data: bytes) -> Target | bytes | None:
        """A request over plain HTTP to a host that is allowed: that host answers it alone."""
        found = _ABSOLUTE.match(data)
        if found is None:
            return None
        netloc = without_user(found["netloc"].decode("latin-1"))
        if not self._gate.is_allowed(netloc):
            return None
        head, _, body = data[found.end() - 2 :].partition(_BLANK)
        if _AMBIGUOUS.search(head):
            return _AMBIGUOUS_HEAD
        path = found["rest"] if found["rest"].startswith(b"/") else b"/" + found["rest"]
        line = b"%s %s HTTP/1.1" % (found["method"], path)
        # So that the next request comes in a connection of its own, which is decided about again.
        closing = _BETWEEN_HOPS.sub(b"", head) + b"\r\nconnection: close"
        return _outside(netloc, 80, line + closing + _BLANK + body, b"")

    def open(
        self,
        target: Target,
        transport: asyncio.Transport,
        owner: asyncio.Protocol,
        serve: Callable[[], asyncio.Protocol],
    ) -> None:
        """Lead the connection of *transport* to *target*; *owner* hears when it ends.

        *serve* makes the protocol that serves what a client sends encrypted to the fake.
        """
        near = _End(owner)
        near.connection_made(transport)
        transport.pause_reading()
        transport.set_protocol(near)
        task = asyncio.get_running_loop().create_task(self._connect(target, near, serve))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(
        self, target: Target, near: "_End", serve: Callable[[], asyncio.Protocol]
    ) -> None:
        # What serves TLS here has no half of a connection: its end is the end of both.
        far = _End(None, ends_both=not target.host)
        far.other, near.other = near, far
        serving = None
        try:
            if target.host:
                await _reach(far, target)
            else:
                serving = await self._serve_here(far, serve, target)
        except (OSError, TimeoutError) as error:
            near.answer(_unreachable(target.netloc, error))
            return
        if near.is_over:
            far.close()
        near.write(target.answer)
        far.write(target.head)
        near.resume_reading()
        if serving is not None:
            try:
                await serving
            except ssl.SSLError as error:
                if error.reason:
                    self._gate.handshake_failed(target.netloc, error.reason)
            except OSError:
                # The client has left; the other end of its connection ends too.
                far.close()

    async def _serve_here(
        self, far: "_End", serve: Callable[[], asyncio.Protocol], target: Target
    ) -> "asyncio.Task[object]":
        """Connect *far* to a protocol of the fake; the task is its handshake."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        await loop.create_unix_connection(lambda: far, sock=ours)
        if target.is_plain:
            return loop.create_task(loop.connect_accepted_socket(serve, theirs))
        accepted = loop.connect_accepted_socket(
            serve, theirs, ssl=self._authority.context(), ssl_handshake_timeout=CONNECT_SECONDS
        )
        return loop.create_task(accepted)


class _End(asyncio.Protocol):
    """One end of a tunnel: what arrives here leaves at the other end."""

    other: "_End"

    def __init__(self, owner: asyncio.Protocol | None, *, ends_both: bool = False) -> None:
        self._owner = owner
        self._ends_both = ends_both
        self._has_ended = False
        self._transport: asyncio.Transport | None = None
        self.is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.other.write(data)

    def eof_received(self) -> bool:
        """Pass the end on; the connections end with the second one."""
        self._has_ended = True
        if self._ends_both or self.other._has_ended:  # noqa: SLF001 - the other end of this tunnel
            self.other.close()
            self.close()
        else:
            self.other.write_eof()
        return True

    def pause_writing(self) -> None:
        self.other.pause_reading()

    def resume_writing(self) -> None:
        self.other.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_over = True
        if self._owner is not None:
            self._owner.connection_lost(error)
        other = getattr(self, "other", None)
        if other is not None:
            other.close()

    def write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def answer(self, whole: bytes) -> None:
        self.write(whole)
        self.close()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _reach(far: _End, target: Target) -> None:
    """Connect *far* to an allowed host. Raises OSError and TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_SECONDS):
        found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        # A name can be made to lead anywhere; the keys of a real instance are there.
        if any(is_metadata(address) for address in addresses):
            raise PermissionError
        for address in addresses:
            try:
                await loop.create_connection(lambda: far, address, target.port)
                return
            except OSError:
                if address == addresses[-1]:
                    raise


def _outside(netloc: str, port: int, head: bytes, answer: bytes) -> Target | bytes:
    """The target at *netloc*, at *port* if it names none; or the answer to one without sense."""
    try:
        parts = urlsplit(f"//{netloc}")
        return Target(parts.hostname or "", parts.port or port, head, answer, netloc)
    except ValueError as error:
        return _unreachable(netloc, error)


def _unreachable(netloc: str, error: Exception) -> bytes:
    text = f"{netloc} cannot be reached: {type(error).__name__}".encode("ascii", "replace")
    return (
        b"HTTP/1.1 502 %s\r\ncontent-type: text/plain\r\nconnection: close\r\n"
        b"content-length: %d\r\n\r\n%s" % (text, len(text), text)
    )


def without_user(netloc: str) -> str:
    """*netloc* without user and password, which are a secret."""
    return netloc.rpartition("@")[2]
