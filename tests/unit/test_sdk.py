"""The single call that wraps the vendor's SDK."""

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from simevents.api.bounded_http import MOST_BYTES, TooLarge
from simevents.api.sdk import Sdk, _credential
from simevents.errors import InvalidInput, NoAnswer
from simevents.settings import Credentials, Settings
from tests.conftest import REGION, Cloud

KEYS = Credentials("testid", "testsecret")


@pytest.mark.parametrize(
    ("endpoint", "product", "expected"),
    [
        (None, "Ecs", ("ecs.cn-hangzhou.aliyuncs.com", "https")),
        (None, "Sts", ("sts.cn-hangzhou.aliyuncs.com", "https")),
        ("http://127.0.0.1:8086", "Ecs", ("127.0.0.1:8086", "http")),
        ("http://127.0.0.1:8086", "Sts", ("127.0.0.1:8086", "http")),
        ("https://ecs-vpc.cn-x.aliyuncs.com", "Ecs", ("ecs-vpc.cn-x.aliyuncs.com", "https")),
        ("https://ecs-vpc.cn-x.aliyuncs.com", "Sts", ("sts.cn-hangzhou.aliyuncs.com", "https")),
    ],
)
def test_the_address_of_a_request(
    endpoint: str | None, product: str, expected: tuple[str, str]
) -> None:
    sdk = Sdk(Settings(REGION, endpoint), KEYS)

    assert sdk._address(product) == expected


def test_certificates_are_verified_and_nothing_is_repeated_by_the_sdk() -> None:
    client = Sdk(Settings("cn-shanghai"), KEYS)._client

    # None means the default of the SDK, which is to verify.
    assert client.get_verify() is None
    assert client.is_auto_retry() is False
    assert client.get_region_id() == "cn-shanghai"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connections_are_kept_for_four_hosts_and_sixteen_threads(scheme: str) -> None:
    adapter = Sdk(Settings(REGION), KEYS)._client.session.get_adapter(f"{scheme}://x.test")

    assert (adapter._pool_connections, adapter._pool_maxsize) == (4, 16)


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_a_request_is_sent_as_the_endpoint_says_and_asks_for_json(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = Sdk(Settings(REGION, f"{protocol}://127.0.0.1:8086"), KEYS)
    sent = []

    def send(request: Any) -> tuple[int, dict[str, str], bytes]:
        sent.append((request.get_protocol_type(), request.endpoint, request.get_accept_format()))
        return 200, {}, b"{}"

    monkeypatch.setattr(sdk, "_send", send)
    sdk.call("GetCallerIdentity")

    assert sent == [(protocol, "127.0.0.1:8086", "JSON")]


def test_a_fake_on_loopback_is_not_reached_through_a_proxy(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)

    assert sdk.call("GetCallerIdentity").action == "GetCallerIdentity"
    sdk.close()


def test_an_answer_has_its_time(cloud: Cloud) -> None:
    cloud.post("clock", rate=0)
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)

    assert sdk.call("GetCallerIdentity").date == datetime(2018, 8, 20, 8, tzinfo=UTC)
    sdk.close()


def test_a_temporary_key_is_signed_with_its_token() -> None:
    made = _credential(Credentials("STS.id", "secret", "token"))

    assert vars(made) == {
        "sts_access_key_id": "STS.id",
        "sts_access_key_secret": "secret",
        "sts_token": "token",
    }


def test_a_missing_answer_ends_in_a_timeout(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", timeout=True, times=1)
    sdk = Sdk(Settings(REGION, cloud.url, read_seconds=0.2), KEYS)
    with pytest.raises(NoAnswer, match="the connection broke or timed out") as caught:
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert caught.value.sent


def test_a_slow_answer_is_accepted(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", latency=0.05)
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)

    assert sdk.call("GetCallerIdentity").body["AccountId"]
    sdk.close()


def test_the_date_of_an_error_answer_is_kept(cloud: Cloud) -> None:
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    cloud.post("faults", action="*", error="Forbidden.RAM")
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)
    with pytest.raises(Exception, match="Forbidden"):
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert sdk.last_date is not None
    assert sdk.last_date.year == 2018


def test_a_host_that_cannot_be_reached_is_named_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    sdk = Sdk(Settings(REGION, f"http://127.0.0.1:{port}"), KEYS)
    with pytest.raises(NoAnswer) as caught:
        sdk.call("GetCallerIdentity")

    assert caught.value.sent is False
    assert str(caught.value) == (
        f"GetCallerIdentity got no answer from 127.0.0.1:{port}: it cannot be reached "
        "[SDK.HttpError]. Nothing was sent. Check the endpoint and the network, then try again."
    )


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (TooLarge(), f"the answer is larger than {MOST_BYTES // 2**20} MiB"),
        (KeyError("signed text"), "the vendor's SDK could not read it (KeyError)"),
    ],
)
def test_an_answer_that_cannot_be_read_has_its_reason(
    raised: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = Sdk(Settings(REGION), KEYS)

    def send(_: Any) -> tuple[int, dict[str, str], bytes]:
        raise raised

    monkeypatch.setattr(sdk, "_send", send)
    with pytest.raises(NoAnswer) as caught:
        sdk.call("GetCallerIdentity")

    assert str(caught.value) == (
        f"GetCallerIdentity got no answer from sts.cn-hangzhou.aliyuncs.com: {reason}. Whether it "
        "was carried out is not known. Check the endpoint and the network, then try again."
    )


def test_a_connection_that_breaks_says_so(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", cut="before", times=1)
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)
    with pytest.raises(NoAnswer) as caught:
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert f"{cloud.url.removeprefix('http://')}: the connection broke or timed out [SDK." in str(
        caught.value
    )


def test_a_parameter_that_is_not_text_is_named_by_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sdk = Sdk(Settings(REGION), KEYS)

    def send(_: Any) -> tuple[int, dict[str, str], bytes]:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    monkeypatch.setattr(sdk, "_send", send)
    with pytest.raises(InvalidInput) as caught:
        sdk.call("GetCallerIdentity")

    assert str(caught.value) == (
        "GetCallerIdentity: a parameter is not valid text; use letters and digits, such as in "
        "e-bp1a2b"
    )


def test_a_page_instead_of_an_answer_is_no_answer_of_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sdk = Sdk(Settings(REGION), KEYS)
    monkeypatch.setattr(sdk, "_send", lambda _: (502, {}, b"<html>"))
    with pytest.raises(NoAnswer) as caught:
        sdk.call("GetCallerIdentity")

    assert str(caught.value) == (
        "GetCallerIdentity got no answer from sts.cn-hangzhou.aliyuncs.com: the body of HTTP 502 "
        "is not an answer of the API. Whether it was carried out is not known. Check the endpoint "
        "and the network, then try again."
    )
