"""What ordinary suites do beside the fake goes on working, in its test and after it."""

import pytest

pytestmark = pytest.mark.slow

HEAD = """
import http.server, multiprocessing, os, socket, threading, urllib.request
import aiohttp, httpx, pytest, requests
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from requests.adapters import HTTPAdapter
from simevents.testing import fake_cloud


class Neighbour(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def port():
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Neighbour)
    threading.Thread(target=server.serve_forever).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def ask():
    client = AcsClient("my-key", "my-secret", "cn-hangzhou")
    return client.do_action_with_exception(DescribeInstancesRequest())
"""

MONKEYPATCH = """
def test_a(monkeypatch, ecs_fake):
    send = HTTPAdapter.send
    monkeypatch.setattr(HTTPAdapter, "send", lambda *a, **o: send(*a, **o))
    monkeypatch.setenv("SIMEVENTS_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", "cn-beijing")
    monkeypatch.delenv("http_proxy")


def test_b_has_no_variable_of_the_fake():
    assert "SIMEVENTS_ENDPOINT" not in os.environ
    assert "ALIBABA_CLOUD_REGION_ID" not in os.environ
    assert "http_proxy" not in os.environ


def test_c(ecs_fake):
    requests.get("http://ecs.aliyuncs.com/?Action=DescribeInstances&Version=2014-05-26&Signature=x")
    assert len(ecs_fake.calls) == 1
    ecs_fake.reset()
"""

EARLIER_VARIABLE = """
@pytest.fixture
def endpoint(monkeypatch):
    monkeypatch.setenv("SIMEVENTS_ENDPOINT", "http://127.0.0.1:1")


def test_a(endpoint, ecs_fake):
    assert os.environ["SIMEVENTS_ENDPOINT"] == ecs_fake.url


def test_b():
    assert "SIMEVENTS_ENDPOINT" not in os.environ
"""

NEIGHBOURS = """
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a(ecs_fake, port, host):
    url = f"http://{host}:{port}/"
    for get in (urllib.request.urlopen, requests.get, httpx.get):
        get(url, timeout=5).close()


def test_b(ecs_fake, port):
    # A stub of what the fake does not serve.
    requests.get(f"http://127.0.0.1:{port}/?Action=SendMessage&Version=2012-11-05&Signature=x")
"""

UNIX = """
@pytest.mark.asyncio
async def test_a(ecs_fake, tmp_path):
    with pytest.raises(httpx.ConnectError):
        httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "s"))).get("http://docker/")
    connector = aiohttp.UnixConnector(str(tmp_path / "s"))
    async with aiohttp.ClientSession(connector=connector) as docker:
        with pytest.raises(aiohttp.ClientError):
            await docker.get("http://docker/")
"""

SECOND = """
def test_a(ecs_fake):
    stop, seen = threading.Event(), []

    def poll():
        stop.wait()
        seen.append(ask())

    with fake_cloud(redirect=False) as second:
        thread = threading.Thread(target=poll)
        thread.start()
        query = "Action=DescribeInstances&Version=2014-05-26&Signature=x"
        requests.get(f"{second.url}/?{query}")
        assert (len(second.calls), len(ecs_fake.calls)) == (1, 0)
        second.reset()
    stop.set()
    thread.join()
    assert len(seen) == 1
"""

STOPPED_LATER = """
@pytest.fixture(autouse=True)
def poller():
    stop = threading.Event()

    def poll():
        while not stop.is_set():
            try:
                ask()
            except Exception:
                pass

    thread = None

    def start():
        nonlocal thread
        thread = threading.Thread(target=poll)
        thread.start()

    yield start
    stop.set()
    thread.join()


def test_a(poller, ecs_fake):
    poller()
    ecs_fake.expect().called("DescribeInstances", within="20s")
"""

ADAPTER = """
class Patient(HTTPAdapter):
    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        return super().send(request, stream, 9, verify, cert, proxies)


def test_a(ecs_fake):
    with requests.Session() as session:
        session.mount("https://", Patient())
        session.get("https://ecs.aliyuncs.com/?Action=DescribeInstances&Version=2014-05-26&Signature=x")
    assert len(ecs_fake.calls) == 1
    ecs_fake.reset()


def test_b(monkeypatch, ecs_fake):
    assert os.environ["TRUST_PROXY"] == "1"
"""


@pytest.mark.parametrize(
    ("tests", "passed"),
    [
        (MONKEYPATCH, 3),
        (EARLIER_VARIABLE, 2),
        (NEIGHBOURS, 4),
        (UNIX, 1),
        (SECOND, 1),
        (STOPPED_LATER, 1),
        (ADAPTER, 2),
    ],
    ids=["monkeypatch", "variable", "neighbours", "unix", "second", "stopped later", "adapter"],
)
def test_is_not_disturbed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tests: str, passed: int
) -> None:
    monkeypatch.setenv("TRUST_PROXY", "1")
    pytester.makepyfile(test_it=HEAD + tests)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-W", "ignore")

    result.assert_outcomes(passed=passed)
    assert result.ret == pytest.ExitCode.OK


def test_a_refusal_that_a_forked_process_catches_fails_the_test(
    pytester: pytest.Pytester,
) -> None:
    test = """
def escape():
    try:
        socket.create_connection(("ecs.aliyuncs.com", 443))
    except Exception:
        pass


def test_a(ecs_fake):
    child = multiprocessing.get_context("fork").Process(target=escape)
    child.start()
    child.join()
"""
    pytester.makepyfile(test_it=HEAD + test)
    result = pytester.runpytest_subprocess("-W", "ignore")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*GET ecs.aliyuncs.com -> refused, nothing was sent*"])
