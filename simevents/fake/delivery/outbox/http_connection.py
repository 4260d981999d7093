"""A connection that is kept for several requests, each of which is answered before the next.

The bodies of answers are cut: only their beginning is of interest.
"""

import asyncio
import socket
from dataclasses import dataclass
from typing import cast

import httptools

MOST_ANSWER_BYTES = 500
"""What is kept of an answer's body."""

_MOST_READ_BYTES = 1_000_000
"""A longer answer ends the connection."""


class BrokenAnswer(Exception):
    """What came is no answer, or not a whole one; the text says which."""


class NoAnswer(BrokenAnswer):
    """The connection was closed before anything of an answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    """Its beginning."""
    function_status: bytes = b""
    """``x-fc-status``, with which a runtime of Function Compute says that its function failed."""


class HttpConnection(asyncio.Protocol):
    """One connection; `request` sends and waits for the answer."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[Answer] | None = None
        self._begin()
        self._is_sized = False
        self.is_usable = True
        """Whether another request can be sent."""

    def _begin(self) -> None:
        self._body = b""
        self._function_status = b""
        self._read = 0
        self._is_final = False

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._answered.done():
            # Bytes that nobody asked for: the next answer could not be told from them.
            self.close()
            return
        self._read += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("it answered with an upgrade of the protocol")
        except httptools.HttpParserError as error:
            self._fail(f"its answer is not HTTP ({error})")
        else:
            if self._answered.done():
                if not self.is_usable:
                    self.close()
                return
            if self._read > _MOST_READ_BYTES:
                self._fail(f"its answer has more than {_MOST_READ_BYTES} bytes")
            else:
                self._confirm()

    def eof_received(self) -> None:
        self.is_usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if self._answered is None or self._answered.done():
            return
        if self._is_final and not self._is_sized:
            # An answer without a length ends with the connection.
            self.on_message_complete()
            return
        reason = f" ({exc})" if exc is not None else ""
        text = f"it closed the connection before the end of its answer{reason}"
        self._fail(text, BrokenAnswer if self._read else NoAnswer)

    # Called by the parser.

    def on_message_begin(self) -> None:
        self._is_sized = False
        if self._answered is None or self._answered.done():
            # More than was asked for: the next answer could not be told from it.
            self.is_usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._is_sized = True
        elif name.lower() == b"x-fc-status":
            self._function_status = value

    def on_headers_complete(self) -> None:
        self._is_final = self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        if len(self._body) < MOST_ANSWER_BYTES:
            self._body += body[: MOST_ANSWER_BYTES - len(self._body)]

    def on_message_complete(self) -> None:
        if not self._is_final or self._answered is None or self._answered.done():
            return
        if not self._parser.should_keep_alive():
            self.is_usable = False
        answer = Answer(self._parser.get_status_code(), self._body, self._function_status)
        self._answered.set_result(answer)
        self._begin()

    # Called by the sender.

    async def request(self, content: bytes) -> Answer:
        """Send the bytes of a request and wait for the answer. Raises BrokenAnswer."""
        assert self._transport is not None
        if not self.is_usable:
            self.close()
            raise NoAnswer("it closed the connection before it was asked")
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(content)
        try:
            return await self._answered
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.is_usable = False
        if self._transport is not None:
            self._transport.abort()

    def _confirm(self) -> None:
        """Confirm what came at once: a server that writes head and body apart waits for that.

        It would wait 40 ms for each answer, as Python's own HTTP server does.
        """
        if self._transport is not None and hasattr(socket, "TCP_QUICKACK"):
            found = self._transport.get_extra_info("socket")
            if found is not None:
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _fail(self, reason: str, kind: type[BrokenAnswer] = BrokenAnswer) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(kind(reason))
        self.close()
