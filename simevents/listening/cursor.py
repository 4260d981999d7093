"""The cursor of ``listen``: which statuses have been forwarded, kept over restarts in a file.

A status counts as forwarded when its target has acknowledged it. The file is written after that,
so that what a killed process has sent may be sent again, and nothing is left out.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from ..errors import InvalidInput, SimulatedEventsError
from ..models import SystemEvent, event_status, format_time, parse_time
from .changes import Change

VERSION = 1

LOOK_BACK = timedelta(days=1)
"""Events are looked for that were published up to this long before the last look: an event may
become visible late."""


class CursorFailed(SimulatedEventsError):
    """The cursor file cannot be written; what was forwarded meanwhile is forwarded again later."""


@dataclass
class Tracked:
    """An event as it was last seen, and its changes that are not yet acknowledged."""

    event: SystemEvent
    waiting: list[Change] = field(default_factory=list)
    """The oldest one first."""
    is_gone: bool = False
    """Whether the cloud no longer tells of it, though it had not finished."""


@dataclass
class Cursor:
    """What is known of the events of one account in one region."""

    account_id: str
    region: str
    looked_at: datetime
    """The cloud's time of the last look."""
    events: dict[str, Tracked] = field(default_factory=dict)

    def acknowledge(self, change: Change) -> None:
        """The target has confirmed *change*, the oldest one that waits of its event."""
        self.events[change.event.event_id].waiting.remove(change)

    def forget_old(self) -> None:
        """Drop what no later look can find again."""
        horizon = self.looked_at - LOOK_BACK - timedelta(hours=1)
        for event_id, tracked in list(self.events.items()):
            is_old = tracked.event.has_finished and tracked.event.publish_time < horizon
            if not tracked.waiting and (is_old or tracked.is_gone):
                del self.events[event_id]


_Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _Waiting(msgspec.Struct, frozen=True):
    status: str
    at: _Time
    finish_time: _Time | None = None


class _Event(msgspec.Struct, frozen=True):
    event_id: str
    instance_id: str
    event_type: str
    status: str
    not_before: _Time
    publish_time: _Time
    finish_time: _Time | None = None
    waiting: list[_Waiting] = []


class _File(msgspec.Struct, frozen=True):
    version: int
    account_id: str
    region: str
    looked_at: _Time
    events: list[_Event]


class _Versioned(msgspec.Struct, frozen=True):
    version: int


def read(path: Path) -> Cursor | None:
    """The cursor in *path*; None if there is no such file. Raises InvalidInput."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidInput("--cursor", f"{path} cannot be read: {error.strerror}") from None
    try:
        version = msgspec.json.decode(content, type=_Versioned).version
        if version != VERSION:
            raise InvalidInput(
                "--cursor",
                f"{path} has version {version}, and this simevents reads {VERSION}; use another "
                "file, or the simevents that wrote it",
            )
        return _cursor(msgspec.json.decode(content, type=_File))
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise InvalidInput(
            "--cursor",
            f"{path} is not a cursor of simevents listen; use another file, or remove it to begin "
            "anew",
        ) from None


def check(known: Cursor | None, account_id: str, region: str) -> None:
    """Raises InvalidInput if *known* is of another account or region."""
    if known is not None and (known.account_id, known.region) != (account_id, region):
        raise InvalidInput(
            "--cursor",
            f"it is of {known.region} of account {known.account_id}, not of {region} of "
            f"{account_id}; use another file for each",
        )


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """In the block no other process listens with the cursor *path*. Raises InvalidInput."""
    _check_folder(path)
    lock = path.with_name(f".{path.name}.lock")
    try:
        file = os.open(lock, os.O_CREAT | os.O_NOFOLLOW | os.O_RDWR, 0o600)
    except OSError as error:
        raise InvalidInput("--cursor", f"{lock} cannot be written: {error.strerror}") from None
    try:
        try:
            # The system releases it when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput(
                "--cursor", f"another simevents listen uses {path}; use another file for each"
            ) from None
        yield
    finally:
        os.close(file)


def write(path: Path, cursor: Cursor) -> None:
    """Replace *path* by *cursor*, in one step, for the owner only. Raises CursorFailed."""
    content = msgspec.json.format(msgspec.json.encode(_file(cursor)), indent=1)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY
        with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise CursorFailed(f"The cursor {path} cannot be written: {error.strerror}.") from None


def _check_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise InvalidInput("--cursor", f"{folder} is not a folder; create it, or use another file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput("--cursor", f"{path} cannot be written; use a file in another folder")


def _file(cursor: Cursor) -> _File:
    return _File(
        VERSION,
        cursor.account_id,
        cursor.region,
        format_time(cursor.looked_at),
        [
            _Event(
                event_id=tracked.event.event_id,
                instance_id=tracked.event.instance_id,
                event_type=tracked.event.event_type,
                status=tracked.event.event_cycle_status.value,
                not_before=format_time(tracked.event.not_before),
                publish_time=format_time(tracked.event.publish_time),
                finish_time=_text(tracked.event.finish_time),
                waiting=[
                    _Waiting(change.status, format_time(change.at), _text(change.event.finish_time))
                    for change in tracked.waiting
                ],
            )
            for tracked in cursor.events.values()
        ],
    )


def _cursor(file: _File) -> Cursor:
    cursor = Cursor(file.account_id, file.region, parse_time(file.looked_at))
    for entry in file.events:
        event = SystemEvent(
            entry.event_id,
            entry.instance_id,
            entry.event_type,
            event_status(entry.status),
            parse_time(entry.not_before),
            parse_time(entry.publish_time),
            _moment(entry.finish_time),
        )
        waiting = [
            Change(
                replace(
                    event,
                    event_cycle_status=event_status(change.status),
                    finish_time=_moment(change.finish_time),
                ),
                parse_time(change.at),
            )
            for change in entry.waiting
        ]
        cursor.events[entry.event_id] = Tracked(event, waiting)
    return cursor


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
