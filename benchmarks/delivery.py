"""Deliveries of a fake with a data file, beside raw sockets that post to the same receiver.

    python benchmarks/delivery.py

Needs Go, for the receiver. All in one run: webhook deliveries per second over ten connections,
and what raw kept-alive sockets post over as many; the time from a change to its first delivery;
what a queue as target adds to 10,000 status changes. Prints a table.
"""

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

import httpx
import uvloop
from rich.console import Console
from rich.table import Table

from simevents.fake.control.client import Control

SOURCE = Path(__file__).with_name("delivery") / "receiver.go"
CONNECTIONS = 10
CHANGES = 1_000
QUEUED = 10_000
SINGLE = 50
DUE = "2099-01-01T00:00:00Z"


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url

    def stats(self) -> tuple[int, float, float]:
        """The number of posts, and the times of the first and the last, in seconds."""
        count, first, last = map(int, httpx.get(f"{self.url}/stats").text.split())
        return count, first / 1e9, last / 1e9

    def forget(self) -> None:
        httpx.get(f"{self.url}/forget")


@contextmanager
def started(*words: str) -> Iterator[str]:
    """The first line that a program prints, while it runs."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@contextmanager
def fake(folder: Path, name: str) -> Iterator[Control]:
    words = ("fake", "--port", "0", "--data", str(folder / f"{name}.db"))
    with started(sys.executable, "-m", "simevents", *words) as url, Control(url) as control:
        yield control


def waited(control: Control) -> None:
    while not control.post("deliveries/wait", seconds=30)["is_quiet"]:
        pass


def inject(control: Control, instances: list[str]) -> None:
    control.post(
        "events", instance_ids=instances, event_type="SystemMaintenance.Reboot", not_before=DUE
    )


def webhooks(folder: Path, receiver: Receiver) -> tuple[float, bytes]:
    """Deliveries per second, and one of the bodies."""
    with fake(folder, "webhooks") as control:
        instances = control.post("instances", count=CHANGES)["instance_ids"]
        for number in range(CONNECTIONS):
            control.post("subscriptions", kind="webhook", address=f"{receiver.url}/{number}")
        receiver.forget()
        inject(control, instances)
        waited(control)
        count, first, last = receiver.stats()
        assert count == CONNECTIONS * CHANGES, count
        (delivery,) = control.get("deliveries?limit=1")
        body = control.get(f"deliveries/{delivery['delivery_id']}")["body"]
        return count / (last - first), body.encode()


def post_raw(url: str, request: bytes) -> None:
    """The same request again and again over one socket; the next one after each answer."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(CHANGES):
            connection.sendall(request)
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), answer


def raw(receiver: Receiver, body: bytes) -> float:
    """Posts per second of plain sockets, each in a thread."""
    host = receiver.url.removeprefix("http://")
    head = (
        f"POST /raw HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n"
        "Content-Type: application/json;charset=UTF-8\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    receiver.forget()
    threads = [
        threading.Thread(target=post_raw, args=(receiver.url, head.encode() + body))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count, first, last = receiver.stats()
    assert count == CONNECTIONS * CHANGES, count
    return count / (last - first)


class _Poster(asyncio.Protocol):
    """As `post_raw`, in an event loop."""

    def __init__(self, request: bytes, ended: "asyncio.Future[None]") -> None:
        self._request, self._left, self._ended = request, CHANGES, ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 200"), data
        self._left -= 1
        if self._left:
            self._transport.write(self._request)
        else:
            self._transport.close()
            self._ended.set_result(None)


def raw_in_a_loop(receiver: Receiver, body: bytes) -> float:
    """Posts per second of the fastest that Python can do: nothing but sending in uvloop."""
    host, port = receiver.url.removeprefix("http://").split(":")
    request = f"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    async def posted() -> None:
        loop = asyncio.get_running_loop()
        ended = [loop.create_future() for _ in range(CONNECTIONS)]
        for future in ended:
            await loop.create_connection(partial(_Poster, request + body, future), host, int(port))
        await asyncio.gather(*ended)

    receiver.forget()
    uvloop.run(posted())
    count, first, last = receiver.stats()
    assert count == CONNECTIONS * CHANGES, count
    return count / (last - first)


def first_delivery(folder: Path, receiver: Receiver) -> list[float]:
    """Milliseconds from a change, whose call had not begun, to the arrival of its delivery."""
    found = []
    with fake(folder, "first") as control:
        control.post("instances", instance_ids=["i-1"])
        control.post("subscriptions", kind="webhook", address=receiver.url)
        for _ in range(SINGLE):
            receiver.forget()
            begun = time.time()
            inject(control, ["i-1"])
            waited(control)
            found.append((receiver.stats()[1] - begun) * 1_000)
    return found


def queued(folder: Path, *, has_queue: bool) -> float:
    """Seconds until 10,000 changes have happened, and are in a queue if there is one."""
    with fake(folder, f"queue-{has_queue}") as control:
        instances = control.post("instances", count=QUEUED)["instance_ids"]
        if has_queue:
            control.post("subscriptions", kind="queue", address="events")
        begun = time.perf_counter()
        inject(control, instances)
        waited(control)
        return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    table = Table("what", "median", "lowest", "highest")
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "receiver"
        subprocess.run(["go", "build", "-o", program, SOURCE], check=True)
        with started(str(program)) as url:
            receiver = Receiver(url)
            for number in range(rounds):
                place = folder / str(number)
                place.mkdir()
                delivered, body = webhooks(place, receiver)
                posted = raw(receiver, body)
                found.setdefault("webhook deliveries per second", []).append(delivered)
                looped = raw_in_a_loop(receiver, body)
                found.setdefault("posts of raw sockets per second", []).append(posted)
                found.setdefault("deliveries / posts of raw sockets", []).append(delivered / posted)
                found.setdefault("posts of a bare event loop per second", []).append(looped)
                found.setdefault("deliveries / those", []).append(delivered / looped)
                latencies = first_delivery(place, receiver)
                found.setdefault("first delivery, ms", []).append(statistics.median(latencies))
                found.setdefault("first delivery, slowest, ms", []).append(max(latencies))
                alone = queued(place, has_queue=False)
                together = queued(place, has_queue=True)
                found.setdefault("10,000 changes, s", []).append(alone)
                found.setdefault("10,000 changes to a queue, s more", []).append(together - alone)
    for what, values in found.items():
        shown = (statistics.median(values), min(values), max(values))
        table.add_row(what, *(f"{value:,.2f}" for value in shown))
    Console().print(table)


if __name__ == "__main__":
    main()
