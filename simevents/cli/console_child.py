"""``fake --console``: a console in a process of its own, which ends with the fake."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from . import options
from .control import TOKEN_VARIABLE


def require() -> None:
    """End the command when the console is not installed, before a fake is started for it."""
    if importlib.util.find_spec("nicegui") is None:
        options.missing_extra(ModuleNotFoundError("", name="nicegui"))


@contextmanager
def running(url: str, control_token: str) -> Iterator[None]:
    """A console for the fake at *url*; it prints its address itself.

    It reads its standard input, whose other end this process holds: so it ends with this
    process, also when this one is killed.
    """
    environ = {**os.environ, TOKEN_VARIABLE: control_token}
    words = ["console", "--endpoint", url, "--port", "0", "--ends-with-stdin"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words],
        stdin=subprocess.PIPE,
        env=environ,
        # Ctrl-C is for the fake, after which the console ends by itself.
        start_new_session=True,
    )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
