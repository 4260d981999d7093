"""The fake as a proxy: calls that it serves are answered, everything else is refused."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.conftest import Cloud

pytestmark = pytest.mark.usefixtures("own_run")

SIGNED = "Signature=x&AccessKeyId=testid&SignatureNonce=1"


def ask(cloud: Cloud, method: str, target: str) -> tuple[int, str, bytes]:
    """Status, reason and body of a request for *target*, which is sent to the fake as a proxy."""
    connection = http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=10)
    try:
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.read()
    finally:
        connection.close()


def raw(cloud: Cloud, *parts: bytes) -> bytes:
    """All that is answered to *parts*, each sent as its own segment."""
    where = urlsplit(cloud.url)
    with socket.create_connection((where.hostname, where.port or 0), timeout=10) as stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            stream.sendall(part)
        received = b""
        while chunk := stream.recv(65536):
            received += chunk
        return received


def refusals(cloud: Cloud) -> list[tuple[str, str, str, bool]]:
    entries = cloud.get("refusals")
    return [(e["method"], e["host"], e["action"], e["is_alibaba"]) for e in entries]


def test_a_call_of_a_served_product_is_answered(cloud: Cloud) -> None:
    target = f"http://ecs.aliyuncs.com/?Action=DescribeRegions&Version=2014-05-26&{SIGNED}"
    status, _, body = ask(cloud, "GET", target)

    # The API itself answers: the signature is wrong.
    assert (status, b"<Code>" in body) == (400, True)
    assert refusals(cloud) == []


def test_a_call_of_another_product_is_refused(cloud: Cloud) -> None:
    target = f"http://ess.aliyuncs.com/?Action=DetachInstances&Version=2014-08-28&{SIGNED}"
    status, reason, body = ask(cloud, "GET", target)

    assert (status, reason) == (
        403,
        (
            "ess.aliyuncs.com refused: the simevents fake cloud does not serve DetachInstances "
            "(API version 2014-08-28). Nothing was sent"
        ),
    )
    assert body.decode() == reason
    assert refusals(cloud) == [("GET", "ess.aliyuncs.com", "DetachInstances", True)]


@pytest.mark.parametrize(
    ("target", "is_alibaba"),
    [
        ("http://100.100.100.200:8080/latest/meta-data/", True),
        ("http://bucket.oss-cn-hangzhou.aliyuncs.com/key?Signature=x", True),
        ("http://stats.example.com/collect", False),
        ("http://127.0.0.1:1/", False),
        ("http://stats.example.com/_fake/reset", False),
        ("ftp://stats.example.com/", False),
    ],
)
def test_another_page_is_refused(cloud: Cloud, target: str, is_alibaba: bool) -> None:
    (instance,) = cloud.instances(1)
    status, reason, _ = ask(cloud, "POST", target)

    assert (status, "Nothing was sent" in reason) == (403, True)
    assert refusals(cloud) == [("POST", urlsplit(target).netloc, "", is_alibaba)]
    assert [entry["instance_id"] for entry in cloud.get("instances")] == [instance]


@pytest.mark.parametrize(
    ("target", "is_alibaba"),
    [("100.100.100.200:443", True), ("stats.example.com:443", False), ("[::1]:1", False)],
)
def test_a_tunnel_is_refused_with_the_reason_in_the_status_line(
    cloud: Cloud, target: str, is_alibaba: bool
) -> None:
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()
    for parts in ([head], [head[:3], head[3:20], head[20:]]):
        line = raw(cloud, *parts).partition(b"\r\n")[0].decode()
        assert line.startswith(f"HTTP/1.1 403 {target} refused: the simevents fake cloud ")
    assert refusals(cloud) == [("CONNECT", target, "", is_alibaba)] * 2


def test_a_client_that_sends_everything_to_its_proxy_reaches_the_fake_itself(cloud: Cloud) -> None:
    assert ask(cloud, "GET", f"{cloud.url}/_fake/health")[0] == 200
    assert refusals(cloud) == []


def test_a_url_in_a_query_is_no_request_for_a_proxy(cloud: Cloud) -> None:
    assert ask(cloud, "GET", "/_fake/health?from=http://example.com")[0] == 200
    assert refusals(cloud) == []


def test_a_client_that_leaves_during_a_refusal_does_no_harm(
    cloud: Cloud, capfd: pytest.CaptureFixture[str]
) -> None:
    where = urlsplit(cloud.url)
    for _ in range(20):
        with socket.create_connection((where.hostname, where.port or 0)) as stream:
            stream.sendall(b"GET http://stats.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert cloud.get("health")["version"]

    assert capfd.readouterr().err == ""


def test_a_reset_clears_the_refusals(cloud: Cloud) -> None:
    ask(cloud, "GET", "http://stats.example.com/")
    cloud.post("reset")

    assert refusals(cloud) == []


def test_no_part_of_a_request_but_host_and_action_is_kept(cloud: Cloud) -> None:
    ask(cloud, "GET", "http://user:hidden@stats.example.com/hidden?token=hidden")

    assert "hidden" not in str(cloud.get("refusals"))
