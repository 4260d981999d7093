"""The HTTP form of requests and answers."""

import socket
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from simevents import allow_list
from simevents.fake.server import FakeServer
from tests.conftest import Cloud
from tests.fake.requests import signed

DESCRIBE = {"Action": "DescribeInstances", "RegionId": "cn-hangzhou"}


def test_parameters_in_the_query_in_a_form_and_in_both(cloud: Cloud) -> None:
    cloud.instances(1)
    by_get = httpx.get(cloud.url, params=signed("GET", **DESCRIBE))
    by_query = httpx.post(cloud.url, params=signed("POST", **DESCRIBE))
    by_form = httpx.post(cloud.url, data=signed("POST", **DESCRIBE))
    parts = signed("POST", **DESCRIBE)
    region = {"RegionId": parts.pop("RegionId")}
    by_both = httpx.post(cloud.url, params=parts, data=region)

    for answer in (by_get, by_query, by_form, by_both):
        assert (answer.status_code, answer.json()["TotalCount"]) == (200, 1)
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
        assert answer.headers["x-acs-request-id"] == answer.json()["RequestId"]


def test_xml_is_the_default_format(cloud: Cloud) -> None:
    answer = httpx.get(cloud.url, params=signed("GET", Format="", **DESCRIBE))

    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    assert "<DescribeInstancesResponse><Instances>" in answer.text
    assert "<RequestId>" in answer.text
    assert "<TotalCount>0</TotalCount>" in answer.text


def test_list_indexes_may_start_at_zero(cloud: Cloud) -> None:
    parameters = signed(
        "POST",
        Action="DescribeInstanceHistoryEvents",
        RegionId="cn-hangzhou",
        **{"ResourceId.0": "i-a", "ResourceId.1": "i-b"},
    )

    assert httpx.post(cloud.url, params=parameters).status_code == 200


def test_an_error_has_the_documented_members(cloud: Cloud) -> None:
    parameters = signed("POST", Action="CancelSimulatedSystemEvents", RegionId="cn-hangzhou")
    answer = httpx.post(cloud.url, params=parameters)
    body = answer.json()

    assert answer.status_code == 404
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["Code"] == "MissingParameter"
    assert f"q=MissingParameter&product=Ecs&requestId={body['RequestId']}" in body["Recommend"]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Action": "DescribeEverything"}, "UnsupportedOperation"),
        (
            DESCRIBE | {"Action": "DescribeTags", "Category": "a"},
            "UnsupportedParameter",
        ),
        (DESCRIBE | {"Version": "2010-01-01"}, "InvalidVersion"),
    ],
)
def test_an_action_parameter_or_version_that_is_not_covered_is_reported(
    cloud: Cloud, parameters: dict[str, str], code: str
) -> None:
    answer = httpx.post(cloud.url, params=signed("POST", **parameters))
    unexpected = cloud.get("calls?unexpected=1")

    assert (answer.status_code, answer.json()["Code"]) == (400, code)
    assert [call["code"] for call in unexpected] == [code]
    # The fixture would fail the test too; the reset prevents this, because the call is intended.
    cloud.post("reset")


def test_the_journal_keeps_no_secret(cloud: Cloud) -> None:
    httpx.post(cloud.url, params=signed("POST", SecurityToken="hush", **DESCRIBE))

    (call,) = cloud.get("calls")
    assert call["parameters"] == {"RegionId": "cn-hangzhou"}


@pytest.mark.parametrize(
    "name",
    ["VncPassword", "OIDCToken", "SAMLAssertion", "CommandContent", "password", "Colour"],
)
def test_the_journal_shows_an_unknown_parameter_without_its_value(cloud: Cloud, name: str) -> None:
    httpx.post(cloud.url, params=signed("POST", **DESCRIBE, **{name: "hush"}))

    (call,) = cloud.get("calls?unexpected=1")
    assert call["parameters"] == {"RegionId": "cn-hangzhou", name: "scrubbed"}
    cloud.post("reset")


def test_the_journal_shows_no_body_that_is_taken_for_a_name(cloud: Cloud) -> None:
    httpx.post(
        cloud.url,
        params=signed("POST", **DESCRIBE),
        content=b'{"Password":"hush"}',
        headers={"content-type": "application/x-www-form-urlencoded"},
    )

    assert "hush" not in str(cloud.get("calls"))
    cloud.post("reset")


