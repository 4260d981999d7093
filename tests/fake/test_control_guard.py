"""Who may use the control routes: programs, and pages of this server only."""

import json
from contextlib import closing
from http.client import HTTPConnection

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.conftest import Cloud

ADVANCE = '{"advance": "1h"}'


def health(url: str, headers: list[tuple[str, str]]) -> tuple[int, bytes]:
    """Status and body of a request with exactly these headers, repeated ones too."""
    with closing(HTTPConnection(url.removeprefix("http://"))) as connection:
        connection.putrequest("GET", "/_fake/health", skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "application/json"},
        {"Origin": "null", "Content-Type": "application/json"},
        {"Origin": "http://127.0.0.1:1", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "same-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"},
    ],
)
@pytest.mark.parametrize("route", ["clock", "reset", "account"])
def test_a_page_of_another_origin_changes_nothing(
    cloud: Cloud, route: str, headers: dict[str, str]
) -> None:
    cloud.post("clock", freeze=True)
    before = cloud.get("health")
    answer = httpx.post(f"{cloud.url}/_fake/{route}", content=ADVANCE, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"].startswith("a control request needs ")
    assert cloud.get("health") == before


def test_a_page_of_another_origin_reads_nothing(cloud: Cloud) -> None:
    answer = httpx.get(f"{cloud.url}/_fake/calls", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}])
def test_a_program_may_send_any_content_type(cloud: Cloud, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/clock", content=ADVANCE, headers=headers)

    assert answer.status_code == 200


def test_a_page_of_this_server_may_use_json_and_an_empty_body(cloud: Cloud) -> None:
    page = {"Origin": cloud.url, "Sec-Fetch-Site": "same-origin"}
    as_json = page | {"Content-Type": "application/json"}

    assert httpx.post(f"{cloud.url}/_fake/clock", content=ADVANCE, headers=as_json).is_success
    assert httpx.post(f"{cloud.url}/_fake/reset", headers=page).is_success


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.com"],
        ["127.0.0.1%evil.com"],
        ["127.0.0.1%25evil.com"],
        ["[::1%evil.com]"],
        ["evil.com@127.0.0.1"],
        ["evil.com:80@127.0.0.1"],
        ["127.0.0.1/evil.com"],
        ["localhost evil.com"],
        ["localhost, evil.com"],
        [""],
        ["evil.com", "localhost"],
        ["localhost", "evil.com"],
        ["localhost", "localhost"],
    ],
)
def test_a_request_for_another_host_reads_nothing(cloud: Cloud, hosts: list[str]) -> None:
    status, body = health(cloud.url, [("Host", host) for host in hosts])

    assert status == 403
    assert json.loads(body)["error"].startswith("a control request needs ")


def test_two_hosts_are_refused_with_a_token_too() -> None:
    headers = [("Host", "localhost"), ("Host", "evil.com"), ("Authorization", "Bearer token")]
    with FakeServer(control_token="token") as server:
        both, _ = health(server.url, headers)
        alone, _ = health(server.url, headers[1:])

    assert (both, alone) == (403, 200)


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost.:80", "127.0.0.1", "127.1.2.3:9", "[::1]", "[::1]:80"]
)
def test_a_request_for_any_loopback_name_or_address_is_answered(cloud: Cloud, host: str) -> None:
    assert httpx.get(f"{cloud.url}/_fake/health", headers={"Host": host}).is_success
