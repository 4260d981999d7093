"""The handler's process, as an expectation looks at it: has it ended, and how."""

from typing import Protocol

from ...errors import InvalidInput


class Popen(Protocol):
    """A process such as ``subprocess.Popen`` gives."""

    def poll(self) -> int | None: ...


class AsyncioProcess(Protocol):
    """A process such as ``asyncio.create_subprocess_exec`` gives."""

    @property
    def returncode(self) -> int | None: ...


class MultiprocessingProcess(Protocol):
    """A process such as ``multiprocessing.Process``."""

    @property
    def exitcode(self) -> int | None: ...


ChildProcess = Popen | AsyncioProcess | MultiprocessingProcess


def exit_code(process: ChildProcess | None) -> int | None:
    """The exit code of a process that has ended; None while it runs, and without a process."""
    if process is None:
        return None
    poll = getattr(process, "poll", None)
    if poll is not None:
        code = poll()
    elif hasattr(process, "exitcode"):
        code = process.exitcode
    elif hasattr(process, "returncode"):
        code = process.returncode
    else:
        raise InvalidInput(
            "process", f"{process!r} is not a process; use what subprocess.Popen returns"
        )
    return None if code is None else int(code)
