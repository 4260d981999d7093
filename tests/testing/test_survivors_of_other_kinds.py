"""Timers, jobs, tasks and processes that outlive their test reach no cloud either."""

import pytest

pytestmark = pytest.mark.slow

HANDLER = """
import asyncio, os, subprocess, sys, threading
from concurrent.futures import ThreadPoolExecutor
import aiohttp, pytest
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest

first_call, refused = threading.Event(), threading.Semaphore(0)
ended = threading.Event()


def call():
    try:
        client = AcsClient("my-key", "my-secret", "cn-hangzhou")
        client.do_action_with_exception(DescribeInstancesRequest())
        first_call.set()
    except Exception:
        refused.release()
"""

LATER_TEST = """
def test_b_has_its_own_cloud(ecs_fake):
    for _ in range(3):
        assert refused.acquire(timeout=20)
    assert ecs_fake.calls == []
    ended.set()
"""

TIMERS = """
def again():
    call()
    if not ended.is_set():
        threading.Timer(0.01, again).start()


def test_a(ecs_fake):
    again()
"""

JOB = """
POOL = ThreadPoolExecutor(2)


def handle():
    while not ended.is_set():
        call()


def test_a(ecs_fake):
    POOL.submit(handle)
    assert first_call.wait(20)


def test_another_test_uses_the_same_executor(ecs_fake):
    first_call.clear()
    POOL.submit(call).result()
    assert first_call.is_set()
    assert len(ecs_fake.calls) == 1
"""

TASK = """
pytestmark = pytest.mark.asyncio(loop_scope="session")
tasks = []


async def poll():
    url = "https://ecs.aliyuncs.com/?Action=DescribeInstances&Version=2014-05-26&Signature=x"
    async with aiohttp.ClientSession() as session:
        while not ended.is_set():
            try:
                await session.get(url)
                first_call.set()
            except Exception:
                refused.release()
            await asyncio.sleep(0.01)


async def test_a(ecs_fake):
    tasks.append(asyncio.create_task(poll()))
    while not first_call.is_set():
        await asyncio.sleep(0.01)
    ecs_fake.reset()


async def test_b_has_its_own_cloud(ecs_fake):
    while not refused.acquire(blocking=False):
        await asyncio.sleep(0.01)
    assert ecs_fake.calls == []
    ended.set()
    await tasks[0]
"""

PROCESS = """
CODE = '''
import os, urllib.request
url = os.environ["SIMEVENTS_ENDPOINT"] + "/?Action=DescribeInstances&Version=2014-05-26"
while True:
    try:
        urllib.request.urlopen(url)
    except OSError as error:
        print("refused" if "Connection refused" in str(error) else "answered", flush=True)
'''


def test_a(ecs_fake):
    global process
    process = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "answered\\n"
    ecs_fake.reset()


def test_b_has_its_own_cloud(ecs_fake):
    while process.stdout.readline() != "refused\\n":
        pass
    for _ in range(3):
        assert process.stdout.readline() == "refused\\n"
    assert ecs_fake.calls == []
    process.kill()
    process.communicate()
"""

CHILDREN = """
def spawn():
    while not ended.is_set():
        try:
            subprocess.run([sys.executable, "-c", "pass"], check=True)
            first_call.set()
        except Exception:
            refused.release()


def test_a(ecs_fake):
    threading.Thread(target=spawn).start()
    assert first_call.wait(20)
"""

ADDRESSES = """
import requests, socket

def look():
    while not ended.is_set():
        port = int(os.environ.get("SIMEVENTS_ENDPOINT", ":1").rpartition(":")[2])
        for way in (
            lambda: requests.get("http://192.0.2.1/", timeout=1),
            lambda: socket.create_connection(("localhost", port), 1).close(),
            lambda: socket.create_connection(("0.0.0.0", port), 1).close(),
        ):
            try:
                way()
                first_call.set()
            except OSError:
                pass
            except Exception:
                refused.release()


def test_a(ecs_fake):
    threading.Thread(target=look).start()
    assert first_call.wait(20)
"""

WRAPPED = """
import functools

start = threading.Thread.start
threading.Thread.start = functools.wraps(start)(lambda thread: start(thread))


def handle():
    while not ended.is_set():
        call()


def test_a(ecs_fake):
    threading.Thread(target=handle).start()
    assert first_call.wait(20)
"""

LAST = """
def test_a(ecs_fake):
    threading.Timer(0.5, call).start()
"""

OUTER = """
import os, pytest, requests

INNER = '''
import os, pytest, socket

def test_inner(ecs_fake):
    with pytest.raises(Exception, match="Nothing was sent"):
        socket.gethostbyname("ecs.aliyuncs.com")
    ecs_fake.reset()

def test_after():
    assert os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "testid"
    with pytest.raises(Exception, match="Nothing was sent"):
        socket.gethostbyname("ecs.aliyuncs.com")
'''


def test_outer(pytester):
    pytester.makepyfile(INNER)
    inner = pytester.runpytest_inprocess()
    inner.assert_outcomes(passed=2)
    assert inner.ret == pytest.ExitCode.TESTS_FAILED
    assert os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "own-key"


def test_what_the_inner_run_used_does_not_count():
    from simevents.testing.network import guard as network_guard

    network_guard.check("ecs.aliyuncs.com")
    assert not network_guard.used_fake()


def test_a_fake_of_the_outer_run_gets_the_calls(ecs_fake):
    query = "Action=DescribeInstances&Version=2014-05-26&Signature=x"
    requests.get(f"https://ecs.aliyuncs.com/?{query}")
    assert len(ecs_fake.calls) == 1
    ecs_fake.reset()
"""


def run(pytester: pytest.Pytester, tests: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=tests)
    return pytester.runpytest_subprocess("-p", "no:randomly")


@pytest.mark.parametrize(
    ("tests", "passed", "deed"),
    [
        (TIMERS + LATER_TEST, 2, "called *"),
        (JOB + LATER_TEST, 3, "called *"),
        (TASK, 2, "called *"),
        (CHILDREN + LATER_TEST, 2, "started *python*; it was refused *"),
        (ADDRESSES + LATER_TEST, 2, "called *"),
        (WRAPPED + LATER_TEST, 2, "called *"),
    ],
    ids=[
        *("timers", "job of an executor", "task on the loop of the session"),
        *("processes", "addresses", "thread that a library wraps"),
    ],
)
def test_a_survivor_is_refused_and_named(
    pytester: pytest.Pytester, tests: str, passed: int, deed: str
) -> None:
    result = run(pytester, HANDLER + tests)

    result.assert_outcomes(passed=passed)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"code that test_it.py::test_a left behind {deed}"])


def test_a_process_that_outlives_its_test_finds_no_cloud(pytester: pytest.Pytester) -> None:
    result = run(pytester, HANDLER + PROCESS)

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


def test_what_outlives_the_last_test_is_named_at_the_end(pytester: pytest.Pytester) -> None:
    result = run(pytester, HANDLER + LAST)

    result.assert_outcomes(passed=1)
    result.stderr.fnmatch_lines(["simevents: code that test_it.py::test_a left behind called *"])


def test_an_inner_run_gives_the_outer_one_its_state_back(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "own-key")
    pytester.makeconftest("pytest_plugins = ['pytester']")
    result = run(pytester, OUTER)

    result.assert_outcomes(passed=3)
    assert result.ret == pytest.ExitCode.OK
