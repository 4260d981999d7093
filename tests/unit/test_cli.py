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

pytestmark = pytest.mark.slow

COMMANDS = [
    *("create", "list", "show", "cancel", "wait", "sweep"),
    *("fake", "clock", "faults", "timeline", "report", "completion"),
]


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


def test_list_shows_all_columns_of_an_event_when_asked(cloud: Cloud, event_ids: list[str]) -> None:
    shown = simevents("list", "--endpoint", cloud.url, "--region", REGION, "--wide")
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
        (["fake", "--detach"], "--detach: no data file is given, and without one the", 2),
        (["fake", "--detach", "--data", "x", "--host", "0.0.0.0"], "--detach: a detached", 2),
        (["fake", "--stop"], "--stop: no data file is given; use --data with the", 2),
        (["fake", "--stop", "--detach", "--data", "x"], "--stop: --stop and --detach exclude", 2),
        (["fake", "--switch", "nope=1"], "--switch: 'nope' is not a valid switch; use one", 2),
        (["fake", "--switch", "nope"], "--switch: 'nope' is not a valid NAME=VALUE; use", 2),
        (
            ["fake", "--switch", "stop_avoids=1"],
            "--switch: '1' is not a valid value of stop_avoids",
            2,
        ),
        (["fake", "--port", "0", "--log", "/no/such/file"], "--log: /no/such/file cannot be", 2),
        (["clock", "advance", "3x"], "advance: '3x' is not a valid duration; use one such as", 2),
        (["clock", "set", "soon"], "set: 'soon' is not a UTC time as yyyy-MM-ddTHH:mm:ssZ", 2),
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


@pytest.mark.usefixtures("own_run")
def test_fake_speaks_for_the_instance_of_an_option() -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--instance", "i-a"]
    process = subprocess.Popen(
        [*command, "--as-instance", "i-b"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with httpx.Client(proxy=url) as client:
        answer = client.get("http://100.100.100.200/latest/meta-data/instance-id")

    assert (answer.status_code, answer.text) == (200, "i-b")
    assert (
        simevents("timeline", "--endpoint", url)
        .stdout.splitlines()[1]
        .endswith("handler  metadata instance-id -> done")
    )
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def test_a_detached_fake_speaks_for_the_instance_of_an_option(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "cloud.db"))
    started = simevents("fake", "--port", "0", *data, "--as-instance", "i-b", "--detach")
    chosen = httpx.get(f"{started.stdout.strip()}/_fake/metadata").json()["instance_id"]
    simevents("fake", *data, "--stop")

    assert chosen == "i-b"


def test_an_instance_that_is_none_cannot_be_spoken_for() -> None:
    ended = simevents("fake", "--as-instance", "web")

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: --as-instance: 'web' is not a valid instance id")


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none_is_an_error_of_the_command_line(port: str) -> None:
    ended = simevents("fake", "--port", port)

    assert ended.returncode == 2
    assert f"Invalid value for '--port': {port} is not in the range" in ended.stderr


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_ends_a_fake_without_an_error(presses: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path / "cloud.db")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_the_log_has_a_line_for_each_call_and_no_secret(tmp_path: Path) -> None:
    log = tmp_path / "requests.log"
    command = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    answers = [
        simevents("list", "--endpoint", url, "--region", REGION, "--instance", "i-a"),
        httpx.get(f"{url}/?Action=Nope%1b%0a&Version=2014-05-26&Signature=geheim"),
    ]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)

    assert len(answers) == 2
    listed, refused = log.read_text().splitlines()
    assert " DescribeInstanceHistoryEvents in cn-hangzhou " in listed
    assert " -> 0 results [200, request id " in listed
    assert "Signature" not in listed
    assert r"Nope\x1b\n" in refused
    assert "geheim" not in refused
    assert log.stat().st_mode & 0o777 == 0o600


def test_without_a_file_the_log_is_on_stderr_and_the_url_first_on_stdout() -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--log", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    simevents("list", "--endpoint", url, "--region", REGION)
    process.send_signal(signal.SIGTERM)
    printed, logged = process.communicate(timeout=20)

    assert (url[:17], printed) == ("http://127.0.0.1:", "")
    assert "DescribeInstanceHistoryEvents" in logged


def test_a_log_that_cannot_be_written_does_not_end_the_fake() -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--log", "/dev/full", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    for _ in range(2):
        assert simevents("list", "--endpoint", url, "--region", REGION).returncode == 0
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


def test_the_lists_of_what_the_fake_covers() -> None:
    actions = simevents("fake", "--list-actions").stdout.splitlines()
    switches = simevents("fake", "--list-switches").stdout.splitlines()

    assert "Ecs CancelSimulatedSystemEvents: EventId, RegionId" in actions
    (stop_avoids,) = [line for line in switches if line.startswith("stop_avoids=")]
    assert stop_avoids.startswith("stop_avoids=false (or true): Whether stopping an instance")


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

    stop = ["fake", "--stop", "--data", str(data)]
    assert [simevents(*stop).stdout for _ in range(2)] == [
        "Stopped.\n",
        f"No fake cloud serves {data}.\n",
    ]
    assert daemon.find(data) is None


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    assert f"Example: simevents {command} " in simevents(command, "--help").stdout


def test_the_help_does_not_cut_a_summary() -> None:
    shown = " ".join(simevents("--help").stdout.split())

    assert "..." not in shown.partition("Commands:")[2]
    assert "create Schedule a simulated event on each of the given instances: on all or on" in shown


def test_completion_for_each_shell() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_SIMEVENTS_COMPLETE" in simevents("completion", shell).stdout


@pytest.mark.parametrize(("word", "hint"), [("triger", " Did you mean 'trigger'?"), ("qqqq", "")])
def test_an_unknown_command_names_the_one_that_was_probably_meant(word: str, hint: str) -> None:
    ended = simevents(word)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1] == f"Error: No such command {word!r}.{hint}"
