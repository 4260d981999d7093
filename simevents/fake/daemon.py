"""The fake cloud as a separate process: starts, finds and stops it.

Next to the data file there is a small record (``cloud.json`` for ``cloud.db``) with the
process that serves the file, and its URL. The record can be outdated. Therefore it is
valid only if a server answers at the URL and reports the same process id.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .control.client import Control, ControlError
from .server import ServerError

START_SECONDS = 20
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running fake cloud."""

    pid: int
    url: str
    cloud_id: str
    """Stored in the data file; it shows whether a server at the same URL has other data."""


def start(data: Path, port: int, arguments: Sequence[str] = ()) -> Daemon:
    """Start a fake cloud on *data* and *port* that continues after this process ends.

    *arguments* are further arguments for ``simevents fake``. If a process already serves
    *data*, it is returned and nothing is started. Raises ServerError, with the error text
    of the server, if the server does not start.
    """
    running = find(data)
    if running is not None:
        return running
    data.parent.mkdir(parents=True, exist_ok=True)
    log = data.with_suffix(".log")
    command = [
        sys.executable,
        "-m",
        "simevents",
        "fake",
        "--port",
        str(port),
        "--data",
        str(data),
    ]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = _wait_for_url(process, log)
    health = _health(url) or {}
    started = Daemon(process.pid, url, str(health.get("cloud_id", "")))
    _record(data).write_text(json.dumps(asdict(started)) + "\n")
    return started


def find(data: Path) -> Daemon | None:
    """The process that serves *data*; None if there is none."""
    try:
        recorded = Daemon(**json.loads(_record(data).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    health = _health(recorded.url)
    if health is None or health.get("pid") != recorded.pid:
        return None
    return Daemon(recorded.pid, recorded.url, str(health["cloud_id"]))


def stop(data: Path) -> bool:
    """Stop the process that serves *data*; returns False if there is none."""
    running = find(data)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _health(running.url) is not None:
        if time.monotonic() > deadline:
            raise ServerError(f"The fake cloud (process {running.pid}) does not stop; kill it.")
        time.sleep(0.05)
    _record(data).unlink(missing_ok=True)
    return True


def _record(data: Path) -> Path:
    return data.with_suffix(".json")


def _wait_for_url(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """The URL of a started server: the first line of its output, once it is bound."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        line, newline, _ = log.read_text().partition("\n")
        if newline and line.startswith("http") and _health(line) is not None:
            return line
        if process.poll() is not None:
            words = log.read_text().strip().removeprefix("error: ")
            raise ServerError(words or "The fake cloud ended without a word.")
        time.sleep(0.02)
    process.terminate()
    raise ServerError(f"The fake cloud did not answer within {START_SECONDS} s; see {log}.")


def _health(url: str) -> dict[str, Any] | None:
    try:
        with Control(url) as control:
            answer = control.get("health")
    except ControlError:
        return None
    return answer if isinstance(answer, dict) and "cloud_id" in answer else None
