"""The private folder of one run: it is locked while its owner lives, and gone afterwards.

A run that was killed cannot remove its folder. The next run of the same user does: a folder
whose lock is free has no owner.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "simevents-run-"


class RunFolder:
    """A new folder that only this user can read, below *parent* or the system's temporary folder.

    The lock is on the folder itself, so that a folder is never without something to lock. It
    belongs to this process, and to processes forked from it, until `close`.
    """

    def __init__(self, parent: Path | None = None) -> None:
        below = parent or Path(tempfile.gettempdir())
        remove_stale(below)
        self._owner = os.getpid()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=below))
            lock = _locked(self.path)
            # Else another run took it for a stale one before it was locked.
            if lock is not None:
                self._lock = lock
                return

    def close(self) -> None:
        """Remove the folder; without effect in a forked process, and when it is called again."""
        if self._lock >= 0 and os.getpid() == self._owner:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def remove_stale(parent: Path) -> None:
    """Remove the folders of this user below *parent* that no living process holds."""
    for path in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.lstat().st_uid != os.getuid():
                continue
            lock = _locked(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _locked(path: Path) -> int | None:
    """The descriptor that holds the lock of the folder *path*; None if it is held, or gone."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), path.lstat()):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None
