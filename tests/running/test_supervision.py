"""What happens to the command's processes, and to the signals that arrive meanwhile."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.running.commands import (
    PATIENCE,
    SIMEVENTS,
    content,
    lives,
    pids,
    result,
    run,
    started,
    wait_until,
    with_temporary_folder,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


def program(tmp_path: Path, text: str) -> str:
    """A Python program; `note` writes a word into the file of its argument, a line each."""
    file = tmp_path / "program.py"
    head = """
        import os, signal, subprocess, sys, time
        def note(word):
            with open(sys.argv[1], "a") as file:
                file.write(f"{word}\\n")
        """
    file.write_text(textwrap.dedent(head) + textwrap.dedent(text))
    return str(file)


DAEMONS = """
    open(sys.argv[1], "a").close()

    def wait(ignored=()):
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        note(os.getpid())
        time.sleep(600)

    if os.fork() == 0:
        wait()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            wait()
        os._exit(0)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setpgid(0, 0)
            wait([signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
        os._exit(0)
    """


def test_what_the_command_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    text = DAEMONS + "\n    while open(sys.argv[1]).read().count('\\n') < 3: time.sleep(0.01)\n"
    ended = run("--", sys.executable, program(tmp_path, text), str(file))

    assert ended.returncode == 0
    assert [lives(pid) for pid in pids(file, 3)] == [False] * 3


def test_daemons_are_ended_when_the_time_is_over(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    text = DAEMONS + "\n    wait([signal.SIGTERM])\n"
    ended = run(
        *("--instance", "i-web", "--expect", "untouched", "--within", "2s"),
        *("--", sys.executable, program(tmp_path, text), str(file)),
    )

    assert ended.returncode == 0
    assert [lives(pid) for pid in pids(file, 4)] == [False] * 4


RELAY = """
    import fcntl
    held = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    if os.fork():
        os._exit(0)
    os.setsid()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if os.fork():
            os._exit(0)
    """


@pytest.mark.parametrize("_attempt", range(4))
def test_a_daemon_that_forks_all_the_time_is_ended(tmp_path: Path, _attempt: int) -> None:
    file = tmp_path / "held"
    ended = run("--", sys.executable, program(tmp_path, RELAY), str(file))

    assert ended.returncode == 0
    with file.open() as held:
        # Who lives has the lock: it is handed down.
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_daemon_is_given_the_time_for_what_is_expected_of_it(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    words = "import sys; sys.path.insert(0, sys.argv.pop(1)); import time; time.sleep(0.3); "
    words += "import handler; handler.call('RebootInstance', InstanceId='i-web'); time.sleep(600)"
    line = 'setsid "$0" -c "$1" "$2" http & exit 0'
    ended = run(
        *("--instance", "i-web", "--expect", "rebooted", "--json", str(file)),
        *("--", "sh", "-c", line, sys.executable, words, str(Path(__file__).parent)),
    )

    assert ended.returncode == 0, ended.stderr.decode()
    assert result(file)["ended_by"] == "expectations"


def test_a_helper_from_before_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    line = f'sleep 600 & echo $! > {file}; exec "$@"'
    ended = subprocess.run(
        ["sh", "-c", line, "sh", *SIMEVENTS, "run", "--", "true"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    (helper,) = pids(file, 1)
    try:
        assert (ended.returncode, lives(helper)) == (0, True)
    finally:
        os.kill(helper, signal.SIGKILL)


NOTING = """
    names = ["HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "WINCH", "TERM", "CONT"]
    def noted(number, frame):
        note(signal.Signals(number).name)
        if number == signal.SIGTERM:
            sys.exit(5)
    for name in names:
        signal.signal(getattr(signal, "SIG" + name), noted)
    note("ready")
    while True:
        signal.pause()
    """


def test_signals_pass_to_the_command(tmp_path: Path) -> None:
    file = tmp_path / "signals"
    process = started("--", sys.executable, program(tmp_path, NOTING), str(file))
    names = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGWINCH", "SIGCONT"]
    wait_until(lambda: "ready" in content(file), "the program")
    for name in names:
        process.send_signal(getattr(signal, name))
        wait_until(lambda name=name: name in content(file), name)  # type: ignore[misc]
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 5, told.decode()
    assert content(file).split() == ["ready", *names, "SIGTERM"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_ends_the_command(tmp_path: Path, number: signal.Signals) -> None:
    file, environ = tmp_path / "result.json", with_temporary_folder(tmp_path / "folder")
    words = ["--json", str(file), "--", "sh", "-c", "echo started; exec sleep 600"]
    process = started(*words, env=environ)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 128 + number
    assert f"The command ended by signal {number.value}" in told.decode()
    found = result(file)
    assert (found["signal"], found["ended_by"], found["exit_code"]) == (
        number,
        "command",
        128 + number,
    )
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_command_that_ignores_term_is_killed_after_five_seconds(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    text = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note(os.getpid())
        time.sleep(600)
        """
    process = started("--", sys.executable, program(tmp_path, text), str(file))
    (pid,) = pids(file, 1)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, told = process.communicate(timeout=PATIENCE)

    assert time.monotonic() - began >= 4.5
    assert (process.returncode, lives(pid)) == (128 + 9, False)
    assert "did not end by the signal and was killed" in told.decode()


def test_a_second_signal_while_it_is_ended_is_for_people_in_a_hurry(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    text = """
        import pathlib
        def asked(*_):
            note("asked")
        signal.signal(signal.SIGTERM, asked)
        note(os.getpid())
        while True:
            time.sleep(1)
        """
    process = started(
        *("--instance", "i-web", "--expect", "untouched", "--within", "3s"),
        *("--", sys.executable, program(tmp_path, text), str(file)),
    )
    wait_until(lambda: "asked" in content(file), "TERM")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)

    assert process.returncode == 0
    assert time.monotonic() - began < 4


def test_a_command_that_was_stopped_is_ended_too(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    text = "note(os.getpid())\nos.kill(os.getpid(), signal.SIGSTOP)\n"
    ended = run(
        *("--instance", "i-web", "--expect", "rebooted", "--within", "0.5s"),
        *("--", sys.executable, program(tmp_path, text), str(file)),
    )

    assert (ended.returncode, lives(pids(file, 1)[0])) == (1, False)


def test_what_nohup_ignores_stays_ignored(tmp_path: Path) -> None:
    file = tmp_path / "signals"
    text = 'note(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)\nnote("ready")\n'
    text += "while not os.path.exists(sys.argv[1] + '.end'): time.sleep(0.01)\n"
    words = ["nohup", *SIMEVENTS, "run", "--", sys.executable, program(tmp_path, text), str(file)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: "ready" in content(file), "the program")
    process.send_signal(signal.SIGHUP)
    Path(f"{file}.end").touch()

    assert process.wait(PATIENCE) == 0
    assert content(file) == "True\nready\n"


def test_pipes_break_for_the_command_as_usual() -> None:
    line = "python -c 'import sys' ; yes | head -1"
    ended = run("--", "sh", "-c", line)

    assert (ended.returncode, ended.stdout) == (0, b"y\n")
    assert b"Broken pipe" not in ended.stderr


def test_a_signal_ends_the_wait_for_a_fake_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = started("--endpoint", endpoint, "--", "true")
        asking, _ = silent.accept()
        with asking:
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=PATIENCE / 2)

    assert process.returncode == 128 + 15
    assert b"SIGTERM arrived before the command was started" in told


def test_a_signal_before_the_start_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "started"
    words = (
        "import os, signal, sys\n"
        "from simevents.running import course\n"
        "prepare = course.Stage.prepare\n"
        "def interrupted(stage):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    prepare(stage)\n"
        "course.Stage.prepare = interrupted\n"
        f"sys.argv = ['simevents', 'run', '--', 'touch', {str(file)!r}]\n"
        "from simevents.cli import main\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, timeout=PATIENCE, check=False
    )

    assert (ended.returncode, file.exists()) == (128 + 15, False)
    assert b"SIGTERM arrived before the command was started" in ended.stderr
