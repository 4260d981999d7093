"""``simevents run`` as people use it: streams, exit codes, the result, bad options."""

import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from simevents.fake.server import FakeServer
from tests.running.commands import HANDLER, SIMEVENTS, result, run, with_temporary_folder

pytestmark = pytest.mark.slow


def test_input_and_output_are_the_commands_own() -> None:
    words = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read() + bytes(range(256)))"
    ended = run("--", sys.executable, "-c", words, input=b"\xff\x00typed")

    assert (ended.returncode, ended.stdout) == (0, b"\xff\x00typed" + bytes(range(256)))


def test_what_simevents_says_is_on_stderr_with_its_name() -> None:
    ended = run("--instance", "i-web", "--", "sh", "-c", "echo out; echo err >&2")
    lines = ended.stderr.decode().splitlines()

    assert ended.stdout == b"out\n"
    assert [line for line in lines if not line.startswith("simevents: ")] == ["err"]
    assert lines[0].startswith("simevents: fake cloud at http://127.0.0.1:")
    assert lines[0].endswith(" with i-web")
    assert "The command ended with exit code 0" in lines[2]


def test_words_that_are_not_utf8_arrive_as_they_are() -> None:
    words: list[str | bytes] = [*SIMEVENTS, "run", "--", "printf", "%s", b"\xff-\xc3\xa4"]
    ended = subprocess.run(words, capture_output=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout) == (0, b"\xff-\xc3\xa4")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -9 $$"], 128 + 9),
        (["sh", "-c", "kill -15 $$"], 128 + 15),
        (["no-such-command"], 127),
        (["./no-such-command"], 127),
        (["/"], 126),
        ([""], 127),
    ],
)
def test_the_exit_code_is_that_of_a_shell(words: list[str], code: int) -> None:
    assert run("--", *words).returncode == code


def test_a_file_that_is_not_executable(tmp_path: Path) -> None:
    file = tmp_path / "handler"
    file.write_text("#!/bin/sh\n")
    ended = run("--", str(file))

    assert ended.returncode == 126
    assert f"{file}: cannot be executed: Permission denied" in ended.stderr.decode()


def test_the_words_of_the_command_are_not_options_of_run() -> None:
    assert run("sh", "-c", 'exit "$1"', "--help", "5").returncode == 5


