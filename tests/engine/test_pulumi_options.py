"""What Pulumi's own options do to events, as the README describes."""

from pathlib import Path

import pytest

from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, MakeStack, Stack

PROGRAM = Path(__file__).parent / "programs" / "options"


@pytest.fixture
def drill(make_stack: MakeStack, cloud: CloudProcess) -> Stack:
    return make_stack(
        PROGRAM,
        {
            "simevents:endpoint": cloud.url,
            "simevents:region": "cn-beijing",
            "options:instanceIds": ARTICLE_INSTANCES,
            "options:option": "none",
        },
    )


def sweep(cloud: CloudProcess) -> None:
    """Cancel the events that the test left open on purpose."""
    for event in cloud.open_events():
        cloud.cancel("cn-beijing", event["event_id"])


def test_retain_on_delete_skips_the_cancel(drill: Stack, cloud: CloudProcess) -> None:
    drill.set(options__option="retain_on_delete")
    drill.up()
    drill.destroy()

    assert cloud.statuses() == ["Scheduled", "Scheduled"]
    sweep(cloud)


def test_protect_stops_the_destroy(drill: Stack, cloud: CloudProcess) -> None:
    drill.set(options__option="protect")
    drill.up()
    text = drill.fails("destroy", "--yes", "--skip-preview")

    assert "protect" in text
    assert cloud.statuses() == ["Scheduled", "Scheduled"]
    drill.run("state", "unprotect", "--all", "--yes")


def test_ignore_changes_has_no_effect(drill: Stack, cloud: CloudProcess) -> None:
    drill.set(options__option="ignore_changes")
    drill.up()
    drill.set(options__eventType="SystemFailure.Stop")
    drill.up()

    assert cloud.statuses() == ["Canceled", "Canceled", "Executing", "Executing"]


def test_deleted_with_skips_the_cancel(drill: Stack, cloud: CloudProcess) -> None:
    drill.set(options__option="deleted_with")
    drill.up()
    drill.destroy()

    assert cloud.statuses() == ["Scheduled", "Scheduled"]
    sweep(cloud)


def test_state_delete_of_one_of_the_two_does_not_skip_the_cancel(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    assert "depend on it" in drill.fails("state", "delete", drill.urn("drill-intent"), "--yes")
    drill.run("state", "delete", drill.urn("drill-events"), "--yes")
    drill.destroy()

    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_state_delete_of_both_skips_the_cancel(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    for ending in ("drill-events", "drill-intent"):
        drill.run("state", "delete", drill.urn(ending), "--yes")
    drill.destroy()

    assert cloud.statuses() == ["Scheduled", "Scheduled"]
    sweep(cloud)


def test_import_does_not_work(drill: Stack) -> None:
    text = drill.fails(
        "import", "pulumi-python:dynamic/simevents:Events", "drill", "e-any", "--yes"
    )

    assert "error" in text
