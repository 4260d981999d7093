"""``create``, ``show``, ``cancel``, ``wait`` and ``clock``, as processes against the fake."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import REGION, Cloud

pytestmark = pytest.mark.slow

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
        (["clock", "advance", "soon"], 2, "error: advance: 'soon' is not a valid duration; use"),
        (["clock", "advance", "--", "-1h"], 2, 'error: "advance" must be a duration such as 30s'),
        (
            ["faults", "add", "RebootInstance", "--times", "1"],
            2,
            "Nothing would fail; use at least",
        ),
        (["faults", "add", "Nope", "--garbage"], 2, 'error: "action" must be "*" or one that sim'),
        (["faults", "add", "--error", "Boom"], 2, 'error: "error" must be one of Throttling'),
        (["faults", "list", "--endpoint", "http://127.0.0.1:1"], 1, "error: No fake cloud answers"),
        (["timeline", "--endpoint", "http://127.0.0.1:1"], 1, "error: No fake cloud answers at"),
        (["clock", "--endpoint", "http://127.0.0.1:1"], 1, "error: No fake cloud answers at"),
        (
            ["clock", "--endpoint", "http://[::1"],
            2,
            "error: endpoint: 'http://[::1' is not a",
        ),
        (["clock", "rate", "nan"], 2, "Error: 'nan' is not a valid rate; use a number"),
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
        "epoch": 1893456000.0,
        "rate": 0.0,
    }
    assert simevents("clock", "rate", "60").stdout.endswith("(running at 60 times the real time)\n")


def test_list_shows_open_events_and_finished_ones_when_asked(simevents: Run, cloud: Cloud) -> None:
    canceled, left = create(simevents, *cloud.instances(2))
    # Events of the same second are in the order of their ids.
    cloud.post("clock", advance="1s")
    (later,) = create(simevents, cloud.instances(1)[0], not_before="+3h")
    simevents("cancel", canceled)

    def listed(*words: str) -> tuple[list[str], str]:
        shown = simevents("list", *words)
        return [line.split()[0] for line in shown.stdout.splitlines()[1:]], shown.stderr

    assert listed() == ([left, later], "1 finished event is not shown; use --all.\n")
    assert listed("--all") == ([left, later, canceled], "")
    assert listed("--status", "Canceled") == ([canceled], "")
    # Programs filter by themselves; what they get has not changed.
    everything = json.loads(simevents("list", "--json").stdout)
    assert sorted(event["event_id"] for event in everything) == sorted([canceled, left, later])


def test_a_table_fits_80_columns_also_in_a_pipe(
    simevents: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    (instance,) = cloud.instances(1)
    (event,) = create(simevents, instance)
    for words in (["list"], ["show", event], ["sweep", "--dry-run"]):
        heading, line, *_ = simevents(*words).stdout.splitlines()
        assert heading.split() == ["event", "instance", "status", "not", "before"]
        assert line.split()[:3] == [event, instance, "Scheduled"]
        assert max(len(heading), len(line)) <= 80
    assert len(simevents("list", "--wide").stdout.splitlines()[1].split()) == 6


def test_faults_are_added_listed_and_cleared(simevents: Run) -> None:
    added = simevents("faults", "add", "RebootInstance", "--cut", "after", "--times", "2")
    assert added.stdout == "RebootInstance: cut=after times=2, has affected 0 calls\n"
    both = simevents("faults", "add", "--latency", "0.5", "--garbage", "--json")
    assert [fault["action"] for fault in json.loads(both.stdout)] == ["RebootInstance", "*"]
    assert simevents("faults", "list").stdout.splitlines() == [
        "RebootInstance: cut=after times=2, has affected 0 calls",
        "*: garbage latency=0.5, has affected 0 calls",
    ]
    assert simevents("faults", "clear").stdout == "No faults.\n"
    assert simevents("faults", "list").stdout == "No faults.\n"


def test_the_timeline_of_a_running_fake(simevents: Run, cloud: Cloud) -> None:
    (event,) = create(simevents, *cloud.instances(1))
    simevents("list", "--region", "cn-beijing")
    shown = simevents("timeline").stdout.splitlines()
    as_json = json.loads(simevents("timeline", "--json").stdout)

    assert shown[0] == "What happened, in the cloud's time:"
    assert [line for line in shown if f" cloud    {REBOOT} {event} on " in line] != []
    assert " handler  DescribeInstanceHistoryEvents in cn-beijing " in shown[-1]
    assert shown[-1].endswith(" -> 0 results")
    assert [entry["event_id"] for entry in as_json["events"]] == [event]
    assert as_json["calls"][-1]["action"] == "DescribeInstanceHistoryEvents"
