"""A thread of the program under test that outlives its test reaches no cloud, and fails the run."""

import pytest

pytestmark = pytest.mark.slow

HANDLER = """
import asyncio, os, socket, threading
import aiohttp, httpx, pytest, requests, urllib3
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest

first_call, refused = threading.Event(), threading.Semaphore(0)
ended = threading.Event()


def handle():
    client = AcsClient("my-key", "my-secret", "cn-hangzhou")
    while not ended.is_set():
        try:
            client.do_action_with_exception(DescribeInstancesRequest())
            first_call.set()
        except Exception:
            refused.release()


def wait_for_refusals():
    for _ in range(3):
        assert refused.acquire(timeout=20)


def test_a_leaves_a_thread(ecs_fake):
    thread = threading.Thread(target=handle, daemon=True)
    thread.start()
    assert first_call.wait(20)
"""

LATER_TEST_WITH_THE_FAKE = """
def test_b_has_its_own_cloud(ecs_fake):
    (instance,) = ecs_fake.run_instances()
    wait_for_refusals()
    assert ecs_fake.calls == []
    ended.set()
"""

LATER_TEST_WITHOUT = """
def test_b_is_not_about_the_cloud():
    wait_for_refusals()
    assert os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "testid"
    ended.set()
"""

OTHER_WAYS = """
async def by_httpx(url):
    async with httpx.AsyncClient(proxy="http://127.0.0.1:1") as client:
        await client.get(url)


async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session:
        await session.get(url, proxy="http://127.0.0.1:1")


def test_b_tries_all_ways():
    ended.set()
    early = socket.getaddrinfo
    for way in (
        lambda: early("ecs.aliyuncs.com", 443),
        lambda: early(b"ecs.aliyuncs.com", 443),
        lambda: early("ecs\\uff0ealiyuncs\\uff0ecom", 443),
        lambda: socket.gethostbyname("cs.alicloudapi.com"),
        lambda: socket.create_connection(("100.100.100.200", 80)),
        lambda: socket.socket(socket.AF_INET6).connect(("::ffff:100.100.100.200", 80)),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("100.100.100.200", 80)),
        lambda: requests.get("https://ecs.aliyuncs.com", proxies={"https": "http://127.0.0.1:1"}),
        lambda: requests.get("http://ecs.aliyuncs.com", proxies={"http": "http://127.0.0.1:1"}),
        lambda: urllib3.ProxyManager("http://127.0.0.1:1").request("GET", "http://ecs.aliyuncs.com"),
        lambda: httpx.get("https://ecs.aliyuncs.com", proxy="http://127.0.0.1:1"),
        lambda: httpx.get("http://ecs.aliyuncs.com", proxy="http://127.0.0.1:1"),
        lambda: asyncio.run(by_httpx("https://ecs.aliyuncs.com")),
        lambda: asyncio.run(by_aiohttp("http://ecs.aliyuncs.com")),
        lambda: asyncio.run(by_aiohttp("https://ecs.aliyuncs.com")),
    ):
        with pytest.raises(Exception, match="Nothing was sent"):
            way()
"""


@pytest.fixture(params=[[], ["-n", "1"]], ids=["one process", "xdist"])
def options(request: pytest.FixtureRequest) -> list[str]:
    chosen: list[str] = request.param
    return chosen


@pytest.mark.parametrize("later", [LATER_TEST_WITH_THE_FAKE, LATER_TEST_WITHOUT])
def test_a_thread_that_outlives_its_test_is_refused_and_fails_the_run(
    pytester: pytest.Pytester, later: str, options: list[str]
) -> None:
    pytester.makepyfile(test_it=HANDLER + later)
    result = pytester.runpytest_subprocess("-p", "no:randomly", *options)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*calls that outlived their test*",
            "code that test_it.py::test_a_leaves_a_thread left behind called * of ecs*",
            "The run fails for this.*",
        ]
    )
    assert "my-secret" not in result.stdout.str()


def test_no_way_to_the_vendors_hosts_is_open_after_a_fake_was_used(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(test_it=HANDLER + OTHER_WAYS)
    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_run_whose_threads_end_with_their_tests_is_green(pytester: pytest.Pytester) -> None:
    stopped = "    ended.set()\n    thread.join()\n"
    pytester.makepyfile(test_it=HANDLER + stopped)
    result = pytester.runpytest_subprocess()

    assert result.ret == pytest.ExitCode.OK
