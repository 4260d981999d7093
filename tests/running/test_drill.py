"""The cloud of a run: instances, clock, events, faults, answers; its own or one that runs."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from simevents.running.cloud import Snapshot
from simevents.running.drill import Drill, Stage
from simevents.running.words import publication
from tests.running.commands import HANDLER, PATIENCE, SIMEVENTS, result, run, started

START = "2018-08-22T09:30:00Z"
SLEEP = ("sleep", "600")


class Wall:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def control(wall: Wall) -> Iterator[Control]:
    with FakeServer(wall=wall) as server:
        yield Control(server.url, send=server.control)


def drill(**settings: Any) -> Drill:
    from simevents.running import words

    if "clock" in settings:
        settings["clock"] = words.clock(settings["clock"])
    return Drill(region="cn-hangzhou", **settings)


def published(control: Control) -> list[tuple[str, str, str]]:
    """Instance, publication and due time of all events, in the order of their publication."""
    found = [(e["instance_id"], e["publish_time"], e["not_before"]) for e in control.get("events")]
    return sorted(found, key=lambda event: (event[1], event[0]))


def test_events_are_published_at_their_time_of_the_cloud(control: Control, wall: Wall) -> None:
    told: list[str] = []
    planned = [
        publication("2m=SystemFailure.Stop:i-b@+2h"),
        publication("5s=SystemMaintenance.Reboot"),
    ]
    stage = Stage(
        control,
        drill(instance_ids=["i-a", "i-b"], clock=START, rate=60.0, publications=planned),
        is_own_cloud=True,
    )
    stage.prepare()
    wall.now += 100
    stage.begin()
    assert stage.publish_due(told.append) == pytest.approx(5 / 60)
    assert published(control) == []

    wall.now += 0.1
    assert stage.publish_due(told.append) == 0.1
    assert published(control) == [
        ("i-a", "2018-08-22T09:30:05Z", "2018-08-22T10:30:05Z"),
        ("i-b", "2018-08-22T09:30:05Z", "2018-08-22T10:30:05Z"),
    ]
    wall.now += 10
    stage.publish_due(told.append)
    assert published(control)[-1] == ("i-b", "2018-08-22T09:32:00Z", "2018-08-22T11:32:00Z")
    assert (stage.has_pending, len(told)) == (False, 3)
    assert told[-1].startswith("2018-08-22T09:32:00Z  SystemFailure.Stop e-")
    assert told[-1].endswith("published on i-b, due 2018-08-22T11:32:00Z")


def test_an_event_waits_for_a_clock_that_stands(control: Control, wall: Wall) -> None:
    planned = [publication("5s=SystemMaintenance.Reboot")]
    stage = Stage(
        control, drill(instance_ids=["i-a"], rate=0.0, publications=planned), is_own_cloud=True
    )
    stage.prepare()
    stage.begin()
    wall.now += 1000
    assert stage.publish_due(str) == 0.1
    assert published(control) == []

    control.post("clock", advance="5s")
    stage.publish_due(str)
    assert len(published(control)) == 1


def test_the_clock_stands_until_the_command_starts(control: Control, wall: Wall) -> None:
    stage = Stage(control, drill(clock=START), is_own_cloud=True)
    stage.prepare()
    wall.now += 3600
    stage.begin()

    assert control.get("clock")["now"] == START
    wall.now += 60
    assert control.get("clock")["now"] == "2018-08-22T09:31:00Z"


def test_an_event_is_published_in_the_region_of_its_instance(control: Control) -> None:
    control.post("instances", instance_ids=["i-a"], region="cn-beijing")
    planned = [publication("0s=SystemMaintenance.Reboot")]
    stage = Stage(control, drill(publications=planned), is_own_cloud=False)
    stage.prepare()
    stage.begin()
    stage.publish_due(str)

    assert [event["region"] for event in control.get("events")] == ["cn-beijing"]


@pytest.mark.slow
def test_a_run_on_the_clock_of_another_time(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ended = run(
        *("--instances", "2", "--clock", START, "--rate", "3600"),
        *("--at", "1m=SystemMaintenance.Reboot@+1h", "--expect", "event_executed"),
        *("--within", "30s", "--json", str(file), "--", *SLEEP),
    )
    events = result(file)["events"]

    assert ended.returncode == 0, ended.stderr.decode()
    assert [(e["publish_time"], e["not_before"]) for e in events] == [
        ("2018-08-22T09:31:00Z", "2018-08-22T10:31:00Z")
    ] * 2


@pytest.mark.slow
def test_it_does_not_end_before_all_events_are_published(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ended = run(
        *("--instance", "i-a", "--at", "0s=SystemMaintenance.Reboot"),
        *("--at", "1s=SystemMaintenance.Reboot", "--expect", "rebooted"),
        *("--json", str(file), "--", *HANDLER, "http"),
    )

    assert ended.returncode == 0, ended.stderr.decode()
    assert len(result(file)["events"]) == 2


@pytest.mark.slow
def test_faults_and_answers_of_a_run(tmp_path: Path) -> None:
    answers, file = tmp_path / "answers.json", tmp_path / "result.json"
    answers.write_text('[{"call": "DetachInstances", "members": {"ScalingActivityId": "asa-1"}}]')
    words = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import handler; "
        "handler.HOST = 'ess.aliyuncs.com'\n"
        "print(handler.call('DetachInstances')['ScalingActivityId'])\n"
        "try:\n handler.call('DescribeInstances')\nexcept OSError as error: print(error)\n"
        "print(handler.call('DescribeInstances')['TotalCount'])\n"
    )
    ended = run(
        *("--answers", str(answers), "--fault", "DescribeInstances:error=Throttling,times=1"),
        *("--expect", "no_unexpected_calls"),
        *("--json", str(file), "--", sys.executable, "-c", words),
        *(str(Path(__file__).parent), "https"),
    )

    assert ended.stdout.decode().splitlines()[0] == "asa-1", ended.stderr.decode()
    assert ended.returncode == 0
    assert result(file)["calls"][0]["taught"]


@pytest.mark.slow
def test_a_call_of_another_product_may_be_expected(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text('[{"call": "DetachInstances"}]')
    words = "import sys; sys.path.insert(0, sys.argv.pop(1)); import handler, time; "
    words += "handler.HOST = 'ess.aliyuncs.com'; handler.call('DetachInstances'); time.sleep(600)"
    program = (sys.executable, "-c", words, str(Path(__file__).parent), "https")
    ended = run(*("--answers", str(answers), "--expect", "called=DetachInstances", "--", *program))

    assert ended.returncode == 0
    assert "  held      called=DetachInstances" in ended.stderr.decode()


@pytest.mark.slow
def test_a_call_of_another_product_is_in_the_time_line(tmp_path: Path) -> None:
    words = "import sys; sys.path.insert(0, sys.argv.pop(1)); import handler; "
    words += (
        "handler.HOST = 'ess.aliyuncs.com'; handler.call('DetachInstances', Version='2014-08-28')"
    )
    program = (sys.executable, "-c", words, str(Path(__file__).parent), "https")
    ended = run("--expect", "no_unexpected_calls", "--", *program)

    assert ended.returncode == 1
    assert "GET ess.aliyuncs.com DetachInstances -> refused" in ended.stderr.decode()


@pytest.mark.slow
def test_the_metadata_service_speaks_for_the_instance() -> None:
    words = (
        "import os, urllib.request as r\n"
        "def read(url): return r.urlopen(url, timeout=20).read().decode()\n"
        "print(read('http://100.100.100.200/latest/meta-data/instance-id'))\n"
        "print('AccessKeyId' in read(os.environ['ALIBABA_CLOUD_CREDENTIALS_URI']))\n"
    )
    ended = run("--as-instance", "i-web", "--", sys.executable, "-c", words)

    assert (ended.returncode, ended.stdout) == (0, b"i-web\nTrue\n"), ended.stderr.decode()


@pytest.fixture
def running() -> Iterator[FakeServer]:
    with FakeServer(accept_any_key=True) as server:
        yield server


@pytest.mark.slow
def test_a_run_on_a_fake_that_runs(running: FakeServer, tmp_path: Path) -> None:
    control, file = Control(running.url, send=running.control), tmp_path / "result.json"
    control.post("instances", instance_ids=["i-old"])
    control.post(
        "events",
        instance_ids=["i-old"],
        event_type="SystemMaintenance.Reboot",
        not_before="2099-01-01T00:00:00Z",
        status="Avoided",
    )
    ended = run(
        *(
            "--endpoint",
            running.url,
            "--instance",
            "i-web",
            "--at",
            "0s=SystemMaintenance.Reboot:i-web",
        ),
        *("--expect", "rebooted:i-web", "--json", str(file), "--", *HANDLER, "https"),
    )
    found = result(file)

    assert ended.returncode == 0, ended.stderr.decode()
    assert f"fake cloud at {running.url}" in ended.stderr.decode()
    assert [event["instance_id"] for event in found["events"]] == ["i-web"]
    assert {entry["instance_id"] for entry in control.get("instances")} == {"i-old", "i-web"}

    again = run(
        *("--endpoint", running.url, "--expect", "rebooted:i-web", "--within", "0.2s"),
        *("--json", str(file), "--", *SLEEP),
    )
    assert (again.returncode, result(file)["calls"]) == (1, [])


@pytest.mark.slow
def test_an_instance_that_the_running_fake_does_not_have(running: FakeServer) -> None:
    for words in (["--expect", "rebooted:i-x"], ["--at", "0s=SystemFailure.Stop:i-x"]):
        ended = run("--endpoint", running.url, *words, "--", "sh", "-c", "echo started")

        assert (ended.returncode, ended.stdout) == (125, b"")
        assert "there is no i-x in the fake cloud; add --instance i-x" in ended.stderr.decode()


@pytest.mark.slow
def test_a_fake_with_a_token() -> None:
    with FakeServer(control_token="secret-token") as server:
        refused = run("--endpoint", server.url, "--", "true")
        accepted = run("--endpoint", server.url, "--token", "secret-token", "--", "true")

    assert refused.returncode == 125
    assert "control token" in refused.stderr.decode()
    assert accepted.returncode == 0


@pytest.mark.slow
def test_a_fake_that_dies_ends_the_run() -> None:
    words = [*SIMEVENTS, "fake", "--port", "0", "--proxy"]
    fake = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert fake.stdout is not None
    url = fake.stdout.readline().strip()
    process = started(
        *("--endpoint", url, "--instance", "i-a", "--expect", "rebooted", "--within", "10m"),
        *("--", "sh", "-c", "echo started; exec sleep 600"),
    )
    assert process.stdout is not None
    process.stdout.readline()
    fake.send_signal(signal.SIGKILL)
    fake.communicate()
    _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 125
    assert f"error: No fake cloud answers at {url}" in told.decode()


def test_what_a_program_that_polls_repeats_is_one_line() -> None:
    def entry(second: int, action: str) -> dict[str, Any]:
        return {
            "at": f"2018-08-22T09:30:0{second}Z",
            "action": action,
            "parameters": {},
            "status": 200,
            "code": "",
            "request_id": "",
            "unexpected": False,
            "results": 1,
            "problem": "",
            "is_read": True,
            "carried_out": True,
            "answered": True,
            "taught": False,
        }

    calls = [entry(n, "DescribeInstances") for n in range(4)] + [entry(4, "DescribeRegions")]

    polled, other = Snapshot([], calls, []).timeline().splitlines()[1:]
    assert polled.startswith("  2018-08-22T09:30:00Z  handler  DescribeInstances -> 1 result")
    assert polled.endswith(" (4 times, until 2018-08-22T09:30:03Z)")
    assert other == "  2018-08-22T09:30:04Z  handler  DescribeRegions -> 1 result"


@pytest.mark.slow
def test_the_authority_of_a_fake_is_made_once(running: FakeServer) -> None:
    control = Control(running.url, send=running.control)
    first = control.get("authority")

    assert first == control.get("authority")
    assert first == {"certificate": running.authority.certificate.decode()}
    assert json.dumps(first).count("PRIVATE") == 0
