"""The fake cloud as a separate process: starts, finds and stops it.

Next to the data file ``cloud.db`` there is a folder ``cloud.db.simevents``, which only the
owner can use. It has the record of the process that serves the file, the log of a
detached process, and a lock. The server holds a lock on its record as long as it runs.
Only a locked record is valid: one that was left behind, copied or planted is not.
"""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .server import FakeServer, ServerError
from .state.database import FOLDER_SUFFIX, check_name

START_SECONDS = 20
STOP_SECONDS = 10

_RECORD, _LOG, _LOCK = "server.json", "server.log", "start.lock"

_children: list["subprocess.Popen[bytes]"] = []
"""What this process started. Python warns of a child that is forgotten while it runs."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running fake cloud."""

    pid: int
    url: str
    cloud_id: str
    """Stored in the data file; it shows whether a server at the same URL has other data."""


@dataclass(frozen=True, slots=True)
class _Record:
    pid: int
    started: str
    """When the process started, as the system states it; see `_started`."""
    url: str


def start(data: Path, port: int, arguments: Sequence[str] = ()) -> Daemon:
    """Start a fake cloud on *data* and *port* that continues after this process ends.

    *arguments* are further arguments for ``simevents fake``. If a process already serves
    *data*, it is returned and nothing is started, also when it is just being started by
    another call. Raises ServerError, with the error text of the server, if the server does
    not start, and StoreError if *data* cannot be a data file.
    """
    folder = _own_folder(data)
    with _only_one(folder / _LOCK):
        running = find(data)
        if running is not None:
            return running
        log = folder / _LOG
        log.unlink(missing_ok=True)
        words = ["--port", str(port), "--data", str(data), *arguments]
        with os.fdopen(_created(log), "wb") as output:
            process = subprocess.Popen(
                # -P: a file in the working directory with the name of a package is not imported.
                [sys.executable, "-P", "-m", "simevents", "fake", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children.append(process)
        return _started_daemon(process, data, log)


def find(data: Path) -> Daemon | None:
    """The process that serves *data*; None if there is none, or if it does not answer."""
    record = _running(data)
    health = None if record is None else _health(record.url)
    if record is None or health is None or health.get("pid") != record.pid:
        return None
    return Daemon(record.pid, record.url, str(health["cloud_id"]))


def stop(data: Path) -> bool:
    """Stop the process that serves *data*; returns False if there is none.

    Afterwards the data file is complete. Raises ServerError if the process does not stop.
    """
    record = _running(data)
    if record is None:
        _forget_ended_children()
        return False
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _running(data) == record:
        if time.monotonic() > deadline:
            raise ServerError(f"The fake cloud (process {record.pid}) does not stop; kill it.")
        time.sleep(0.02)
    _forget_ended_children(record.pid)
    return True


def _forget_ended_children(ending: int = 0) -> None:
    """Take note of the children that have ended; the process *ending* is about to."""
    for child in _children.copy():
        if child.pid == ending:
            child.wait(STOP_SECONDS)
        if child.poll() is not None:
            _children.remove(child)


@contextmanager
def recorded(server: FakeServer, data: Path) -> Iterator[None]:
    """While *server* serves *data* in this process, `find` and `stop` find the process.

    Raises ServerError if the record cannot be written.
    """
    record = _own_folder(data) / _RECORD
    # Written under another name, so that the record is never seen incomplete or not locked.
    new = record.with_name(f"{_RECORD}.{os.getpid()}")
    content = _Record(os.getpid(), _started(os.getpid()), server.url)
    with ExitStack() as kept_open:
        try:
            new.unlink(missing_ok=True)
            file = kept_open.enter_context(os.fdopen(_created(new), "w"))
            # Released by the system when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps(asdict(content)))
            file.flush()
            new.replace(record)
        except OSError as error:
            raise ServerError(f"The record {record} cannot be written: {error.strerror}.") from None
        yield


def log_file(data: Path) -> Path:
    """The output of the process that `start` started for *data*; it may not exist."""
    return _folder(data) / _LOG


def console(data: Path, patience: float = 0.0) -> str | None:
    """The address of the console that `start` was asked for with ``--console``.

    None if the output has none within *patience* seconds. It need not be served any more.
    """
    deadline = time.monotonic() + patience
    while True:
        with suppress(OSError):
            for line in log_file(data).read_text(errors="replace").splitlines():
                name, _, address = line.partition("console: ")
                if not name and address:
                    return address
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.05)


def _running(data: Path) -> _Record | None:
    """The record of the process that serves *data*, if the process is certain."""
    folder = _folder(data)
    if not _is_own_folder(folder):
        return None
    try:
        with os.fdopen(os.open(folder / _RECORD, os.O_RDONLY | os.O_NOFOLLOW)) as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid() or not _is_locked(file.fileno()):
                return None
            record = _Record(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None
    # In a container, or on another machine of a shared disk, this number is another process.
    return record if record.started == _started(record.pid) else None


def _is_locked(file: int) -> bool:
    try:
        # Shared, so that two readers do not take each other for the server.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _started(pid: int) -> str:
    """When a process started; empty if there is none, or where the system has no ``/proc``."""
    try:
        # The name, in parentheses, may contain anything; the 20th field after it is the time.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _folder(data: Path) -> Path:
    check_name(data)
    return data.with_name(data.name + FOLDER_SUFFIX)


def _own_folder(data: Path) -> Path:
    """The folder next to *data*, which is created if needed. Raises ServerError."""
    folder = _folder(data)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if stat.S_ISDIR(folder.lstat().st_mode):
            folder.chmod(0o700)
    except OSError as error:
        raise ServerError(
            f"The folder {folder} cannot be used: {error.strerror}. Give a data file in a folder "
            "of your own (--data)."
        ) from None
    if not _is_own_folder(folder):
        raise ServerError(
            f"{folder} is not a folder that only you can change. Remove it, or give another data "
            "file (--data)."
        )
    return folder


def _is_own_folder(folder: Path) -> bool:
    try:
        info = folder.lstat()
    except OSError:
        return False
    is_closed = not info.st_mode & 0o022
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and is_closed


def _created(path: Path) -> int:
    """A descriptor of a new file for the owner only."""
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o600)


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Wait until no other process is in this block. Raises ServerError if one stays in it."""
    deadline = time.monotonic() + 2 * START_SECONDS
    file = os.open(path, os.O_CREAT | os.O_NOFOLLOW | os.O_RDWR, 0o600)
    try:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServerError("Another process is starting this fake cloud.") from None
                time.sleep(0.02)
        yield
    finally:
        os.close(file)


def _started_daemon(process: "subprocess.Popen[bytes]", data: Path, log: Path) -> Daemon:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        record = _running(data)
        if record is not None and record.pid == process.pid:
            daemon = find(data)
            if daemon is not None:
                return daemon
        if process.poll() is not None:
            words = log.read_text(errors="replace").strip().removeprefix("error: ")
            raise ServerError(words or "The fake cloud ended without an error text.")
        time.sleep(0.02)
    process.terminate()
    raise ServerError(f"The fake cloud did not answer within {START_SECONDS} s; see {log}.")


def _health(url: str) -> dict[str, Any] | None:
    # A server that only records itself does not need the HTTP client, which is slow to import.
    from .control.client import Control, ControlError

    try:
        with Control(url) as control:
            answer = control.get("health")
    except ControlError:
        return None
    return answer if isinstance(answer, dict) and "cloud_id" in answer else None
