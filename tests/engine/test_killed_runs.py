"""The provider killed after the cloud made the events and before the engine knew of them."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, Stack

STEP_SECONDS = 0.05
LIMIT_SECONDS = 60


def plugin_of(run: "subprocess.Popen[str]") -> int:
    """The process, below the engine's, that runs our provider."""
    for pid in descendants(run.pid):
        if b"pulumi.dynamic" in (Path("/proc") / str(pid) / "cmdline").read_bytes():
            return pid
    raise AssertionError("no dynamic provider runs")


def descendants(pid: int) -> list[int]:
    found = []
    for task in (Path("/proc") / str(pid) / "task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def up_killed_in(stack: Stack, cloud: CloudProcess, action: str) -> None:
    """Run ``up`` and kill the provider when the cloud has carried *action* out."""
    cloud.post("faults", action=action, latency=LIMIT_SECONDS, times=1)
    before = cloud.actions().count(action)
    run = stack.start("up", "--yes", "--skip-preview")
    deadline = time.monotonic() + LIMIT_SECONDS
    while cloud.actions().count(action) == before:
        assert run.poll() is None
        assert time.monotonic() < deadline
        # Another process is waited for: there is nothing to be told by.
        time.sleep(STEP_SECONDS)
    os.kill(plugin_of(run), signal.SIGKILL)
    run.communicate(timeout=LIMIT_SECONDS)
    assert run.returncode != 0


CREATE = "CreateSimulatedSystemEvents"


def test_killed_in_create_then_up_adopts_the_events(drill: Stack, cloud: CloudProcess) -> None:
    up_killed_in(drill, cloud, CREATE)
    made = {event["instance_id"]: event["event_id"] for event in cloud.open_events()}

    assert sorted(made) == ARTICLE_INSTANCES
    drill.up()
    assert drill.outputs()["event_ids"] == made
    assert len(cloud.get("events")) == len(ARTICLE_INSTANCES)
    drill.preview()


def test_killed_in_create_then_destroy_leaves_nothing_open(
    drill: Stack, cloud: CloudProcess
) -> None:
    up_killed_in(drill, cloud, CREATE)
    drill.destroy()

    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_killed_in_an_update_that_is_then_taken_back_leaves_nothing_open(
    drill: Stack, cloud: CloudProcess
) -> None:
    kept, added = ARTICLE_INSTANCES
    drill.set(**{"existing-instances__instanceIds": [kept]})
    drill.up()
    drill.set(**{"existing-instances__instanceIds": [kept, added]})
    up_killed_in(drill, cloud, CREATE)
    assert sorted(e["instance_id"] for e in cloud.open_events()) == ARTICLE_INSTANCES

    drill.set(**{"existing-instances__instanceIds": [kept]})
    drill.up()
    assert [event["instance_id"] for event in cloud.open_events()] == [kept]
    drill.preview()