def test_a_program_without_an_endpoint_is_led_to_the_fake(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    for scheme in ("http", "https"):
        words = "import sys; sys.path.insert(0, sys.argv.pop(1)); import handler; "
        words += "print(handler.call('DescribeInstances')['TotalCount'])"
        folder = str(Path(__file__).parent)
        program = [sys.executable, "-c", words, folder, scheme]
        ended = run("--instances", "3", "--json", str(file), "--", *program)

        assert (ended.returncode, ended.stdout) == (0, b"3\n")
        (call,) = result(file)["calls"]
        assert (call["action"], call["code"]) == ("DescribeInstances", "")


def test_a_drill_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ended = run(
        *("--instance", "i-web", "--instance", "i-db"),
        *("--at", "0s=SystemMaintenance.Reboot:i-web@+2h", "--within", "30s"),
        *("--expect", "rebooted:i-web", "--expect", "event_avoided:i-web"),
        *("--expect", "untouched:i-db", "--json", str(file)),
        *("--", *HANDLER, "https"),
    )
    found = result(file)

    assert ended.returncode == 0, ended.stderr.decode()
    assert {key: found[key] for key in ("exit_code", "ended_by", "signal", "error")} == {
        "exit_code": 0,
        "ended_by": "expectations",
        "signal": 15,
        "error": None,
    }
    assert [(e["expect"], e["instances"], e["held"]) for e in found["expectations"]] == [
        ("rebooted:i-web", ["i-web"], True),
        ("event_avoided:i-web", ["i-web"], True),
        ("untouched:i-db", ["i-db"], True),
    ]
    assert [step["status"] for step in found["events"][0]["history"]] == ["Scheduled", "Avoided"]
    text = ended.stderr.decode()
    assert "All that was expected has come about" in text
    assert "handler  RebootInstance in cn-hangzhou InstanceId=i-web -> done" in text
    assert "  held      event_avoided:i-web" in text


def test_what_does_not_happen_in_time_is_exit_code_1(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ended = run(
        *("--instance", "i-web", "--expect", "rebooted", "--within", "0.2s"),
        *("--json", str(file), "--", "sleep", "60"),
    )
    found = result(file)

    assert ended.returncode == 1
    assert (found["exit_code"], found["ended_by"]) == (1, "time")
    assert found["expectations"] == [
        {
            "expect": "rebooted",
            "instances": ["i-web"],
            "held": False,
            "problem": "i-web was not rebooted.",
        }
    ]
    assert "NOT HELD  rebooted (i-web)" in ended.stderr.decode()


def test_a_command_that_ends_first_does_not_let_the_expectation_wait() -> None:
    ended = run("--instance", "i-web", "--expect", "rebooted", "--within", "10m", "--", "true")

    assert ended.returncode == 1
    assert "The command ended with exit code 0" in ended.stderr.decode()


def test_the_commands_own_failure_comes_before_expectations() -> None:
    words = ["--instance", "i-web", "--expect", "untouched", "--within", "10m"]

    assert run(*words, "--", "sh", "-c", "exit 9").returncode == 9


def test_untouched_is_judged_at_the_end_only() -> None:
    late = "import sys, time; sys.path.insert(0, sys.argv.pop(1)); import handler; "
    late += "time.sleep(0.3); handler.call('RebootInstance', InstanceId='i-web')"
    program = (sys.executable, "-c", late, str(Path(__file__).parent), "http")
    words = ("--instance", "i-web", "--expect", "untouched", "--within", "20s")
    ended = run(*words, "--", *program)

    assert ended.returncode == 1
    assert "i-web was not left untouched: RebootInstance." in ended.stderr.decode()


def test_untouched_alone_lasts_until_the_time_is_over() -> None:
    ended = run(
        "--instance", "i-web", "--expect", "untouched", "--within", "0.3s", "--", "sleep", "60"
    )

    assert ended.returncode == 0
    assert "The time for what was expected is over after 0.3 s" in ended.stderr.decode()


def test_the_result_is_for_its_owner_and_replaces_an_older_one(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text("older")
    file.chmod(0o644)
    run("--json", str(file), "--", "sh", "-c", "exit 3")
    found = result(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert {key: found[key] for key in ("command", "exit_code", "command_exit_code")} == {
        "command": ["sh", "-c", "exit 3"],
        "exit_code": 3,
        "command_exit_code": 3,
    }
    assert (found["ended_by"], found["signal"], found["events"]) == ("command", None, [])
    assert 0 <= found["seconds"] < 20


def test_the_result_of_a_command_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    run("--json", str(file), "--", "no-such-command")

    assert (result(file)["exit_code"], result(file)["error"]) == (
        127,
        "no-such-command: there is no such command in PATH",
    )


def test_the_result_may_go_into_a_pipe() -> None:
    ended = run("--json", "/dev/stdout", "--", "true")

    assert b'"exit_code": 0' in ended.stdout


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--clock", "yesterday"], "--clock: 'yesterday' is not a UTC time"),
        (["--rate", "-1"], "Invalid value for '--rate'"),
        (["--rate", "fast"], "Invalid value for '--rate'"),
        (["--instances", "0"], "Invalid value for '--instances'"),
        (["--instance", "web"], "--instance: 'web' is not a valid instance id"),
        (["--as-instance", "web"], "--as-instance: 'web' is not a valid instance id"),
        (["--region", "moon"], "--region: 'moon' is not a region of Alibaba Cloud"),
        (["--fault", "RebootInstance"], "--fault: 'RebootInstance' is not a valid fault; use"),
        (["--fault", "Nothing:timeout"], '--fault: "action" must be'),
        (["--fault", "*:times=1"], "--fault: '*:times=1' lets nothing fail; use at least one of"),
        (["--fault", "*:error=Throttling,times=x"], '--fault: "times" must be a whole number'),
        (["--at", "5s"], "--at: '5s' is not a valid event; use 5s=TYPE[:ID][@+2h]"),
        (["--at", "x=SystemFailure.Stop"], "--at: 'x' is not a valid duration"),
        (["--at", "5s=Reboot"], "--at: 'Reboot' is not a valid event type; use one of"),
        (["--at", "5s=SystemFailure.Stop:web"], "--at: 'web' is not a valid instance id"),
        (["--at", "5s=SystemFailure.Stop@2h"], "--at: '2h' is not a valid time"),
        (["--at", "5s=SystemFailure.Stop"], "--at: the run has no instance for the event"),
        (["--at", "5s=SystemFailure.Stop:i-a"], "--at: i-a is not an instance of this run"),
        (["--expect", "reboot"], "--expect: 'reboot' is not a valid expectation; use one of"),
        (["--expect", "rebooted:i-a"], "--expect: i-a is not an instance of this run"),
        (["--within", "30s"], "--within: nothing is expected"),
        (["--expect", "rebooted", "--within", "0s"], "--within: '0s' is not a valid duration"),
        (["--expect", "rebooted", "--within", "x"], "--within: 'x' is not a valid duration"),
        (["--allow", "ecs.aliyuncs.com"], "--allow: ecs.aliyuncs.com is a host of Alibaba Cloud"),
        (["--allow", "http://x"], "--allow: 'http://x' is not a valid host"),
        (["--answers", "/no/such"], "--answers: /no/such cannot be read"),
        (["--endpoint", "nowhere"], "--endpoint: 'nowhere' is not a valid endpoint"),
        (["--endpoint", "http://127.0.0.1:1"], "No fake cloud answers at http://127.0.0.1:1"),
        (["--endpoint", "http://127.0.0.1:1", "--allow", "a.b"], "--allow: the fake at --endpoint"),
        (["--json", "/no/such/file"], "--json: there is no folder /no/such"),
        (["--json", "/"], "--json: / is a folder"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_a_bad_option_is_refused_before_the_start(words: list[str], text: str) -> None:
    ended = run(*words, "--", "sh", "-c", "echo started")

    assert (ended.returncode, ended.stdout) == (125, b"")
    assert text in ended.stderr.decode()


def test_no_command_is_refused() -> None:
    ended = run("--instance", "i-web", "--")

    assert ended.returncode == 125
    assert ended.stderr.decode() == (
        "error: COMMAND: no command is given; use simevents run [OPTIONS] -- COMMAND\n"
    )


def test_the_help_has_an_example() -> None:
    ended = run("--help")

    assert ended.returncode == 0
    assert b"Example: simevents run --instance i-web" in ended.stdout


def test_nothing_is_left_of_the_way_in(tmp_path: Path) -> None:
    environ = with_temporary_folder(tmp_path / "folder")
    ended = run("--", "sh", "-c", 'test -f "$SSL_CERT_FILE" && ls "$TMPDIR"', env=environ)

    assert (ended.returncode, ended.stdout.count(b"\n")) == (0, 1)
    assert list((tmp_path / "folder").iterdir()) == []


def test_an_allowed_host_is_reached_and_another_is_not() -> None:
    with FakeServer(host="127.0.0.2") as outside:
        words = "import os, urllib.request as r; "
        words += "p = r.ProxyHandler({'http': os.environ['HTTP_PROXY']}); "
        words += f"print(r.build_opener(p).open('{outside.url}/_fake/clock').status)"
        program = [sys.executable, "-c", words]
        refused = run("--", *program)
        allowed = run("--allow", "127.0.0.2", "--", *program)

    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"lets nothing out" in refused.stderr
    assert (allowed.returncode, allowed.stdout) == (0, b"200\n")


def test_closed_standard_streams_stay_closed_for_the_command(tmp_path: Path) -> None:
    program = tmp_path / "open.py"
    program.write_text(
        "import os, sys\n"
        "def is_open(file):\n"
        "    try:\n"
        "        return bool(os.fstat(file))\n"
        "    except OSError:\n"
        "        return False\n"
        "sys.exit(sum(map(is_open, (0, 1, 2))))\n"
    )
    words = [*SIMEVENTS, "run", "--", sys.executable, str(program)]
    line = f"{shlex.join(words)} <&- >&- 2>&-"

    assert subprocess.run(["sh", "-c", line], timeout=60, check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="--isolate is for Linux")
def test_an_isolated_command_is_led_to_the_fake_without_its_environment(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    ended = run(
        *("--isolate", "--instance", "i-web", "--at", "0s=SystemMaintenance.Reboot"),
        *("--expect", "event_avoided", "--json", str(file)),
        *("--", "env", "-i", *HANDLER, "http"),
    )

    assert ended.returncode == 0, ended.stderr.decode()
    assert result(file)["seconds"] < 15
    assert run("--isolate", "--", "sh", "-c", "exit 7").returncode == 7
    assert run("--isolate", "--", "no-such-command").returncode == 127


def test_pytest_is_not_needed() -> None:
    words = (
        "import sys\n"
        "for name in ('pytest', '_pytest', 'vcr', 'hypothesis'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['simevents', 'run', '--instances', '1', '--at', '0s=SystemFailure.Stop',\n"
        "  '--expect', 'untouched', '--within', '0.2s', '--fault', '*:timeout,times=1',\n"
        "  '--allow', 'stats.example.com', '--', 'cat']\n"
        "from simevents.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, timeout=60, check=False
    )

    assert ended.returncode == 0, ended.stderr.decode()
