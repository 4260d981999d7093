"""The fake answers every input with an API error and never fails.

FUZZ_RUNS in the environment is the number of requests that the fuzz sends, FUZZ_SEED the seed of
their content; `make soak` sets both.
"""

import asyncio
import os
import random
import socket
from collections import Counter
from urllib.parse import quote_from_bytes, urlencode

import httpx

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.connections import MAX_HEAD_BYTES
from simevents.fake.protocol.registry import ACTIONS
from tests.conftest import Cloud
from tests.fake.requests import signed

RUNS = int(os.environ.get("FUZZ_RUNS", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
CONNECTIONS = 8

WORDS = [
    *("", "0", "-1", "1", "101", "99999999999999999999", "1e999", "nan", "true", "maybe", "\x00"),
    *("i-1", "e-1", "cn-hangzhou", "[]", '["i-1"]', "[" * 3000, "{}", "null", "\ud7ff\U0010ffff"),
    *("2026-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "SystemFailure.Stop"),
    *("10.0.0.0/8", "Running", "instance", "Scheduled", "MTAw", "bmFuIDE=", "%s", "' OR 1=1 --"),
    *("<&>", "x" * 5000, "\N{ARABIC-INDIC DIGIT THREE}", "acs:ram::1000000000000001:role/a"),
]


def random_signed_request(random: random.Random) -> bytes:
    """A random request with a valid signature, so that its content is examined."""
    (version, _), action = random.choice(list(ACTIONS.items()))
    names = sorted(action.documented | {"Colour"})
    parameters = {}
    for name in random.choices(names, k=random.randrange(8)):
        head, dot, tail = name.partition(".")
        position = random.choice(["1", "0", "7", "999999999", "1" * 30, "x"])
        spelled = random.choice([name, f"{head}.{position}{dot}{tail}"])
        parameters[spelled] = random.choice(WORDS)
    if random.random() < 0.9:
        parameters["RegionId"] = "cn-hangzhou"
    fields = signed(
        "POST",
        Action=action.name,
        Format=random.choice(["JSON", "XML"]),
        Version=version,
        SignatureNonce=str(random.random()),
        **parameters,
    )
    body = urlencode(fields).encode()
    head_lines = (
        b"POST / HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
    if random.random() < 0.3:
        size = random.randrange(1, 40)
        chunks = [body[start : start + size] for start in range(0, len(body), size)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        return head_lines + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    return head_lines + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def random_unsigned_bytes(random: random.Random) -> bytes:
    """Random bytes instead of a request; the connection ends after them."""
    noise = random.randbytes(random.randrange(60))
    path = quote_from_bytes(noise).encode()
    return random.choice(
        [
            b"GET /?%s HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n" % path,
            b"GET /%s HTTP/1.0\r\n\r\n" % path,
            b"%s / HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n"
            % random.choice([b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"BREW"]),
            b"POST / HTTP/1.1\r\nHost: fuzz\r\nAuthorization: ACS3-HMAC-SHA256 %s\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n" % path,
            b"POST /_fake/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
            b"Connection: close\r\n\r\n[]" % path,
            b"POST /_fake/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (len(noise), noise),
            noise + b"\r\n\r\n",
        ]
    )


async def send_many(host: str, port: int, seed: int, count: int) -> Counter[str]:
    """Count each status; a connection that ends without an answer counts as closed."""
    chance = random.Random(seed)
    statuses: Counter[str] = Counter()
    reader = writer = None
    for _ in range(count):
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection(host, port)
        is_signed = chance.random() < 0.8
        writer.write(random_signed_request(chance) if is_signed else random_unsigned_bytes(chance))
        if not is_signed:
            # Some of the bytes are the start of a request; the rest never comes.
            writer.write_eof()
        status, is_open = await _answer(reader, ends=not is_signed)
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

    async def everything() -> list[Counter[str]]:
        each = RUNS // CONNECTIONS
        seeds = range(SEED, SEED + CONNECTIONS)
        senders = [send_many(url.host, url.port or 0, seed, each) for seed in seeds]
        return await asyncio.gather(*senders)

    statuses = sum(asyncio.run(everything()), Counter[str]())
    cloud.post("reset")

    assert [status for status in statuses if status.startswith("5")] == []
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
