"""Reads a data file that no fake cloud serves, without changing it or its folder."""

import fcntl
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..state.access_keys import AccessKeys
from ..state.clock import Clock, Setting, iso_time
from ..state.cloud import Cloud
from ..state.database import StoreError, check_name
from ..state.journal import Journal
from ..state.store import Store
from .delivery_routes import shown
from .reads import Reads

_SIDE_FILES = ("-wal", "-journal")
"""What SQLite needs besides the file to read all that was written."""

_LOCKS_BEGIN, _LOCKS = 0x40000000, 512
"""The bytes of a file that SQLite locks: https://www.sqlite.org/src/file/src/os.h"""


def read(path: Path) -> dict[str, Any]:
    """What the control routes of the same names would answer, at the time of the last write.

    The calls are not in the file. Raises StoreError, also when a fake cloud serves the file.
    """
    with tempfile.TemporaryDirectory(prefix="simevents-") as folder:
        # A copy, since an earlier version of the file is brought up to date when it is opened.
        copy = Path(folder) / "cloud.db"
        _copy(path, copy)
        try:
            store = Store(copy)
        except StoreError as error:
            raise StoreError(str(error).replace(str(copy), str(path))) from None
        with closing(store):
            return _entries(store)


def _entries(store: Store) -> dict[str, Any]:
    cloud = _standing(store)
    reads = Reads(cloud, Journal())
    deliveries = store.outbox.find()
    attempts = {}
    if deliveries:
        attempts = store.outbox.attempts(deliveries[0].delivery_id, deliveries[-1].delivery_id)
    return {
        "clock": {"now": iso_time(cloud.now())},
        "events": reads.events(),
        "instances": reads.instances(),
        "deliveries": [shown(each, attempts.get(each.delivery_id, [])) for each in deliveries],
    }


def _standing(store: Store) -> Cloud:
    """The cloud of *store*, at the time of its last write."""
    setting = store.clock_setting()
    latest = store.latest_time() or (0.0 if setting is None else setting.fake)
    clock = Clock(lambda: latest, Setting(wall=latest, fake=latest, rate=0.0), latest)
    # Nothing is made or signed, so that neither chance nor keys matter.
    chance = random.Random(0)  # noqa: S311
    return Cloud(store, clock, chance, AccessKeys({}, store), lambda: latest)


def _copy(path: Path, to: Path) -> None:
    check_name(path)
    if not path.is_file():
        raise StoreError(f"There is no data file {path}; give another one (--data).")
    if not path.stat().st_size:
        raise StoreError(f"The data file {path} is empty; give another one (--data).")
    try:
        with _unused(path):
            for suffix in ("", *_SIDE_FILES):
                beside = path.with_name(f"{path.name}{suffix}")
                if suffix and not beside.exists():
                    continue
                shutil.copyfile(beside, to.with_name(f"{to.name}{suffix}"))
    except OSError as error:
        raise StoreError(f"The data file {path} cannot be read: {error.strerror}.") from None


@contextmanager
def _unused(path: Path) -> Iterator[None]:
    """While no other process can write *path*. Raises StoreError if one holds it already.

    A process that has the file open itself must not come here: it would lose its own locks.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, _LOCKS, _LOCKS_BEGIN)
        except (BlockingIOError, PermissionError):
            raise StoreError(
                f"The data file {path} is in use by a fake cloud; ask that one (--endpoint)."
            ) from None
        yield
    finally:
        os.close(file)
