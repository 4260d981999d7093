"""The process outside that carries connections from inside to the proxy.

A socket stays in the network where it was made. The launcher makes the listening sockets inside
and hands them to this process, which accepts what comes and connects to the proxy outside. It
is no child of the command, has none of its descriptors, and is in no terminal's group; it ends
when the command ends, however that happens.
"""

import errno
import fcntl
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path

_MOST_SOCKETS = 8


def start(port: int) -> socket.socket:
    """Start it for the calling process; returns the socket to talk to it.

    *port* is the proxy's at 127.0.0.1. Raises OSError if it cannot be started.
    """
    command = os.getpid()
    ended = os.pidfd_open(command)
    near, far = socket.socketpair()
    between = os.fork()
    if between == 0:
        # The command may wait for all its children, so this must not be one of them.
        with suppress(BaseException):
            if os.fork() == 0:
                _run(far, ended, command, port)
        os._exit(1)
    # Whoever started this may ignore ended children; then there is nothing to wait for.
    with suppress(ChildProcessError):
        os.waitpid(between, 0)
    os.close(ended)
    far.close()
    return near


def ask_for_ids(way: socket.socket) -> None:
    """Let it give the new user namespace of the calling process the ids of the machine."""
    way.sendall(b"?")
    answer = way.recv(16)
    if not answer:
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    if number := int(answer):
        raise OSError(number, os.strerror(number))


def hand_over(way: socket.socket, listening: list[socket.socket]) -> None:
    """Give it the sockets that it is to accept connections of."""
    socket.send_fds(way, [b"!"], [each.fileno() for each in listening])
    for each in listening:
        each.close()


def _run(far: socket.socket, ended: int, command: int, port: int) -> None:
    far_number, ended = (fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 3) for each in (far, ended))
    _leave(far_number, ended)
    with socket.socket(fileno=far_number) as near_command:
        if not near_command.recv(1):
            return
        near_command.sendall(str(_give_ids(command)).encode())
        _, numbers, _, _ = socket.recv_fds(near_command, 1, _MOST_SOCKETS)
    # Its import takes 50 ms, which the command does not wait for.
    from . import carrying

    carrying.run([socket.socket(fileno=number) for number in numbers], ended, port)


def _leave(*kept: int) -> None:
    """Part with what belongs to the command: terminal, group, descriptors, folder."""
    os.setsid()
    for asked_to_end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(asked_to_end, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        if int(name) > 2 and int(name) not in kept:
            with suppress(OSError):
                os.close(int(name))
    os.chdir("/")
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _give_ids(command: int) -> int:
    """Map users and groups into the namespace of *command*; returns an error number or 0.

    Root keeps all ids, so that it can give up its own. Others may map only their own ids; then
    files of other users seem to belong to nobody.
    """
    process = Path(f"/proc/{command}")
    try:
        if not _written(process / "uid_map", _all_ids("uid_map")):
            (process / "uid_map").write_text(f"{os.geteuid()} {os.geteuid()} 1\n", "ascii")
        if not _written(process / "gid_map", _all_ids("gid_map")):
            (process / "setgroups").write_text("deny", "ascii")
            (process / "gid_map").write_text(f"{os.getegid()} {os.getegid()} 1\n", "ascii")
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _all_ids(name: str) -> str:
    """The ids that this process has here, mapped to themselves."""
    lines = Path("/proc/self", name).read_text("ascii").splitlines()
    inside = [(first, count) for first, _, count in map(str.split, lines)]
    return "".join(f"{first} {first} {count}\n" for first, count in inside)


def _written(file: Path, text: str) -> bool:
    try:
        file.write_text(text, "ascii")
    except PermissionError:
        return False
    return True
