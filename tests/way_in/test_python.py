"""Programs in Python: what their start-up code leads to the fake, and what it leaves alone."""

import ast
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from simevents.hosts import ALIBABA_DOMAINS
from tests.way_in.conftest import CALL, HOST, Led

pytestmark = pytest.mark.slow

OTHER = "stats.example.com"
ADDRESS = "192.0.2.7"

PLAIN_SOCKET = f"""
import socket, ssl
with socket.create_connection(({HOST!r}, PORT), timeout=10) as stream:
    if PORT == 443:
        stream = ssl.create_default_context().wrap_socket(stream, server_hostname={HOST!r})
    stream.sendall(b"GET {CALL} HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n")
    print(stream.recv(100).decode().splitlines()[0].split()[0])
"""

BY_ADDRESS = f"""
import socket
for name in (socket.gethostbyname({HOST!r}), socket.gethostbyname_ex({HOST!r})[2][0]):
    stream = socket.socket()
    stream.settimeout(10)
    stream.connect((name, 80))
    stream.sendall(b"GET {CALL} HTTP/1.1\\r\\nHost: {HOST}\\r\\n\\r\\n")
    print(stream.recv(100).decode().split()[0])
"""

METADATA = """
import http.client
client = http.client.HTTPConnection("100.100.100.200", timeout=10)
client.request("GET", "/latest/meta-data/instance-id")
print(client.getresponse().read().decode()[:26])
"""

AIOHTTP = f"""
import asyncio, aiohttp
async def main():
    async with aiohttp.ClientSession() as session:
        for scheme in ("https", "http"):
            async with session.get(f"{{scheme}}://{HOST}{CALL}") as answer:
                print("RequestId" in await answer.json())
if UVLOOP:
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""

CERTIFI = f"""
import certifi, ssl, urllib.request
contexts = [
    ssl.create_default_context(cafile=certifi.where()),
    ssl.create_default_context(cadata=certifi.contents()),
]
plain = urllib.request.ProxyHandler({{}})
for context in contexts:
    opener = urllib.request.build_opener(plain, urllib.request.HTTPSHandler(context=context))
    try:
        opener.open("https://{HOST}{CALL}", timeout=10)
    except urllib.error.HTTPError as error:
        print(b"RequestId" in error.read())
"""

OLDER = """
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeRegionsRequest import DescribeRegionsRequest
for scheme in ("https", "http"):
    request = DescribeRegionsRequest()
    request.set_protocol_type(scheme)
    client = AcsClient("own-key", "own-secret", "cn-hangzhou", timeout=10)
    print(b'"Regions"' in client.do_action_with_exception(request))
"""

NEWER = """
import asyncio
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
keys = {"access_key_id": "own-key", "access_key_secret": "own-secret"}
client = Client(Config(region_id="cn-hangzhou", **keys))
request = models.DescribeRegionsRequest()
print(len(client.describe_regions(request).body.regions.region) > 10)
answer = asyncio.run(client.describe_regions_async(request))
print(len(answer.body.regions.region) > 10)
"""

REFUSED = f"""
import socket, urllib.request
ways = [
    lambda: socket.create_connection(({OTHER!r}, 8125), timeout=10),
    lambda: socket.getaddrinfo({OTHER!r}, 443),
    lambda: socket.gethostbyname({OTHER!r}),
    lambda: socket.socket().connect(({ADDRESS!r}, 5432)),
    lambda: socket.socket().connect_ex(({ADDRESS!r}, 5432)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ({ADDRESS!r}, 53)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ({ADDRESS!r}, 53)),
    lambda: urllib.request.urlopen("http://{OTHER}/", timeout=10),
]
for way in ways:
    try:
        way()
        print("open")
    except OSError as error:
        print("Nothing was sent" in str(error))
"""

LOCAL = """
import socket, threading
here = socket.create_server(("127.0.0.1", 0))
port = here.getsockname()[1]
for name in ("127.0.0.1", "localhost", "0.0.0.0", socket.gethostbyname("localhost")):
    with socket.create_connection((name, port), timeout=10):
        here.accept()[0].close()
near, far = socket.socketpair()
near.sendall(b"x")
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.sendto(b"x", ("127.0.0.1", port))
udp.connect(("127.0.0.1", port))
udp.sendmsg([b"x"], ())
print("open")
"""


@pytest.mark.parametrize("port", [443, 80])
def test_a_plain_connection(led: Led, port: int) -> None:
    assert led.python(PLAIN_SOCKET.replace("PORT", str(port))) == "HTTP/1.1"
    assert led.calls() == ["DescribeRegions"]


def test_a_connection_to_the_address_of_a_name(led: Led) -> None:
    assert led.python(BY_ADDRESS).split() == ["HTTP/1.1"] * 2
    assert led.calls() == ["DescribeRegions"] * 2


def test_the_metadata_service_without_a_proxy(led: Led) -> None:
    assert led.python(METADATA) == "The simevents fake cloud d"
    assert led.calls() == ["metadata instance-id"]


@pytest.mark.parametrize("uvloop", [False, True], ids=["asyncio", "uvloop"])
def test_aiohttp_that_takes_no_proxy_from_the_environment(led: Led, uvloop: bool) -> None:
    assert led.python(AIOHTTP.replace("UVLOOP", str(uvloop))).split() == ["True"] * 2
    assert led.calls() == ["DescribeRegions"] * 2


def test_a_program_that_names_the_bundle_of_certifi(led: Led) -> None:
    assert led.python(CERTIFI).split() == ["True"] * 2


def test_the_older_sdk_with_its_own_keys(led: Led) -> None:
    assert led.python(OLDER).split() == ["True"] * 2
    assert led.calls() == ["DescribeRegions"] * 2


def test_the_newer_sdk_with_its_own_keys(led: Led) -> None:
    assert led.python(NEWER).split() == ["True"] * 2
    assert led.calls() == ["DescribeRegions"] * 2


def test_other_hosts_are_refused_and_recorded(led: Led) -> None:
    assert led.python(REFUSED).split() == ["True"] * 8
    assert led.refusals() == [
        ("CONNECT", f"{OTHER}:8125"),
        ("CONNECT", f"{OTHER}:443"),
        ("CONNECT", f"{OTHER}:443"),
        *[("CONNECT", f"{ADDRESS}:5432")] * 2,
        *[("CONNECT", f"{ADDRESS}:53")] * 2,
        ("GET", OTHER),
    ]


def test_this_machine_is_open(led: Led) -> None:
    assert led.python(LOCAL) == "open"
    assert led.refusals() == []


ALLOWED = f"""
import _socket, socket
here = socket.create_server(("127.0.0.1", 0))
# The name servers of this program.
_socket.getaddrinfo = lambda host, port, *_: [
    (2, 1, 6, "", (address, port)) for address in ("127.0.0.1", {ADDRESS!r})
]
for name in ("db.example.com", "DB.example.com.", {OTHER!r}):
    try:
        socket.create_connection((name, here.getsockname()[1]), timeout=10)
        print("open")
    except OSError as error:
        print("Nothing was sent" in str(error))
