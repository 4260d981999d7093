"""A test starts the program under test, which is led to the fake and ends with the test."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simevents.testing import FakeCloud, fake_cloud

REBOOT = """
import json, sys
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest

request = RebootInstanceRequest()
request.set_protocol_type("https")
request.set_InstanceId(sys.argv[1])
AcsClient("own-key", "own-secret", "cn-hangzhou").do_action_with_exception(request)
"""

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function"

IGNORES_TERM = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), subprocess.Popen(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-W", "ignore", "-c", code, *arguments]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
def test_a_program_with_its_own_keys_and_https(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    handler = ecs_fake.popen(python(REBOOT, instance))

    ecs_fake.expect(instance).within("30s").rebooted()
    assert handler.wait(30) == 0


def test_the_death_of_the_program_ends_the_wait(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    ecs_fake.popen([sys.executable, "-c", "raise SystemExit(3)"])
    before = time.monotonic()

    with pytest.raises(AssertionError, match=r"before the process .* ended with exit code 3"):
        ecs_fake.expect(instance).within("60s").rebooted()
    assert time.monotonic() - before < 30


def test_the_wait_goes_on_while_another_program_or_its_child_runs(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    first = ecs_fake.popen(["true"])
    second = ecs_fake.popen(["sh", "-c", "sleep 600 & exit 4"])
    assert (first.wait(30), second.wait(30)) == (0, 4)
    assert ecs_fake.process_exit_code is None

    with pytest.raises(AssertionError, match=r"within 0\.1 s"):
        ecs_fake.expect(instance).within(0.1).rebooted()
    os.killpg(second.pid, signal.SIGKILL)
    with pytest.raises(AssertionError, match="ended with exit code 4"):
        ecs_fake.expect(instance).within("60s").rebooted()


def test_options_are_those_of_popen(ecs_fake: FakeCloud, tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ['MINE'], os.environ['HTTPS_PROXY'])"
    env = {"MINE": "1", "PATH": os.environ["PATH"], "HTTPS_PROXY": "http://192.0.2.7:3128"}
    handler = ecs_fake.popen(python(code), cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)

    assert handler.communicate(timeout=30)[0].split() == [str(tmp_path), "1", ecs_fake.url]


def test_a_command_that_does_not_exist(ecs_fake: FakeCloud) -> None:
    with pytest.raises(FileNotFoundError):
        ecs_fake.popen(["no-such-command-anywhere"])
    assert ecs_fake.process_exit_code is None


def test_a_program_that_ignores_term_ends_with_its_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simevents.testing.programs.started.TERM_SECONDS", 0.5)
    with fake_cloud() as cloud:
        stubborn = cloud.popen(python(IGNORES_TERM), stdout=subprocess.PIPE, text=True)
        assert stubborn.stdout is not None
        pids = [int(word) for word in stubborn.stdout.readline().split()]
        assert [is_running(pid) for pid in pids] == [True, True]

    assert [is_running(pid) for pid in pids] == [False, False]
    assert stubborn.returncode == -signal.SIGKILL


def test_what_a_program_calls_at_its_end_counts(pytester: pytest.Pytester) -> None:
    """SIGTERM comes before the checks at the end of the test."""
    handler = """
import signal, sys, time, urllib.request

def end(*_):
    urllib.request.urlopen("https://oss-cn-hangzhou.aliyuncs.com/last-page")

signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""
    pytester.makepyfile(handler=handler)
    pytester.makeini(INI)
    test = """
import subprocess, sys

def test_it(ecs_fake):
    handler = ecs_fake.popen([sys.executable, "handler.py"], stdout=subprocess.PIPE)
    assert handler.stdout.readline() == b"ready\\n"
"""
    pytester.makepyfile(test_it=test)
    result = pytester.runpytest("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=1)
    assert "oss-cn-hangzhou.aliyuncs.com" in result.stdout.str()


def test_children_inherit_the_way_during_a_test_only(pytester: pytest.Pytester) -> None:
    test = """
import os

LED = ("PYTHONPATH", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "SSL_CERT_FILE", "HTTPS_PROXY")
before = {name: os.environ.get(name) for name in LED}

def test_during(ecs_fake):
    assert {name: os.environ[name] for name in LED} == {name: ecs_fake.env[name] for name in LED}
    assert os.environ["PYTHONPATH"] == ecs_fake.env["PYTHONPATH"]
    assert {**os.environ, **ecs_fake.env} == {**os.environ}

def test_after():
    assert {name: os.environ.get(name) for name in LED} == before
    assert os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "testid"
"""
    pytester.makepyfile(test_it=test)
    pytester.makeini(INI)
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=2)


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_nothing_is_left_in_the_temporary_folder(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    temporary = pytester.path / "a temporary folder"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    test = f"""
from pathlib import Path

def test_it(ecs_fake):
    (folder,) = Path({str(temporary)!r}).glob("simevents-run-*")
    assert ecs_fake.env["PYTHONPATH"].startswith(f"{{folder}}/python")
"""
    pytester.makepyfile(test_it=test)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)

    result.assert_outcomes(passed=1)
    assert list(temporary.glob("simevents-*")) == []


@pytest.mark.slow
def test_a_run_without_the_fixture_makes_no_folder(pytester: pytest.Pytester) -> None:
    test = """
import sys

def test_it():
    assert "simevents.way_in.variables" not in sys.modules
    assert "simevents.way_in.folder" not in sys.modules
"""
    pytester.makepyfile(test_it=test)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.mark.ecs_fake(allow_hosts=["127.0.0.9"])
def test_an_allowed_host_is_reached_through_the_proxy_too(ecs_fake: FakeCloud) -> None:
    """For programs that do not read NO_PROXY."""
    with HTTPServer(("127.0.0.9", 0), Answering) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        proxy = http.client.HTTPConnection(urlsplit(ecs_fake.url).netloc, timeout=10)
        proxy.request("GET", f"http://127.0.0.9:{server.server_port}/")
        assert proxy.getresponse().status == 204
        proxy.close()
