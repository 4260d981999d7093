"""The output streams when their reader has gone, or they cannot be written.

A command does its work first and prints afterwards. What it cannot print on stdout must not
undo or hide the work: `create` then names its events on stderr, and every command ends as
a program does whose reader has gone.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn, TextIO

import click

_STREAM_ERRORS = {
    *(errno.EPIPE, errno.EIO, errno.EBADF),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
}
"""A reader that has gone, a terminal that is closed, a full disk."""


def lost_output(show: Callable[[], None]) -> OSError | None:
    """Print with *show*; the error when stdout is closed or cannot be written."""
    if sys.stdout is None:
        return OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        show()
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def say(text: str) -> bool:
    """Print *text* on stderr; False when that is closed or cannot be written, now or before."""
    if sys.stderr is None:
        return False
    try:
        click.echo(text, err=True)
    except OSError:
        # What is buffered would be tried with each later text, and when Python exits.
        _silence(sys.stderr)
        sys.stderr = None
        return False
    return True


@contextmanager
def ending_with_output() -> Iterator[None]:
    """End the process when an error comes from an output stream; other errors pass.

    Click would end with exit code 1 on a broken pipe, and Python with a traceback otherwise.
    """
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # The error of a file has its name.
        if error.filename is not None or error.errno not in _STREAM_ERRORS:
            raise
        _end(error)


def _end(error: OSError) -> NoReturn:
    # What is buffered can never be written; Python would try once more when it exits.
    _silence(sys.stdout)
    if error.errno == errno.EPIPE:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    say(f"error: the output cannot be written: {error.strerror}")
    sys.exit(1)


def _silence(stream: TextIO | None) -> None:
    if stream is None:
        return
    # A text in memory has no file, and keeps nothing that Python would write when it exits.
    with suppress(io.UnsupportedOperation), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