# As a connection to this address would be asked about.
import sys
sys.audit("socket.connect", socket.socket(), ({ADDRESS!r}, 5432))
"""


def test_allowed_hosts_are_open_and_so_are_their_addresses(led: Led) -> None:
    assert led.allowing("db.example.com").python(ALLOWED).split() == ["open", "open", "True"]


def test_without_the_fake_a_program_reaches_nothing(led: Led) -> None:
    led.server.stop()
    for code in (PLAIN_SOCKET.replace("PORT", "443"), OLDER, NEWER, REFUSED):
        printed = led.run(sys.executable, "-c", code, check=False)
        assert "open" not in printed.split()


def test_an_isolated_interpreter_reaches_nothing_else(led: Led) -> None:
    """``-I`` ignores ``PYTHONPATH``; the proxy variables and those of OpenSSL still lead."""
    code = f"""
import urllib.request
try:
    urllib.request.urlopen("https://{HOST}{CALL}", timeout=10)
except urllib.error.HTTPError as error:
    print(b"RequestId" in error.read())
"""
    assert led.run(sys.executable, "-I", "-c", code).strip() == "True"
    assert led.calls() == ["DescribeRegions"]


NEXT = "import sys\nsys.stdout.write('next ')\n"


def test_a_sitecustomize_on_the_users_path_still_runs(led: Led, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NEXT + "value = 7\n")
    code = "import sitecustomize; print(sitecustomize.value)\n" + PLAIN_SOCKET.replace(
        "PORT", "443"
    )

    assert led.python(code, PYTHONPATH=str(tmp_path)).split() == ["next", "7", "HTTP/1.1"]


def test_a_sitecustomize_of_a_virtual_environment_still_runs(led: Led, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "sitecustomize.py").write_text(NEXT)

    alone = subprocess.run([python, "-c", ""], capture_output=True, text=True, check=True).stdout

    printed = led.run(python, "-c", PLAIN_SOCKET.replace("PORT", "443"))
    # That of Debian's Python stands before it, with and without us.
    assert printed.split() == [*alone.split(), "HTTP/1.1"]
    assert led.calls() == ["DescribeRegions"]


def test_a_sitecustomize_with_an_error_changes_nothing_else(led: Led, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import no_such_module_anywhere\n")
    printed = led.python(PLAIN_SOCKET.replace("PORT", "443"), PYTHONPATH=str(tmp_path))

    assert "no_such_module_anywhere" in printed
    assert printed.split()[-1] == "HTTP/1.1"


def test_that_of_debian_still_runs(led: Led) -> None:
    """Python of the system has one of its own."""
    system = Path("/usr/bin/python3")
    own = list(Path("/usr/lib").glob("python3*/sitecustomize.py"))
    if not (system.exists() and own):
        system, own = Path(sys.executable), []
    code = "import sys; print(getattr(sys.modules.get('sitecustomize'), '__file__', ''))"
    without = subprocess.run([system, "-c", code], capture_output=True, text=True, check=True)
    printed = led.run(system, "-c", code + "\n" + PLAIN_SOCKET.replace("PORT", "443"))

    expected = without.stdout.strip() or f"{led.way.folder}/python/sitecustomize.py"
    assert printed.splitlines() == [expected, "HTTP/1.1"]


def test_the_start_costs_no_imports(led: Led) -> None:
    code = "import sys; print(*sorted(sys.modules))"
    plain = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    extra = set(led.python(code).split()) - set(plain.stdout.split())

    assert extra <= {"sitecustomize"}


def test_the_file_is_for_any_python_3_and_has_the_hosts(led: Led) -> None:
    led.environ()
    text = (led.way.folder / "python" / "sitecustomize.py").read_text()
    tree = ast.parse(text, feature_version=(3, 6))

    assert f"ALIBABA_DOMAINS = {ALIBABA_DOMAINS!r}\n" in text
    imported = {
        name.name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"os", "sys"}


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_children_of_a_program_are_led(led: Led, tmp_path: Path, method: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing\n"
        f"def work():\n    import socket\n    exec({PLAIN_SOCKET.replace('PORT', '443')!r})\n"
        "if __name__ == '__main__':\n"
        f"    child = multiprocessing.get_context({method!r}).Process(target=work)\n"
        "    child.start(); child.join(); print(child.exitcode)\n"
    )
    assert led.run(sys.executable, program).split()[-1] == "0"
    assert led.calls() == ["DescribeRegions"]
