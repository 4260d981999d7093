"""What a command under ``--isolate`` reaches: the proxy and the metadata service, nothing else."""

import hashlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simevents.fake.server import FakeServer
from simevents.hosts import is_loopback
from tests.running.outside import Outside, Proxy, User, addresses_of_the_machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="--isolate is for Linux"),
]

FAR = ["203.0.113.1", "2001:db8::1"]
"""For documentation; nobody has them."""


def program(name: str) -> str:
    """Its text: others than this user may not read its file."""
    return Path(__file__).with_name(name).read_text("utf-8")


def port_of(server: FakeServer) -> int:
    return int(urlsplit(server.url).port or 0)


@pytest.mark.parametrize("options", [["-I"], ["-I", "-S"]], ids=" ".join)
@pytest.mark.parametrize("before", [[], ["env", "-i"]], ids=["environment", "env -i"])
def test_nothing_gets_out(user: User, options: list[str], before: list[str]) -> None:
    with FakeServer() as server, Outside() as outside:
        addresses = [*outside.addresses, *addresses_of_the_machine(), *FAR]
        words = [str(outside.port), outside.abstract, *addresses]
        command = [*before, sys.executable, *options, "-c", program("ways_out.py"), *words]
        done = user.run(command, port_of(server))
        reached = outside.reached

    assert (done.returncode, done.stderr, reached) == (0, b"", [])
    assert json.loads(done.stdout) == {
        **{
            f"{kind} {address}": "ECONNREFUSED" if is_loopback(address) else "ENETUNREACH"
            for kind in ("tcp", "udp")
            for address in addresses
        },
        "abstract socket": "ECONNREFUSED",
    }


def test_the_same_program_gets_out_without_isolation() -> None:
    with Outside() as outside:
        words = [str(outside.port), outside.abstract, *outside.addresses]
        command = [sys.executable, "-I", "-c", program("ways_out.py"), *words]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        reached = outside.reached

    ways = [f"{kind} {address}" for kind in ("tcp", "udp") for address in outside.addresses]
    assert sorted(reached) == sorted([*ways, "abstract socket"])


def test_the_network_cannot_be_changed_or_left(user: User) -> None:
    with FakeServer() as server:
        command = [sys.executable, "-I", "-c", program("tools_of_the_kernel.py")]
        done = user.run(command, port_of(server))

    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) == {
        "raw_socket": "EPERM",
        "packet_socket": "EPERM",
        "name": "[Errno -2] Name or service not known",
        "network_of_process_1": "EACCES",
        "network_of_the_parent": "EPERM",
        "descriptor_of_the_parent": "EPERM",
        "memory_of_the_parent": "EPERM",
        "add_an_address": "EPERM",
        "add_a_route": "EPERM",
        "take_the_interface_down": "EPERM",
        "new_network_of_its_own": "OSError: [Errno 101] Network is unreachable",
        "file_behind_ours": "AssertionError",
    }


CALLS = """
import http.client, json, ssl, sys, urllib.request
port, certificate = int(sys.argv[1]), sys.argv[2]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
clock = json.load(opener.open(f"http://127.0.0.1:{port}/_fake/clock"))
instance = opener.open("http://100.100.100.200/latest/meta-data/instance-id").read().decode()
context = ssl.create_default_context(cadata=certificate)
tunnel = http.client.HTTPSConnection("127.0.0.1", port, context=context)
tunnel.set_tunnel("ecs.cn-hangzhou.aliyuncs.com", 443)
call = "Action=DescribeRegions&Version=2014-05-26&Format=JSON&AccessKeyId=x&Signature=x"
tunnel.request("GET", f"/?{call}")
print(json.dumps([sorted(clock), instance, json.load(tunnel.getresponse())["Code"]]))
"""


def test_the_proxy_and_the_metadata_service_are_reached(user: User) -> None:
    with FakeServer(as_instance="i-isolated") as server:
        certificate = server.authority.certificate.decode()
        words = [sys.executable, "-I", "-c", CALLS, str(port_of(server)), certificate]
        done = user.run(["env", "-i", *words], port_of(server))

    assert done.stderr.decode() == ""
    assert json.loads(done.stdout) == [
        ["epoch", "now", "rate"],
        "i-isolated",
        "MissingSignatureNonce",
    ]


