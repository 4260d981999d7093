"""The data file: its tables, how it is opened, and which files are refused.

Only one process can use a file at a time, and only its owner can read or write it. A file of
another user is refused. A file that is damaged, of another program or of a later version is
not changed; the error text says what to do.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

APPLICATION_ID = 0x53494D45  # "SIME": marks our files among SQLite databases
SCHEMA_VERSION = 6

FOLDER_SUFFIX = ".simevents"
"""Of the folder next to a data file, in which `daemon` keeps its files."""

_SIDE_FILES = ("-wal", "-journal", "-shm")
"""Suffixes of the files that SQLite keeps next to a database and reads with it."""

_RESERVED = (*_SIDE_FILES, FOLDER_SUFFIX)

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE resources (
    kind TEXT NOT NULL, id TEXT NOT NULL, region TEXT NOT NULL,
    created_at REAL NOT NULL, attributes TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX resources_by_region ON resources (kind, region, created_at);
CREATE TABLE tags (
    kind TEXT NOT NULL, id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, id, key)
) WITHOUT ROWID;
CREATE TABLE events (
    event_id TEXT PRIMARY KEY, region TEXT NOT NULL, instance_id TEXT NOT NULL,
    event_type TEXT NOT NULL, status TEXT NOT NULL, published_at REAL NOT NULL,
    not_before REAL NOT NULL, finished_at REAL, due_at REAL,
    simulated INTEGER NOT NULL, reason TEXT NOT NULL, visible_at REAL NOT NULL,
    details TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX events_by_instance ON events (instance_id);
CREATE INDEX events_by_publishing ON events (region, published_at);
CREATE INDEX events_due ON events (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE event_history (event_id TEXT NOT NULL, at REAL NOT NULL, status TEXT NOT NULL);
CREATE INDEX history_by_event ON event_history (event_id);
"""

_OUTBOX = """
CREATE TABLE deliveries (
    delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
    notice_id TEXT NOT NULL, at REAL NOT NULL, region TEXT NOT NULL, instance_id TEXT NOT NULL,
    event_id TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    via TEXT NOT NULL, rule TEXT NOT NULL, target_id TEXT NOT NULL, lane TEXT NOT NULL,
    kind TEXT NOT NULL, address TEXT NOT NULL, settings TEXT NOT NULL, body BLOB NOT NULL,
    retry TEXT NOT NULL, blocks INTEGER NOT NULL, dead_letter TEXT NOT NULL,
    state TEXT NOT NULL, due_at REAL, attempts INTEGER NOT NULL DEFAULT 0,
    message_id TEXT NOT NULL DEFAULT '', acknowledged_at REAL
);
CREATE INDEX deliveries_waiting ON deliveries (lane, delivery_id) WHERE state = 'waiting';
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_message ON deliveries (message_id) WHERE message_id <> '';
CREATE TABLE attempts (
    delivery_id INTEGER NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, outcome TEXT NOT NULL,
    http_status INTEGER NOT NULL, answer TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;
"""

_QUEUES = """
CREATE TABLE queues (
    queue_id INTEGER PRIMARY KEY AUTOINCREMENT,
    region TEXT NOT NULL, name TEXT NOT NULL,
    created_at REAL NOT NULL, modified_at REAL NOT NULL, attributes TEXT NOT NULL,
    UNIQUE (region, name)
);
CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue_id INTEGER NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
    properties TEXT NOT NULL, priority INTEGER NOT NULL,
    enqueued_at REAL NOT NULL, expires_at REAL NOT NULL, visible_at REAL NOT NULL,
    receipt TEXT NOT NULL DEFAULT '', receives INTEGER NOT NULL DEFAULT 0,
    received_at REAL, dead_at REAL
);
CREATE INDEX messages_in_turn ON messages (queue_id, priority, visible_at, number, receives);
CREATE INDEX messages_by_end ON messages (expires_at);
CREATE INDEX messages_dead ON messages (dead_at) WHERE dead_at IS NOT NULL;
"""

_OCCURRENCES = """
CREATE TABLE occurrences (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, region TEXT NOT NULL, instance_id TEXT NOT NULL,
    kind TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE INDEX occurrences_by_time ON occurrences (at);
CREATE TABLE transitions (
    instance_id TEXT PRIMARY KEY, region TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX transitions_by_time ON transitions (at);
"""

