"""HTTPS through the fake as a proxy: tunnels to it, to hosts that are allowed, and to no other."""

import http.client
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from simevents.fake.control.client import Control
from simevents.fake.protocol.authority import MOST_HOSTS, Authority
from simevents.fake.server import FakeServer
from tests.fake.requests import signed
from tests.unit.raw_server import RawServer, answer

ECS = "ecs.cn-hangzhou.aliyuncs.com"
SIGNED = "Signature=x&AccessKeyId=testid&SignatureNonce=1"
CALL = f"/?Action=DescribeRegions&Version=2014-05-26&Format=JSON&{SIGNED}"

Refused = list[tuple[str, str, str, bool]]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(allowed=lambda host: host == "127.0.0.1") as running:
        yield running


def signed_call() -> str:
    parameters = signed("GET", Action="DescribeRegions", Version="2014-05-26")
    return f"/?{urlencode(parameters)}"


def trusting(server: FakeServer) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.authority.certificate.decode())


def place(server: FakeServer) -> tuple[str, int]:
    parts = urlsplit(server.url)
    return str(parts.hostname), int(parts.port or 0)


def tunnel(server: FakeServer, netloc: str) -> http.client.HTTPSConnection:
    host, _, port = netloc.partition(":")
    made = http.client.HTTPSConnection(*place(server), context=trusting(server), timeout=20)
    made.set_tunnel(host, int(port or 443))
    return made


def refusals(server: FakeServer) -> Refused:
    with Control(server.url) as control:
        entries: list[dict[str, Any]] = control.get("refusals")
    return [(e["method"], e["host"], e["action"], e["is_alibaba"]) for e in entries]


def test_calls_over_https_are_answered_in_one_kept_connection(server: FakeServer) -> None:
    client = tunnel(server, ECS)
    client.connect()
    first = client.sock
    for _ in range(3):
        client.request("GET", signed_call())
        answered = client.getresponse()
        assert (answered.status, b'"Regions"' in answered.read()) == (200, True)
    assert client.sock is first
    client.close()

    assert refusals(server) == []


def test_what_the_fake_does_not_serve_is_refused_inside_the_tunnel(server: FakeServer) -> None:
    client = tunnel(server, "oss-cn-hangzhou.aliyuncs.com")
    client.request("GET", "/bucket")
    answered = client.getresponse()

    assert (answered.status, answered.reason) == (
        403,
        (
            "oss-cn-hangzhou.aliyuncs.com refused: the simevents fake cloud serves no pages of it. "
            "Nothing was sent"
        ),
    )
    assert refusals(server) == [("GET", "oss-cn-hangzhou.aliyuncs.com", "", True)]


@pytest.mark.parametrize("name", [ECS, "a-b.cn-x.aliyuncs.com", "2018.cn-x.fc.aliyuncs.com"])
def test_each_host_has_a_certificate_of_its_own_and_http_1_1(server: FakeServer, name: str) -> None:
    context = trusting(server)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(place(server), timeout=20) as stream,
        context.wrap_socket(stream, server_hostname=name) as connection,
    ):
        certificate: Any = connection.getpeercert()
        assert certificate["subjectAltName"] == (("DNS", name),)
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_tls_at_the_fakes_own_port_needs_no_tunnel(server: FakeServer) -> None:
    client = http.client.HTTPSConnection(*place(server), context=trusting(server), timeout=20)
    client.request("GET", "/_fake/health")

    assert client.getresponse().status == 200
    client.close()


def test_a_client_that_does_not_trust_the_authority_is_recorded(server: FakeServer) -> None:
    client = http.client.HTTPSConnection(*place(server), timeout=20)
    client.set_tunnel(ECS, 443)
    with pytest.raises(ssl.SSLCertVerificationError):
        client.request("GET", CALL)
    client.close()

    expected = [("TLS", f"{ECS}:443", "TLSV1_ALERT_UNKNOWN_CA", True)]
    assert until(lambda: refusals(server), expected) == expected


