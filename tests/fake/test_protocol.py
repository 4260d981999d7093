"""Requests and answers on the wire."""

import socket
from urllib.parse import urlencode

import httpx
import pytest

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
    assert "<DescribeInstancesResponse><RequestId>" in answer.text
    assert "<TotalCount>0</TotalCount>" in answer.text


def test_lists_may_count_from_nought(cloud: Cloud) -> None:
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
        (DESCRIBE | {"Colour": "blue"}, "UnsupportedParameter"),
        (DESCRIBE | {"Version": "2010-01-01"}, "InvalidVersion"),
    ],
)
def test_what_is_unknown_is_loud(cloud: Cloud, parameters: dict[str, str], code: str) -> None:
    answer = httpx.post(cloud.url, params=signed("POST", **parameters))
    unexpected = cloud.get("calls?unexpected=1")

    assert (answer.status_code, answer.json()["Code"]) == (400, code)
    assert [call["code"] for call in unexpected] == [code]
    # Loud in the fixture as well, unless it was meant.
    cloud.post("reset")


def test_the_journal_keeps_no_secret(cloud: Cloud) -> None:
    httpx.post(cloud.url, params=signed("POST", SecurityToken="hush", **DESCRIBE))

    (call,) = cloud.get("calls")
    assert call["parameters"] == {"RegionId": "cn-hangzhou"}


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
def test_what_is_no_request(cloud: Cloud, method: str, query: str, code: str) -> None:
    answer = httpx.request(method, f"{cloud.url}/?{query}")

    assert (answer.status_code, answer.json()["Code"]) == (400, code)


def test_too_large_a_request(cloud: Cloud) -> None:
    assert httpx.post(cloud.url, content=b"x" * 2_000_000).status_code == 413


def framed(cloud: Cloud, head: str, body: bytes) -> bytes:
    """The first line of what a request is answered that no library would write."""
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
    # As Java's HTTP client offers HTTP/2 with its first request.
    offer = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAA\r\nUpgrade: h2c\r\n"
    chunks = b"%x;name=value\r\n%s\r\n0\r\nTrailer: any\r\n\r\n" % (len(chunk), chunk)

    assert framed(cloud, length, plain) == b"HTTP/1.1 200 OK"
    assert framed(cloud, f"Content-Length: {len(offered)}\r\n{offer}", offered) == (
        b"HTTP/1.1 200 OK"
    )
    assert framed(cloud, "Transfer-Encoding: chunked\r\n", chunks) == b"HTTP/1.1 200 OK"
