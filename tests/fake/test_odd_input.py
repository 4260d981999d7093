"""Input that is valid or not, and must not be misread: bytes, digits, names, segments."""

import base64
import json
import socket
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.conftest import Cloud
from tests.fake.requests import signed

REGION = {"RegionId": "cn-hangzhou"}
DESCRIBE = {"Action": "DescribeInstances", **REGION}
EVENT = {
    "instance_ids": ["i-a"],
    "event_type": "SystemMaintenance.Reboot",
    "not_before": "2099-01-01T00:00:00Z",
}
HISTORY = {"Action": "DescribeInstanceHistoryEvents", **REGION}
SCHEDULED = HISTORY | {"InstanceEventCycleStatus.1": "Scheduled"}


def raw(cloud_url: str, *segments: bytes) -> bytes:
    """The answer to bytes that are sent as separate segments; the last one asks to close."""
    url = httpx.URL(cloud_url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for segment in segments:
            connection.sendall(segment)
            # A request on another connection: the server has read the segment before it.
            httpx.get(f"{cloud_url}/_fake/clock")
        answer = b""
        while received := connection.recv(65_536):
            answer += received
    return answer


def form(**parameters: str) -> bytes:
    return urlencode(signed("POST", **parameters)).encode()


@pytest.mark.parametrize(
    "header",
    [
        b"x-acs-action: \xff",
        b"x-acs-version: \xff",
        b"x-acs-date: \xff",
        b"x-acs-security-token: \xff",
        b"Host: \xff",
        b"Accept: \xff",
        b"Authorization: ACS3-HMAC-SHA256 Credential=STS.\xff,SignedHeaders=\xff,Signature=\xff",
    ],
)
def test_bytes_in_headers_are_an_api_error(cloud: Cloud, header: bytes) -> None:
    lines = [
        b"POST / HTTP/1.1",
        b"Host: fuzz",
        b"Connection: close",
        b"Content-Length: 0",
        b"x-acs-action: DescribeRegions",
        b"x-acs-version: 2014-05-26",
        b"Authorization: ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host,Signature=00",
        header,
    ]
    name = header.partition(b":")[0].lower()
    kept = [line for line in lines if line is header or not line.lower().startswith(name + b":")]
    status = raw(cloud.url, b"\r\n".join(kept) + b"\r\n\r\n").split()[1]

    assert status in (b"400", b"404")
    assert len(cloud.get("calls")) == 1
    cloud.post("reset")


@pytest.mark.parametrize(
    "size", ["1_0", "\uff11\uff10", " 10", "10 ", "\u0663", "1" * 5_000, "1e1"]
)
def test_only_plain_digits_are_a_number(cloud: Cloud, size: str) -> None:
    answer = httpx.post(cloud.url, data=signed("POST", **DESCRIBE, PageSize=size))

    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "position", ["1 " + "9" * 5_000, "1_0 1", "\uff11 1", "nan 1", "1e999 1", "1 \uff11", "\ud7ff"]
)
@pytest.mark.parametrize("action", ["DescribeInstanceHistoryEvents", "DescribeInstances"])
def test_only_a_token_of_an_answer_is_one(cloud: Cloud, action: str, position: str) -> None:
    token = base64.urlsafe_b64encode(position.encode()).decode()
    answer = httpx.post(cloud.url, data=signed("POST", Action=action, NextToken=token, **REGION))

    assert answer.json()["Code"] == "InvalidParameter"


def test_half_of_a_surrogate_pair_is_not_an_id(cloud: Cloud) -> None:
    answer = httpx.post(cloud.url, data=signed("POST", **DESCRIBE, InstanceIds='["\\ud800"]'))

    assert answer.json()["Code"] == "InvalidParameter"


def test_more_tags_than_documented_are_refused(cloud: Cloud) -> None:
    tags = {f"Tag.{number}.Key": f"k{number}" for number in range(1, 600)}
    answer = httpx.post(cloud.url, data=signed("POST", **HISTORY, **tags))

    assert answer.json()["Code"] == "InvalidParameter"


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("switches", {"simulated_event_limit": None}),
        ("switches", {"simulated_event_limit": [1]}),
        ("switches", {"simulated_event_limit": {}}),
        ("faults", {"action": "*", "error": ["x"]}),
        ("faults", {"action": ["*"]}),
        ("throttle", {"*": None}),
        ("events", EVENT | {"extended_attribute": json.loads('{"a":' * 31 + "{}" + "}" * 31)}),
        ("events", EVENT | {"extended_attribute": json.loads('{"a":' * 260 + "1" + "}" * 260)}),
        ("events", EVENT | {"extended_attribute": {"a": 10**30}}),
        ("events", EVENT | {"extended_attribute": {"a": "\ud800"}}),
        ("events", EVENT | {"reason": "\ud800"}),
    ],
)
def test_an_odd_control_body_is_refused_and_breaks_nothing(
    cloud: Cloud, route: str, body: dict[str, Any]
) -> None:
    cloud.post("instances", instance_ids=["i-a"])
    answer = httpx.post(f"{cloud.url}/_fake/{route}", content=json.dumps(body))

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert httpx.post(cloud.url, data=signed("POST", **SCHEDULED)).json()["TotalCount"] == 0
    assert cloud.get("faults") == []


