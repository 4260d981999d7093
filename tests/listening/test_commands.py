"""The commands that tell handlers: trigger, listen, deliveries and fake, as processes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from simevents.api.client import SystemEvents
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver, Reply

pytestmark = pytest.mark.slow

REBOOT = "SystemMaintenance.Reboot"
LIMIT_SECONDS = 60


def simevents(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simevents", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


@contextmanager
def started(*words: str) -> "Iterator[subprocess.Popen[str]]":
    running = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait(LIMIT_SECONDS)
        for stream in (running.stdout, running.stderr):
            if stream is not None:
                stream.close()


def rest(running: "subprocess.Popen[str]") -> tuple[str, str]:
    """What else it prints until it ends; `communicate` would lose what lines were read with."""
    assert running.stdout is not None
    assert running.stderr is not None
    with running.stdout, running.stderr:
        printed, said = running.stdout.read(), running.stderr.read()
    running.wait(LIMIT_SECONDS)
    return printed, said


def line_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    return running.stdout.readline().rstrip("\n")


def ready(running: "subprocess.Popen[str]") -> str:
    """The first line on stderr, after which changes are seen."""
    assert running.stderr is not None
    return running.stderr.readline().rstrip("\n")


@pytest.fixture
def handler() -> Iterator[Receiver]:
    with Receiver(lambda _: Reply(200, b'{"code": 0}\nmore')) as made:
        yield made


def listen_words(cloud: Cloud, url: str, *more: str) -> Sequence[str]:
    return (
        *("listen", "--endpoint", cloud.url, "--region", REGION),
        *("--forward-to", url, "--interval", "0.1s", *more),
    )


# trigger


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


# What is not valid

HERE = "http://127.0.0.1:9/"
FAR = "http://hooks.example.com/"
TRIGGER = ("trigger", REBOOT, "--forward-to")
LISTEN = ("listen", "--region", REGION, "--endpoint", "http://127.0.0.1:9", "--forward-to")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("trigger", "Reboot", "--forward-to", HERE), "TYPE: 'Reboot' is not a valid type; use"),
        (("trigger", f"{REBOOT}:Gone", "--forward-to", HERE), "TYPE: 'Gone' is not a status of"),
        ((*TRIGGER, "hook"), "--forward-to: 'hook' is not a valid URL; use one such as http"),
        ((*TRIGGER, FAR), "--forward-to: hooks.example.com is not this machine; to send events"),
        ((*TRIGGER, HERE, "--allow-delivery", FAR), f"--allow-delivery: '{FAR}' is not a valid"),
        ((*TRIGGER, HERE, "--pace", "soon"), "--pace: 'soon' is not a valid duration; use one"),
        ((*TRIGGER, HERE, "--pace", "2h"), "--pace: '2h' is out of range; use 0s to 3600s"),
        ((*TRIGGER, HERE, "--pace", "-1s"), "--pace: '-1s' is out of range; use 0s to 3600s"),
        ((*TRIGGER, HERE, "--instance", "web"), "--instance: 'web' is not a valid instance id"),
        ((*TRIGGER, HERE, "--region", "a b"), "region: 'a b' is not a valid region; use one such"),
        (
            (*TRIGGER, HERE, "--via", "eventbridge", "--format", "enriched"),
            "--format: it is for --via cloudmonitor; leave it out with eventbridge",
        ),
        ((*LISTEN, FAR), "--forward-to: hooks.example.com is not this machine; to send events"),
        (
            (*LISTEN[:3], "--endpoint", "http://127.0.0.1:x", "--forward-to", HERE),
            "endpoint: 'http://127.0.0.1:x' is not a valid endpoint; use a URL without a path",
        ),
        ((*LISTEN, HERE), "--forward-to: port 9 is the fake's own; give the address of the"),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--since", "yesterday"),
            "--since: 'yesterday' is not a UTC time as yyyy-MM-ddTHH:mm:ssZ; use now, or 2027-",
        ),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--interval", "0s"),
            "--interval: '0s' is out of range; use 0.1s to 86400s",
        ),
        (
            (*LISTEN, "http://127.0.0.1:10/", "--cursor", "/no/such/folder/file"),
            "--cursor: /no/such/folder is not a folder; create it, or use another file",
        ),
        (
            ("listen", "--region", REGION, "--forward-to", HERE),
            "credentials: no credentials were found; set ALIBABA",
        ),
        (("fake", "--deliver", "hook"), "--deliver: 'hook' is not a valid URL; use one such as"),
        (("fake", "--deliver", FAR), "--deliver: hooks.example.com is not this machine; to send"),
        (
            ("fake", "--port", "8199", "--deliver", "http://localhost:8199/"),
            "--deliver: port 8199 is the fake's own; give the address of the handler",
        ),
        (("fake", "--allow-delivery", "a:80"), "--allow-delivery: 'a:80' is not a valid host; use"),
        (("fake", "--function", f"drain={HERE}"), "--function: 'drain=http://127.0.0.1:9/' is not"),
        (("fake", "--function", "a/drain"), "--function: 'a/drain' is not a valid SERVICE/FUNC"),
        (("fake", "--function", f"a/b={FAR}"), "--function: hooks.example.com is not this machine"),
        (
            ("fake", "--function", f"a/b={HERE}", "--function", f"a/b={HERE}x"),
            "--function: a/b is given twice; leave one of them out",
        ),
        (("fake", "--detach", "--data", "x", "--deliver", FAR), "--deliver: hooks.example.com is"),
        (("deliveries",), "--endpoint: no fake cloud is named; give its URL, or set SIMEVENTS"),
        (("deliveries", "--instance", "web"), "--instance: 'web' is not a valid instance id; use"),
    ],
)
def test_what_is_not_valid_is_one_line_and_nothing_starts(
    words: Sequence[str], expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    ended = simevents(*words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"error: {expected}")
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("trigger", REBOOT),
        ("trigger", "--forward-to", HERE),
        ("trigger", REBOOT, "--forward-to", HERE, "--via", "mail"),
        ("listen", "--forward-to", HERE),
        ("deliveries", "show", "x"),
        ("deliveries", "send", "0"),
        ("deliveries", "--state", "lost"),
        ("fake", "--deliver-via", "mail"),
    ],
)
def test_a_wrong_command_line_is_an_error_of_usage(words: Sequence[str]) -> None:
    ended = simevents(*words)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Usage: simevents ")


@pytest.mark.parametrize("command", ["trigger", "listen", "deliveries"])
def test_the_help_has_an_example(command: str) -> None:
    assert f"Example: simevents {command} " in simevents(command, "--help").stdout


# listen


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


# fake --deliver, and deliveries


@contextmanager
def fake(*words: str) -> Iterator[str]:
    with started("fake", "--port", "0", "--instance", "i-a", *words) as running:
        yield line_of(running)


def create(url: str) -> None:
    words = ("--type", REBOOT, "--not-before", "+2h", "--instance", "i-a")
    made = simevents("create", "--endpoint", url, "--region", REGION, *words)
    assert made.returncode == 0


def test_a_fake_delivers_to_each_url_and_the_list_fits_into_80_columns(handler: Receiver) -> None:
    words = ("--deliver", f"{handler.url}/a", "--deliver", f"{handler.url}/b")
    with fake(*words, "--deliver-via", "eventbridge") as url:
        create(url)
        paths = {handler.next().path for _ in range(2)}
        httpx.post(f"{url}/_fake/deliveries/wait", json={"seconds": 20}, timeout=30)
        listed = simevents("deliveries", "--endpoint", url)
        wide = simevents("deliveries", "list", "--endpoint", url, "--rule", "deliver-2", "--wide")
        none = simevents("deliveries", "--endpoint", url, "--state", "failed", "--json")
        other = simevents("deliveries", "--endpoint", url, "--instance", "i-b", "--json")

    assert paths == {"/a", "/b"}
    heading, *rows = listed.stdout.splitlines()
    assert heading.split() == ["id", "instance", "status", "state", "answer", "at", "rule"]
    assert [row.split()[:5] for row in rows] == [
        [id, "i-a", "Scheduled", "delivered", "200"] for id in ("1", "2")
    ]
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert len(wide.stdout.splitlines()) == 2
    assert f"ecs:Instance:{REBOOT}" in wide.stdout
    assert f"webhook {handler.url}/b" in wide.stdout
    assert (json.loads(none.stdout), json.loads(other.stdout)) == ([], [])


def test_a_delivery_is_shown_and_sent_again() -> None:
    with (
        Receiver(lambda number: Reply((200, 500)[number == 1], b"said")) as handler,
        fake("--deliver", handler.url) as url,
    ):
        # No retries of its own: they come when the cloud's time does.
        httpx.post(f"{url}/_fake/clock", json={"freeze": True})
        create(url)
        first = handler.next()
        httpx.post(f"{url}/_fake/deliveries/wait", json={"seconds": 20}, timeout=30)
        failed = simevents("deliveries", "send", "1", "--endpoint", url)
        sent = simevents("deliveries", "send", "1", "--endpoint", url)
        shown = simevents("deliveries", "show", "1", "--endpoint", url)
        as_json = simevents("deliveries", "show", "1", "--endpoint", url, "--json")
        unknown = simevents("deliveries", "show", "7", "--endpoint", url)
    attempts = json.loads(as_json.stdout)["attempts"]

    assert (failed.returncode, failed.stderr) == (1, "error: delivery 1 was not acknowledged\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    assert "delivered (repeated)  200 in " in sent.stdout
    assert sent.stdout.endswith(" ms  said\n")
    assert f"name:         Instance:{REBOOT}:Scheduled" in shown.stdout
    assert f'    "name": "Instance:{REBOOT}:Scheduled",' in shown.stdout
    assert json.loads(json.loads(as_json.stdout)["body"]) == first.json
    assert [each["http_status"] for each in attempts] == [200, 500, 200]
    assert [each["is_repeat"] for each in attempts] == [False, True, True]
    assert (unknown.returncode, unknown.stderr[:29]) == (2, "error: there is no delivery 7")


def test_a_detached_fake_delivers_and_forgets_at_a_start_without_the_option(
    handler: Receiver, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "cloud.db"))
    words = ("fake", "--port", "0", *data, "--instance", "i-a")
    told = ("--deliver", handler.url, "--function", f"drills/drain={handler.url}/invoke")
    try:
        url = simevents(*words, *told, "--detach").stdout.strip()
        create(url)
        name = handler.next().json["name"]
        functions = httpx.get(f"{url}/_fake/functions").json()
        simevents("fake", *data, "--stop")
        url = simevents(*words, "--detach").stdout.strip()
        subscriptions = httpx.get(f"{url}/_fake/subscriptions").json()
    finally:
        simevents("fake", *data, "--stop")

    assert name == f"Instance:{REBOOT}:Scheduled"
    assert [(each["service"], each["name"], each["url"]) for each in functions] == [
        ("drills", "drain", f"{handler.url}/invoke")
    ]
    assert subscriptions == []
