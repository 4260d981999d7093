"""How a command under ``--isolate`` runs: as it would without, and with nobody left over."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simevents.fake.server import FakeServer
from tests.running.outside import NOBODY, User, this_user
from tests.running.test_isolation import port_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="--isolate is for Linux"),
]

PORT = 4
"""Nobody listens there."""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -TERM $$"], -signal.SIGTERM),
        (["sh", "-c", "kill -INT $$"], -signal.SIGINT),
        (["sh", "-c", "kill -KILL $$"], -signal.SIGKILL),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_how_the_command_ends_is_seen(user: User, command: list[str], code: int) -> None:
    done = user.run(command, PORT)

    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        ("simevents-no-such-command", 127, "No such file or directory"),
        ("/no/such/command", 127, "No such file or directory"),
        ("", 127, "No such file or directory"),
        ("/etc/passwd", 126, "Permission denied"),
        ("/", 126, "Permission denied"),
    ],
)
def test_what_cannot_be_executed_is_named(command: str, code: int, text: str) -> None:
    done = this_user().run([command, "word"], PORT, text=True)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr == f"simevents run: {command}: {text}\n"


def test_bytes_pass_through_stdin_and_stdout(user: User) -> None:
    sent = bytes(range(256)) * 4000
    done = user.run(["cat"], PORT, input=sent)

    assert (done.returncode, done.stdout, done.stderr) == (0, sent, b"")


AS_IT_RUNS = """
import json, os
def of(name):
    with open("/proc/self/status") as status:
        return next(line.split()[1:] for line in status if line.startswith(name + ":"))
try:
    children = os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    children = None
print(json.dumps({
    "pid": os.getpid(),
    "parent": os.getppid(),
    "users": os.getresuid(),
    "groups": os.getresgid(),
    "capabilities": [of(name)[0] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "children": children,
    "descriptors": sorted(map(int, os.listdir("/proc/self/fd"))),
    "folder": os.getcwd(),
    "terminal's group": os.getpgid(0),
}))
"""


def test_the_command_is_the_process_that_was_started_and_has_nothing_of_ours(user: User) -> None:
    command = [sys.executable, "-I", "-S", "-c", AS_IT_RUNS]
    words = user.words(command, PORT)
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd="/", start_new_session=True) as run:
        said = json.loads(run.communicate(timeout=60)[0])

    kept = "00000000000405fb" if user.uid == 0 else "0" * 16
    assert said == {
        "pid": run.pid,
        "parent": os.getpid(),
        "users": [user.uid] * 3,
        "groups": [user.gid] * 3,
        "capabilities": ["0" * 16, kept, kept, kept, "0" * 16],
        "children": None,
        "descriptors": [0, 1, 2, 3],
        "folder": "/",
        "terminal's group": run.pid,
    }


def test_no_signal_is_ignored_that_was_not(user: User) -> None:
    command = ["grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"]
    before = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert user.run(command, PORT, text=True).stdout == before.stdout


def test_the_environment_is_for_the_command_alone(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('it runs')")
    (tmp_path / "ctypes.py").write_text("raise SystemExit('not the real one')")
    environment = {"PATH": os.defpath, "PYTHONPATH": str(tmp_path), "ODD": "=\udce4\n"}
    words = this_user().words(["env", "-0"], PORT)
    done = subprocess.run(words, env=environment, capture_output=True, timeout=60, check=True)

    assert done.stderr == b""
    assert sorted(done.stdout.split(b"\0")) == sorted(
        [b"", *(os.fsencode(f"{name}={value}") for name, value in environment.items())]
    )
    again = [sys.executable, "-c", ""]
    done = subprocess.run(
        this_user().words(again, PORT), env=environment, capture_output=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == (b"it runs\n", b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="is about what root may")
def test_root_remains_root_for_files_and_can_become_another_user(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("text")
    theirs.chmod(0o600)
    os.chown(theirs, NOBODY, NOBODY)
    script = 'cat "$1" && exec setpriv --reuid 65534 --regid 65534 --clear-groups id -u'
    done = this_user().run(["sh", "-c", script, "sh", str(theirs)], PORT, text=True)

    assert (done.stdout, done.stderr) == (f"text{NOBODY}\n", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of root's")
def test_a_setuid_program_gives_no_power(user: User) -> None:
    with tempfile.TemporaryDirectory(prefix="simevents-setuid-") as folder:
        Path(folder).chmod(0o755)
        program = Path(folder, "id")
        program.write_bytes(Path("/usr/bin/id").read_bytes())
        program.chmod(0o4755)
        done = user.run([str(program), "-u"], PORT, text=True)

    assert (done.stdout, done.stderr) == (f"{user.uid}\n", "")


def processes_with(word: str) -> list[int]:
    """Processes that have *word* in their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


@contextlib.contextmanager
def running(user: User, script: str, port: int) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command that has said that it runs, and the process outside that carries for it."""
    mark = f"mark-{os.getpid()}-{port}"
    words = user.words([sys.executable, "-I", "-c", script, str(port), mark], port)
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as command:
        assert command.stdout is not None
        try:
            assert command.stdout.readline() == b"runs\n"
            (outside,) = set(processes_with(mark)) - {command.pid}
            yield command, outside
        finally:
            command.kill()


def ends(process: int, seconds: float = 20) -> bool:
    """Whether *process* ends in time."""
    try:
        ended = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([ended], [], [], seconds)[0])
    finally:
        os.close(ended)


WAITS = "import sys; print('runs', flush=True); sys.stdin.read()"


@pytest.mark.parametrize("how", ["by itself", "SIGTERM", "SIGKILL"])
def test_nobody_is_left_when_the_command_has_ended(user: User, how: str) -> None:
    with running(user, WAITS, PORT) as (command, outside):
        assert Path(f"/proc/{outside}").exists()
        if how == "by itself":
            command.communicate(timeout=20)
        else:
            command.send_signal(getattr(signal, how))
        command.wait(timeout=20)
        assert ends(outside)


ASKS_AFTER_THE_SIGNAL = """
import signal, socket, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(each, signal.SIG_IGN)
print("runs", flush=True)
sys.stdin.read(1)
out = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
out.sendall(b"GET /_fake/clock HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nConnection: close\\r\\n\\r\\n")
print(out.makefile("rb").readline().decode().strip())
"""


def test_the_way_stays_open_while_the_command_cleans_up_after_ctrl_c(user: User) -> None:
    with (
        FakeServer() as server,
        running(user, ASKS_AFTER_THE_SIGNAL, port_of(server)) as (command, outside),
    ):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            os.killpg(command.pid, number)
            os.kill(outside, number)
        said = command.communicate(b"x", timeout=20)[0]

    assert said == b"HTTP/1.1 200 OK\r\n".replace(b"\r", b"")


CLOSES_ITS_OUTPUT = """
import os, sys
print("runs", flush=True)
os.close(1)
sys.stdin.read()
"""


def test_the_output_ends_when_the_command_closes_it(user: User) -> None:
    with running(user, CLOSES_ITS_OUTPUT, PORT) as (command, _):
        assert command.stdout is not None
        assert command.stdout.read() == b""
        assert command.poll() is None


def test_when_the_carrying_process_dies_nothing_is_reached() -> None:
    with (
        FakeServer() as server,
        running(this_user(), ASKS_AFTER_THE_SIGNAL, port_of(server)) as (command, outside),
    ):
        os.kill(outside, signal.SIGKILL)
        assert ends(outside)
        said = command.communicate(b"x", timeout=20)[0]

    assert (said, command.returncode) == (b"", 1)
