"""Runs that end too early: the provider is killed, the engine is interrupted or killed.

The provider dies after the cloud has executed a call and before the engine knows the
result; the next up or destroy must account for everything.
"""

import json
import os
import signal
import time

import pytest

from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, Stack
from tests.engine.processes import LIMIT_SECONDS, STEP_SECONDS, process_below, wait_until

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"

UP = ("up", "--yes", "--skip-preview")
DESTROY = ("destroy", "--yes", "--skip-preview")

KEPT, ADDED = ARTICLE_INSTANCES
IDS = "existing-instances__instanceIds"


def killed_in(stack: Stack, cloud: CloudProcess, action: str, *command: str) -> None:
    """Run *command* and kill the provider when the cloud has executed *action*."""
    cloud.post("faults", action=action, latency=LIMIT_SECONDS, times=1)
    before = cloud.actions().count(action)
    run = stack.start(*command)
    wait_until(lambda: cloud.actions().count(action) > before, run)
    os.kill(process_below(run, b"pulumi.dynamic"), signal.SIGKILL)
    run.communicate(timeout=LIMIT_SECONDS)
    assert run.returncode != 0
    cloud.delete("faults")


def test_killed_in_create_then_up_adopts_the_events(drill: Stack, cloud: CloudProcess) -> None:
    killed_in(drill, cloud, CREATE, *UP)
    made = {event["instance_id"]: event["event_id"] for event in cloud.open_events()}

    assert sorted(made) == ARTICLE_INSTANCES
    drill.up()
    assert drill.outputs()["event_ids"] == made
    assert len(cloud.get("events")) == len(ARTICLE_INSTANCES)
    drill.preview()


def test_killed_in_create_then_destroy_leaves_nothing_open(
    drill: Stack, cloud: CloudProcess
) -> None:
    killed_in(drill, cloud, CREATE, *UP)
    drill.destroy()

    assert cloud.statuses() == ["Canceled", "Canceled"]


@pytest.mark.parametrize("action", [CREATE, CANCEL])
def test_killed_in_an_update_then_up(drill: Stack, cloud: CloudProcess, action: str) -> None:
    before, after = ([KEPT], [KEPT, ADDED]) if action == CREATE else ([KEPT, ADDED], [KEPT])
    drill.set(**{IDS: before})
    drill.up()
    drill.set(**{IDS: after})
    killed_in(drill, cloud, action, *UP)
    drill.up()

    assert sorted(event["instance_id"] for event in cloud.open_events()) == sorted(after)
    assert sorted(drill.outputs()["event_ids"].values()) == sorted(
        event["event_id"] for event in cloud.open_events()
    )
    drill.preview()


@pytest.mark.parametrize("action", [CREATE, CANCEL])
def test_killed_in_an_update_then_destroy(drill: Stack, cloud: CloudProcess, action: str) -> None:
    before, after = ([KEPT], [KEPT, ADDED]) if action == CREATE else ([KEPT, ADDED], [KEPT])
    drill.set(**{IDS: before})
    drill.up()
    drill.set(**{IDS: after})
    killed_in(drill, cloud, action, *UP)
    drill.destroy()

    assert cloud.open_events() == []


def test_killed_in_an_update_then_reverted_leaves_nothing_open(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.set(**{IDS: [KEPT]})
    drill.up()
    drill.set(**{IDS: [KEPT, ADDED]})
    killed_in(drill, cloud, CREATE, *UP)
    assert sorted(e["instance_id"] for e in cloud.open_events()) == ARTICLE_INSTANCES

    drill.set(**{IDS: [KEPT]})
    drill.up()
    assert [event["instance_id"] for event in cloud.open_events()] == [KEPT]
    drill.preview()


def test_killed_in_delete_then_destroy(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    killed_in(drill, cloud, CANCEL, *DESTROY)
    drill.destroy()

    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_killed_in_delete_then_refresh_and_up_schedules_again(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    killed_in(drill, cloud, CANCEL, *DESTROY)
    drill.refresh()
    drill.up()

    assert len(cloud.open_events()) == len(ARTICLE_INSTANCES)
    drill.preview()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("then", ["up", "destroy"])
def test_interrupted_while_creating_a_thousand_events(
    drill: Stack, cloud: CloudProcess, times: int, then: str
) -> None:
    """One Ctrl-C lets the step end, two kill it; the next run accounts for all events."""
    many = sorted(cloud.post("instances", count=1000, region="cn-beijing")["instance_ids"])
    drill.set(**{IDS: many})
    cloud.post("faults", action=CREATE, latency=1)
    run = drill.start(*UP)
    wait_until(lambda: cloud.actions().count(CREATE) >= 3, run)
    for _ in range(times):
        process = process_below(run, b"/pulumi\0up")
        os.kill(process, signal.SIGINT)
        time.sleep(0.5)
    run.communicate(timeout=LIMIT_SECONDS)
    cloud.delete("faults")
    assert cloud.open_events()

    recover(drill)
    if then == "up":
        drill.up()
        assert len(drill.outputs()["event_ids"]) == len(many)
        assert len(cloud.open_events()) == len(many)
        drill.preview()
    drill.destroy()
    assert cloud.open_events() == []


@pytest.mark.parametrize("then", ["up", "destroy"])
def test_the_engine_is_killed_in_create(drill: Stack, cloud: CloudProcess, then: str) -> None:
    """A killed engine leaves the stack locked and a create pending."""
    cloud.post("faults", action=CREATE, latency=3, times=1)
    run = drill.start(*UP)
    wait_until(lambda: CREATE in cloud.actions(), run)
    plugin = process_below(run, b"pulumi.dynamic")
    os.kill(process_below(run, b"/pulumi\0up"), signal.SIGKILL)
    os.kill(plugin, signal.SIGKILL)
    run.communicate(timeout=LIMIT_SECONDS)
    cloud.delete("faults")
    assert len(cloud.open_events()) == len(ARTICLE_INSTANCES)
    assert "locked" in drill.fails(*UP)

    recover(drill)
    if then == "up":
        drill.up()
        assert len(cloud.get("events")) == len(ARTICLE_INSTANCES)
        assert "pending_operations" not in json.loads(drill.run("stack", "export"))["deployment"]
    drill.destroy()
    assert cloud.open_events() == []


def test_a_provider_creates_nothing_after_its_engine_was_killed(
    drill: Stack, cloud: CloudProcess
) -> None:
    """The provider outlives its engine; it must then not schedule any more events."""
    cloud.post("faults", action=CREATE, error="Throttling.User")
    run = drill.start(*UP)
    wait_until(lambda: CREATE in cloud.actions(), run)
    plugin = process_below(run, b"pulumi.dynamic")
    os.kill(process_below(run, b"/pulumi\0up"), signal.SIGKILL)
    cloud.delete("faults")
    refused = cloud.actions().count(CREATE)
    deadline = time.monotonic() + LIMIT_SECONDS
    # Before it gives up, it looks for events that it may have created; the journal shows this.
    while cloud.actions()[-1] != "DescribeInstanceHistoryEvents":
        assert time.monotonic() < deadline
        time.sleep(STEP_SECONDS)
    time.sleep(2)
    os.kill(plugin, signal.SIGKILL)
    run.communicate(timeout=LIMIT_SECONDS)

    assert cloud.actions().count(CREATE) == refused
    assert cloud.get("events") == []
    recover(drill)


def recover(stack: Stack) -> None:
    """Run the commands that the documentation gives for after a killed run."""
    stack.run("cancel", "--yes", stack.name)
    stack.refresh("--clear-pending-creates")
