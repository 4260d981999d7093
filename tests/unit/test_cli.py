"""The command line, as a process."""

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from simevents.api.client import SystemEvents
from simevents.fake import daemon
from simevents.models import EventType
from tests.conftest import REGION, Cloud

COMMANDS = ["create", "list", "show", "cancel", "wait", "sweep", "fake", "clock", "completion"]


def simevents(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simevents", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def event_ids(api: SystemEvents, cloud: Cloud) -> list[str]:
    """Two open events."""
    moment = api.now() + timedelta(hours=1)
    return api.create(EventType.SYSTEM_MAINTENANCE_REBOOT, moment, cloud.instances(2))


def test_list_shows_all_columns_of_an_event(cloud: Cloud, event_ids: list[str]) -> None:
    shown = simevents("list", "--endpoint", cloud.url, "--region", REGION)
    (event, *_) = [e for e in cloud.get("events") if e["event_id"] == event_ids[0]]
    (line,) = [line for line in shown.stdout.splitlines() if event_ids[0] in line]

    assert shown.returncode == 0
    assert line.split() == [
        event["event_id"],
        event["instance_id"],
        "SystemMaintenance.Reboot",
        "Scheduled",
        event["not_before"],
        event["publish_time"],
    ]


def test_list_as_json(cloud: Cloud, event_ids: list[str]) -> None:
    shown = simevents("list", "--endpoint", cloud.url, "--region", REGION, "--json")

    assert sorted(event["event_id"] for event in json.loads(shown.stdout)) == sorted(event_ids)


def test_sweep_cancels_the_named_event(cloud: Cloud, event_ids: list[str]) -> None:
    words = ["sweep", "--endpoint", cloud.url, "--region", REGION, "--event", event_ids[0]]
    listed = simevents(*words, "--dry-run")
    refused = simevents(*words, typed="n\n")
    assert (listed.returncode, refused.returncode) == (1, 1)
    assert len(cloud.open_events()) == 2

    swept = simevents(*words, "--yes")
    assert (swept.returncode, swept.stdout.splitlines()[-1]) == (0, "1 cancelled.")
    assert [event["event_id"] for event in cloud.open_events()] == event_ids[1:]
    again = simevents(*words, "--yes")
    assert again.stdout == f"Nothing is open in {REGION} of {cloud.url}.\n"


def test_sweep_of_an_instance_by_type_and_time(cloud: Cloud) -> None:
    instances = cloud.instances(1)
    for event_type, hour in (("SystemFailure.Stop", 1), ("SystemFailure.Stop", 2), ("X", 1)):
        cloud.post(
            "events",
            instance_ids=instances,
            event_type=event_type,
            not_before=f"2099-01-01T0{hour}:00:00Z",
            status="Executing",
            simulated=True,
        )
    words = ["--endpoint", cloud.url, "--region", REGION, "--instance", instances[0], "--yes"]
    only = ["--type", "SystemFailure.Stop", "--not-before", "2099-01-01T02:00:00Z"]

    assert simevents("sweep", *words, *only).returncode == 0
    assert cloud.statuses() == ["Canceled", "Executing", "Executing"]


def test_sweep_refuses_a_stack_together_with_ids() -> None:
    ended = simevents("sweep", "--stack", "dev", "--event", "e-a", "--yes")

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: --stack: the state of the stack says")


def test_sweep_of_a_region_only_lists(cloud: Cloud, event_ids: list[str]) -> None:
    swept = simevents("sweep", "--endpoint", cloud.url, "--region", REGION, "--yes")

    assert swept.returncode == 1
    assert "To cancel, name --instance, --event or --stack." in swept.stderr
    assert len(cloud.open_events()) == 2


def test_sweep_reports_a_real_event(cloud: Cloud) -> None:
    (real,) = cloud.post(
        "events",
        instance_ids=cloud.instances(1),
        event_type="SystemMaintenance.Reboot",
        not_before="2099-01-01T00:00:00Z",
    )
    words = ["--endpoint", cloud.url, "--region", REGION, "--instance", real["instance_id"]]
    swept = simevents("sweep", *words, "--yes")

    assert swept.returncode == 1
    assert f"1 real, not cancelled: {real['event_id']}" in swept.stderr


@pytest.mark.parametrize(
    ("words", "expected", "code"),
    [
        (["list", "--region", REGION, "--endpoint", "http://example.com"], "endpoint: http", 2),
        (["list", "--region", REGION, "--instance", "vm-1"], "--instance: 'vm-1' is no", 2),
        (["fake", "--access-key", "id:secret"], "--access-key: every user of this machine", 2),
        (["fake", "--access-keys", "/no/such/file"], "--access-keys: /no/such/file cannot be", 2),
        (["fake", "--detach"], "--detach needs --data", 1),
    ],
)
def test_the_error_for_a_wrong_argument_is_one_line(
    words: list[str], expected: str, code: int
) -> None:
    ended = simevents(*words)

    assert ended.returncode == code
    assert ended.stderr.startswith(f"error: {expected}")
    assert len(ended.stderr.splitlines()) == 1


def test_missing_credentials_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ended = simevents("list", "--region", REGION)

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: credentials: no credentials were found; set ALIBABA")


def test_fake_prints_its_url_first_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--instance", "i-a"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()

    assert httpx.get(f"{url}/_fake/health").json()["instances"] == 1
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def test_fake_reports_a_busy_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        ended = simevents("fake", "--port", str(port))

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: Port {port} on 127.0.0.1 cannot be used (Address")


def test_a_detached_fake_is_found_again_and_stopped(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    first = simevents("fake", "--detach", "--port", "0", "--data", str(data))
    again = simevents("fake", "--detach", "--port", "0", "--data", str(data))
    running = daemon.find(data)
    assert running is not None
    assert first.stdout == again.stdout == f"{running.url}\n"

    # A killed fake starts again on the same port with the same data.
    os.kill(running.pid, signal.SIGKILL)
    port = running.url.rpartition(":")[2]
    simevents("fake", "--detach", "--port", port, "--data", str(data))
    back = daemon.find(data)
    assert back is not None
    assert (back.url, back.cloud_id) == (running.url, running.cloud_id)
    assert back.pid != running.pid

    assert daemon.stop(data)
    assert not daemon.stop(data)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    assert f"Example: simevents {command} " in simevents(command, "--help").stdout


def test_completion_for_each_shell() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_SIMEVENTS_COMPLETE" in simevents("completion", shell).stdout