CALLS_WITHOUT_A_PROXY = """
import json, socket, ssl, sys, urllib.request
context = ssl.create_default_context(cadata=sys.argv[1])
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
)
call = "?Action=DescribeRegions&Version=2014-05-26&Format=JSON&AccessKeyId=x&Signature=x"
codes = []
for address in ("https://ecs.cn-hangzhou.aliyuncs.com/", "http://ecs.aliyuncs.com/"):
    try:
        opener.open(address + call)
    except urllib.error.HTTPError as error:
        codes.append(json.load(error)["Code"])
print(json.dumps(codes))
"""


def test_a_program_that_obeys_no_proxy_reaches_the_fake_at_the_vendors_hosts(user: User) -> None:
    with FakeServer() as server:
        certificate = server.authority.certificate.decode()
        words = [sys.executable, "-I", "-c", CALLS_WITHOUT_A_PROXY, certificate]
        done = user.run(["env", "-i", *words], port_of(server))

    assert done.stderr.decode() == ""
    assert json.loads(done.stdout) == ["MissingSignatureNonce", "MissingSignatureNonce"]


AT_ADDRESSES = """
import socket, sys
for address in sys.argv[1:]:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5)
        print("open")
    except OSError as error:
        print(error.strerror)
"""


def test_the_metadata_address_has_one_port_and_no_neighbours(user: User) -> None:
    words = [sys.executable, "-I", "-c", AT_ADDRESSES]
    places = ["100.100.100.200:80", "100.100.100.200:443", "100.100.100.201:80", "127.0.0.1:80"]
    with FakeServer() as server:
        done = user.run([*words, *places], port_of(server))

    assert done.stdout.decode().splitlines() == [
        "open",
        "Connection refused",
        "Network is unreachable",
        "Connection refused",
    ]


AT_ONCE = """
import socket, sys
port = int(sys.argv[1])
opened = [socket.create_connection(("127.0.0.1", port), timeout=50) for _ in range(200)]
for each in opened:
    each.sendall(b"GET /_fake/clock HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n")
print(sum(each.makefile("rb").read().startswith(b"HTTP/1.1 200 ") for each in opened))
"""


def test_two_hundred_connections_at_once(user: User) -> None:
    with FakeServer() as server:
        port = port_of(server)
        done = user.run([sys.executable, "-I", "-c", AT_ONCE, str(port)], port)

    assert (done.stdout, done.stderr) == (b"200\n", b"")


SENDS_ALL = """
import hashlib, socket, sys, threading
out = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=50)
sent = bytes(range(256)) * 20000
def send():
    out.sendall(sent)
    out.shutdown(socket.SHUT_WR)
sending = threading.Thread(target=send)
sending.start()
print(hashlib.sha256(out.makefile("rb").read()).hexdigest())
sending.join()
"""


def test_bytes_pass_unchanged_and_each_side_can_end_its_half(user: User) -> None:
    sent = bytes(range(256)) * 20000

    def all_back(connection: socket.socket) -> None:
        got = connection.makefile("rb").read()
        connection.sendall(got)

    with Proxy(all_back) as proxy:
        words = [sys.executable, "-I", "-c", SENDS_ALL, str(proxy.port)]
        done = user.run(words, proxy.port)

    assert (done.stdout.decode().strip(), done.stderr) == (hashlib.sha256(sent).hexdigest(), b"")


AFTER_ITS_DEATH = """
import socket, sys
address = ("127.0.0.1", int(sys.argv[1]))
before = socket.create_connection(address, timeout=20)
before.sendall(b"die")
print(before.recv(1))
try:
    print(socket.create_connection(address, timeout=20).recv(1))
except ConnectionResetError:
    print("reset")
"""


def test_nothing_gets_out_when_the_proxy_dies_in_the_middle(user: User) -> None:
    with Outside() as outside:

        def dies(connection: socket.socket) -> None:
            connection.recv(3)
            proxy.stop()

        with Proxy(dies) as proxy:
            words = [sys.executable, "-I", "-c", AFTER_ITS_DEATH, str(proxy.port)]
            done = user.run(words, proxy.port)
        reached = outside.reached

    assert (done.stdout, done.stderr, reached) == (b"b''\nreset\n", b"", [])
