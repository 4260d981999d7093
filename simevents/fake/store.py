"""What the cloud remembers, in SQLite: memory for tests, a file for a server.

Rows in, rows out. No HTTP words, no rules of the API beyond the life cycle of
events, which is applied here so that every reader sees the same past. A write is
durable when its transaction ends, before the answer leaves.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..models import EventCycleStatus
from . import lifecycle
from .clock import Epoch, Setting

APPLICATION_ID = 0x53494D45  # "SIME": tells our files from other SQLite databases
SCHEMA_VERSION = 1

DEFAULT_ACCOUNT_ID = "1000000000000001"

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
    simulated INTEGER NOT NULL, reason TEXT NOT NULL, visible_at REAL NOT NULL
);
CREATE INDEX events_by_instance ON events (instance_id);
CREATE INDEX events_due ON events (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE event_history (event_id TEXT NOT NULL, at REAL NOT NULL, status TEXT NOT NULL);
CREATE INDEX history_by_event ON event_history (event_id);
"""


class StoreError(Exception):
    """The data file cannot be used; its text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A VPC, vSwitch, security group or instance; *attributes* spelled as the API spells them."""

    kind: str
    id: str
    region: str
    created_at: Epoch
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventRow:
    event_id: str
    region: str
    instance_id: str
    event_type: str
    status: EventCycleStatus
    published_at: Epoch
    not_before: Epoch
    finished_at: Epoch | None
    simulated: bool
    reason: str
    visible_at: Epoch = 0.0
    """Before this the API does not show it: a read that lags behind the write."""


_EVENT_COLUMNS = (
    "event_id, region, instance_id, event_type, status,"
    " published_at, not_before, finished_at, simulated, reason, visible_at"
)


