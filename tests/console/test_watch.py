"""What the console says when that which answers is no fake cloud, or its answers are of no use."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, TypeVar

import pytest

from simevents.console.model import News, Part, Reading
from simevents.console.sources import FakeSource, NotReached
from simevents.console.watch import Watch

T = TypeVar("T")

NO_FAKE = [
    b"[]",
    b'"run"',
    b"null",
    b"\xff",
    b"<html>run</html>",
    b'{"run": 1}',
    b'{"run": "a", "events": 5}',
    b'{"run": "a", "epoch": null, "rate": 1}',
]


class OtherProgram(HTTPServer):
    """Answers whatever it is asked with *body*."""

    body = b""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, OtherProgram)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None: ...


def run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture
def other_program() -> Iterator[OtherProgram]:
    with OtherProgram(("127.0.0.1", 0), _Handler) as server:
        running = threading.Thread(target=server.serve_forever, args=(0.01,))
        running.start()
        yield server
        server.shutdown()
        running.join()


@pytest.mark.parametrize("body", NO_FAKE, ids=repr)
def test_a_program_that_is_no_fake_is_named(other_program: OtherProgram, body: bytes) -> None:
    other_program.body = body
    url = f"http://127.0.0.1:{other_program.server_port}"

    async def read() -> str:
        source = FakeSource(url, "")
        with pytest.raises(NotReached) as refused:
            await source.read()
        await source.close()
        return str(refused.value)

    assert run(read()) == f"What answers at {url} is no fake cloud."


class Broken:
    """Its first reading cannot be taken; those after it can."""

    seconds_between = 0.001

    def __init__(self) -> None:
        self.first = [Part([{"no": "id"}])]

    async def read(self) -> Reading:
        return Reading(
            run="a", epoch=0.0, rate=0.0, events=self.first.pop() if self.first else Part()
        )

    async def close(self) -> None: ...


def test_a_reading_that_cannot_be_taken_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def watched() -> list[tuple[str, str]]:
        said: list[tuple[str, str]] = []
        watch = Watch(Broken())
        done = asyncio.Event()

        def told(_: News) -> None:
            said.append((watch.lost, watch.note))
            watch.look_now()
            if len(said) == 2:
                done.set()

        watch.listen(told)
        watch.start()
        await asyncio.wait_for(done.wait(), 10)
        await watch.stop()
        return said

    assert run(watched()) == [
        ("The console has a fault: KeyError; trying again.", ""),
        ("", "Connected again."),
    ]
    assert "the cloud could not be read" in caplog.text
