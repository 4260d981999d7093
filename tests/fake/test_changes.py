"""``GET /_fake/changes``: what has changed since the last look, and nothing else."""

from typing import Any

import pytest

from simevents.fake.state import change_log
from simevents.fake.state.change_log import ChangeLog
from tests.conftest import Cloud
from tests.fake.requests import call

PARTS = ("events", "calls", "deliveries", "instances", "refusals")


def look(cloud: Cloud, last: dict[str, Any] | None = None) -> dict[str, Any]:
    if last is None:
        return dict(cloud.get("changes"))
    numbers = "&".join(f"{part}={last[part]['number']}" for part in PARTS)
    return dict(cloud.get(f"changes?run={last['run']}&{numbers}"))


def entries(found: dict[str, Any]) -> dict[str, int]:
    return {part: len(found[part]["entries"]) for part in PARTS if found[part]["entries"]}


def test_the_first_look_shows_everything(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    call(cloud, "DescribeInstances")
    found = look(cloud)
    assert entries(found) == {"calls": 1, "instances": 1}
    assert found["instances"]["is_all"]
    assert found["instances"]["entries"] == [
        {"instance_id": instance, "region": "cn-hangzhou", "status": "Running"}
    ]
    assert (found["rate"], found["faults"], found["switches"]) == (1.0, [], {})


def test_a_look_without_changes_shows_nothing(cloud: Cloud) -> None:
    cloud.instances(3)
    last = look(cloud)
    again = look(cloud, last)
    assert entries(again) == {}
    assert [again[part]["number"] for part in PARTS] == [last[part]["number"] for part in PARTS]


def test_shows_each_change_once(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("subscriptions", kind="queue", address="q", name="all")
    last = look(cloud)
    cloud.post(
        "events",
        instance_ids=[instance],
        event_type="SystemMaintenance.Reboot",
        not_before="2040-01-01T00:00:00Z",
        simulated=True,
        reason="why",
    )
    cloud.post("deliveries/wait", seconds=5)
    found = look(cloud, last)
    assert entries(found) == {"events": 1, "deliveries": 1}
    (event,) = found["events"]["entries"]
    assert event["reason"] == "why"
    (delivery,) = found["deliveries"]["entries"]
    assert delivery["state"] == "delivered"
    cloud.cancel("cn-hangzhou", event["event_id"])
    cloud.post("deliveries/wait", seconds=5)
    after = look(cloud, found)
    assert [each["status"] for each in after["events"]["entries"]] == ["Canceled"]
    assert [each["status"] for each in after["deliveries"]["entries"]] == ["Canceled"]
    assert [each["action"] for each in after["calls"]["entries"]] == ["CancelSimulatedSystemEvents"]
    assert entries(look(cloud, after)) == {}


def test_shows_a_transition_of_an_instance_at_both_of_its_ends(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("switches", instance_transition_seconds=60)
    cloud.post("clock", freeze=True)
    last = look(cloud)
    call(cloud, "StopInstance", InstanceId=instance)
    found = look(cloud, last)
    assert [each["status"] for each in found["instances"]["entries"]] == ["Stopping"]
    cloud.post("clock", advance="2m")
    assert [each["status"] for each in look(cloud, found)["instances"]["entries"]] == ["Stopped"]


def test_shows_the_instances_that_are_gone(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    last = look(cloud)
    call(cloud, "DeleteInstance", InstanceId=instance, Force="true")
    assert look(cloud, last)["instances"]["gone"] == [instance]


def test_a_reset_is_another_run(cloud: Cloud) -> None:
    cloud.instances(1)
    last = look(cloud)
    cloud.post("reset")
    found = look(cloud, last)
    assert found["run"] != last["run"]
    assert [found[part]["is_all"] for part in PARTS] == [True] * len(PARTS)
    assert entries(found) == {}


@pytest.mark.parametrize("number", ["-1", "x", "9" * 20])
def test_a_number_that_is_none_is_refused(cloud: Cloud, number: str) -> None:
    run = look(cloud)["run"]
    with pytest.raises(Exception, match='"events" must be a whole number'):
        cloud.get(f"changes?run={run}&events={number}")


def test_the_log_notes_nothing_until_somebody_looks() -> None:
    log = ChangeLog()
    log.note(["a"])
    assert (log.number, log.since(0)) == (0, None)
    log.note(["a", "b", "a"])
    assert log.since(0) == ["b", "a"]
    assert log.since(log.number) == []


def test_the_log_tells_when_it_has_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "KEPT_CHANGES", 2)
    log = ChangeLog()
    assert log.since(0) is None
    log.note(["a", "b", "c"])
    assert log.since(0) is None
    assert log.since(1) == ["b", "c"]
    log.forget()
    assert log.since(3) is None
    assert log.since(log.number) == []
    assert log.since(log.number + 1) is None


def test_the_clock_goes_to_the_next_change(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("clock", set="2039-12-31T23:00:00Z")
    cloud.post("clock", freeze=True)
    cloud.post("switches", executing_seconds=600)
    cloud.post(
        "events",
        instance_ids=[instance],
        event_type="SystemMaintenance.Reboot",
        not_before="2040-01-01T00:00:00Z",
    )
    assert cloud.post("clock", next=True)["now"] == "2040-01-01T00:00:00Z"
    assert cloud.statuses() == ["Executing"]
    cloud.post("clock", next=True)
    assert cloud.statuses() == ["Executed"]
    with pytest.raises(Exception, match="no change and no delivery is due"):
        cloud.post("clock", next=True)