class Store:
    """One cloud's memory. *path* of None lives in memory and ends with this object."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._db = _open(path)
        if self.meta("cloud_id") is None:
            self._start_empty()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what is written within lasts when it ends, or never was."""
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def reset(self) -> None:
        """Forget everything and become another cloud, with another ``cloud_id``."""
        for table in ("meta", "resources", "tags", "events", "event_history"):
            self._db.execute(f"DELETE FROM {table}")
        self._start_empty()

    def _start_empty(self) -> None:
        self.set_meta("cloud_id", uuid.uuid4().hex)
        self.set_meta("account_id", DEFAULT_ACCOUNT_ID)

    # One value per key.

    def meta(self, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    @property
    def cloud_id(self) -> str:
        return self.meta("cloud_id") or ""

    @property
    def account_id(self) -> str:
        return self.meta("account_id") or DEFAULT_ACCOUNT_ID

    def clock_setting(self) -> Setting | None:
        stored = self.meta("clock")
        return None if stored is None else Setting(**json.loads(stored))

    def save_clock_setting(self, setting: Setting) -> None:
        self.set_meta(
            "clock",
            json.dumps({"wall": setting.wall, "fake": setting.fake, "rate": setting.rate}),
        )

    # Resources and their tags.

    def put(self, resource: Resource) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?)",
            (
                resource.kind,
                resource.id,
                resource.region,
                resource.created_at,
                json.dumps(resource.attributes),
            ),
        )

    def modify(self, resource: Resource, **attributes: Any) -> None:
        self.put(replace(resource, attributes=resource.attributes | attributes))

    def get(self, kind: str, id: str) -> Resource | None:
        row = self._db.execute(
            "SELECT kind, id, region, created_at, attributes FROM resources"
            " WHERE kind = ? AND id = ?",
            (kind, id),
        ).fetchone()
        return None if row is None else _resource(row)

    def find(self, kind: str, region: str | None = None) -> list[Resource]:
        """Every resource of *kind*, newest first; of one region when it is given."""
        rows = self._db.execute(
            "SELECT kind, id, region, created_at, attributes FROM resources"
            " WHERE kind = ?1 AND (?2 IS NULL OR region = ?2)"
            " ORDER BY created_at DESC, id",
            (kind, region),
        )
        return [_resource(row) for row in rows]

    def count(self, kind: str) -> int:
        found = self._db.execute("SELECT count(*) FROM resources WHERE kind = ?", (kind,))
        return int(found.fetchone()[0])

    def delete(self, kind: str, id: str) -> None:
        self._db.execute("DELETE FROM resources WHERE kind = ? AND id = ?", (kind, id))
        self._db.execute("DELETE FROM tags WHERE kind = ? AND id = ?", (kind, id))

    def tags(self, kind: str, id: str) -> dict[str, str]:
        rows = self._db.execute(
            "SELECT key, value FROM tags WHERE kind = ? AND id = ? ORDER BY key",
            (kind, id),
        )
        return dict(rows.fetchall())

    def tag(self, kind: str, id: str, tags: dict[str, str]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)",
            [(kind, id, key, value) for key, value in tags.items()],
        )

    def untag(self, kind: str, id: str, keys: Iterable[str]) -> None:
        self._db.executemany(
            "DELETE FROM tags WHERE kind = ? AND id = ? AND key = ?",
            [(kind, id, key) for key in keys],
        )

    # Events.

    def add_event(self, event: EventRow) -> None:
        self._db.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.event_id,
                event.region,
                event.instance_id,
                event.event_type,
                event.status,
                event.published_at,
                event.not_before,
                event.finished_at,
                lifecycle.due_at(event.status, event.not_before),
                int(event.simulated),
                event.reason,
                event.visible_at,
            ),
        )
        self._remember(event.event_id, event.published_at, event.status)

    def move_event(self, event_id: str, status: EventCycleStatus, at: Epoch) -> None:
        """Record that an event became *status*; a final one has then finished."""
        self._db.execute(
            "UPDATE events SET status = ?2,"
            " finished_at = CASE WHEN ?3 THEN ?4 ELSE finished_at END,"
            " due_at = NULL WHERE event_id = ?1",
            (event_id, status, status in lifecycle.FINAL, at),
        )
        self._remember(event_id, at, status)

    def settle(self, now: Epoch) -> None:
        """Let every transition that is due by *now* happen, one after the other."""
        due = "SELECT event_id, status, not_before, due_at FROM events WHERE due_at <= ?"
        while rows := self._db.execute(due + " ORDER BY due_at", (now,)).fetchall():
            for event_id, status, not_before, due_at in rows:
                target = lifecycle.following(EventCycleStatus(status))
                self.move_event(event_id, target, due_at)
                self._db.execute(
                    "UPDATE events SET due_at = ? WHERE event_id = ?",
                    (lifecycle.due_at(target, not_before), event_id),
                )

    def events(
        self,
        *,
        region: str | None = None,
        event_ids: Sequence[str] = (),
        instance_ids: Sequence[str] = (),
        visible_at: Epoch | None = None,
    ) -> list[EventRow]:
        """Events by id or by instance, or all; newest first. Those visible at a time, or all."""
        wanted: list[tuple[str, list[Any]]] = [
            _one_of("event_id", event_ids),
            _one_of("instance_id", instance_ids),
            ("region = ?", [region]) if region is not None else ("", []),
            ("visible_at <= ?", [visible_at]) if visible_at is not None else ("", []),
        ]
        clauses = [clause for clause, _ in wanted if clause]
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        rows = self._db.execute(
            f"SELECT {_EVENT_COLUMNS} FROM events{where} ORDER BY published_at DESC, rowid DESC",
            [value for _, values in wanted for value in values],
        )
        return [_event(row) for row in rows]

    def history(self, event_id: str) -> list[tuple[Epoch, str]]:
        """What became of an event and when, oldest first."""
        rows = self._db.execute(
            "SELECT at, status FROM event_history WHERE event_id = ? ORDER BY rowid",
            (event_id,),
        )
        return rows.fetchall()

    def count_open_events(self, region: str | None = None) -> int:
        open_statuses = sorted(lifecycle.CANCELABLE)
        found = self._db.execute(
            "SELECT count(*) FROM events WHERE status IN (?1, ?2) AND (?3 IS NULL OR region = ?3)",
            (*open_statuses, region),
        )
        return int(found.fetchone()[0])

    def _remember(self, event_id: str, at: Epoch, status: EventCycleStatus) -> None:
        self._db.execute("INSERT INTO event_history VALUES (?, ?, ?)", (event_id, at, status))


def _open(path: Path | None) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0
        )
        # Exclusive: a second server on the same file must fail now, not corrupt later.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("BEGIN EXCLUSIVE")
        _prepare(db, path)
        db.execute("COMMIT")
        # A killed process loses nothing that was committed to the log; only a power cut could.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
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
    return db


def _prepare(db: sqlite3.Connection, path: Path | None) -> None:
    application_id = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables == 0:
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID or version != SCHEMA_VERSION:
        db.close()
        raise StoreError(
            f"The file {path} is not the data of this version of the fake cloud. It was left as "
            "it is; give another file (--data)."
        )


def _one_of(column: str, values: Sequence[str]) -> tuple[str, list[str]]:
    return (f"{column} IN ({', '.join('?' * len(values))})", list(values)) if values else ("", [])


def _resource(row: tuple[Any, ...]) -> Resource:
    kind, id, region, created_at, attributes = row
    return Resource(kind, id, region, created_at, json.loads(attributes))


def _event(row: tuple[Any, ...]) -> EventRow:
    *plain, finished_at, simulated, reason, visible_at = row
    event_id, region, instance_id, event_type, status, published_at, not_before = plain
    return EventRow(
        event_id,
        region,
        instance_id,
        event_type,
        EventCycleStatus(status),
        published_at,
        not_before,
        finished_at,
        bool(simulated),
        reason,
        visible_at,
    )
