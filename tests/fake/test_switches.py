"""Each setting of each switch: behaviour that the documentation does not define."""

from collections.abc import Iterator
from typing import Any

import pytest

from simevents.fake.state.switches import BadSwitch, Switches, parse
from tests.conftest import REGION, Cloud
from tests.contract.clients import NewerSdk, OlderSdk, code_of

CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"
HISTORY = "DescribeInstanceHistoryEvents"
REBOOT = "SystemMaintenance.Reboot"
LATER = "2027-01-01T01:00:00Z"


@pytest.fixture
def sdk(cloud: Cloud) -> Iterator[OlderSdk]:
    cloud.post("clock", set="2027-01-01T00:00:00Z")
    cloud.post("clock", freeze=True)
    client = OlderSdk(REGION, cloud.url)
    yield client
    client.close()


def create(
    sdk: OlderSdk, instances: list[str], not_before: str = LATER, type: str = REBOOT
) -> list[str]:
    answer = sdk.call(CREATE, EventType=type, NotBefore=not_before, InstanceId=instances)
    ids: list[str] = answer["EventIdSet"]["EventId"]
    return ids


def entries(sdk: OlderSdk, **parameters: Any) -> list[dict[str, Any]]:
    answer = sdk.call(HISTORY, **parameters)
    found: list[dict[str, Any]] = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]
    return found


