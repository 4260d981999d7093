"""This version can use a stack of an earlier version: its state and the fake's data."""

import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simevents.models import parse_time
from tests.engine.conftest import CHECKOUT, CloudProcess, Stack
from tests.engine.test_full_stack import events_of, settings

MADE_BY_016FF4F = Path(__file__).with_name("stack_of_016ff4f")
PORT_OF_THE_FIXTURE = "127.0.0.1:18086"
TIME_OF_THE_FIXTURE = "2026-11-24T12:05:00Z"


@pytest.fixture
def old_cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    """The fake with the old data, five minutes after it was written; no event stays open."""
    data = tmp_path / "cloud.db"
    shutil.copy(MADE_BY_016FF4F / "cloud.db", data)
    clock = {"wall": time.time(), "fake": parse_time(TIME_OF_THE_FIXTURE).timestamp(), "rate": 1}
    db = sqlite3.connect(data)
    db.execute("UPDATE meta SET value = ? WHERE key = 'clock'", (json.dumps(clock),))
    db.commit()
    db.close()
    running = CloudProcess(data)
    yield running
    left, unexpected = running.open_events(), running.get("calls?unexpected=1")
    running.close()
    assert (left, unexpected) == ([], [])


@pytest.fixture
def old_stack(engine: str, tmp_path: Path, old_cloud: CloudProcess) -> Iterator[Stack]:
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(CHECKOUT / "Pulumi.yaml", folder)
    (folder / "infra").symlink_to(CHECKOUT / "infra")
    stack = Stack(engine, folder, settings(old_cloud), name="old")
    stack.create()
    state = (MADE_BY_016FF4F / "state.json").read_text()
    address = old_cloud.url.removeprefix("http://")
    (folder / "state.json").write_text(state.replace(PORT_OF_THE_FIXTURE, address))
    stack.run("stack", "import", "--file", "state.json")
    yield stack
    stack.destroy()


def test_a_stack_of_016ff4f_is_previewed_refreshed_changed_and_destroyed(
    old_stack: Stack, old_cloud: CloudProcess
) -> None:
    reboots = events_of(old_stack, "planned-reboot")
    # Since then the provider of the fake has the addresses of all products; it is updated in place.
    preview = old_stack.run("preview")
    assert " ~  pulumi:providers:alicloud fake-cloud update [diff: " in preview
    assert preview.endswith("Resources:\n    ~ 1 to update\n    13 unchanged\n\n")
    old_stack.refresh("--expect-no-changes")

    old_stack.set(simevents__instanceCount=3)
    old_stack.up("--parallel", "64")
    more = events_of(old_stack, "planned-reboot")
    assert {id: more[id] for id in reboots} == reboots
    assert len(more) == 3
    assert len(old_cloud.open_events()) == 4

    old_stack.destroy()
    assert old_cloud.statuses() == ["Canceled"] * 4
    assert old_cloud.get("instances") == []
    assert old_stack.resources() == []
