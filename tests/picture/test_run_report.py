"""``simevents run --report``: the picture of a run, however it ends."""

import signal
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from tests.conftest import REGION, Cloud
from tests.picture.drills import Seen
from tests.running.commands import HANDLER, content, run, started, wait_until

pytestmark = pytest.mark.slow

EVENT = ("--instance", "i-web", "--at", "0s=SystemMaintenance.Reboot:i-web")
EXPECTED = ("--expect", "event_avoided", "--within", "60s")


def picture_in(file: Path) -> Seen:
    return Seen(fromstring(file.read_bytes()))


def test_a_run_that_does_what_is_expected(tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    done = run(*EVENT, *EXPECTED, "--report", str(out), "--", *HANDLER, "http")
    shown = picture_in(out)

    assert done.returncode == 0
    assert shown.texts[0].startswith("simevents run -- ")
    assert shown.events == [("i-web", "Avoided")]
    assert ("i-web", "call-change", 1) in shown.marks
    assert f"simevents: What happened is drawn in {out}" in done.stderr.decode().splitlines()


@pytest.mark.parametrize(("command", "code"), [("exit 3", 3), ("no-such-command-at-all", 127)])
def test_a_command_that_fails(command: str, code: int, tmp_path: Path) -> None:
    out = tmp_path / "run.svg"
    words = ("sh", "-c", command) if code == 3 else (command,)

    assert run(*EVENT, "--report", str(out), "--", *words).returncode == code
    assert picture_in(out).lanes == ["i-web"]


def test_a_run_that_is_interrupted(tmp_path: Path) -> None:
    out, begun = tmp_path / "run.svg", tmp_path / "begun"
    words = ("sh", "-c", f"echo > {begun}; sleep 600")
    with started(*EVENT, "--report", str(out), "--", *words) as running:
        wait_until(lambda: content(begun), "the command did not start")
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=60)

    assert running.returncode == 128 + signal.SIGTERM
    assert picture_in(out).lanes == ["i-web"]


def test_of_a_fake_that_runs_already_only_what_belongs_to_the_run(
    cloud: Cloud, tmp_path: Path
) -> None:
    out = tmp_path / "run.svg"
    (instance,) = cloud.instances(1)
    finished = {"event_type": "SystemFailure.Reboot", "not_before": "2020-01-01T00:00:00Z"}
    cloud.post("events", instance_ids=[instance], region=REGION, status="Executed", **finished)
    given = ("--endpoint", cloud.url, *EVENT, "--report", str(out), "--", "true")

    assert run(*given).returncode == 0
    assert picture_in(out).events == [("i-web", "Scheduled")]


@pytest.mark.parametrize("words", [("--report", "run.pdf"), ("--report", "a.svg", "--replay", "x")])
def test_a_report_that_cannot_be_made_is_refused_before_the_command(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(*words, "--", "touch", "begun", cwd=tmp_path)

    assert done.returncode == 125
    assert b"--report" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_cannot_be_written_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "run.svg"
    done = run("--report", str(out), "--", "rm", "-r", str(folder))

    assert done.returncode == 125
    assert f"simevents: error: --report: {out} cannot be written: " in done.stderr.decode()
