"""``simevents run`` in a terminal: the command reads there, Ctrl-C and Ctrl-Z do as usual."""

import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.commands import PATIENCE, SIMEVENTS, content, wait_until

pytestmark = pytest.mark.slow


class Session:
    """A shell with job control in a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "PS1": "$ "})
        self.shown = ""
        self.wait_for("$ ")

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> None:
        """Wait until *text* is shown after what was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.shown!r}"
            ready, _, _ = select.select([self._terminal], [], [], 0.1)
            if ready:
                self.shown += os.read(self._terminal, 65536).decode(errors="replace")
        self.shown = self.shown.partition(text)[2]

    def close(self) -> None:
        os.close(self._terminal)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    found = Session(tmp_path)
    yield found
    found.close()


RUN = shlex.join([*SIMEVENTS, "run", "--"])
READS = shlex.quote("print('ready', flush=True); print('read ' + input()[::-1], flush=True)")
PYTHON = shlex.quote(sys.executable)


def test_the_command_reads_what_is_typed(session: Session) -> None:
    session.type(f"{RUN} {PYTHON} -c {READS}; echo code-$?\n")
    session.wait_for("ready\r\n")
    session.type("abc\n")
    session.wait_for("read cba")
    session.wait_for("code-0")
    session.type("echo sh-'ell'\n")
    session.wait_for("sh-ell")


def test_the_command_reads_though_its_output_goes_elsewhere(session: Session) -> None:
    session.type(f"{RUN} {PYTHON} -c {READS} | cat; echo code-$?\n")
    session.wait_for("ready\r\n")
    session.type("abc\n")
    session.wait_for("read cba")
    session.wait_for("code-0")


def test_ctrl_c_ends_the_command_once(session: Session, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, signal, sys, time\n"
        "def noted(*_):\n"
        "    os.write(1, b'inter' + b'rupted')\n"
        "    time.sleep(0.3)\n"
        "    sys.exit(4)\n"
        "signal.signal(signal.SIGINT, noted)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    session.type(f"{RUN} {PYTHON} program.py; echo code-$?\n")
    session.wait_for("ready\r\n")
    session.type("\x03")
    session.wait_for("interrupted")
    session.wait_for("code-4")
    assert "interrupted" not in session.shown


def test_ctrl_c_reaches_a_command_that_has_not_got_the_terminal(session: Session) -> None:
    session.type(f"{RUN} sh -c 'echo rea''dy; exec sleep 600' </dev/null; echo code-$?\n")
    session.wait_for("ready\r\n")
    session.type("\x03")
    session.wait_for("code-130")


def test_ctrl_z_stops_both_and_fg_continues_them(session: Session, tmp_path: Path) -> None:
    session.type(f"{RUN} {PYTHON} -c {READS}; echo code-$?\n")
    session.wait_for("ready\r\n")
    session.type("\x1a")
    session.wait_for("Stopped")
    session.type("jobs; echo sh-'ell'\n")
    session.wait_for("sh-ell")
    session.type("fg\n")
    session.wait_for("simevents run")
    session.type("abc\n")
    session.wait_for("read cba")


def test_in_the_background_it_waits_for_the_terminal(session: Session) -> None:
    session.type(f"{RUN} {PYTHON} -c {READS} &\n")
    session.wait_for("ready\r\n")
    session.type("until jobs -s | grep .; do sleep 0.05; done\n")
    session.wait_for("Stopped")
    session.type("fg\n")
    session.wait_for("simevents run")
    session.type("abc\n")
    session.wait_for("read cba")


def test_a_full_screen_program_that_is_killed_leaves_a_usable_terminal(
    session: Session, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import time, tty\ntty.setraw(0)\nopen('raw', 'w').write('raw')\ntime.sleep(600)\n"
    )
    run = shlex.join([*SIMEVENTS, "run", "--expect", "rebooted", "--within", "1s", "--"])
    session.type(f"{run} {PYTHON} program.py; echo code-$? $(stty -a | grep -o '[-]*icanon')\n")
    wait_until(lambda: content(tmp_path / "raw"), "raw")
    session.wait_for("code-1 icanon")


def test_without_a_terminal_nothing_waits() -> None:
    words = [*SIMEVENTS, "run", "--", "sh", "-c", "read line; echo got $line"]
    ended = subprocess.run(
        words,
        input=b"abc\n",
        capture_output=True,
        start_new_session=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, b"got abc\n")
