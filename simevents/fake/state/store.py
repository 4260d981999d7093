"""The cloud's data in SQLite: in memory for tests, in a file for a server.

This module reads and writes rows; it knows neither HTTP nor the rules of the API. A
write is on the disk when its transaction ends, which is before the answer is sent. So no
acknowledged write is lost when the process is killed or the power fails, as far as the
disk keeps what it has confirmed. Until the store is closed, a part of the data can be in
the file with the suffix ``-wal``; `close` moves all of it into the data file itself.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .change_log import ChangeLog
from .clock import Epoch, Setting
from .database import open_database
from .event_table import Events
from .occurrence_table import Occurrences, Transitions
from .outbox_table import Outbox
from .queue_table import Queues

DEFAULT_ACCOUNT_ID = "1000000000000001"

CACHED_RESOURCES = 5_000
"""The number of parsed resources that are cached."""

_MOST_VARIABLES = 500
_SMALL = 101  # the largest page, and one more
_RESOURCE_COLUMNS = "kind, id, region, created_at, attributes"

Row = tuple[str, str, str, Epoch, str]
"""Of the table of resources; the last is JSON."""


@dataclass(frozen=True, eq=False)
class Resource:
    """A VPC, vSwitch, security group or instance; *attributes* use the names of the API.

    Reading an unchanged resource again may return the same (cached) object.
    """

    kind: str
    id: str
    region: str
    created_at: Epoch
    attributes: Mapping[str, Any]


class Store:
    """The data of one cloud. If *path* is None, it is in memory and is lost with this object."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._db = open_database(path)
        self.events = Events(self._db)
        self.outbox = Outbox(self._db)
        self.occurrences = Occurrences(self._db)
        self.transitions = Transitions(self._db)
        self.queues = Queues(self._db)
        self.changed_resources = ChangeLog()
        self.after_write: Callable[[], None] | None = None
        """Called after each transaction that has written."""
        self.after_rollback: Callable[[], None] | None = None
        self._answers: dict[tuple[object, ...], list[Any]] = {}
        self._answers_of = -1
        self._resources: dict[Row, Resource] = {}
        """Resources by their row, which has all that they are."""
        self.cloud_time: Callable[[], Epoch] | None = None
        """The cloud's clock; with it, each transaction that writes also saves the time."""
        if self.meta("cloud_id") is None:
            self._start_empty()

    def close(self) -> None:
        """Complete the data file and release it; without effect when it is closed already."""
        self._db.close()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[None]:
        """A transaction: either all writes in it are saved, or none.

        Unless it is *durable*, a power failure can undo it; the death of the process cannot.
        """
        if not durable:
            self._db.execute("PRAGMA synchronous = NORMAL")
            try:
                with self.transaction():
                    yield
            finally:
                self._db.execute("PRAGMA synchronous = FULL")
            return
        self._db.execute("BEGIN")
        written = self._db.total_changes
        try:
            yield
            if self.cloud_time is not None and self._db.total_changes != written:
                self.set_meta("latest_time", repr(self.cloud_time()))
        except BaseException:
            self._db.execute("ROLLBACK")
            self._answers.clear()
            if self.after_rollback is not None:
                self.after_rollback()
            raise
        self._db.execute("COMMIT")
        if self.after_write is not None and self._db.total_changes != written:
            self.after_write()

    def reset(self) -> None:
        """Delete all data; afterwards this is a new cloud with a new ``cloud_id``."""
        for table in (
            *("meta", "resources", "tags", "events", "event_history"),
            *("queues", "messages", "occurrences", "transitions"),
        ):
            self._db.execute(f"DELETE FROM {table}")
        self.outbox.clear()
        self.events.changed.forget()
        self.changed_resources.forget()
        self._start_empty()

    def _start_empty(self) -> None:
        self.set_meta("cloud_id", uuid.uuid4().hex)
        self.set_meta("account_id", DEFAULT_ACCOUNT_ID)

    def _read(self, query: str, *values: object) -> list[Any]:
        """The rows of a query. Small results are cached until the next write."""
        written = self._db.total_changes
        if written != self._answers_of or len(self._answers) > CACHED_RESOURCES:
            self._answers.clear()
            self._answers_of = written
        asked = (query, *values)
        rows = self._answers.get(asked)
        if rows is None:
            rows = self._db.execute(query, values).fetchall()
            if len(rows) <= _SMALL:
                self._answers[asked] = rows
        return rows

    # Metadata: one value per key.

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

    def latest_time(self) -> Epoch | None:
        """The cloud's time of the last write; None if no write has saved it."""
        stored = self.meta("latest_time")
        return None if stored is None else float(stored)

    def switches(self) -> dict[str, Any]:
        """The switches that differ from their default, by name."""
        return json.loads(self.meta("switches") or "{}")  # type: ignore[no-any-return]

    def save_switches(self, switches: Mapping[str, Any]) -> None:
        self.set_meta("switches", json.dumps(dict(switches)))

    # Resources and their tags.

    def put(self, resource: Resource) -> None:
        attributes = json.dumps(dict(resource.attributes))
        row = (resource.kind, resource.id, resource.region, resource.created_at, attributes)
        self._db.execute("INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?)", row)
        self.changed_resources.note([resource.id])
        # It is mostly read soon.
        self._cache(row, resource)

    def _resource(self, row: Row) -> Resource:
        """Cached, because most rows are read repeatedly. Callers must not change the result."""
        found = self._resources.get(row)
        if found is None:
            kind, id, region, created_at, attributes = row
            found = Resource(kind, id, region, created_at, json.loads(attributes))
            self._cache(row, found)
        return found

    def _cache(self, row: Row, resource: Resource) -> None:
        if len(self._resources) >= CACHED_RESOURCES:
            del self._resources[next(iter(self._resources))]
        self._resources[row] = resource

    def modify(self, resource: Resource, **attributes: Any) -> None:
        self.put(replace(resource, attributes={**resource.attributes, **attributes}))

    def get(self, kind: str, id: str) -> Resource | None:
        row = self._db.execute(
            f"SELECT {_RESOURCE_COLUMNS} FROM resources WHERE kind = ? AND id = ?", (kind, id)
        ).fetchone()
        return None if row is None else self._resource(row)

    def get_all(self, kind: str, ids: Sequence[str]) -> list[Resource]:
        """The resources that exist among *ids*, in the order of *ids*, without duplicates."""
        rows = self._db.execute(
            f"SELECT {_RESOURCE_COLUMNS} FROM resources"
            f" WHERE kind = ? AND id IN ({', '.join('?' * len(ids))})",
            (kind, *ids),
        )
        found = {row[1]: self._resource(row) for row in rows}
        return [found[id] for id in dict.fromkeys(ids) if id in found]

    def existing(self, kind: str, ids: Sequence[str], region: str) -> set[str]:
        """Which of *ids* are those of resources in *region*; reads no attributes."""
        # The plus prevents SQLite from reading the whole region by its index.
        rows = self._db.execute(
            "SELECT id FROM resources WHERE kind = ? AND +region = ?"
            f" AND id IN ({', '.join('?' * len(ids))})",
            (kind, region, *ids),
        )
        return {id for (id,) in rows}

    def find(
        self,
        kind: str,
        region: str | None = None,
        *,
        after: tuple[Epoch, str] | None = None,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Resource]:
        """The resources of *kind*, newest first; with *region*, only those of that region.

        *after* is the creation time and id of the last resource of the previous page.
        """
        moment, id = after or (None, None)
        rows = self._read(
            f"SELECT {_RESOURCE_COLUMNS} FROM resources"
            " WHERE kind = ?1 AND (?2 IS NULL OR region = ?2)"
            " AND (?3 IS NULL OR created_at < ?3 OR (created_at = ?3 AND id > ?4))"
            " ORDER BY created_at DESC, id LIMIT ?5 OFFSET ?6",
            *(kind, region, moment, id, limit, offset),
        )
        return [self._resource(row) for row in rows]

    def count(self, kind: str, region: str | None = None) -> int:
        ((found,),) = self._read(
            "SELECT count(*) FROM resources WHERE kind = ?1 AND (?2 IS NULL OR region = ?2)",
            *(kind, region),
        )
        return int(found)

    def delete(self, kind: str, id: str) -> None:
        self.changed_resources.note([id])
        self._db.execute("DELETE FROM resources WHERE kind = ? AND id = ?", (kind, id))
        self._db.execute("DELETE FROM tags WHERE kind = ? AND id = ?", (kind, id))

    def tags(self, kind: str, id: str) -> dict[str, str]:
        rows = self._db.execute(
            "SELECT key, value FROM tags WHERE kind = ? AND id = ? ORDER BY key",
            (kind, id),
        )
        return dict(rows.fetchall())

    def tags_of(self, kind: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The tags of many resources, by id. The result may contain other resources too."""
        found: dict[str, dict[str, str]] = {}
        if len(ids) > _MOST_VARIABLES:
            rows = self.tagged(kind)
        else:
            rows = self._read(
                "SELECT id, key, value FROM tags"
                f" WHERE kind = ? AND id IN ({', '.join('?' * len(ids))}) ORDER BY id, key",
                *(kind, *ids),
            )
        for id, key, value in rows:
            found.setdefault(id, {})[key] = value
        return found

    def tagged(self, kind: str) -> list[tuple[str, str, str]]:
        """All tags of resources of *kind*, as (id, key, value)."""
        rows = self._db.execute(
            "SELECT id, key, value FROM tags WHERE kind = ? ORDER BY id, key", (kind,)
        )
        return rows.fetchall()

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
