"""The command ``simevents report``, with a real fake as another process has it."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from simevents.api.client import SystemEvents
from simevents.fake.control.data_file import read
from simevents.fake.server import FakeServer
from simevents.picture import from_control, reading
from simevents.picture.page import page
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver, Reply
from tests.fake.requests import call
from tests.picture.drills import Seen
from tests.running.commands import wait_until

pytestmark = pytest.mark.slow

NOT_BEFORE = "2030-01-01T10:00:00Z"


def report(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simevents", "report", *words],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def drilled(cloud: Cloud) -> str:
    """Restart an instance before its event; its id."""
    cloud.post("clock", set="2030-01-01T08:00:00Z")
    cloud.post("clock", freeze=True)
    (instance,) = cloud.instances(1)
    made: dict[str, Any] = {"event_type": "SystemMaintenance.Reboot", "not_before": NOT_BEFORE}
    cloud.post("events", instance_ids=[instance], region=REGION, simulated=True, **made)
    call(cloud, "RebootInstance", InstanceId=instance)
    return instance


def picture_in(file: Path) -> Seen:
    return Seen(fromstring(file.read_bytes()))


def test_a_running_fake(cloud: Cloud, tmp_path: Path) -> None:
    instance = drilled(cloud)
    out = tmp_path / "drill.svg"
    done = report("--endpoint", cloud.url, "--out", str(out))

    assert (done.returncode, done.stdout, done.stderr) == (
        *(0, f"{out}: 1 event, 1 call, 0 deliveries\n", ""),
    )
    shown = picture_in(out)
    assert shown.lanes == [instance]
    assert shown.events == [(instance, "Avoided")]
    assert shown.marks == [(instance, "call-change", 1)]
    assert shown.texts[0] == f"Fake cloud at {cloud.url}"


def test_the_endpoint_of_the_environment_and_a_title(cloud: Cloud, tmp_path: Path) -> None:
    drilled(cloud)
    out = tmp_path / "drill.html"
    done = report("--out", str(out), "--title", "<b>Friday", SIMEVENTS_ENDPOINT=cloud.url)

    assert done.returncode == 0
    assert "<title>&lt;b&gt;Friday</title>" in out.read_text()


def all_delivered(cloud: Cloud) -> list[dict[str, Any]]:
    """The deliveries, once all are made."""
    found: list[dict[str, Any]] = cloud.get("deliveries")
    return found if all(each["state"] == "delivered" for each in found) else []


def test_deliveries_of_a_running_fake_and_of_its_data_file(tmp_path: Path) -> None:
    data, out = tmp_path / "cloud.db", tmp_path / "drill.svg"
    with Receiver(lambda earlier: Reply(500 if earlier == 0 else 200)) as target:
        with FakeServer(data=data) as server, Cloud(server.url) as cloud:
            address = f"{target.url}/hook?token=secret"
            cloud.post("subscriptions", kind="webhook", address=address)
            instance = drilled(cloud)
            cloud.post("clock", rate=60)
            told = wait_until(lambda: all_delivered(cloud), "deliveries were not made")
            running = report("--endpoint", cloud.url, "--out", str(out))
        from_fake = picture_in(out)
        stopped = report("--data", str(data), "--out", str(out))
        from_file = picture_in(out)

    tries = sum(len(each["attempts"]) for each in told)
    number = f"{len(told)} deliveries"
    assert tries > len(told) > 1
    assert [each.stdout.partition(", ")[2] for each in (running, stopped)] == [
        *(f"1 call, {number}\n", f"0 calls, {number}\n"),
    ]
    for shown in (from_fake, from_file):
        marks = [(where, kind) for where, kind, _ in shown.marks if kind.startswith("delivery")]
        assert set(marks) == {
            *((instance, "delivery-failed"), (instance, "delivery-acknowledged")),
        }
        assert sum(n for _, kind, n in shown.marks if kind.startswith("delivery")) == tries
    assert b"secret" not in out.read_bytes()


def test_a_region_of_which_only_events_are_known(
    cloud: Cloud, api: SystemEvents, tmp_path: Path
) -> None:
    instance = drilled(cloud)
    out = tmp_path / "drill.svg"
    done = report("--endpoint", cloud.url, "--region", REGION, "--out", str(out))
    shown = picture_in(out)

    assert done.returncode == 0, done.stderr
    assert (shown.lanes, shown.events) == ([instance], [(instance, "Avoided")])
    assert shown.marks == []
    assert [event.finish_time for event in api.find_all()] == [api.now()]


def test_a_data_file_that_nobody_serves_is_read_and_not_changed(tmp_path: Path) -> None:
    data, out = tmp_path / "cloud.db", tmp_path / "drill.svg"
    with FakeServer(data=data) as server, Cloud(server.url) as cloud:
        instance = drilled(cloud)
    before = data.read_bytes(), data.stat().st_mtime_ns, sorted(tmp_path.iterdir())
    data.chmod(0o400)
    tmp_path.chmod(0o500)
    found = read(data)
    tmp_path.chmod(0o700)
    done = report("--data", str(data), "--out", str(out))
    shown = picture_in(out)

    assert (done.returncode, done.stderr) == (0, "")
    assert (shown.lanes, shown.events, shown.marks) == ([instance], [(instance, "Avoided")], [])
    assert shown.texts[-1] == "The calls of a fake cloud are not in its data file."
    assert found["clock"] == {"now": "2030-01-01T08:00:00Z"}
    out.unlink()
    assert (data.read_bytes(), data.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


@contextmanager
def serving(data: Path) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--data", str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as fake:
        try:
            yield fake
        finally:
            fake.kill()


def url_of(fake: "subprocess.Popen[str]") -> str:
    assert fake.stdout is not None
    return fake.stdout.readline().strip()


def test_a_data_file_that_is_held_by_a_fake_that_cannot_be_found(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with serving(data) as fake:
        url_of(fake)
        (tmp_path / "cloud.db.simevents" / "server.json").unlink()
        done = report("--data", str(data), "--out", str(tmp_path / "a.svg"))

    assert (done.returncode, done.stderr) == (
        *(
            1,
            f"error: The data file {data} is in use by a fake cloud; ask that one (--endpoint).\n",
        ),
    )


def test_a_killed_fake_leaves_all_that_it_had_acknowledged(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with serving(data) as fake, Cloud(url_of(fake)) as cloud:
        instance = drilled(cloud)
        running = report("--data", str(data), "--out", str(tmp_path / "running.html"))

    assert running.stdout.endswith("1 event, 1 call, 0 deliveries\n")
    assert (tmp_path / "cloud.db-wal").stat().st_size > 0
    assert [(e["instance_id"], e["status"]) for e in read(data)["events"]] == [
        (instance, "Avoided")
    ]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["--out", "drill.pdf"],
            "--out: 'drill.pdf' is not a valid name of a report; use one in .html or .svg",
        ),
        (["--out", "no/drill.svg"], "--out: there is no folder "),
        (["--out", "a.svg"], "--endpoint: nothing is named to report on; "),
        (["--out", "a.svg", "--data", "x.db", "--region", "cn-hangzhou"], "--data: --data and "),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_read(
    words: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = report(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {text}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read"])
def test_a_file_that_is_no_data_file(content: bytes, tmp_path: Path) -> None:
    data = tmp_path / "x.db"
    data.write_bytes(content)
    done = report("--data", str(data), "--out", str(tmp_path / "a.svg"))

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: The data file {data} is ")
    assert data.read_bytes() == content
    assert not (tmp_path / "a.svg").exists()


def test_there_is_no_fake_and_no_file(tmp_path: Path) -> None:
    out = str(tmp_path / "a.svg")
    fake = report("--out", out, "--endpoint", "http://127.0.0.1:9")
    file = report("--out", out, "--data", str(tmp_path / "x.db"))

    assert (fake.returncode, file.returncode) == (1, 1)
    assert fake.stderr.startswith("error: No fake cloud answers at http://127.0.0.1:9 ")
    assert file.stderr == (
        f"error: There is no data file {tmp_path}/x.db; give another one (--data).\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_replaced_and_keeps_its_mode(cloud: Cloud, tmp_path: Path) -> None:
    out, new = tmp_path / "drill.html", tmp_path / "new.html"
    plain = tmp_path / "plain"
    plain.touch()
    out.write_text("before")
    out.chmod(0o604)
    with out.open() as kept:
        done = [report("--endpoint", cloud.url, "--out", str(each)) for each in (out, new)]
        # Who has the file of before open still reads that one, whole.
        assert kept.read() == "before"

    assert [each.returncode for each in done] == [0, 0]
    assert out.read_text().startswith("<!DOCTYPE html>")
    mode = stat.S_IMODE(plain.stat().st_mode)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (out, new)] == [0o604, mode]
    plain.unlink()
    assert sorted(tmp_path.iterdir()) == [out, new]


def test_a_pipe_is_written_and_not_replaced(cloud: Cloud, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.html"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        done = report("--endpoint", cloud.url, "--out", str(pipe))
        text = reader.communicate(timeout=60)[0]

    assert done.returncode == 0
    assert text.startswith("<!DOCTYPE html>")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_older_fake_that_knows_no_deliveries() -> None:
    answers: dict[str, Any] = {"clock": {"now": "2030-01-01T08:00:00Z"}}

    def send(_method: str, route: str, _body: bytes) -> tuple[int, bytes]:
        if route == "deliveries":
            return 404, b"Not Found"
        return 200, _json(answers.get(route, []))

    drill = reading.drill(from_control.entries(_control(send)), "old")

    assert drill == reading.drill(reading.Entries(now="2030-01-01T08:00:00Z"), "old")
    assert "Nothing has happened." in page(drill)


def _json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()


def _control(send: Callable[[str, str, bytes], tuple[int, bytes]]) -> Any:
    from simevents.fake.control.client import Control

    return Control("http://127.0.0.1:9", send=send)
