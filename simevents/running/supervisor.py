"""A command as a child process: started, watched, given the signals that arrive, and ended.

It has its own process group. What it leaves running is ended with it: TERM, and KILL after
`GRACE_SECONDS`.
"""

import errno
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType, TracebackType
from typing import Any, Self

from .descendants import Descendants
from .terminal import Terminal

GRACE_SECONDS = 5.0
KILL_SECONDS = 10.0
"""How long to look for processes that were killed, or start others meanwhile."""

_POLL_SECONDS = 0.02

_PASSED_ON = (
    *("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM"),
    *("SIGWINCH", "SIGTSTP", "SIGCONT"),
)
_ENDING = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM})
_STOPPING = frozenset({signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_IGNORED_HERE = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTTOU)
"""By Python or by us; the command gets them as usual."""

NOT_FOUND = 127
NOT_EXECUTABLE = 126


class EndedBy(StrEnum):
    """Who ended the command."""

    COMMAND = "command"
    EXPECTATIONS = "expectations"
    TIME = "time"
    SIGNAL = "signal"


class NotStarted(Exception):
    """The command cannot be started; *code* is the exit code that shells have for it."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class Interrupted(Exception):
    """A signal arrived before the command was started."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"{signal.Signals(number).name} arrived before the command was started")


@dataclass(frozen=True, slots=True)
class Ending:
    by: EndedBy
    code: int | None
    """The command's own exit code, as shells have it; None where it is not known."""
    signal: int | None
    """The signal that the command died of."""
    seconds: float
    is_own: bool
    """The code is that of a command that we did not end on our own account."""
    left: tuple[int, ...] = ()
    """Processes that could not be ended."""


class Running:
    """The command while it runs, for who decides when to end it."""

    def __init__(self, others: Callable[[], bool]) -> None:
        self.code: int | None = None
        """Its exit code; None before it has ended."""
        self.signal: int | None = None
        self.has_others = others
        """Whether any process runs that it has started."""

    def note(self, status: int) -> None:
        if os.WIFSIGNALED(status):
            self.signal = os.WTERMSIG(status)
            self.code = 128 + self.signal
        else:
            self.code = os.WEXITSTATUS(status)


Look = Callable[[Running], "float | EndedBy"]
"""Returns in how many seconds to look again at the latest, or who ends the command now."""


class Supervisor:
    """Takes signals for the command from its creation on; a context manager."""

    def __init__(self) -> None:
        self._descendants = Descendants()
        self._terminal = Terminal()
        self._group = 0
        self._kill_at = math.inf
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        self._writing = writing
        self._handlers: dict[int, Any] = {}
        self._can_interrupt = True
        """No command has been started: a signal that ends is for this process."""
        self._running = Running(lambda: bool(self._descendants.living(self._group)))

    def __enter__(self) -> Self:
        self._wakeup = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for name in (*_PASSED_ON, "SIGCHLD"):
            number = getattr(signal, name)
            # What is ignored stays so, as nohup needs it, for the command as well.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._handlers[number] = signal.signal(number, self._noted)
        self._handlers[signal.SIGTTOU] = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._terminal.close()
        for number, handler in self._handlers.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._reading)
        os.close(self._writing)

    def run(self, words: Sequence[str], environ: Mapping[str, str], look: Look) -> Ending:
        """Start *words* and ask *look* until it ends; nothing of it runs then any more.

        Raises NotStarted and Interrupted, and what *look* raises.
        """
        for number in self._signals(0):
            if number in _ENDING:
                raise Interrupted(number)
        self._start(words, environ)
        begun = time.monotonic()
        try:
            decided = self._watch(look)
        except BaseException:
            self._end_all(GRACE_SECONDS)
            self._terminal.take_back(is_left_behind=True)
            raise
        was_running = self._running.code is None
        # From here on Ctrl-C is for this process, and means a hurry.
        self._terminal.take_back()
        left = self._end_all(0 if decided is EndedBy.SIGNAL else GRACE_SECONDS)
        self._terminal.take_back(is_left_behind=True)
        return Ending(
            decided,
            self._running.code,
            self._running.signal,
            time.monotonic() - begun,
            is_own=not was_running or decided is EndedBy.SIGNAL,
            left=tuple(left),
        )

    def _noted(self, number: int, _frame: FrameType | None) -> None:
        """The number is in the pipe already."""
        if self._can_interrupt and number in _ENDING:
            self._can_interrupt = False
            raise Interrupted(number)

    def _watch(self, look: Look) -> EndedBy:
        while True:
            decided = look(self._running)
            if isinstance(decided, EndedBy):
                return decided
            now = time.monotonic()
            if now >= self._kill_at:
                return EndedBy.SIGNAL
            for number in self._signals(min(decided, self._kill_at - now)):
                self._pass_on(number)
            self._reap()

    def _start(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        usual = [n for n in _IGNORED_HERE if self._handlers.get(n) is not signal.SIG_IGN]
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        if not words[0]:
            raise NotStarted(NOT_FOUND, "the command is an empty word")
        self._can_interrupt = False
        try:
            self._group = os.posix_spawnp(
                words[0], list(words), dict(environ), setpgroup=0, setsigdef=usual
            )
        except OSError as error:
            raise _not_started(words[0], error) from None
        if self._terminal.is_for_command and self._terminal.lend(self._group):
            # It may have been stopped because it read before.
            os.killpg(self._group, signal.SIGCONT)

    def _signals(self, pause: float) -> list[int]:
        """The signals that have arrived, after waiting *pause* seconds for one at most."""
        longest = None if math.isinf(pause) else pause
        ready, _, _ = select.select([self._reading], [], [], longest)
        return list(os.read(self._reading, 512)) if ready else []

    def _pass_on(self, number: int) -> None:
        if number == signal.SIGCHLD or self._running.code is not None:
            return
        if number == signal.SIGTERM:
            self._kill_at = min(self._kill_at, time.monotonic() + GRACE_SECONDS)
        if number == signal.SIGCONT and self._terminal.is_lent:
            self._terminal.lend(self._group)
        try:
            os.killpg(self._group, number)
        except OSError:
            return

    def _reap(self) -> None:
        """Take note of children that have ended or were stopped."""
        whom = -1 if self._descendants.is_reaper else self._group
        while True:
            try:
                pid, status = os.waitpid(whom, os.WNOHANG | os.WUNTRACED)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid != self._group:
                continue
            if os.WIFSTOPPED(status):
                self._was_stopped(os.WSTOPSIG(status))
            else:
                self._running.note(status)
                self._terminal.take_back(is_left_behind=os.WIFSIGNALED(status))

    def _was_stopped(self, number: int) -> None:
        """The terminal has stopped the command: as one job with it, this process stops too."""
        if number not in _STOPPING:
            return
        if number != signal.SIGTSTP and self._terminal.lend(self._group):
            os.killpg(self._group, signal.SIGCONT)
            return
        self._terminal.take_back(is_left_behind=True)
        noting = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # Without a shell that could continue it, the system ignores this.
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, noting)

    def _end_all(self, grace: float) -> list[int]:
        """End all that the command has started; the ids of processes that cannot be ended."""
        self._reap()
        living = self._descendants.living(self._group)
        if living and grace:
            self._descendants.send(signal.SIGTERM, living)
            # One that is stopped gets its TERM only then.
            self._descendants.send(signal.SIGCONT, living)
            living = self._wait_for_end(grace)
        deadline = time.monotonic() + KILL_SECONDS
        refused: list[int] = []
        while (living or self._descendants.is_any_left()) and time.monotonic() < deadline:
            refused = self._descendants.send(signal.SIGKILL, living)
            if living and len(refused) == len(living):
                break
            if self._descendants.is_reaper:
                self._descendants.kill()
            living = self._wait_for_end(_POLL_SECONDS)
        self._reap()
        self._group = 0
        return [abs(process.pid) for process in living]

    def _wait_for_end(self, seconds: float) -> list[Any]:
        """Wait until nothing runs, *seconds* have passed, or somebody is in a hurry."""
        deadline = time.monotonic() + seconds
        while True:
            self._reap()
            living = self._descendants.living(self._group)
            left = deadline - time.monotonic()
            if not living or left <= 0:
                return living
            if _ENDING.intersection(self._signals(min(left, _POLL_SECONDS))):
                return living


def _not_started(word: str, error: OSError) -> NotStarted:
    if error.errno == errno.ENOENT:
        where = "" if "/" in word else " in PATH"
        return NotStarted(NOT_FOUND, f"{word}: there is no such command{where}")
    return NotStarted(
        NOT_EXECUTABLE, f"{word}: cannot be executed: {os.strerror(error.errno or 0)}"
    )