def test_a_quota_counts_open_simulated_events(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", simulated_event_limit=2)
    instances = cloud.instances(3)
    first, _ = create(sdk, instances[:2])

    assert code_of(lambda: create(sdk, instances[2:])) == ("SimulatedEventLimitExceeded", 403)
    sdk.call(CANCEL, EventId=[first])
    create(sdk, instances[2:])
    assert cloud.statuses() == ["Canceled", "Scheduled", "Scheduled"]


def test_not_before_may_equal_now(sdk: OlderSdk, cloud: Cloud) -> None:
    instances = cloud.instances(1)
    now = "2027-01-01T00:00:00Z"
    assert code_of(lambda: create(sdk, instances, now)) == ("InvalidNotBefore.Passed", 403)

    cloud.post("switches", not_before_equal_to_now="accepted")
    create(sdk, instances, now)
    assert cloud.statuses() == ["Executed"]


@pytest.mark.parametrize(
    "written", ["2027-01-01T01:00Z", "2027-01-01T01:00:00.000Z", "2027-01-01T09:00:00+08:00"]
)
def test_other_time_formats_may_be_accepted(sdk: OlderSdk, cloud: Cloud, written: str) -> None:
    instances = cloud.instances(1)
    assert code_of(lambda: create(sdk, instances, written)) == ("InvalidParameter", 403)

    cloud.post("switches", not_before_formats="iso8601")
    create(sdk, instances, written)
    assert [event["not_before"] for event in cloud.get("events")] == [LATER]


def test_the_lead_time_may_be_limited(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", longest_not_before_lead=60)

    assert code_of(lambda: create(sdk, cloud.instances(1))) == ("InvalidParameter", 403)


def test_create_may_skip_a_bad_instance(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", bad_instance_in_create="create_others")

    assert len(create(sdk, [*cloud.instances(2), "i-nobody"])) == 2
    assert code_of(lambda: create(sdk, ["i-nobody"])) == ("InvalidInstanceId.NotFound", 404)


def test_duplicate_events_may_be_refused(sdk: OlderSdk, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    assert len(create(sdk, [instance, instance])) == 2

    cloud.post("switches", duplicate_events="refuse")
    assert code_of(lambda: create(sdk, [instance])) == ("InvalidParameter", 403)
    assert len(create(sdk, [instance], type="SystemMaintenance.Stop")) == 1


def test_ids_may_come_in_another_order(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", event_id_order="shuffled")
    instances = cloud.instances(20)
    ids = create(sdk, instances)
    owner = {event["event_id"]: event["instance_id"] for event in cloud.get("events")}

    assert sorted(owner[id] for id in ids) == instances
    assert [owner[id] for id in ids] != instances


def test_redeploy_after_a_failure_may_start_scheduled(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", system_failure_redeploy_start="Scheduled")
    create(sdk, cloud.instances(1), type="SystemFailure.Redeploy")
    assert cloud.statuses() == ["Scheduled"]

    cloud.post("clock", advance="1h")
    (event,) = cloud.get("events")
    assert [step["status"] for step in event["history"]] == ["Scheduled", "Executing", "Executed"]


def test_executing_may_take_a_while(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", executing_seconds=300)
    instances = cloud.instances(1)
    create(sdk, instances)
    create(sdk, instances, type="SystemFailure.Reboot")
    cloud.post("clock", advance="61m")
    assert cloud.statuses() == ["Executed", "Executing"]

    cloud.post("clock", advance="5m")
    assert cloud.statuses() == ["Executed", "Executed"]


def test_cancelling_a_finished_event_may_be_ignored(sdk: OlderSdk, cloud: Cloud) -> None:
    (event_id,) = create(sdk, cloud.instances(1))
    sdk.call(CANCEL, EventId=[event_id])
    assert code_of(lambda: sdk.call(CANCEL, EventId=[event_id])) == ("InvalidEventId.NotFound", 403)

    cloud.post("switches", cancel_finished_event="ignore")
    sdk.call(CANCEL, EventId=[event_id])


def test_a_cancel_with_an_unknown_id_may_cancel_the_others(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", bad_event_in_cancel="cancel_others")
    (event_id,) = create(sdk, cloud.instances(1))

    assert code_of(lambda: sdk.call(CANCEL, EventId=[event_id, "e-unknown"])) == (
        "InvalidEventId.NotFound",
        403,
    )
    assert cloud.statuses() == ["Canceled"]


def test_the_operations_that_avoid_a_planned_restart(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", reboot_instances_avoids=False, stop_avoids=True)
    first, second = cloud.instances(2)
    create(sdk, [first, second])
    sdk.call("RebootInstances", InstanceId=[first])
    sdk.call("StopInstance", InstanceId=second)

    found = {event["instance_id"]: event["status"] for event in cloud.get("events")}
    assert found == {first: "Scheduled", second: "Avoided"}


def test_events_of_a_deleted_instance_may_be_cancelled(sdk: OlderSdk, cloud: Cloud) -> None:
    first, second = cloud.instances(2)
    create(sdk, [first, second])
    sdk.call("DeleteInstance", InstanceId=first, Force=True)
    cloud.post("switches", events_of_deleted_instance="cancel")
    sdk.call("DeleteInstance", InstanceId=second, Force=True)

    found = {event["instance_id"]: event["status"] for event in cloud.get("events")}
    assert found == {first: "Scheduled", second: "Canceled"}


def test_reads_with_the_other_setting_of_each_switch(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post(
        "switches",
        history_order="oldest_first",
        range_ends="exclusive",
        open_event_finish_time="empty",
        simulated_reason="",
        simulated_event_health="Warning",
        stop_types_as_filter="refuse",
    )
    instances = cloud.instances(1)
    (older,) = create(sdk, instances)
    cloud.post("clock", advance="1m")
    (newer,) = create(sdk, instances, "2027-01-01T02:00:00Z")
    found = entries(sdk, InstanceEventCycleStatus=["Scheduled"])

    assert [entry["EventId"] for entry in found] == [older, newer]
    assert [entry["EventFinishTime"] for entry in found] == ["", ""]
    assert not any("Reason" in entry for entry in found)
    assert entries(sdk, InstanceEventCycleStatus=["Scheduled"], **{"NotBefore.End": LATER}) == []
    assert code_of(lambda: entries(sdk, EventType="SystemFailure.Stop")) == (
        "InvalidParameter",
        403,
    )
    answer = sdk.call("DescribeInstancesFullStatus", HealthStatus="Warning")
    assert answer["TotalCount"] == 1


def test_full_status_may_show_more(sdk: OlderSdk, cloud: Cloud) -> None:
    first, second = cloud.instances(2)
    (event_id,) = create(sdk, [first])
    sdk.call(CANCEL, EventId=[event_id])
    cloud.post("switches", full_status_instances="all", full_status_events="all")
    answer = sdk.call("DescribeInstancesFullStatus", **{"NotBefore.Start": LATER})

    shown = {
        entry["InstanceId"]: len(entry["ScheduledSystemEventSet"]["ScheduledSystemEventType"])
        for entry in answer["InstanceFullStatusSet"]["InstanceFullStatusType"]
    }
    assert shown == {first: 1, second: 0}


def test_a_page_size_out_of_range_may_be_clamped(sdk: OlderSdk, cloud: Cloud) -> None:
    assert code_of(lambda: entries(sdk, PageSize=101)) == ("InvalidParameter", 403)
    cloud.post("switches", page_size_out_of_range="clamp")

    assert sdk.call(HISTORY, PageSize=101, PageNumber=0)["PageSize"] == 100


def test_an_unknown_region_may_be_accepted(sdk: OlderSdk, cloud: Cloud) -> None:
    far = OlderSdk("xx-nowhere-1", cloud.url)
    assert code_of(lambda: far.call("DescribeInstances")) == ("InvalidRegionId.NotFound", 404)

    cloud.post("switches", unknown_region="accept")
    assert far.call("DescribeInstances")["TotalCount"] == 0
    far.close()


def test_an_instance_may_change_its_status_slowly(sdk: OlderSdk, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("switches", instance_transition_seconds=60)
    seen = []
    sdk.call("StopInstance", InstanceId=instance)
    seen.append(cloud.get("instances")[0]["status"])
    cloud.post("clock", advance="1m")
    seen.append(cloud.get("instances")[0]["status"])
    sdk.call("StartInstance", InstanceId=instance)
    seen.append(cloud.get("instances")[0]["status"])

    assert seen == ["Stopping", "Stopped", "Starting"]


def test_a_new_event_may_be_invisible_at_first(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", visibility_delay=30)
    create(sdk, cloud.instances(1))
    seen = [len(entries(sdk, InstanceEventCycleStatus=["Scheduled"]))]
    cloud.post("clock", advance="30s")
    seen.append(len(entries(sdk, InstanceEventCycleStatus=["Scheduled"])))

    assert seen == [0, 1]


def test_trigger_real_ops_may_be_ignored(sdk: OlderSdk, cloud: Cloud) -> None:
    newer = NewerSdk(REGION, cloud.url)
    asked = {
        "EventType": REBOOT,
        "NotBefore": LATER,
        "InstanceId": cloud.instances(1),
        "TriggerRealOps": True,
    }
    assert code_of(lambda: newer.call(CREATE, **asked)) == ("UnsupportedParameter", 400)

    cloud.post("switches", trigger_real_ops="ignore")
    newer.call(CREATE, **asked)
    assert cloud.get("instances")[0]["status"] == "Running"


def test_redeploying_without_a_real_event_may_be_allowed(sdk: OlderSdk, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    create(sdk, [instance], type="SystemMaintenance.Redeploy")
    cloud.post("switches", redeploy_without_real_event="allow")
    sdk.call("RedeployInstance", InstanceId=instance)

    assert cloud.statuses() == ["Scheduled"]


def test_an_accepted_event_may_start_at_once(sdk: OlderSdk, cloud: Cloud) -> None:
    cloud.post("switches", accepted_event_status="Executing")
    (event,) = cloud.post(
        "events",
        instance_ids=cloud.instances(1),
        event_type=REBOOT,
        not_before=LATER,
        status="Inquiring",
    )
    sdk.call("AcceptInquiredSystemEvent", EventId=event["event_id"])

    assert cloud.statuses() == ["Executing"]


def test_the_http_status_for_an_unknown_key(cloud: Cloud) -> None:
    cloud.post("switches", unknown_access_key_status=400)
    stranger = OlderSdk(REGION, cloud.url, "nobody", "nothing")

    assert code_of(lambda: stranger.call("DescribeInstances")) == (
        "InvalidAccessKeyId.NotFound",
        400,
    )
    stranger.close()


@pytest.mark.parametrize(
    "text", ["nothing", "no_such=1", "executing_seconds=soon", "stop_avoids=perhaps"]
)
def test_an_invalid_switch_setting_is_refused(text: str) -> None:
    with pytest.raises(BadSwitch):
        parse(text)


def test_an_invalid_switch_value_is_refused(cloud: Cloud) -> None:
    with pytest.raises(
        BadSwitch,
        match="'best' is not a valid value of event_id_order; use one of request, shuffled",
    ):
        Switches().changed(event_id_order="best")
    with pytest.raises(BadSwitch, match="is not a valid value of executing_seconds; use a number"):
        Switches().changed(executing_seconds=-1)
