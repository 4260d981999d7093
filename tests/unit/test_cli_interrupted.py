"""``create`` and ``sweep`` that are interrupted, or whose output cannot be written."""

import itertools
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from simevents.cli import options
from tests.conftest import REGION, Cloud
from tests.unit.raw_server import RawServer

pytestmark = pytest.mark.slow

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"
REBOOT = "SystemMaintenance.Reboot"
COMMAND = [sys.executable, "-m", "simevents"]
LIMIT_SECONDS = 120
TRACE = "If this is killed, cancel what it leaves: "


@pytest.fixture(autouse=True)
def where(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Endpoint and region in the environment, and files with ids in a folder of the test."""
    monkeypatch.setenv("SIMEVENTS_ENDPOINT", cloud.url)
    monkeypatch.setenv("ALIBABA_CLOUD_REGION_ID", REGION)
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def words_to_create(instances: Sequence[str]) -> list[str]:
    named = [word for id in instances for word in ("--instance", id)]
    return [*COMMAND, "create", "--type", REBOOT, "--not-before", "+2h", *named]


def shell(line: str) -> "subprocess.CompletedProcess[str]":
    command = ["bash", "-c", line]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def after(cloud: Cloud, action: str, count: int) -> Callable[[], bool]:
    return lambda: cloud.actions().count(action) >= count


def signalled(
    command: list[str], when: Sequence[tuple[Callable[[], bool], signal.Signals]]
) -> tuple[int, str]:
    """Run *command* and send each signal when its condition is true; exit code and stderr."""
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=0
    )
    try:
        for is_due, number in when:
            wait_until(lambda due=is_due: due() or running.poll() is not None)  # type: ignore[misc]
            running.send_signal(number)
        _, said = running.communicate(timeout=LIMIT_SECONDS)
    finally:
        running.kill()
    return running.returncode, said


def wait_until(is_due: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not is_due():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_create_cancels_its_events(
    cloud: Cloud, tmp_path: Path, number: signal.Signals
) -> None:
    cloud.post("faults", action=CREATE, latency=0.5)
    cloud.post("faults", action=CANCEL, latency=0.5)
    command = words_to_create(cloud.instances(250))
    # The second one comes during the clean-up.
    code, said = signalled(
        command, [(after(cloud, CREATE, 1), number), (after(cloud, CANCEL, 1), number)]
    )

    assert code == 1
    assert "events that had been created are cancelled" in said
    assert set(cloud.statuses()) == {"Canceled"}
    assert list(tmp_path.iterdir()) == []


def test_events_that_an_interrupted_create_cannot_cancel_are_named(cloud: Cloud) -> None:
    cloud.post("faults", action=CREATE, latency=0.5)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    command = words_to_create(cloud.instances(3))
    code, said = signalled(command, [(after(cloud, CREATE, 1), signal.SIGINT)])

    assert code == 1
    assert "cancelled." not in said
    assert len(cloud.open_events()) == 3
    assert [e["event_id"] for e in cloud.open_events() if e["event_id"] not in said] == []


def test_a_killed_create_leaves_the_command_that_cancels_its_events(cloud: Cloud) -> None:
    cloud.post("faults", action=CREATE, latency=5)
    command = words_to_create(cloud.instances(12))
    code, said = signalled(command, [(after(cloud, CREATE, 1), signal.SIGKILL)])
    line = said.partition(TRACE)[2].partition("\n")[0]
    cloud.delete("faults")
    assert code == -signal.SIGKILL
    assert len(cloud.open_events()) == 12
    swept = shell(f"{shlex.join(COMMAND)} {line.removeprefix('simevents ')} --yes")

    assert swept.stdout.endswith("12 cancelled.\n")
    assert cloud.open_events() == []


def test_an_ignored_signal_stays_ignored(cloud: Cloud) -> None:
    cloud.post("faults", action=CREATE, latency=0.5)
    create = shlex.join(words_to_create(cloud.instances(1)))
    command = ["bash", "-c", f"trap '' HUP; exec {create}"]
    code, said = signalled(command, [(after(cloud, CREATE, 1), signal.SIGHUP)])

    assert (code, len(cloud.open_events())) == (0, 1), said


def test_a_closed_terminal_leaves_no_event(cloud: Cloud) -> None:
    cloud.post("faults", action=CREATE, latency=1)
    command = words_to_create(cloud.instances(2))
    terminal, its_side = os.openpty()
    # setsid makes the terminal the one that controls the command.
    running = subprocess.Popen(
        ["setsid", "--ctty", *command], stdin=its_side, stdout=its_side, stderr=its_side
    )
    os.close(its_side)
    try:
        wait_until(lambda: after(cloud, CREATE, 1)() or running.poll() is not None)
        os.close(terminal)
        assert running.wait(LIMIT_SECONDS) == 1
    finally:
        running.kill()
        running.wait()

    assert cloud.statuses() == ["Canceled", "Canceled"]


@pytest.mark.parametrize(("redirection", "code"), [("| true", 141), (">&-", 0), (">/dev/full", 1)])
def test_ids_that_stdout_does_not_take_are_on_stderr(
    cloud: Cloud, redirection: str, code: int
) -> None:
    create = shlex.join(words_to_create(cloud.instances(2)))
    ended = shell(f"set -o pipefail; {create} {redirection}")

    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert "stdout cannot be written; 2 events are scheduled: " in ended.stderr
    assert [e for e in cloud.open_events() if e["event_id"] not in ended.stderr] == []
    assert len(cloud.open_events()) == 2


@pytest.mark.parametrize("buffering", ["", "PYTHONUNBUFFERED=1"])
@pytest.mark.parametrize(
    "redirection", [">&- 2>&-", ">/dev/full 2>/dev/full", "2>&1 | true", "2>&1 | head -1"]
)
def test_events_whose_ids_cannot_be_printed_are_cancelled(
    cloud: Cloud, redirection: str, buffering: str
) -> None:
    cloud.post("faults", action=CREATE, latency=0.3)
    create = shlex.join(words_to_create(cloud.instances(2)))
    shell(f"{buffering} {create} {redirection}")

    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_sweep_cancels_before_it_prints(cloud: Cloud) -> None:
    instances = cloud.instances(2)
    made = shell(shlex.join(words_to_create(instances)))
    assert made.returncode == 0
    named = shlex.join(word for id in instances for word in ("--instance", id))
    ended = shell(f"set -o pipefail; {shlex.join(COMMAND)} sweep {named} --yes | true")

    assert (ended.returncode, ended.stderr) == (141, "")
    assert cloud.statuses() == ["Canceled", "Canceled"]


@pytest.mark.parametrize(("redirection", "code"), [("| true", 141), (">/dev/full", 1)])
def test_a_list_that_cannot_be_printed_is_no_traceback(
    cloud: Cloud, redirection: str, code: int
) -> None:
    ended = shell(f"set -o pipefail; {shlex.join(COMMAND)} list --json {redirection}")

    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


def test_wait_ends_with_its_timeout_when_answers_drip() -> None:
    def say(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
        yield from itertools.repeat(b" ")

    with RawServer(say) as server:
        start = time.monotonic()
        ended = shell(f"{shlex.join(COMMAND)} wait e-a --timeout 2s --endpoint {server.url}")

    assert ended.returncode == 1
    assert "DescribeInstanceHistoryEvents got no answer" in ended.stderr
    # The start of Python on a busy machine included; one answer alone could take 20 s.
    assert time.monotonic() - start < 12


def test_ids_in_a_file_with_a_byte_order_mark_are_read(cloud: Cloud, tmp_path: Path) -> None:
    (instance,) = cloud.instances(1)
    file = tmp_path / "ids.txt"
    file.write_text(f"\ufeff{instance}\n", "utf-8")

    assert options.checked([], file) == [instance]
