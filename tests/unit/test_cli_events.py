"""``create``, ``show``, ``cancel``, ``wait`` and ``clock``, as processes against the fake."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import REGION, Cloud

Run = Callable[..., "subprocess.CompletedProcess[str]"]

REBOOT = "SystemMaintenance.Reboot"


@pytest.fixture
def simevents(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command with endpoint and region in the environment."""
    monkeypatch.setenv("SIMEVENTS_ENDPOINT", cloud.url)
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", REGION)

    def run(*words: str | bytes) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "simevents", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    return run


def create(simevents: Run, *instances: str, not_before: str = "+2h") -> list[str]:
    words = [word for id in instances for word in ("--instance", id)]
    made = simevents("create", "--type", REBOOT, "--not-before", not_before, *words, "--json")
    assert made.returncode == 0
    assert made.stderr.startswith(
        "If this is killed, cancel what it leaves: simevents sweep --region"
    )
    return [event["event_id"] for event in json.loads(made.stdout)]


def test_an_event_from_create_to_executed(simevents: Run, cloud: Cloud) -> None:
    first, second = create(simevents, *cloud.instances(2))
    canceled = simevents("cancel", first, "--json")
    assert canceled.returncode == 0
    assert [e["event_cycle_status"] for e in json.loads(canceled.stdout)] == ["Canceled"]

    early = simevents("wait", second, "--timeout", "0s")
    assert (early.returncode, early.stderr) == (
        3,
        f"error: not finished after 0s: {second} is Scheduled\n",
    )
    turned = simevents("clock", "advance", "3h")
    assert turned.stdout.endswith("Z (running)\n")
    assert simevents("wait", second, "--status", "Executed").returncode == 0
    assert [
        e["event_cycle_status"] for e in json.loads(simevents("show", second, "--json").stdout)
    ] == ["Executed"]
    assert cloud.statuses() == ["Canceled", "Executed"]


def test_wait_reports_an_event_with_another_final_status(simevents: Run, cloud: Cloud) -> None:
    (event,) = create(simevents, *cloud.instances(1))
    cloud.cancel(REGION, event)
    ended = simevents("wait", event, "--status", "Avoided")

    assert (ended.returncode, ended.stderr) == (
        1,
        f"error: finished, but not Avoided: {event} is Canceled\n",
    )


def test_list_by_status_and_type(simevents: Run, cloud: Cloud) -> None:
    instances = cloud.instances(2)
    first, second = create(simevents, *instances)
    simevents("cancel", first)

    def listed(*words: str) -> list[str]:
        return [e["event_id"] for e in json.loads(simevents("list", *words, "--json").stdout)]

    assert listed("--status", "Scheduled") == [second]
    assert listed("--status", "Canceled", "--status", "Executed") == [first]
    assert listed("--type", "SystemFailure.Stop") == []
    assert sorted(listed()) == sorted([first, second])


def test_an_unknown_id_is_reported(simevents: Run) -> None:
    for command in ("show", "cancel", "wait"):
        ended = simevents(command, "e-nobody")
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"error: {REGION} knows no event e-nobody: another region")


def test_a_real_event_is_not_cancelled(simevents: Run, cloud: Cloud) -> None:
    (real,) = cloud.post(
        "events",
        instance_ids=cloud.instances(1),
        event_type=REBOOT,
        not_before="2099-01-01T00:00:00Z",
    )
    ended = simevents("cancel", real["event_id"])

    assert ended.returncode == 1
    assert ended.stderr == (f"error: real events, not cancelled: {real['event_id']}\n")


def test_a_refused_create_leaves_no_events(simevents: Run, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    ended = simevents(
        *("create", "--type", REBOOT, "--not-before", "+2h"),
        *("--instance", instance, "--instance", "i-nobody"),
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: instance_ids: 1 of 2 do not exist in cn-hangzhou")
    assert cloud.get("events") == []


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["create", "--type", "Reboot"], 2, "'Reboot' is not one of 'SystemMaintenance.Reboot'"),
        (
            ["create", "--type", REBOOT, "--not-before", "tomorrow", "--instance", "i-a"],
            2,
            "error: not_before: 'tomorrow' is not a valid time; use a UTC time such as",
        ),
        (["create", "--type", REBOOT, "--not-before", "+2h"], 2, "error: --instance: no instance"),
        (
            ["wait", "e-a", "--timeout", "soon"],
            2,
            "error: --timeout: 'soon' is not a valid",
        ),
        (["clock", "advance"], 2, "Error: advance takes a value, such as 2h."),
        (["clock", "freeze", "1h"], 2, "Error: freeze takes no value."),
        (["clock", "advance", "soon"], 1, 'error: "advance" must be a duration such as 30s'),
        (["clock", "--endpoint", "http://127.0.0.1:1"], 1, "error: No fake cloud answers at"),
        (
            ["clock", "--endpoint", "http://[::1"],
            2,
            "error: endpoint: 'http://[::1' is not a",
        ),
        (["clock", "rate", "nan"], 2, "Error: rate takes a number of seconds, not 'nan'."),
        (["sweep", "--instance", "i-a", "--type", "Reboot"], 2, "'Reboot' is not one of"),
        (["sweep", "--instance", "i-a", "--not-before", "soon"], 2, "error: --not-before: 'soon'"),
        (
            ["sweep", "--instances-from", sys.executable],
            2,
            "is not a text file; use one id per",
        ),
        (["wait", "e-a", "--timeout", "1s", "--endpoint", "http://127.0.0.1:1"], 1, "error: "),
        (["wait", "e-a", "--timeout", "1:30"], 2, "'1:30' is not a valid duration"),
        (["show", b"e-\xff"], 2, "is not a valid event id"),
        (["cancel", b"e-\xff"], 2, "is not a valid event id"),
        (["sweep", "--event", b"e-\xff", "--yes"], 2, "is not a valid event id"),
        (["list", "--endpoint", "http://127.0.0.1:abc"], 2, "is not a valid endpoint"),
    ],
)
def test_bad_input_is_reported(
    simevents: Run, words: list[str | bytes], code: int, expected: str
) -> None:
    ended = simevents(*words)

    assert ended.returncode == code
    assert expected in ended.stderr


def test_the_clock_as_json_and_frozen(simevents: Run) -> None:
    assert simevents("clock", "freeze").stdout.endswith("Z (frozen)\n")
    assert (
        simevents("clock", "set", "2030-01-01T00:00:00Z").stdout
        == "2030-01-01T00:00:00Z (frozen)\n"
    )
    assert json.loads(simevents("clock", "--json").stdout) == {
        "now": "2030-01-01T00:00:00Z",
        "rate": 0.0,
    }
    assert simevents("clock", "rate", "60").stdout.endswith("(running at 60 times the real time)\n")