def until(look: Callable[[], Refused], expected: Refused) -> Refused:
    """What *look* shows once it is *expected*, or after many looks."""
    for _ in range(200):
        found = look()
        if found == expected:
            break
    return found


def test_a_tunnel_to_port_80_carries_plain_http(server: FakeServer) -> None:
    client = http.client.HTTPConnection(*place(server), timeout=20)
    client.set_tunnel(ECS, 80)
    client.request("GET", CALL)

    assert b'"Code"' in client.getresponse().read()
    client.close()


def test_a_cut_answer_cuts_the_tunnel(server: FakeServer) -> None:
    with Control(server.url) as control:
        control.post("faults", action="*", cut="before")
    client = tunnel(server, ECS)
    client.connect()
    client.sock.sendall(f"GET {signed_call()} HTTP/1.1\r\nHost: {ECS}\r\n\r\n".encode())
    with pytest.raises((ConnectionError, ssl.SSLError, http.client.HTTPException)):
        http.client.HTTPResponse(client.sock).begin()
    client.close()


def test_a_host_that_is_allowed_gets_the_bytes_of_the_tunnel(server: FakeServer) -> None:
    with RawServer(lambda request: [answer(request.encode())]) as outside:
        netloc = outside.url.removeprefix("http://")
        with socket.create_connection(place(server), timeout=20) as stream:
            stream.sendall(f"CONNECT {netloc} HTTP/1.1\r\nHost: {netloc}\r\n\r\n".encode())
            assert stream.recv(65536) == b"HTTP/1.1 200 Connection established\r\n\r\n"
            stream.sendall(b"any bytes")
            assert stream.recv(65536).endswith(b"any bytes")
    assert refusals(server) == []


def test_a_plain_request_to_a_host_that_is_allowed_is_passed_on(server: FakeServer) -> None:
    with RawServer(lambda request: [answer(request.encode())]) as outside:
        netloc = outside.url.removeprefix("http://")
        client = http.client.HTTPConnection(*place(server), timeout=20)
        headers = {"Proxy-Authorization": "Basic c2VjcmV0", "Connection": "keep-alive"}
        client.request("GET", f"http://{netloc}/path?a=b", None, headers)
        passed = client.getresponse().read().decode()
        client.close()

    assert passed == (
        f"GET /path?a=b HTTP/1.1\r\nHost: {netloc}\r\nAccept-Encoding: identity\r\n"
        "connection: close\r\n\r\n"
    )


