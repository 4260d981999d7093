"""The processes that a command has started, those among them that became daemons.

On Linux this process is made their reaper: a process whose parent has ended becomes its child, so
all of them are found below it. They are ended one by one, by process id. Elsewhere only the
command's process group is known.
"""

import ctypes
import errno
import os
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36

_PROC = Path("/proc")
_NO_DESCRIPTORS = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL})
"""What an older kernel says to who wants the descriptor of a process, or a container."""
_ENDED = frozenset("ZXx")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    started: str
    """As the system states it; no two processes have the same number and the same start."""
    group: int = 0
    session: int = 0


class Descendants:
    """What is started below this process from now on."""

    def __init__(self) -> None:
        self.is_reaper = _become_reaper()
        self._earlier = frozenset(_children_of().get(os.getpid(), ()))

    def living(self, group: int) -> list[Process]:
        """Those that run; without a reaper, one that stands for the process *group*."""
        if not self.is_reaper:
            return [Process(-group, "")] if _group_lives(group) else []
        return self._among(_children_of())

    def kill(self) -> None:
        """Kill those with a session of their own by their process groups. Only with a reaper.

        Who forks and exits all the time is gone before a signal to it arrives; one to its group
        reaches the child too. Another session than ours was begun by a descendant, so all in it
        are descendants.
        """
        ours = os.getsid(0)
        living = self._among(_children_of())
        groups = {process.group for process in living if process.session != ours}
        # 0 and 1 would be this process's own group, and that of the system's first process.
        for group in groups - {0, 1}:
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)

    def is_any_left(self) -> bool:
        """Whether the kernel knows a child, also one that was made while others were listed."""
        return self.is_reaper and not self._earlier and _has_children()

    def _among(self, children: dict[int, list[Process]]) -> list[Process]:
        found: list[Process] = []
        following = [p for p in children.get(os.getpid(), ()) if p not in self._earlier]
        while following:
            found += following
            following = [child for each in following for child in children.get(each.pid, ())]
        return [process for process in found if not _has_ended(process)]

    def send(self, number: signal.Signals, processes: list[Process]) -> list[int]:
        """Send the signal *number* to *processes*; the ids of those that may not be sent one."""
        refused = []
        for process in processes:
            try:
                _send(number, process)
            except PermissionError:
                refused.append(abs(process.pid))
            except OSError:
                continue
        return refused


def _send(number: signal.Signals, process: Process) -> None:
    if process.pid < 0:
        os.killpg(-process.pid, number)
        return
    try:
        # By descriptor: a number may meanwhile belong to another process.
        descriptor = os.pidfd_open(process.pid)
    except OSError as error:
        if error.errno not in _NO_DESCRIPTORS:
            raise
        if _started(process.pid) == process.started:
            os.kill(process.pid, number)
        return
    try:
        if _started(process.pid) == process.started:
            signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)


def _has_children() -> bool:
    """Whether this process has any; those that have ended and nobody has waited for count too."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _become_reaper() -> bool:
    if sys.platform != "linux" or not _PROC.joinpath("self", "stat").exists():
        return False
    with suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        return bool(prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    return False


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _children_of() -> dict[int, list[Process]]:
    """All processes of the machine, by the id of their parent."""
    found: dict[int, list[Process]] = defaultdict(list)
    with suppress(OSError):
        for entry in os.listdir(_PROC):  # noqa: PTH208 - a name is all that is needed
            if entry.isdigit() and (fields := _stat(int(entry))):
                process = Process(int(entry), fields[19], int(fields[2]), int(fields[3]))
                found[int(fields[1])].append(process)
    return found


def _stat(pid: int) -> list[str]:
    """The fields of a process from its state on; empty if there is none."""
    try:
        # The name, in parentheses, may contain anything.
        return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def _has_ended(process: Process) -> bool:
    fields = _stat(process.pid)
    return not fields or fields[0] in _ENDED or fields[19] != process.started
