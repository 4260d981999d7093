"""The limits of one answer, at their very ends."""

import io
import time
import tracemalloc
import zlib
from types import SimpleNamespace
from typing import Any

import pytest
from aliyunsdkcore.vendored.requests.packages.urllib3.util.timeout import Timeout

from simevents.api.bounded_http import MOST_BYTES, TooLarge, _BoundedPool, _BoundedSocket
from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.errors import NoAnswer
from simevents.settings import Credentials, Settings
from tests.conftest import REGION
from tests.unit.raw_server import RawServer, Say, answer
from tests.unit.test_bounded_answers import dripping

KEYS = Credentials("testid", "testsecret")


class Timeouts:
    """Stands for a socket; keeps the timeouts that it was given."""

    def __init__(self) -> None:
        self.given: list[float] = []

    def settimeout(self, seconds: float) -> None:
        self.given.append(seconds)


def test_one_byte_more_than_the_largest_answer_is_read_to_notice_it() -> None:
    raw = io.BytesIO(b"x" * (MOST_BYTES + 5))
    limited = _BoundedSocket(raw, Timeouts(), time.monotonic() + 60)  # type: ignore[arg-type]

    assert limited.readinto(bytearray(MOST_BYTES)) == MOST_BYTES
    assert limited.readinto(bytearray(1)) == 1
    with pytest.raises(TooLarge):
        limited.readinto(bytearray(1))


def test_the_end_of_an_answer_counts_as_no_byte() -> None:
    raw = io.BytesIO(b"x" * MOST_BYTES)
    limited = _BoundedSocket(raw, Timeouts(), time.monotonic() + 60)  # type: ignore[arg-type]
    limited.readinto(bytearray(MOST_BYTES))

    assert [limited.readinto(bytearray(1)) for _ in range(3)] == [0, 0, 0]


def test_each_read_waits_for_the_rest_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts = Timeouts()
    monkeypatch.setattr(time, "monotonic", lambda: 10.0)
    _BoundedSocket(io.BytesIO(b"x"), timeouts, 10.5).readinto(bytearray(1))  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        _BoundedSocket(io.BytesIO(b"x"), timeouts, 10.0).readinto(bytearray(1))  # type: ignore[arg-type]

    assert timeouts.given == [0.5]


def ask(say: Say, seconds: float | None, read_seconds: float = 20.0) -> object:
    with RawServer(say) as server:
        sdk = Sdk(Settings(REGION, server.url, read_seconds=read_seconds), KEYS)
        try:
            return sdk.call("GetCallerIdentity", seconds=seconds).body
        finally:
            sdk.close()


def test_an_answer_with_an_empty_encoding_is_read() -> None:
    body = {"AccountId": "1"}

    assert ask(lambda _: [answer(body, "Content-Encoding:")], None) == body


def test_an_answer_that_unpacks_to_too_much_is_not_unpacked_first() -> None:
    packed = zlib.compress(b" " * (8 * MOST_BYTES), 9)
    tracemalloc.start()
    with pytest.raises(NoAnswer, match="larger than 16 MiB"):
        ask(lambda _: [answer(packed, "Content-Encoding: deflate")], None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * MOST_BYTES


def test_a_call_ends_with_the_seconds_that_it_was_given() -> None:
    start = time.monotonic()
    with pytest.raises(NoAnswer, match="the connection broke or timed out"):
        ask(dripping(b"", b"H"), seconds=0.2)

    assert time.monotonic() - start < 3


def test_a_call_ends_with_the_time_of_its_operation() -> None:
    start = time.monotonic()
    with RawServer(dripping(b"", b"H")) as server:
        settings = Settings(REGION, server.url, read_seconds=20)
        with (
            SystemEvents(Sdk(settings, KEYS), settings, Patience(budget_seconds=0.3)) as api,
            pytest.raises(NoAnswer),
        ):
            api.account_id()

    assert time.monotonic() - start < 3


def test_a_call_whose_operation_has_no_time_left_is_not_sent() -> None:
    with RawServer(lambda _: [answer({"AccountId": "1"})]) as server:
        settings = Settings(REGION, server.url)
        patience = Patience(budget_seconds=0, clock=lambda: 0.0)
        with (
            SystemEvents(Sdk(settings, KEYS), settings, patience) as api,
            pytest.raises(NoAnswer) as caught,
        ):
            api.account_id()

    assert str(caught.value).startswith(
        f"GetCallerIdentity got no answer from {server.url}: the time for this operation is over."
    )
    assert (caught.value.sent, server.requests) == (False, [])


class Sending:
    """Stands for the library's pool; answers with what it was asked to send."""

    def _make_request(self, conn: Any, method: str, url: str, **options: Any) -> tuple[Any, ...]:
        return method, url, options


class BoundedSending(_BoundedPool, Sending):
    """What is bounded is the sending above."""


def test_a_kept_connection_gets_the_time_of_the_new_request_for_sending() -> None:
    kept, new = SimpleNamespace(sock=Timeouts()), SimpleNamespace()
    timeout = Timeout(connect=1.0, read=2.5)
    pool = BoundedSending()

    for conn in (kept, new):
        sent = pool._make_request(conn, "POST", "/", timeout=timeout, body="b", headers={"h": "v"})
        assert sent == ("POST", "/", {"timeout": timeout, "body": "b", "headers": {"h": "v"}})
    assert kept.sock.given == [2.5]
