"""Fakes and consoles as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

END_SECONDS = 15


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """That of this process without what leads somewhere else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ALIBABA", "ALICLOUD", "SIMEVENTS", "NICEGUI"))
        and not name.lower().endswith("_proxy")
        # With it NiceGUI waits for its own test tools.
        and not name.startswith("PYTEST")
    }
    return kept | dict(extra or {})


@contextmanager
def started(
    *words: str,
    folder: Path | None = None,
    extra: Mapping[str, str] | None = None,
    merged: bool = False,
) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A command of ours that serves, and the first line that it prints.

    *merged*: what it says on standard error is in its output too.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else None,
        cwd=folder,
        env=environment(extra),
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        finally:
            process.kill()
            assert process.stdout is not None
            process.stdout.close()
            process.wait()


@contextmanager
def console(*words: str, extra: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a console."""
    with started("console", "--port", "0", *words, extra=extra) as (_, line):
        yield line.removeprefix("console: ")
