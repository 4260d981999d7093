"""The terminal, which the command needs to itself while it runs, as a shell gives it to a job.

The command has its own process group. Only the group in the foreground of a terminal may read
there, and Ctrl-C goes to that group alone.
"""

import os
import termios
from contextlib import suppress
from typing import Any


class Terminal:
    """The terminal of this process, if it has one."""

    def __init__(self) -> None:
        self._own_group = os.getpgrp()
        self._lent_to = 0
        self._is_opened = False
        self._modes: list[Any] | None = None
        self._file = self._find()

    def _find(self) -> int | None:
        if _is_terminal(0):
            return 0
        try:
            found = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            return None
        self._is_opened = True
        return found

    @property
    def is_for_command(self) -> bool:
        """Whether the command has the terminal from the start.

        When the output goes into another program, that one may be a pager that reads here.
        """
        return self._file == 0 and _is_terminal(1)

    def lend(self, group: int) -> bool:
        """Put *group* into the foreground, if this process is there; whether it was."""
        if self._file is None or not _is_foreground(self._file, self._own_group):
            return False
        try:
            self._modes = self._modes or termios.tcgetattr(self._file)
            os.tcsetpgrp(self._file, group)
        except (OSError, termios.error):
            return False
        self._lent_to = group
        return True

    def take_back(self, *, is_left_behind: bool = False) -> None:
        """Put this process into the foreground, if the command was there.

        A command that *is_left_behind*, stopped or killed, has not set the terminal back.
        SIGTTOU has to be ignored.
        """
        if self._file is None or not self._lent_to:
            return
        with suppress(OSError, termios.error):
            if _is_foreground(self._file, self._lent_to):
                os.tcsetpgrp(self._file, self._own_group)
            if is_left_behind and self._modes and _is_foreground(self._file, self._own_group):
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._modes)

    @property
    def is_lent(self) -> bool:
        return bool(self._lent_to)

    def close(self) -> None:
        if self._is_opened and self._file is not None:
            os.close(self._file)
        self._file = None


def _is_terminal(file: int) -> bool:
    try:
        return os.isatty(file)
    except OSError:
        return False


def _is_foreground(file: int, group: int) -> bool:
    try:
        return os.tcgetpgrp(file) == group
    except OSError:
        return False