def test_a_body_of_a_thousand_levels_is_refused(cloud: Cloud) -> None:
    body = '{"extended_attribute":' * 1_020 + "1" + "}" * 1_020
    answer = httpx.post(f"{cloud.url}/_fake/events", content=body)

    assert answer.status_code == 400


def test_a_control_body_may_begin_with_a_byte_order_mark(cloud: Cloud) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/clock", content=b'\xef\xbb\xbf{"rate": 1}')

    assert answer.status_code == 200


def test_names_in_xml_are_well_formed(cloud: Cloud) -> None:
    cloud.post("instances", instance_ids=["i-a"])
    attribute = {"a b<c>": 1, "": None, "1st": [True], "plain": "<&>"}
    cloud.post("events", **EVENT, extended_attribute=attribute)
    answer = httpx.post(cloud.url, data=signed("POST", **SCHEDULED | {"Format": "XML"}))
    found = ElementTree.fromstring(answer.text).find(".//ExtendedAttribute")
    assert found is not None

    assert {item.tag: item.text for item in found} == {
        "a_b_c_": "1",
        "_": None,
        "_1st": "true",
        "plain": "<&>",
    }


def test_the_year_1_is_written_with_four_digits(cloud: Cloud) -> None:
    assert cloud.post("clock", set="0001-01-01T00:00:00Z")["now"] == "0001-01-01T00:00:00Z"
    answer = httpx.post(cloud.url, data=signed("POST", Action="DescribeRegions", **REGION))

    assert answer.headers["date"].startswith("Mon, 01 Jan 0001 00:00:0")


def test_a_time_after_the_year_9999_does_not_break_reading(cloud: Cloud) -> None:
    cloud.post("instances", instance_ids=["i-a"])
    cloud.post("switches", not_before_formats="iso8601")
    create = {
        "Action": "CreateSimulatedSystemEvents",
        "EventType": "SystemMaintenance.Reboot",
        "NotBefore": "9999-12-31T23:59:59-23:59",
        "InstanceId.1": "i-a",
    }
    made = httpx.post(cloud.url, data=signed("POST", **create, **REGION))
    read = httpx.post(cloud.url, data=signed("POST", **SCHEDULED))

    assert (made.status_code, read.status_code) == (200, 200)
    assert "9999-12-31T23:59:59Z" in read.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_the_control_token_has_any_case(scheme: str) -> None:
    with FakeServer(control_token="secret") as server:
        headers = {"Authorization": f"{scheme} secret"}
        assert httpx.get(f"{server.url}/_fake/health", headers=headers).status_code == 200
        for wrong in ("Basic secret", "Bearer", "Bearer secre", "secret", "Bearer secret secret"):
            headers = {"Authorization": wrong}
            assert httpx.get(f"{server.url}/_fake/health", headers=headers).status_code == 403


HEAD = (
    b"POST / HTTP/1.1\r\nHost: fuzz\r\nConnection: close, Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
)


def test_an_offer_of_http2_in_any_segments_is_ignored(cloud: Cloud) -> None:
    for cut in (1, 5, 60, 80, 86, 150, 10_000):
        body = form(Action="DescribeRegions", **REGION)
        whole = HEAD % len(body) + body
        segments = [part for part in (whole[:cut], whole[cut:]) if part]

        assert raw(cloud.url, *segments).startswith(b"HTTP/1.1 200 ")


def test_a_segment_of_a_body_that_looks_like_a_request_belongs_to_the_body(cloud: Cloud) -> None:
    body = form(Action="DescribeRegions", **REGION)
    filler = b"POST / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"
    head = HEAD % (len(filler) + 1 + len(body))
    first, rest = head.replace(b"Upgrade: h2c\r\n", b""), b"&" + body

    answer = raw(cloud.url, first, filler, rest)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"SignatureDoesNotMatch" in answer


def test_bytes_of_another_protocol_are_refused_at_once(cloud: Cloud) -> None:
    assert raw(cloud.url, b"HELLO\r\n").startswith(b"HTTP/1.1 400 ")


def test_bytes_that_begin_like_tls_and_are_no_handshake_end_at_once(cloud: Cloud) -> None:
    # With an alert, or without an answer; not with HTTP.
    assert raw(cloud.url, b"\x16HELLO, this is no handshake.\r\n")[:1] in (b"", b"\x15")


@pytest.mark.parametrize(
    "before", [b"\r\n", b"GET /_fake/clock HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_the_body_of_a_request_that_offers_another_protocol_is_no_request(
    cloud: Cloud, before: bytes
) -> None:
    cloud.post("clock", freeze=True)
    now = cloud.get("clock")["now"]
    body = b'{"advance": "99h"}'
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    inner = b"POST /_fake/clock HTTP/1.1\r\nHost: localhost\r\n" + length + body
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    whole = f"Content-Length: {len(inner)}\r\n\r\n".encode()
    answer = raw(cloud.url, before + head + whole, inner)

    assert cloud.get("clock")["now"] == now
    assert answer.count(b"HTTP/1.1 400") == 1
