"""The fake as a separate process: its files beside the data file, and who is found and stopped."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from simevents.fake import daemon
from simevents.fake.server import FakeServer, ServerError
from simevents.fake.state.database import StoreError

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "cloud.db"
    yield path
    daemon.stop(path)


@pytest.fixture
def bystander() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has nothing to do with the fake."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


class Impostor(BaseHTTPRequestHandler):
    """Answers as a fake cloud would, with the process id of somebody else."""

    pid = 0

    def do_GET(self) -> None:
        body = json.dumps({"pid": self.pid, "cloud_id": "c"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
    }


def test_a_planted_record_names_no_server_and_stops_no_process(
    data: Path, bystander: "subprocess.Popen[bytes]"
) -> None:
    impostor = HTTPServer(("127.0.0.1", 0), type("Mine", (Impostor,), {"pid": bystander.pid}))
    serving = threading.Thread(target=impostor.serve_forever)
    serving.start()
    record = {
        "pid": bystander.pid,
        "url": f"http://127.0.0.1:{impostor.server_port}",
    }
    folder = data.with_name("cloud.db.simevents")
    folder.mkdir()
    (folder / "server.json").write_text(
        json.dumps(record | {"started": daemon._started(bystander.pid)})
    )
    data.with_suffix(".json").write_text(json.dumps(record | {"cloud_id": "c"}))

    found, stopped = daemon.find(data), daemon.stop(data)
    impostor.shutdown()
    serving.join()
    impostor.server_close()

    assert (found, stopped, bystander.poll()) == (None, False, None)


def test_a_copied_folder_has_no_server(data: Path, tmp_path: Path) -> None:
    running = daemon.start(data, 0)
    copy = tmp_path / "copy" / "cloud.db"
    shutil.copytree(data.with_name("cloud.db.simevents"), copy.with_name("cloud.db.simevents"))

    assert daemon.find(copy) is None
    assert not daemon.stop(copy)
    assert daemon.find(data) == running


def test_links_beside_the_data_file_are_not_followed(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    folder = data.with_name("cloud.db.simevents")
    folder.mkdir()
    for link in (data.with_suffix(".log"), folder / "server.log", folder / "server.json"):
        link.symlink_to(target)
    daemon.start(data, 0)

    assert target.read_text() == "mine"


def test_a_folder_that_others_could_change_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    data.with_name("cloud.db.simevents").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ServerError, match=r"not a folder that only you can change. Remove it"):
        daemon.start(data, 0)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_as_a_data_file_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    data.symlink_to(tmp_path / "empty")

    with pytest.raises(StoreError, match=r"is a symbolic link or not a regular file"):
        FakeServer(data=data)
    assert (tmp_path / "empty").read_bytes() == b""


@pytest.mark.parametrize("name", ["x.json", "x.log", "x"])
def test_any_name_of_a_data_file_is_served(tmp_path: Path, name: str) -> None:
    data = tmp_path / name
    first = daemon.start(data, 0)
    daemon.stop(data)
    again = daemon.start(data, 0)
    daemon.stop(data)

    assert again.cloud_id == first.cloud_id


@pytest.mark.parametrize("name", ["cloud.db-wal", "cloud.db.simevents", "cloud.db.simevents/a"])
def test_a_name_of_the_fakes_own_files_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match=r"is not a valid name of a data file"):
        FakeServer(data=tmp_path / name)


def test_a_folder_may_have_the_suffix_as_its_name(tmp_path: Path) -> None:
    (tmp_path / ".simevents").mkdir()
    with FakeServer(data=tmp_path / ".simevents" / "cloud.db") as server:
        assert server.url


def test_only_the_owner_can_read_what_is_written(data: Path, tmp_path: Path) -> None:
    daemon.start(data, 0)

    assert modes(tmp_path) == {
        "cloud.db": "0o600",
        "cloud.db-wal": "0o600",
        "cloud.db.simevents": "0o700",
        "cloud.db.simevents/server.json": "0o600",
        "cloud.db.simevents/server.log": "0o600",
        "cloud.db.simevents/start.lock": "0o600",
    }


def test_starts_at_the_same_time_find_one_server(data: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: daemon.start(data, 0), range(6)))

    assert len(set(found)) == 1
    assert daemon.find(data) == found[0]


def test_a_server_in_the_foreground_is_found_and_stopped(data: Path) -> None:
    command = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    running = daemon.find(data)
    assert running is not None

    assert (running.pid, running.url) == (process.pid, url)
    assert daemon.start(data, 0) == running
    assert daemon.stop(data)
    process.communicate(timeout=20)


def test_a_killed_server_is_not_found(data: Path) -> None:
    running = daemon.start(data, 0)
    os.kill(running.pid, 9)

    for child in daemon._children:
        child.wait(10)
    assert daemon.find(data) is None
    assert not daemon.stop(data)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for data in (tmp_path / "file" / "cloud.db", Path("/proc/none/cloud.db")):
        with pytest.raises(
            ServerError, match=r"cannot be used: .* Give a data file in a folder of"
        ):
            daemon.start(data, 0)
