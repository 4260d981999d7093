"""How tests start commands, and read what they print."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

REBOOT = "SystemMaintenance.Reboot"
LIMIT_SECONDS = 60


def simevents(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simevents", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )


@contextmanager
def started(*words: str) -> "Iterator[subprocess.Popen[str]]":
    running = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait(LIMIT_SECONDS)
        for stream in (running.stdout, running.stderr):
            if stream is not None:
                stream.close()


def rest(running: "subprocess.Popen[str]") -> tuple[str, str]:
    """What else it prints until it ends; `communicate` would lose what lines were read with."""
    assert running.stdout is not None
    assert running.stderr is not None
    with running.stdout, running.stderr:
        printed, said = running.stdout.read(), running.stderr.read()
    running.wait(LIMIT_SECONDS)
    return printed, said


def line_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    return running.stdout.readline().rstrip("\n")


def ready(running: "subprocess.Popen[str]") -> str:
    """The first line on stderr, after which changes are seen."""
    assert running.stderr is not None
    return running.stderr.readline().rstrip("\n")
