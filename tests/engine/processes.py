"""Find a child process of another process, and wait for what it does."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

STEP_SECONDS = 0.05
LIMIT_SECONDS = 60


def descendants(pid: int) -> list[int]:
    found = []
    for task in (Path("/proc") / str(pid) / "task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def process_below(run: "subprocess.Popen[str]", words: bytes) -> int:
    """The pid of *run* or of its descendant whose command line contains *words*."""
    for pid in [run.pid, *descendants(run.pid)]:
        if words in (Path("/proc") / str(pid) / "cmdline").read_bytes():
            return pid
    raise AssertionError(f"no process runs {words!r}")


def wait_until(condition: Callable[[], bool], run: "subprocess.Popen[str]") -> None:
    """Poll until *condition* is true: the other process sends no notification."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(STEP_SECONDS)
