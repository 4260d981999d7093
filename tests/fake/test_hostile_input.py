"""The fake answers every input with an API error and never fails.

FUZZ_RUNS in the environment is the number of requests that the fuzz sends, FUZZ_SEED the seed of
their content; `make soak` sets both.
"""

import asyncio
import contextlib
import os
import random
import socket
from collections import Counter

import httpx

from simevents.fake.protocol.connections import MAX_HEAD_BYTES
from tests.conftest import Cloud
from tests.fake.hostile_requests import (
    CONTROL_ROUTES,
    control_request,
    in_segments,
    signed_request,
    unsigned_bytes,
)

RUNS = int(os.environ.get("FUZZ_RUNS", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
CONNECTIONS = 8


async def send_many(
    host: str, port: int, seed: int, count: int, broken: list[bytes]
) -> Counter[str]:
    """Count each status; a connection that ends without an answer counts as closed.

    The requests that cause a server error are added to *broken*.
    """
    chance = random.Random(seed)
    statuses: Counter[str] = Counter()
    reader = writer = None
    for _ in range(count):
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection(host, port)
        kind = chance.choices([signed_request, unsigned_bytes, control_request], [70, 15, 15])[0]
        sent = kind(chance)
        for segment in in_segments(chance, sent):
            writer.write(segment)
            await asyncio.sleep(0)
        if kind is unsigned_bytes:
            # Some of the bytes are the start of a request; the rest never comes. After others
            # the server has closed the connection already.
            with contextlib.suppress(OSError):
                writer.write_eof()
        status, is_open = await _answer(reader, ends=kind is unsigned_bytes)
        if status.startswith("5"):
            broken.append(sent[:2_000])
        statuses[status] += 1
        if not is_open:
            writer.close()
            reader = writer = None
    if writer is not None:
        writer.close()
    return statuses


async def _answer(reader: asyncio.StreamReader, *, ends: bool) -> tuple[str, bool]:
    try:
        async with asyncio.timeout(30):
            line = await reader.readline()
            if not line:
                return "closed", False
            status = line.split()[1].decode()
            length = 0
            while (header := await reader.readline()).strip():
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if ends:
                await reader.read()
            else:
                await reader.readexactly(length)
            return status, not ends
    except ConnectionError:
        return "closed", False


def test_random_requests_never_cause_a_server_error(cloud: Cloud) -> None:
    cloud.post("instances", instance_ids=["i-1"])
    url = httpx.URL(cloud.url)

    broken: list[bytes] = []

    async def everything() -> list[Counter[str]]:
        each = RUNS // CONNECTIONS
        seeds = range(SEED, SEED + CONNECTIONS)
        senders = [send_many(url.host, url.port or 0, seed, each, broken) for seed in seeds]
        return await asyncio.gather(*senders)

    statuses = sum(asyncio.run(everything()), Counter[str]())
    # What the requests left behind can be read.
    for route in CONTROL_ROUTES:
        assert httpx.get(f"{cloud.url}/_fake/{route}", timeout=60).status_code in {200, 405}
    cloud.post("reset")

    assert broken == []
    assert statuses.total() == RUNS // CONNECTIONS * CONNECTIONS
    assert statuses["200"] > RUNS // 100
    assert statuses["400"] > RUNS // 100
    assert cloud.get("health")["instances"] == 0


def test_a_body_that_is_too_large_is_refused(cloud: Cloud) -> None:
    answer = httpx.post(cloud.url, content=b"a=" + b"b" * 2_000_000)

    assert answer.status_code == 413


def test_an_endless_head_is_refused(cloud: Cloud) -> None:
    url = httpx.URL(cloud.url)
    line = b"X-Long: " + b"x" * 1000 + b"\r\n"
    sent = 0
    with socket.create_connection((url.host, url.port or 0), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: fuzz\r\n")
        try:
            while sent < 4 * MAX_HEAD_BYTES:
                connection.sendall(line)
                sent += len(line)
            answer = connection.recv(100)
        except ConnectionError:
            answer = b""

    # It depends on the machine whether the connection ends before the answer is read.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert cloud.get("health")["calls"] == 0


def test_too_many_parameters_are_refused(cloud: Cloud) -> None:
    answer = httpx.post(cloud.url, data={f"Name.{number}": "x" for number in range(5000)})

    assert (answer.status_code, "<Code>InvalidParameter</Code>" in answer.text) == (400, True)


def test_control_routes_refuse_other_host_names(cloud: Cloud) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/reset", headers={"Host": "rebound.example"})

    assert (answer.status_code, "loopback" in answer.json()["error"]) == (403, True)


def test_the_clock_stops_at_the_latest_valid_time(cloud: Cloud) -> None:
    cloud.post("clock", set="9999-12-31T23:59:00Z")
    cloud.post("clock", advance="10h")

    assert cloud.get("clock")["now"] == "9999-12-31T23:59:59Z"
