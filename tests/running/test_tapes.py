"""``simevents run`` with a cassette; what it does with the real cloud is in tests/replaying."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from simevents.running.tapes import Tapes, environment_of
from simevents.testing.live.account import LiveAccount
from simevents.way_in.variables import WayIn
from tests.replaying.programs import ARTICLE, ROOT
from tests.running.commands import result, run, started, wait_until

pytestmark = pytest.mark.slow

CASSETTE = str(ROOT / "cassettes" / "article-2018.yaml")
PROGRAM = (sys.executable, str(ARTICLE))
OF_THE_ARTICLE = (
    *("--region", "cn-beijing", "--clock", "2018-08-22T08:00:00Z"),
    *("--instance", "i-2zegswzznxbp168sc5c9", "--instance", "i-2zeimxypwhnj04sbgf5t"),
)


def test_the_articles_program_prints_its_very_ids_when_it_is_replayed() -> None:
    ended = run("--replay", CASSETTE, "--", *PROGRAM)

    assert ended.stdout.decode() == (
        "created simulated events: e-2zec65b85gi9zwcv1kpz, e-2zec65b85gi9zwcv1kq0\n"
        "cancelled simulated event: e-2zec65b85gi9zwcv1kpz\n"
    ), ended.stderr
    assert re.sub(r"\d\.\d", "N", ended.stderr.decode()) == (
        f"simevents: replaying {CASSETTE}, 2 calls; nothing reaches a cloud\n"
        "simevents: The command ended with exit code 0 after N s.\n"
    )
    assert ended.returncode == 0


def test_the_articles_program_prints_its_lines_on_a_fake_and_is_recorded(tmp_path: Path) -> None:
    file = tmp_path / "article.yaml"
    first = run(*OF_THE_ARTICLE, "--record", str(file), "--", *PROGRAM)
    second = run("--replay", str(file), "--", *PROGRAM)

    lines = rb"created simulated events: (e-\w{20}), e-\w{20}\ncancelled simulated event: \1\n"
    assert re.fullmatch(lines, first.stdout), first.stderr
    assert f"simevents: recording to {file}\n".encode() in first.stderr
    assert (second.stdout, second.returncode) == (first.stdout, 0)


def test_a_call_that_is_not_recorded_fails_the_run_whatever_the_program_does(
    tmp_path: Path,
) -> None:
    ask = "curl -sS 'https://ecs.aliyuncs.com/?Action=DescribeRegions&Version=2014-05-26'"
    file = tmp_path / "result.json"
    ended = run("--replay", CASSETTE, "--json", str(file), "--", "sh", "-c", ask)

    assert ended.returncode == 1, ended.stderr
    found = result(file)
    assert (found["exit_code"], found["command_exit_code"]) == (1, 0)
    assert f"{CASSETTE} has no unplayed answer to" in found["notes"][0]
    assert "It has CreateSimulatedSystemEvents, CancelSimulatedSystemEvents." in found["notes"][0]
    assert [line[:48] for line in found["notes"][1:]] == [
        "recorded and never played: {'EventType': 'System",
        "recorded and never played: {'EventId.1': 'e-2zec",
    ]


def test_the_exit_code_of_the_command_comes_first() -> None:
    assert run("--replay", CASSETTE, "--", "sh", "-c", "exit 7").returncode == 7


def test_a_file_that_exists_is_refused_before_the_command_starts(tmp_path: Path) -> None:
    file, began = tmp_path / "run.yaml", tmp_path / "began"
    file.write_text("mine")
    ended = run("--record", str(file), "--", "touch", str(began))

    assert (ended.returncode, began.exists(), file.read_text()) == (125, False, "mine")
    assert b"run.yaml exists; add --rewrite to replace it" in ended.stderr
    assert run("--record", str(file), "--rewrite", "--", "true").returncode == 0
    assert file.read_text() != "mine"


def test_a_run_that_a_signal_ends_is_recorded(tmp_path: Path) -> None:
    file, began = tmp_path / "run.yaml", tmp_path / "began"
    program = f"{sys.executable} {ARTICLE}; touch {began}; exec sleep 600"
    running = started(*OF_THE_ARTICLE, "--record", str(file), "--", "sh", "-c", program)
    wait_until(began.exists, "the program")
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=60)

    assert running.returncode == 128 + signal.SIGTERM, stderr
    assert file.read_text().count("- request:") == 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--replay", "gone.yaml"], "--replay: gone.yaml is not there; record it with --record"),
        (["--replay", CASSETTE, "--clock", "2018-08-22T08:00:00Z"], "no fake; leave out --clock"),
        (["--replay", CASSETTE, "--instance", "i-a"], "no fake; leave out --instance"),
        (["--replay", CASSETTE, "--record", "new.yaml"], "it needs no cloud; leave out --record"),
        (["--record", "a.yaml", "--endpoint", "http://127.0.0.1:1"], "leave out --endpoint"),
        (["--rewrite"], "--rewrite: nothing is recorded; add --record FILE"),
        (["--account", "1"], "--account: it names the account of the real cloud; add --live"),
        (["--live", "--record", "a.yaml"], "--account and --region and --instance are missing"),
        (["--live", "--account", "1", "--instance", "i-a"], "--region is missing"),
        (["--live", "--expect", "rebooted"], "no fake; leave out --expect"),
    ],
)
def test_what_does_not_go_together_is_refused(words: list[str], text: str, tmp_path: Path) -> None:
    ended = run(
        *words, "--", "touch", "began", cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )

    assert text in ended.stderr.decode()
    assert (ended.returncode, list(tmp_path.iterdir())) == (125, [])


def test_on_the_real_cloud_a_command_keeps_its_identity(tmp_path: Path) -> None:
    mine = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAImine",
        "ALIBABA_CLOUD_CREDENTIALS_FILE": "/home/me/keys",
        "SIMEVENTS_ENDPOINT": "",
        "PYTHONPATH": "/home/me/lib",
    }
    live = Tapes(live=LiveAccount("1", "cn-hangzhou", ("i-mine",)))
    way = WayIn("http://127.0.0.1:1", b"", "cn-hangzhou", tmp_path)
    found = environment_of(live, way, mine)

    assert {name: found[name] for name in mine} == {
        **mine,
        "PYTHONPATH": f"{tmp_path / 'python'}:/home/me/lib",
    }
    assert found["https_proxy"] == "http://127.0.0.1:1"
    assert "ALIBABA_CLOUD_SECURITY_TOKEN" not in found
    replayed = environment_of(Tapes(replay=Path("a.yaml")), way, mine)
    assert replayed["ALIBABA_CLOUD_ACCESS_KEY_ID"] != "LTAImine"
