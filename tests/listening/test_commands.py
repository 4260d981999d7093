"""trigger and listen, as processes."""

import json
import signal
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from simevents.api.client import SystemEvents
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver, Reply
from tests.listening.commands import REBOOT, line_of, ready, rest, simevents, started

pytestmark = pytest.mark.slow


@pytest.fixture
def handler() -> Iterator[Receiver]:
    with Receiver(lambda _: Reply(200, b'{"code": 0}\nmore')) as made:
        yield made


def listen_words(cloud: Cloud, url: str, *more: str) -> Sequence[str]:
    return (
        *("listen", "--endpoint", cloud.url, "--region", REGION),
        *("--forward-to", url, "--interval", "0.1s", *more),
    )


def test_trigger_prints_each_answer(handler: Receiver) -> None:
    ended = simevents(
        "trigger", f"{REBOOT}:Scheduled,Avoided", "--forward-to", handler.url, "--pace", "0s"
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    scheduled, avoided = ended.stdout.splitlines()
    assert scheduled.startswith("Scheduled  200 in ")
    assert avoided.startswith("Avoided    200 in ")
    assert avoided.endswith(' ms  {"code": 0}')
    assert [each.removeprefix(f"Instance:{REBOOT}:") for each in handler.names()] == [
        "Scheduled",
        "Avoided",
    ]


def test_trigger_as_json_for_a_given_instance(handler: Receiver) -> None:
    words = ("--via", "eventbridge", "--instance", "i-b", "--region", "cn-beijing", "--json")
    ended = simevents("trigger", f"{REBOOT}:Scheduled", "--forward-to", handler.url, *words)
    (answer,) = json.loads(ended.stdout)
    event = handler.received[0].json

    assert ended.returncode == 0
    assert (answer["name"], answer["status"]) == (f"ecs:Instance:{REBOOT}", "Scheduled")
    assert (answer["http_status"], answer["answer"]) == (200, '{"code": 0}\nmore')
    assert (event["data"]["instanceId"], event["aliyunregionid"]) == ("i-b", "cn-beijing")


def test_trigger_fails_unless_every_answer_is_2xx() -> None:
    with Receiver(lambda number: Reply(302 if number else 204)) as handler:
        ended = simevents(
            "trigger", REBOOT, "--forward-to", handler.url, "--pace", "0s", "--format", "documented"
        )

    assert ended.returncode == 1
    assert [line.split()[1] for line in ended.stdout.splitlines()] == ["204", "302", "302"]
    assert ended.stderr == "error: 2 of 3 were not acknowledged with 2xx\n"


def test_an_answer_cannot_drive_the_terminal() -> None:
    with Receiver(lambda _: Reply(200, b"\x1b[2J" + b"a" * 300)) as handler:
        ended = simevents("trigger", f"{REBOOT}:Scheduled", "--forward-to", handler.url)

    assert "\x1b" not in ended.stdout
    assert ended.stdout.endswith("a…\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_listen_ends_on_a_signal_and_resumes_at_its_cursor(
    cloud: Cloud, api: SystemEvents, handler: Receiver, tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "cursor.json"
    words = listen_words(cloud, handler.url, "--cursor", str(file))
    (instance,) = cloud.instances(1)
    with started(*words) as running:
        assert ready(running) == (
            f"Listening to {REGION} of account 1000000000000001 every 0.1 s, forwarding to "
            f"{handler.url} as cloudmonitor would."
        )
        (event_id,) = api.create(REBOOT, api.now() + timedelta(hours=2), [instance])
        handler.next()
        first = line_of(running)
        running.send_signal(number)
        printed, said = rest(running)

    assert f"  {REBOOT} {event_id} on {instance}: Scheduled -> 200 in " in first
    assert (running.returncode, printed, said) == (0, "1 forwarded.\n", "")
    assert file.stat().st_mode & 0o777 == 0o600

    cloud.post("clock", advance="3h")
    with started(*words) as running:
        ready(running)
        missed, executed = line_of(running), line_of(running)
        running.send_signal(number)
        printed, said = rest(running)

    assert missed == f"{REBOOT} {event_id} on {instance}: Executing may have been missed"
    assert f"  {REBOOT} {event_id} on {instance}: Executed -> 200 in " in executed
    assert (running.returncode, printed) == (0, "1 forwarded, 1 may have been missed.\n")
    assert said.startswith("Resumed after ")
    assert len(handler.received) == 2


def test_what_a_killed_listener_was_sending_is_sent_again(
    cloud: Cloud, api: SystemEvents, tmp_path: Path
) -> None:
    file = tmp_path / "cursor.json"
    (instance,) = cloud.instances(1)
    with Receiver(lambda number: Reply(hangs=not number)) as handler:
        words = listen_words(cloud, handler.url, "--cursor", str(file))
        with started(*words) as running:
            ready(running)
            api.create(REBOOT, api.now() + timedelta(hours=2), [instance])
            first = handler.next()
            running.kill()
        with started(*words) as running:
            again = handler.next()
            acknowledged = line_of(running)
            running.send_signal(signal.SIGTERM)
            rest(running)

    assert first.json == again.json
    assert ": Scheduled -> 200 in " in acknowledged
    assert json.loads(file.read_text())["events"][0]["waiting"] == []


def test_a_signal_ends_a_look_that_gets_no_answer(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", timeout=True)
    with started(*listen_words(cloud, "http://127.0.0.1:9/")) as running:
        while "GetCallerIdentity" not in cloud.actions():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        printed, said = rest(running)

    assert (running.returncode, printed, said) == (0, "", "")


def test_listen_as_json_says_what_is_not_kept(cloud: Cloud, api: SystemEvents) -> None:
    (instance,) = cloud.instances(1)
    with started(*listen_words(cloud, "http://127.0.0.1:1/", "--json")) as running:
        ready(running)
        (event_id,) = api.create(REBOOT, api.now() + timedelta(hours=2), [instance])
        attempts = [json.loads(line_of(running)) for _ in range(2)]
        running.send_signal(signal.SIGTERM)
        printed, _ = rest(running)
    ended = json.loads(printed.splitlines()[-1])

    assert running.returncode == 0
    assert [(each["kind"], each["attempt"]) for each in attempts] == [
        ("forwarded", 1),
        ("forwarded", 2),
    ]
    assert attempts[0]["event_id"] == event_id
    assert attempts[0]["is_acknowledged"] is False
    assert ended == {"kind": "ended", "forwarded": 0, "waiting": 1, "missed": 0, "cursor": None}


def test_a_cursor_of_another_region_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "cursor.json"
    content = {"version": 1, "account_id": "1", "region": REGION, "events": []}
    file.write_text(json.dumps({**content, "looked_at": "2027-01-31T09:30:00Z"}))
    ended = simevents(*listen_words(cloud, "http://127.0.0.1:9/", "--cursor", str(file)))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: --cursor: it is of cn-hangzhou of account 1, not of")


def test_listen_reports_a_cloud_that_refuses_it(cloud: Cloud) -> None:
    cloud.post("faults", action="DescribeInstanceHistoryEvents", error="Forbidden.RAM")
    ended = simevents(*listen_words(cloud, "http://127.0.0.1:9/"))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: DescribeInstanceHistoryEvents was refused: ")
