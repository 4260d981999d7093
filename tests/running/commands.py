"""How tests run ``simevents run``, and what they look for afterwards."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HANDLER = (sys.executable, str(Path(__file__).with_name("handler.py")))
SIMEVENTS = (sys.executable, "-m", "simevents")
PATIENCE = 60


def run(*words: str, **settings: Any) -> "subprocess.CompletedProcess[bytes]":
    """``simevents run`` with these words."""
    settings = {"capture_output": True, "timeout": PATIENCE, **settings}
    return subprocess.run([*SIMEVENTS, "run", *words], check=False, **settings)


def started(*words: str, **settings: Any) -> "subprocess.Popen[bytes]":
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.Popen([*SIMEVENTS, "run", *words], **settings)


def result(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """What *condition* returns, once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


def content(file: Path) -> str:
    """What is in *file*; empty before it is there."""
    return file.read_text() if file.exists() else ""


def lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def pids(file: Path, count: int) -> Sequence[int]:
    """The process ids that *count* processes have written into *file*, a line each."""
    wait_until(lambda: content(file).count("\n") >= count, f"{count} lines in {file}")
    return [int(line) for line in file.read_text().split()]


def with_temporary_folder(folder: Path) -> dict[str, str]:
    """The environment, with a temporary folder that nobody else uses."""
    folder.mkdir()
    return {**os.environ, "TMPDIR": str(folder)}