def test_an_allowed_host_that_does_not_answer_is_a_bad_gateway(server: FakeServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        netloc = f"127.0.0.1:{closed.getsockname()[1]}"
    client = http.client.HTTPConnection(*place(server), timeout=20)
    client.request("GET", f"http://{netloc}/")
    answered = client.getresponse()

    assert (answered.status, answered.reason) == (
        502,
        f"{netloc} cannot be reached: ConnectionRefusedError",
    )
    client.close()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
@pytest.mark.parametrize("closing", [{}, {"Connection": "close"}])
@pytest.mark.parametrize("netloc", [ECS, "oss.aliyuncs.com", "127.0.0.1"])
def test_a_tunnel_that_has_ended_leaves_no_descriptor(
    server: FakeServer, netloc: str, closing: dict[str, str]
) -> None:
    with RawServer(lambda _: [answer({})]) as outside:
        where = outside.url.removeprefix("http://") if netloc == "127.0.0.1" else netloc

        def ask() -> None:
            client: http.client.HTTPConnection = tunnel(server, where)
            if where != netloc:
                client = http.client.HTTPConnection(*place(server), timeout=20)
                client.set_tunnel(netloc, int(where.rpartition(":")[2]))
            client.request("GET", signed_call(), headers=closing)
            client.getresponse().read()
            client.close()

        ask()
        before = descriptors()
        for _ in range(20):
            ask()
        for _ in range(1_000):
            if descriptors() <= before + 2:
                break
            refusals(server)
        assert descriptors() <= before + 2


@pytest.mark.parametrize("name", ["my_project.cn-x.log.aliyuncs.com", "xn--0.aliyuncs.com"])
def test_a_name_that_no_certificate_can_have_gets_the_one_for_any_host(
    server: FakeServer, name: str
) -> None:
    context = trusting(server)
    context.check_hostname = False
    with (
        socket.create_connection(place(server), timeout=20) as stream,
        context.wrap_socket(stream, server_hostname=name) as connection,
    ):
        certificate: Any = connection.getpeercert()
        assert ("DNS", "*.aliyuncs.com") in certificate["subjectAltName"]


@pytest.mark.parametrize(
    "line",
    [
        "Proxy-Authorization: a\r\n b",
        "Proxy-Authorization : a",
        "X: a\nProxy-Authorization: a",
    ],
)
def test_a_head_that_servers_read_differently_is_not_passed_on(
    server: FakeServer, line: str
) -> None:
    with RawServer(lambda _: [answer({})]) as outside:
        netloc = outside.url.removeprefix("http://")
        with socket.create_connection(place(server), timeout=20) as stream:
            head = f"GET http://{netloc}/ HTTP/1.1\r\nHost: {netloc}\r\n{line}\r\n\r\n"
            stream.sendall(head.encode())
            assert stream.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert outside.requests == []


@pytest.mark.parametrize("port", ["99999", "x", "-1"])
@pytest.mark.parametrize("head", ["CONNECT {} HTTP/1.1", "GET http://{}/ HTTP/1.1"])
def test_an_allowed_host_with_a_port_that_is_none_is_a_bad_gateway(
    server: FakeServer, head: str, port: str
) -> None:
    netloc = f"127.0.0.1:{port}"
    with socket.create_connection(place(server), timeout=20) as stream:
        stream.sendall(f"{head.format(netloc)}\r\nHost: {netloc}\r\n\r\n".encode())
        assert stream.recv(65536).startswith(
            f"HTTP/1.1 502 {netloc} cannot be reached: ValueError\r\n".encode()
        )


def test_each_address_of_an_allowed_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolved(_: object, __: str, port: int, **___: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    with (
        FakeServer(allowed=lambda host: host == "two.test") as server,
        RawServer(lambda _: [answer({})]) as outside,
    ):
        monkeypatch.setattr(type(server._server.loop), "getaddrinfo", resolved, raising=False)
        client = http.client.HTTPConnection(*place(server), timeout=20)
        client.request("GET", f"http://two.test:{outside.url.rpartition(':')[2]}/")
        answered = client.getresponse()
        assert (answered.status, answered.read()) == (200, b"{}")
        client.close()


def test_an_allowed_name_that_leads_to_the_metadata_service_is_not_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolved(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("100.100.100.200", 80))]

    with FakeServer(allowed=lambda host: host == "rebound.test") as server:
        monkeypatch.setattr(type(server._server.loop), "getaddrinfo", resolved, raising=False)
        client = http.client.HTTPConnection(*place(server), timeout=20)
        client.request("GET", "http://rebound.test/latest/meta-data/")
        answered = client.getresponse()
        answered.read()
        client.close()

    assert (answered.status, answered.reason) == (
        502,
        "rebound.test cannot be reached: PermissionError",
    )


def test_two_hundred_clients_at_once_are_answered(server: FakeServer) -> None:
    def ask(_: int) -> int:
        client = tunnel(server, ECS)
        client.request("GET", CALL)
        found = client.getresponse().status
        client.close()
        return found

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(ask, range(200))) == [400] * 200


def test_the_authority_keeps_the_hosts_that_were_used_last() -> None:
    authority = Authority()
    authority.context()
    for number in range(MOST_HOSTS + 10):
        authority._context(f"{number}.aliyuncs.com", (f"{number}.aliyuncs.com",))

    assert len(authority._contexts) == MOST_HOSTS
