"""The tables of queues: how files of earlier versions get them, and that reads use an index."""

import json
import sqlite3
from pathlib import Path

import pytest

from simevents.fake.mns import messages, queues
from simevents.fake.mns.messages import Draft
from simevents.fake.server import FakeServer
from simevents.fake.state import database
from simevents.fake.state.database import open_database
from tests.fake.mns.data_plane import call, message
from tests.fake.mns.inner_queues import InnerQueues


def schema_of(path: Path) -> set[tuple[str, str]]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    db.close()
    return set(rows)


@pytest.mark.parametrize("version", [2, 3])
def test_a_file_of_an_earlier_version_gets_queues_and_keeps_its_data(
    tmp_path: Path, version: int
) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    db = sqlite3.connect(old)
    db.executescript(database._SCHEMA + (database._OUTBOX if version == 3 else ""))
    db.execute("INSERT INTO meta VALUES ('cloud_id', 'mine')")
    db.execute("INSERT INTO resources VALUES ('instance', 'i-old', 'cn-hangzhou', 1.0, '{}')")
    db.execute(f"PRAGMA application_id = {database.APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()
    with FakeServer(data=old) as server:
        answers = [
            call(server.url, "PUT", "/queues/q").status_code,
            call(server.url, "POST", "/queues/q/messages", message("a")).status_code,
            call(server.url, "GET", "/queues/q/messages").status_code,
        ]
        health = json.loads(server.control("GET", "health", b"")[1])
    open_database(new).close()

    assert answers == [201, 201, 200]
    assert (health["cloud_id"], health["instances"]) == ("mine", 1)
    assert schema_of(old) == schema_of(new)


def test_no_read_of_messages_goes_through_all_of_them() -> None:
    inner = InnerQueues()
    queue = inner.queue()
    asked: list[str] = []
    inner.store._db.set_trace_callback(asked.append)
    inner.send(queue, "a")
    (held,) = inner.receive(queue)
    inner.do(messages.peek, queue, 1)
    inner.do(messages.change_visibility, queue, messages.handle_of(held), 5)
    inner.store.queues.next_visible_at(queue, 0)
    inner.do(queues.delete, queue)
    inner.store._db.set_trace_callback(None)
    plans = {
        step[3]
        for query in asked
        if "messages" in query and query.startswith(("SELECT", "UPDATE", "DELETE"))
        for step in inner.store._db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
    }
    inner.store.close()

    assert plans
    # A search uses an index; what is sorted is only what has just died.
    assert {plan for plan in plans if not plan.startswith("SEARCH messages USING")} <= {
        "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY",
        "USE TEMP B-TREE FOR LAST TERM OF ORDER BY",
    }


def test_ten_thousand_messages_are_sent_and_all_are_received_once() -> None:
    inner = InnerQueues()
    queue = inner.queue()
    for start in range(0, 10_000, 100):
        with inner.store.transaction():
            for number in range(start, start + 100):
                messages.send(inner.cloud, queue, Draft(str(number)))
    received = [m.body for _ in range(626) for m in inner.receive(queue)]
    inner.store.close()

    assert received == [str(number) for number in range(10_000)]
