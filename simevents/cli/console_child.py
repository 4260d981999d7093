"""``fake --console``: a console in a process of its own, which ends with the fake."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

from . import options
from .control import TOKEN_VARIABLE

Beside = Callable[[str, str], AbstractContextManager[None]]
"""Takes the URL and the control token of a fake; in its block something runs beside it."""


@contextmanager
def none(_url: str, _control_token: str) -> Iterator[None]:
    """No console."""
    yield


@contextmanager
def running(url: str, control_token: str) -> Iterator[None]:
    """A console for the fake at *url*; it prints its address itself.

    It reads its standard input, whose other end this process holds: so it ends with this
    process, also when this one is killed.
    """
    environ = {**os.environ, TOKEN_VARIABLE: control_token}
    words = ["console", "--endpoint", url, "--port", "0", "--ends-with-stdin"]
    process = subprocess.Popen(
        # -P: a file in the working directory that has the name of a package is not imported.
        [sys.executable, "-P", "-m", "simevents", *words],
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


def chosen(ctx: click.Context, _parameter: click.Parameter, is_wanted: bool) -> Beside:
    """What runs beside the fake. Without the packages of the console the command ends here."""
    if not is_wanted or ctx.resilient_parsing:
        return none
    if importlib.util.find_spec("nicegui") is None:
        options.missing_extra(ModuleNotFoundError("", name="nicegui"))
    return running
