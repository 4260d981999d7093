"""What receivers answer that no HTTP server should, and what connections do meanwhile."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from simevents.fake.delivery.outbox.http_sender import HttpSender
from simevents.fake.delivery.outbox.strangers import Strangers
from simevents.fake.state.outbox_table import Delivery, NewDelivery, Outcome

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = b'{"a":1}'

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def delivery(url: str) -> Delivery:
    new = NewDelivery(
        notice_id="n",
        at=0.0,
        region="cn-hangzhou",
        instance_id="i-1",
        event_id="e-1",
        name="x",
        status="Scheduled",
        via="cloudmonitor",
        rule="r",
        target_id="t",
        lane="l",
        kind="webhook",
        address=url,
        body=BODY,
    )
    return Delivery(1, new, "waiting", 0.0, 0, "", None)


def sent(serve: Serve, count: int = 1, headers: dict[str, str] | None = None) -> list[Outcome]:
    """How *count* attempts at a server end, one after the other."""

    async def signed(*_: object) -> dict[str, str]:
        return headers or {}

    async def attempts() -> list[Outcome]:
        async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await serve(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(quiet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sender = HttpSender(Strangers((), lambda: 1), signed)
        try:
            return [await sender.send(delivery(f"http://127.0.0.1:{port}")) for _ in range(count)]
        finally:
            sender.close()
            server.close()
            await asyncio.sleep(0)

    return asyncio.run(attempts())


def answers(*pieces: bytes) -> Serve:
    """A server that answers each request on a connection with the next of *pieces*."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            await reader.readuntil(BODY)
            writer.write(piece)
            await writer.drain()

    return serve


def shown(outcomes: list[Outcome]) -> list[tuple[str, int, str]]:
    return [(each.outcome, each.http_status, each.answer) for each in outcomes]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nok", ("delivered", 200, "ok")),
        (
            b"HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok",
            ("delivered", 200, "ok"),
        ),
        (b"ok\n", ("failed", 0, "its answer is not HTTP (Expected HTTP/, RTSP/ or ICE/)")),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            ("failed", 0, "it answered with an upgrade of the protocol"),
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\nok",
            ("failed", 0, "it closed the connection before the end of its answer"),
        ),
        (
            b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 200_000,
            ("failed", 0, "its answer has more than 1000000 bytes"),
        ),
        (
            b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000,
            ("failed", 0, "its answer has more than 1000000 bytes"),
        ),
    ],
    ids=["1.0", "early hints", "0.9", "upgrade", "too short", "endless head", "endless hints"],
)
def test_an_odd_answer_is_read_or_has_failed(answer: bytes, expected: tuple[str, int, str]) -> None:
    assert shown(sent(answers(answer))) == [expected]


def test_what_comes_after_an_answer_is_not_the_answer_to_the_next_request() -> None:
    late = b"HTTP/1.1 500 Late\r\nContent-Length: 100\r\n\r\n"
    assert shown(sent(answers(OK + late, OK), count=2)) == [("delivered", 200, "ok")] * 2


def test_a_kept_connection_that_closes_with_the_next_request_costs_no_delivery() -> None:
    """A delivery without retries would be lost by it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(BODY)
        writer.write(OK)
        await writer.drain()
        await reader.readexactly(1)

    assert shown(sent(serve, count=3)) == [("delivered", 200, "ok")] * 3


def test_a_server_that_closes_each_connection_at_once_is_not_waited_for() -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found = writer.get_extra_info("socket")
        # A reset instead of an orderly end.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    outcomes = sent(serve, count=5)
    assert {each.outcome for each in outcomes} == {"failed"}
    assert sum(each.seconds for each in outcomes) < 3


@pytest.mark.parametrize("value", ["t\r\nX-Evil: 1", "t\n", "t\0", "\u2028", "ü"])
def test_a_header_with_a_line_break_is_refused(value: str) -> None:
    (outcome,) = sent(answers(OK), headers={"x-eventbridge-signature-token": value})
    assert (outcome.outcome, outcome.answer) == (
        "refused",
        (
            "the header x-eventbridge-signature-token would have a line break or another character "
            "that headers cannot have; use printable ASCII"
        ),
    )
