"""The data file of the fake: restarts, locks and damaged files."""

import os
import sqlite3
from pathlib import Path

import httpx
import pytest

from simevents.fake.protocol.api_errors import ApiError
from simevents.fake.server import FakeServer, ServerError
from simevents.fake.state import database
from simevents.fake.state.database import StoreError, open_database
from tests.conftest import Cloud


def test_data_in_a_file_survives_a_restart_on_the_same_port(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data, instance_ids=["i-a"]) as server:
        behind = Cloud(server.url)
        behind.post("clock", set="2018-08-20T08:00:00Z")
        behind.post(
            "events",
            instance_ids=["i-a"],
            event_type="SystemMaintenance.Stop",
            not_before="2018-09-01T00:00:00Z",
        )
        before = behind.get("events"), behind.get("health")["cloud_id"]
        behind.close()
    port = int(server.url.rpartition(":")[2])
    with FakeServer(data=data, port=port, instance_ids=["i-a"]) as again:
        behind = Cloud(again.url)
        after = behind.get("events"), behind.get("health")["cloud_id"]
        now = behind.get("clock")["now"]
        behind.close()

    assert again.url == server.url
    assert after == before
    assert now.startswith("2018-08-20T08:0")


def test_a_second_server_on_one_file_is_refused(tmp_path: Path) -> None:
    with FakeServer(data=tmp_path / "cloud.db"), pytest.raises(StoreError, match="is in use by"):
        FakeServer(data=tmp_path / "cloud.db")


@pytest.mark.parametrize("content", [b"not a database at all, but text", b"SQLite format 3\0 cut"])
def test_a_damaged_file_is_not_changed(tmp_path: Path, content: bytes) -> None:
    data = tmp_path / "cloud.db"
    data.write_bytes(content)
    with pytest.raises(StoreError, match="left as it is"):
        FakeServer(data=data)

    assert data.read_bytes() == content


def test_a_foreign_database_is_not_changed(tmp_path: Path) -> None:
    data = tmp_path / "other.db"
    other = sqlite3.connect(data)
    other.execute("CREATE TABLE theirs (value)")
    other.commit()
    other.close()
    content = data.read_bytes()
    with pytest.raises(StoreError, match="is not the data of this version"):
        FakeServer(data=data)

    assert data.read_bytes() == content


def test_data_of_an_earlier_version_get_the_new_tables(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    earlier = sqlite3.connect(data)
    earlier.executescript(database._SCHEMA)
    earlier.execute(f"PRAGMA application_id = {database.APPLICATION_ID}")
    earlier.execute("PRAGMA user_version = 2")
    earlier.close()
    upgraded, new = open_database(data), open_database(None)
    listed = "SELECT name, sql FROM sqlite_master ORDER BY name"
    tables = upgraded.execute(listed).fetchall(), new.execute(listed).fetchall()
    upgraded.close()
    new.close()

    assert tables[0] == tables[1]


def test_a_file_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data):
        pass
    data.chmod(0o666)
    content = data.read_bytes()
    # Only root can give a file away, but every user can ask as if of another one.
    owner = data.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(StoreError) as refused:
        FakeServer(data=data)

    assert str(refused.value) == (
        f"The data file {data} belongs to another user (user id {owner}, not {owner + 1}). It was "
        "left as it is; give a file of your own (--data)."
    )
    assert data.read_bytes() == content
    assert data.stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604, 0o602, 0o777])
def test_a_file_that_others_may_use_is_closed_to_them(tmp_path: Path, mode: int) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data):
        pass
    data.chmod(mode)
    with FakeServer(data=data, instance_ids=["i-a"]):
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}

    assert modes == {"cloud.db": "0o600", "cloud.db-wal": "0o600"}


def test_a_busy_port_names_the_port_and_the_remedy() -> None:
    with FakeServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(
            ServerError, match=rf"Port {port} on 127\.0\.0\.1 cannot be used.*--port"
        ):
            FakeServer(port=port)


def test_a_failing_constructor_releases_the_file_and_the_port(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data) as server:
        port = int(server.url.rpartition(":")[2])
    with pytest.raises(ApiError) as failed:
        FakeServer(data=data, port=port, instance_ids=["i-a", "i-a"])
    # The traceback keeps the frames, and so whatever they have not closed.
    assert failed.value.code == "InvalidInstanceId.Duplicate"
    with FakeServer(data=data, port=port):
        pass


def test_a_stopped_server_does_not_start_again(tmp_path: Path) -> None:
    server = FakeServer(data=tmp_path / "cloud.db")
    server.start()
    server.stop()

    with pytest.raises(ServerError, match="has been stopped; create another one"):
        server.start()


def test_a_server_that_never_started_releases_its_file(tmp_path: Path) -> None:
    server = FakeServer(data=tmp_path / "cloud.db")
    server.stop()

    with FakeServer(data=tmp_path / "cloud.db"):
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_cannot_start_is_an_error() -> None:
    server = FakeServer()
    server._socket.close()

    with pytest.raises(ServerError, match="did not start"):
        server.start()


def test_a_stopped_server_answers_no_control_request() -> None:
    server = FakeServer()
    server.start()
    server.stop()

    with pytest.raises(ServerError, match="is not running"):
        server.control("GET", "health", b"")


def test_a_server_can_start_only_once() -> None:
    with FakeServer() as server, pytest.raises(ServerError, match="started already"):
        server.start()

    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_a_transaction_of_a_data_file_waits_for_the_disk(tmp_path: Path) -> None:
    db = open_database(tmp_path / "cloud.db")
    try:
        (mode,) = db.execute("PRAGMA synchronous").fetchone()
    finally:
        db.close()

    assert mode == 2  # FULL