_RETRIES = """
CREATE INDEX deliveries_retrying ON deliveries (lane, due_at) WHERE state = 'retrying';
"""

_UPGRADES = {
    1: """
ALTER TABLE events ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
CREATE INDEX events_by_publishing ON events (region, published_at);
""",
    2: _OUTBOX,
    3: _QUEUES,
    4: _OCCURRENCES,
    5: _RETRIES,
}
"""From the version of the key to the next one."""


class StoreError(Exception):
    """The data file cannot be used; its text says why and what to do."""


def open_database(path: Path | None) -> sqlite3.Connection:
    """The database in the file *path*, or in memory. Raises StoreError."""
    if path is not None:
        _find_or_create(path)
    db = sqlite3.connect(
        ":memory:" if path is None else path.absolute(),
        isolation_level=None,
        check_same_thread=False,
        timeout=0,
    )
    try:
        _open(db, path)
    except BaseException:
        db.close()
        raise
    return db


def check_name(path: Path) -> None:
    """Raise StoreError if the name is one that belongs to another data file."""
    is_in_own_folder = path.parent.name.removesuffix(FOLDER_SUFFIX) not in ("", path.parent.name)
    if not path.name or path.name.endswith(_RESERVED) or is_in_own_folder:
        raise StoreError(
            f"{path} is not a valid name of a data file, since the fake cloud gives such names to "
            "its own files; use another one, such as cloud.db (--data)."
        )


def _find_or_create(path: Path) -> None:
    """Make sure that *path* is a regular file; a new one can be read by its owner only."""
    check_name(path)
    try:
        if not path.is_symlink() and not path.exists():
            flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY
            os.close(os.open(path, flags, 0o600))
        is_file = stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(f"The data file {path} cannot be opened: {reason}.") from None
    if not is_file:
        raise StoreError(
            f"The data file {path} is a symbolic link or not a regular file; give the file itself "
            "(--data)."
        )
    _check_owner(path)


def _check_owner(path: Path) -> None:
    """Raise StoreError if another user could have written what SQLite reads."""
    for file, info in _files(path):
        if info.st_uid != os.geteuid():
            raise StoreError(
                f"The data file {file} belongs to another user (user id {info.st_uid}, not "
                f"{os.geteuid()}). It was left as it is; give a file of your own (--data)."
            )


def _close_to_others(path: Path) -> None:
    """Take the rights of group and others from a file that has them."""
    for file, info in _files(path):
        if info.st_mode & 0o077:
            file.chmod(0o600)


def _files(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The data file and those next to it, as far as they exist."""
    for suffix in ("", *_SIDE_FILES):
        file = path.with_name(f"{path.name}{suffix}")
        with suppress(FileNotFoundError):
            yield file, file.lstat()


def _open(db: sqlite3.Connection, path: Path | None) -> None:
    try:
        # Exclusive: a second server on the same file must fail now, not corrupt the file later.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        _prepare(db, path)
        db.execute("COMMIT")
        if path is not None:
            _close_to_others(path)
        # Each transaction waits for the disk, so that a power failure loses no committed data.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        # With SQLite's own sizes (2 MB, 1,000 pages), Create takes a tenth longer at 10,000 events.
        db.execute("PRAGMA cache_size = -32768")
        db.execute("PRAGMA wal_autocheckpoint = 4000")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreError(
                f"The data file {path} is in use by another fake cloud. Stop that one, or give "
                "this one another file (--data)."
            ) from None
        raise StoreError(f"The data file {path} cannot be opened: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"The data file {path} is damaged or not a database ({error}). It was left as it is; "
            "give another file (--data) or move this one away."
        ) from None


def _prepare(db: sqlite3.Connection, path: Path | None) -> None:
    application_id = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0:
        for statement in f"{_SCHEMA}{_OUTBOX}{_QUEUES}{_OCCURRENCES}{_RETRIES}".split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID or not 1 <= version <= SCHEMA_VERSION:
        raise StoreError(
            f"The file {path} is not the data of this version of the fake cloud. It was left as "
            "it is; give another file (--data)."
        )
    if version == SCHEMA_VERSION:
        return
    for earlier in range(version, SCHEMA_VERSION):
        for statement in _UPGRADES[earlier].split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
