"""The effect of start, stop, restart and redeploy on instances and their events.

Sources: the API pages of the actions; for events the page of CreateSimulatedSystemEvents.
"""

from collections.abc import Callable

import pytest

from tests.conftest import Cloud
from tests.contract.clients import VendorClient, code_of

REBOOT, STOP = "SystemMaintenance.Reboot", "SystemMaintenance.Stop"


def schedule(sdk: VendorClient, instance: str, not_before: str, type: str = REBOOT) -> None:
    sdk.call(
        "CreateSimulatedSystemEvents",
        EventType=type,
        NotBefore=not_before,
        InstanceId=[instance],
    )


def status(sdk: VendorClient, instance: str) -> str:
    answer = sdk.call("DescribeInstanceStatus", InstanceId=[instance])
    (entry,) = answer["InstanceStatuses"]["InstanceStatus"]
    return str(entry["Status"])


def test_a_restart_after_the_event_time_avoids_nothing(
    sdk: VendorClient, cloud: Cloud, at: Callable[..., str]
) -> None:
    (instance,) = cloud.instances(1)
    schedule(sdk, instance, at(hours=1))
    cloud.post("clock", advance="2h")
    sdk.call("RebootInstance", InstanceId=instance)

    assert cloud.statuses() == ["Executed"]


def test_stopping_and_starting_does_not_change_events(
    sdk: VendorClient, cloud: Cloud, at: Callable[..., str]
) -> None:
    (instance,) = cloud.instances(1)
    schedule(sdk, instance, at(hours=1))
    sdk.call("StopInstance", InstanceId=instance)
    stopped = status(sdk, instance)
    sdk.call("StartInstance", InstanceId=instance)

    assert (stopped, status(sdk, instance)) == ("Stopped", "Running")
    assert cloud.statuses() == ["Scheduled"]


def test_batch_actions_return_the_status_of_each_instance(sdk: VendorClient, cloud: Cloud) -> None:
    instances = cloud.instances(2)
    answer = sdk.call("StopInstances", InstanceId=instances)

    assert answer["InstanceResponses"]["InstanceResponse"] == [
        {
            "InstanceId": instance,
            "PreviousStatus": "Running",
            "CurrentStatus": "Stopped",
            "Code": "200",
            "Message": "success",
        }
        for instance in instances
    ]
    assert code_of(lambda: sdk.call("RebootInstances", InstanceId=instances)) == (
        "IncorrectInstanceStatus",
        403,
    )


def test_a_real_event_cannot_be_cancelled(
    sdk: VendorClient, cloud: Cloud, at: Callable[..., str]
) -> None:
    (event,) = cloud.post(
        "events", instance_ids=cloud.instances(1), event_type=REBOOT, not_before=at(hours=1)
    )

    assert code_of(
        lambda: sdk.call("CancelSimulatedSystemEvents", EventId=[event["event_id"]])
    ) == ("CannotCancelSystemEvent.NotSimulated", 403)
    assert cloud.statuses() == ["Scheduled"]


def test_redeploying_avoids_real_events_only(
    sdk: VendorClient, cloud: Cloud, at: Callable[..., str]
) -> None:
    simulated, real = cloud.instances(2)
    schedule(sdk, simulated, at(hours=1), "SystemMaintenance.Redeploy")
    cloud.post(
        "events",
        instance_ids=[real],
        event_type="SystemMaintenance.Redeploy",
        not_before=at(hours=1),
        status="Inquiring",
    )

    assert code_of(lambda: sdk.call("RedeployInstance", InstanceId=simulated)) == (
        "InvalidOperation.RedeployInstance",
        403,
    )
    assert sdk.call("RedeployInstance", InstanceId=real)["TaskId"].startswith("t-")
    found = {event["instance_id"]: event["status"] for event in cloud.get("events")}
    assert found == {simulated: "Scheduled", real: "Avoided"}


def test_only_an_inquiring_event_can_be_accepted(
    sdk: VendorClient, cloud: Cloud, at: Callable[..., str]
) -> None:
    (event,) = cloud.post(
        "events",
        instance_ids=cloud.instances(1),
        event_type=REBOOT,
        not_before=at(hours=1),
        status="Inquiring",
    )

    def accept() -> object:
        return sdk.call("AcceptInquiredSystemEvent", EventId=event["event_id"])

    accept()
    assert code_of(accept) == ("InvalidEventId.NoInquiringEventFound", 404)
    assert cloud.statuses() == ["Scheduled"]


@pytest.mark.parametrize(
    "action", ["StartInstance", "StopInstance", "RebootInstance", "RedeployInstance"]
)
def test_an_unknown_instance_is_refused(sdk: VendorClient, action: str) -> None:
    assert code_of(lambda: sdk.call(action, InstanceId="i-nobody")) == (
        "InvalidInstanceId.NotFound",
        404,
    )


def test_a_dry_run_changes_nothing(sdk: VendorClient, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)

    assert code_of(lambda: sdk.call("StopInstance", InstanceId=instance, DryRun=True)) == (
        "DryRunOperation",
        400,
    )
    assert status(sdk, instance) == "Running"


def test_a_running_instance_is_deleted_only_by_force(sdk: VendorClient, cloud: Cloud) -> None:
    first, second = cloud.instances(2)

    assert code_of(lambda: sdk.call("DeleteInstance", InstanceId=first)) == (
        "IncorrectInstanceStatus",
        403,
    )
    sdk.call("DeleteInstances", InstanceId=[first, second], Force=True)
    assert cloud.get("instances") == []
