"""Carries bytes between sockets inside the isolation and the proxy outside, until the end."""

import asyncio
import os
import socket
import struct
from functools import partial

from . import name_server

_CHUNK_BYTES = 65536


def run(listening: list[socket.socket], ended: int, port: int) -> None:
    """Carry until *ended*, a descriptor of the command's process, says that it has ended.

    *listening* are inside, and *port* is the proxy's at 127.0.0.1 outside. It does not return.
    """
    asyncio.run(_carry_all(listening, ended, port))


async def _carry_all(listening: list[socket.socket], ended: int, port: int) -> None:
    loop = asyncio.get_running_loop()
    loop.add_reader(ended, os._exit, 0)
    for each in listening:
        if each.type == socket.SOCK_DGRAM:
            await loop.create_datagram_endpoint(_Names, sock=each)
        else:
            await asyncio.start_server(partial(_carry, port), sock=each)
    await asyncio.Event().wait()


class _Names(asyncio.DatagramProtocol):
    """Answers questions for names; they go no further than here."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = name_server.answer(data)
        if said is not None:
            self._transport.sendto(said, addr)


async def _carry(
    port: int, from_inside: asyncio.StreamReader, to_inside: asyncio.StreamWriter
) -> None:
    """Carry one connection, until both sides have said all."""
    try:
        from_proxy, to_proxy = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        _reset(to_inside)
        return
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pass_on(from_inside, to_proxy))
            both.create_task(_pass_on(from_proxy, to_inside))
    except* OSError:
        for writer in (to_inside, to_proxy):
            _reset(writer)
    finally:
        for writer in (to_inside, to_proxy):
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection so that the other side cannot take it for the end of an answer."""
    if not writer.is_closing():
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
