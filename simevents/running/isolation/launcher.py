"""The process that makes the isolation and then becomes the command."""

import errno
import os
import signal
import socket
import sys
from contextlib import suppress

from ...hosts import METADATA_ADDRESS
from . import PREFIX, kernel, name_files, name_server, refusals, way_out
from .name_server import VENDOR_ADDRESS

OUR_FAILURE = 125
NOT_EXECUTABLE = 126
NOT_FOUND = 127

_BACKLOG = 1024


class Refused(Exception):
    """The kernel refuses the isolation; the text says why, and what to do."""


def main(words: list[str]) -> None:
    """Isolate this process and execute a command.

    *words* are the proxy's port, ``--`` and the command. Without a command it ends with 0 once
    the isolation stands.
    """
    # Ctrl-C ends this process as it would end the command.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    port, command = int(words[0]), words[2:]
    try:
        _isolate(port)
    except Refused as refused:
        _end(OUR_FAILURE, str(refused))
    if not command:
        _end(0)
    if not command[0]:
        _end(NOT_FOUND, f": {os.strerror(errno.ENOENT)}")
    # Python ignores these two, and a program inherits what is ignored.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, _environment())  # noqa: S606
    except OSError as error:
        _end(
            NOT_EXECUTABLE if _exists(command[0]) else NOT_FOUND, f"{command[0]}: {error.strerror}"
        )


def _isolate(port: int) -> None:
    before = kernel.permitted_capabilities()
    step = "a process that carries connections to the proxy"
    try:
        with way_out.start(port) as way:
            step = "a user, a network and a mount namespace of its own"
            kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET | kernel.CLONE_NEWNS)
            step = "user and group ids in the namespace"
            way_out.ask_for_ids(way)
            step = "the addresses of the loopback interface"
            kernel.bring_up_loopback(METADATA_ADDRESS, VENDOR_ADDRESS)
            step = "the addresses to listen at inside"
            way_out.hand_over(way, _listening(port))
            step = "its own files for looking up names"
            name_files.replace()
            step = "the limit of capabilities"
            kernel.limit_capabilities(before)
    except OSError as error:
        raise Refused(refusals.text(step, error)) from error


def _listening(port: int) -> list[socket.socket]:
    """The sockets inside: of the proxy, of what is led there, and of the name server."""
    led = [("127.0.0.1", port), (METADATA_ADDRESS, 80), (VENDOR_ADDRESS, 80), (VENDOR_ADDRESS, 443)]
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((name_server.ADDRESS, 53))
    return [names, *(socket.create_server(place, backlog=_BACKLOG) for place in led)]


def _exists(command: str) -> bool:
    """Whether it is there but cannot be executed; folders of the path may be closed to the user."""
    folders = [""] if "/" in command else os.get_exec_path()
    return any(os.path.exists(os.path.join(each, command)) for each in folders)  # noqa: PTH110, PTH118


def _environment() -> dict[bytes, bytes]:
    """The environment as this process got it: Python adds LC_CTYPE to one without a locale."""
    with open("/proc/self/environ", "rb") as variables:  # noqa: PTH123
        pairs = (entry.partition(b"=") for entry in variables.read().split(b"\0"))
        return {name: value for name, equals, value in pairs if equals}


def _end(code: int, text: str = "") -> None:
    # There is no sys.stderr when descriptor 2 was closed before.
    if text:
        with suppress(OSError):
            os.write(2, f"{PREFIX}{text}\n".encode(errors="surrogateescape"))
    sys.exit(code)
