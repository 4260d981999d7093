"""``--ecs-target=live``, with a fake as the account."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cloud

pytestmark = pytest.mark.slow

ACCOUNT = "1000000000000001"
OPTIONS = [
    "--ecs-target=live",
    f"--ecs-live-account={ACCOUNT}",
    "--ecs-live-region=cn-hangzhou",
    "--ecs-live-instances=i-a,i-b",
]
TEST = """
import json, time
from datetime import timedelta
from pathlib import Path
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.CreateSimulatedSystemEventsRequest import (
    CreateSimulatedSystemEventsRequest as Create,
)

def test_it(ecs):
    request = Create()
    scheme, _, host = ecs.endpoint.partition("://")
    request.set_endpoint(host)
    request.set_protocol_type(scheme)
    request.set_EventType("SystemMaintenance.Reboot")
    request.set_NotBefore((ecs.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    request.set_InstanceIds(ecs.instances(2))
    client = AcsClient(ecs.access_key_id, ecs.access_key_secret, ecs.region)
    client.do_action_with_exception(request)
    Path("made").touch()
    {then}
"""


@pytest.fixture
def account(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    cloud.post("instances", instance_ids=["i-a", "i-b", "i-c", "i-d"])
    # The event of a colleague, which must stay.
    cloud.post(
        "events",
        instance_ids=["i-a"],
        event_type="SystemMaintenance.Stop",
        not_before="2099-01-01T00:00:00Z",
        simulated=True,
    )
    monkeypatch.setenv("SIMEVENTS_ENDPOINT", cloud.url)
    yield cloud
    assert [event["event_type"] for event in cloud.open_events()] == ["SystemMaintenance.Stop"]


def command(folder: Path, then: str, *options: str) -> list[str]:
    (folder / "test_it.py").write_text(TEST.format(then=then))
    (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]


def run(folder: Path, then: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(folder, then, *options),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("then", ["pass", "raise RuntimeError"])
def test_events_of_a_test_are_cancelled(account: Cloud, tmp_path: Path, then: str) -> None:
    ended = run(tmp_path, then, *OPTIONS)

    assert ended.returncode == (0 if then == "pass" else 1), ended.stdout
    assert account.statuses() == ["Canceled", "Canceled", "Scheduled"]


def test_events_of_a_killed_run_are_cancelled(account: Cloud, tmp_path: Path) -> None:
    # Separate instances: the process that cleans up continues to look for a while.
    others = [option.replace("i-a,i-b", "i-c,i-d") for option in OPTIONS]
    running = subprocess.Popen(command(tmp_path, "time.sleep(600)", *others), cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "made").exists():
        assert time.monotonic() < deadline
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()
    while account.statuses() != ["Canceled", "Canceled", "Scheduled"]:
        assert time.monotonic() < deadline


def test_another_account_is_not_touched(account: Cloud, tmp_path: Path) -> None:
    account.post("account", id="1234567890123456")
    ended = run(tmp_path, "pass", *OPTIONS)

    assert ended.returncode == 1
    assert f"These events belong to the account {ACCOUNT}, but the credentials" in ended.stdout
    assert account.statuses() == ["Scheduled"]


def test_a_request_for_too_many_instances_is_reported(account: Cloud, tmp_path: Path) -> None:
    ended = run(tmp_path, "ecs.instances(1)", *OPTIONS)

    assert (
        "--ecs-live-instances: the test asks for 1 more instances, and 0 are left" in ended.stdout
    )


def test_a_live_test_is_deselected_without_an_account(tmp_path: Path) -> None:
    ended = run(tmp_path, "pass", "--ecs-target=live")

    assert "1 deselected" in ended.stdout
    assert ended.returncode == 5


def test_what_makes_queues_is_left_out_of_a_live_run_of_the_contracts() -> None:
    """The process that cleans up after a killed run cannot delete them."""
    folder = Path(__file__).parents[1] / "contract"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only"]
    listed = subprocess.run(
        [*command, *OPTIONS, str(folder)], capture_output=True, text=True, check=True
    ).stdout

    assert "test_system_events.py::test_the_errors_of_create[newer]" in listed
    assert "test_queues.py::" not in listed
    assert re.search(
        "^[0-9]+ tests of event rules, queues and buses are not run live", listed, re.MULTILINE
    )


def test_the_verified_live_marker_checks_its_date(tmp_path: Path) -> None:
    run(tmp_path, "pass")
    test = tmp_path / "test_it.py"
    marked = "import pytest\n@pytest.mark.verified_live({})\ndef test_it(): pass\n"
    test.write_text(marked.format("'2026-11-23'"))
    options = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider"]
    good = subprocess.run(options, cwd=tmp_path, capture_output=True, text=True, check=False)
    test.write_text(marked.format("'last week'"))
    bad = subprocess.run(options, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert good.returncode == 0
    assert bad.returncode == 4
    assert "@pytest.mark.verified_live takes one day, such as" in bad.stderr
