"""The processes that a test starts with `FakeCloud.popen`: they end with it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

TERM_SECONDS = 5.0
"""How long a process has to end after SIGTERM."""

POLL_SECONDS = 0.02

Words = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


class Started:
    """Each process has a session of its own, so that its children end with it."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[Any]] = []

    def start(
        self,
        words: Words,
        environment: Callable[[Mapping[str, str]], Mapping[str, str]],
        options: Mapping[str, Any],
    ) -> "subprocess.Popen[Any]":
        """Start *words*; *environment* makes the child's from that of *options* or of this one."""
        given = options.get("env")
        env = environment(os.environ if given is None else given)
        started: subprocess.Popen[Any] = subprocess.Popen(
            words, **{**options, "env": env, "start_new_session": True}
        )
        self._processes.append(started)
        return started

    def exit_code(self) -> int | None:
        """The exit code of the last one, once all have ended with their children."""
        return self._processes[-1].poll() if self._processes and not self._is_any_left() else None

    def end(self) -> None:
        """SIGTERM to all, and SIGKILL to what is left of them after `TERM_SECONDS`."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + TERM_SECONDS
        while self._is_any_left() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self._signal(signal.SIGKILL)
        for process in self._processes:
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    # Nobody reads what was not written yet.
                    with suppress(OSError):
                        stream.close()
        self._processes.clear()

    def _signal(self, number: int) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)

    def _is_any_left(self) -> bool:
        return any(process.poll() is None or _has_members(process) for process in self._processes)


def _has_members(process: "subprocess.Popen[Any]") -> bool:
    """Whether a process of the group lives, now that its first one has ended."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # In a container nobody may collect orphans that have ended: they are no members.
    states = [_state(path) for path in Path("/proc").glob("[0-9]*/stat")]
    return not states or any(group == process.pid and state != "Z" for state, group in states)


def _state(stat: Path) -> tuple[str, int]:
    """State and process group. The name before them may contain anything."""
    try:
        fields = stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return "Z", 0
    return fields[0], int(fields[2])