@pytest.mark.parametrize(
    "key", ["LTAI5tABCDEFGHIJKLMN", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln"]
)
def test_the_journal_shows_no_key_that_was_sent_as_a_name_or_as_the_action(
    cloud: Cloud, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    httpx.post(cloud.url, params=signed("POST", **DESCRIBE, **{key: ""}))
    httpx.post(
        cloud.url,
        params=signed("POST", **DESCRIBE),
        content=key.encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    as_action = httpx.post(cloud.url, params=signed("POST", Action=key))
    calls = cloud.get("calls")

    assert [(call["action"], call["parameters"]) for call in calls] == [
        ("DescribeInstances", {"RegionId": "cn-hangzhou", "(not a parameter name)": ""}),
        ("DescribeInstances", {"RegionId": "cn-hangzhou", "(not a parameter name)": ""}),
        ("(not an action name)", {}),
    ]
    logged = [each.getMessage() for each in caplog.records if each.name.startswith("simevents")]
    assert key not in f"{calls} {logged} {as_action.text}"
    cloud.post("reset")


def test_the_journal_shows_an_unknown_action(cloud: Cloud) -> None:
    httpx.post(cloud.url, params=signed("POST", Action="DescribeEverything"))

    assert [call["action"] for call in cloud.get("calls?unexpected=1")] == ["DescribeEverything"]
    cloud.post("reset")


def test_a_test_that_replaces_the_reading_of_files_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allow_list._table.cache_clear()
    allow_list._shown.cache_clear()
    with FakeServer(instance_ids=["i-a"]) as server:
        server.control("GET", "clock", b"")
        with monkeypatch.context() as patched:
            patched.setattr(Path, "read_text", lambda *_, **__: "theirs")
            answer = httpx.post(server.url, params=signed("POST", **DESCRIBE))
            status, _ = server.control("GET", "health", b"")

    assert (answer.status_code, answer.json()["TotalCount"], status) == (200, 1, 200)


def test_the_journal_shows_no_account_of_an_arn(cloud: Cloud) -> None:
    arn = "acs:ram::1234567890123456:role/reader"
    role = {"Action": "AssumeRole", "Version": "2015-04-01", "RoleArn": arn}
    httpx.post(cloud.url, params=signed("POST", **role, RoleSessionName="somebody"))

    (call,) = cloud.get("calls")
    assert call["parameters"] == {
        "RoleArn": "acs:ram::1000000000000000:role/reader",
        "RoleSessionName": "scrubbed",
    }


@pytest.mark.parametrize(
    ("method", "query", "code"),
    [
        ("PUT", "Action=A&Version=1&Format=JSON", "UnsupportedHTTPMethod"),
        ("POST", "Format=JSON", "MissingAction"),
        ("POST", "Format=JSON&Action=A", "MissingVersion"),
        ("POST", "Format=JSON&Action=A&Version=1", "MissingAccessKeyId"),
        (
            "GET",
            urlencode(
                {
                    "Format": "JSON",
                    "Action": "\0",
                    "Version": "\udcff".encode("utf-8", "surrogatepass"),
                }
            ),
            "MissingAccessKeyId",
        ),
    ],
)
def test_an_invalid_request_is_refused(cloud: Cloud, method: str, query: str, code: str) -> None:
    answer = httpx.request(method, f"{cloud.url}/?{query}")

    assert (answer.status_code, answer.json()["Code"]) == (400, code)


def test_a_request_that_is_too_large_is_refused(cloud: Cloud) -> None:
    assert httpx.post(cloud.url, content=b"x" * 2_000_000).status_code == 413


def framed(cloud: Cloud, head: str, body: bytes) -> bytes:
    """Send a request that no library would write; return the first line of the answer."""
    url = httpx.URL(cloud.url)
    with socket.create_connection((url.host, url.port or 0), timeout=20) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\nHost: fake\r\n{FORM}{head}\r\n".encode() + body)
        return connection.recv(15)


FORM = "Content-Type: Application/X-WWW-Form-URLEncoded; charset=UTF-8\r\n"


def test_a_body_framed_in_every_way(cloud: Cloud) -> None:
    def body() -> bytes:
        return urlencode(signed("POST", **DESCRIBE)).encode()

    plain, offered, chunk = body(), body(), body()
    length = f"Content-Length: {len(plain)}\r\n"
    # Java's HTTP client offers HTTP/2 in this way with its first request.
    offer = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAA\r\nUpgrade: h2c\r\n"
    chunks = b"%x;name=value\r\n%s\r\n0\r\nTrailer: any\r\n\r\n" % (len(chunk), chunk)

    assert framed(cloud, length, plain) == b"HTTP/1.1 200 OK"
    assert framed(cloud, f"Content-Length: {len(offered)}\r\n{offer}", offered) == (
        b"HTTP/1.1 200 OK"
    )
    assert framed(cloud, "Transfer-Encoding: chunked\r\n", chunks) == b"HTTP/1.1 200 OK"


def test_a_client_that_leaves_in_the_middle_of_a_body_has_called_nothing(cloud: Cloud) -> None:
    url = httpx.URL(cloud.url)
    form = urlencode(signed("POST", **DESCRIBE)).encode()
    with socket.create_connection((url.host, url.port or 0)) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: fake\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(form) + 10, form)
        )
    # A later call on another connection is answered after the first one has ended.
    httpx.get(cloud.url, params=signed("GET", Action="DescribeRegions"))

    assert cloud.actions() == ["DescribeRegions"]
