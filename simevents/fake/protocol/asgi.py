"""Messages of ASGI: a whole request body in, a whole answer out, and when the client leaves."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

CLOSING_SECONDS = 5.0
"""What TLS may take to say goodbye."""

AsgiApplication = Callable[..., Awaitable[None]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class BodyTooLarge(Exception):
    """The body is larger than that of any client."""


class ClientLeft(Exception):
    """The client closed the connection before the end of the body: there is no request."""


async def read_body(receive: Receive, most_bytes: int) -> bytes:
    """The whole request body. Raises BodyTooLarge or ClientLeft."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > most_bytes:
            raise BodyTooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def first(body: bytes, receive: Receive) -> Receive:
    """A replacement for *receive* that returns the whole *body* first."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> MutableMapping[str, Any]:
        return messages.pop() if messages else await receive()

    return next_message


async def closed(receive: Receive) -> None:
    """Wait until the server has closed the connection, before it finds that there is no answer."""
    with suppress(TimeoutError):
        await asyncio.wait_for(receive(), CLOSING_SECONDS)


async def client_leaves(receive: Receive, seconds: float) -> bool:
    """Wait for *seconds*, or until the client has closed the connection; whether it has."""
    leaving = asyncio.ensure_future(receive())
    try:
        done, _ = await asyncio.wait({leaving}, timeout=seconds)
    finally:
        leaving.cancel()
    return bool(done)


async def send_answer(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    # An answer 204 has no length (RFC 9110).
    sized = headers if status == 204 else [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})
