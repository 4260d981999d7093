"""Answers that never end, are too large, or cannot be read: each call ends in time."""

import gzip
import itertools
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from simevents.api.bounded_http import MOST_BYTES, TooLarge, _unpacked
from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.errors import InvalidInput, NoAnswer
from simevents.settings import Credentials, Settings
from tests.conftest import REGION
from tests.unit.raw_server import RawServer, Say, answer, event, page

pytestmark = pytest.mark.usefixtures("own_run")

KEYS = Credentials("testid", "testsecret")
ME = {"AccountId": "1", "RequestId": "r"}


def call(say: Say, read_seconds: float = 0.3) -> object:
    with RawServer(say) as server:
        sdk = Sdk(Settings(REGION, server.url, read_seconds=read_seconds), KEYS)
        try:
            return sdk.call("GetCallerIdentity").body
        finally:
            sdk.close()


def dripping(start: bytes, piece: bytes) -> Say:
    def say(_: str) -> Iterator[bytes]:
        yield start
        yield from itertools.repeat(piece)

    return say


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(dripping(b"", b"H"), id="status line"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y"), id="header"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "), id="body"),
        pytest.param(
            dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            id="chunks",
        ),
    ],
)
def test_an_answer_that_drips_is_given_up_when_its_time_is_over(say: Say) -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswer, match="the connection broke or timed out"):
        call(say)

    assert time.monotonic() - start < 3


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_a_compressed_answer_is_read(packing: str) -> None:
    text = b'{"AccountId": "1"}'
    packed = gzip.compress(text) if packing == "gzip" else zlib.compress(text)

    assert call(lambda _: [answer(packed, f"Content-Encoding: {packing}")], 5) == {"AccountId": "1"}


def test_an_answer_that_unpacks_to_too_much_is_refused() -> None:
    packed = gzip.compress(b" " * (17 * 2**20) + b'{"AccountId": "1"}')

    with pytest.raises(NoAnswer, match="the answer is larger than 16 MiB"):
        call(lambda _: [answer(packed, "Content-Encoding: gzip")], 20)


def test_the_largest_answer_is_unpacked() -> None:
    largest = b" " * MOST_BYTES

    assert _unpacked(zlib.compress(largest, 1)) == largest


def test_no_more_is_unpacked_than_an_answer_may_have() -> None:
    packed = zlib.compress(b" " * (8 * MOST_BYTES), 1)
    tracemalloc.start()
    with pytest.raises(TooLarge):
        _unpacked(packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * MOST_BYTES


def test_an_answer_that_is_too_large_is_refused() -> None:
    body = b" " * (17 * 2**20) + b'{"AccountId": "1"}'

    with pytest.raises(NoAnswer, match="the answer is larger than 16 MiB"):
        call(lambda _: [answer(body)], 20)


def test_damaged_compression_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        call(lambda _: [answer(b"not gzip", "Content-Encoding: gzip")], 5)


def call_through_a_proxy(
    say: Say, endpoint: str | None, monkeypatch: pytest.MonkeyPatch, read_seconds: float = 0.3
) -> object:
    with RawServer(say) as proxy:
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
        sdk = Sdk(Settings(REGION, endpoint, read_seconds=read_seconds), KEYS)
        try:
            return sdk.call("DescribeInstances").body
        finally:
            sdk.close()


def test_an_answer_through_a_proxy_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = "http://ecs.cn-hangzhou.aliyuncs.com"

    assert call_through_a_proxy(lambda _: [answer(ME)], endpoint, monkeypatch, 5) == ME


def test_an_answer_through_a_proxy_is_bounded_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b" " * (17 * 2**20)
    endpoint = "http://ecs.cn-hangzhou.aliyuncs.com"

    with pytest.raises(NoAnswer, match="larger than 16 MiB"):
        call_through_a_proxy(lambda _: [answer(body)], endpoint, monkeypatch, 20)


@pytest.mark.parametrize("endpoint", [None, "http://ecs.cn-hangzhou.aliyuncs.com"])
def test_a_proxy_whose_answer_drips_is_given_up_when_its_time_is_over(
    endpoint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswer, match="the connection broke or timed out"):
        call_through_a_proxy(dripping(b"", b"H"), endpoint, monkeypatch)

    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Mon, 20 Aug 2018 08:00:00 GMT", datetime(2018, 8, 20, 8, tzinfo=UTC)),
        ("Mon, 20 Aug 2018 08:00:00 -0000", datetime(2018, 8, 20, 8, tzinfo=UTC)),
        ("Mon, 20 Aug 2018 16:00:00 +0800", datetime(2018, 8, 20, 8, tzinfo=UTC)),
        ("Mon, 20 Aug 99999999999999999999 08:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -0100", None),
        ("soon", None),
    ],
)
def test_the_date_of_an_answer(date: str, expected: datetime | None) -> None:
    with RawServer(lambda _: [answer(ME, f"Date: {date}")]) as server:
        sdk = Sdk(Settings(REGION, server.url), KEYS)
        sdk.call("GetCallerIdentity")
        sdk.close()

    assert sdk.last_date == expected


def test_an_id_that_cannot_be_sent_is_refused_at_once() -> None:
    with RawServer(lambda _: [answer(ME)]) as server:
        sdk = Sdk(Settings(REGION, server.url), KEYS)
        with pytest.raises(InvalidInput, match="a parameter is not valid text"):
            sdk.call("CancelSimulatedSystemEvents", EventIds=["e-\udcff"])
        sdk.close()

    assert server.requests == []


def test_a_count_that_lies_does_not_make_a_reading_endless() -> None:
    def say(_: str) -> list[bytes]:
        return [answer(page(event("e-1"), total=10**9), "Date: Mon, 20 Aug 2018 08:00:00 GMT")]

    with RawServer(say) as server:
        settings = Settings(REGION, server.url)
        with SystemEvents(Sdk(settings, KEYS), settings, Patience()) as api:
            assert [e.event_id for e in api.find_all()] == ["e-1"]

    assert len(server.requests) == 2


def test_an_operation_of_many_pages_ends_when_its_time_is_over() -> None:
    ids = (f"e-{n}" for n in itertools.count())

    def say(_: str) -> list[bytes]:
        return [answer(page(event(next(ids)), total=10**9))]

    start = time.monotonic()
    with RawServer(say) as server:
        settings = Settings(REGION, server.url)
        with (
            SystemEvents(Sdk(settings, KEYS), settings, Patience(budget_seconds=0.5)) as api,
            pytest.raises(NoAnswer),
        ):
            api.find_all()

    assert time.monotonic() - start < 3
