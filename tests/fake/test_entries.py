"""The members of instances, disks and events, as in captured answers of the real service.

Source: answers that the vendor published in aliyun/alibabacloud-ecs-tool-troubleshooter, and
the documentation where it says so.
"""

import re
from typing import Any

import pytest

from simevents.api.client import SystemEvents
from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from simevents.settings import Settings
from tests.conftest import REGION, Cloud
from tests.fake.requests import call, instance_in_a_vpc


def instance_of(cloud: Cloud, instance: str) -> dict[str, Any]:
    answer = call(cloud, "DescribeInstances", InstanceIds=f'["{instance}"]')
    (entry,) = answer["Instances"]["Instance"]
    assert isinstance(entry, dict)
    return entry


def test_tags_and_key_pair_are_absent_if_there_are_none(cloud: Cloud) -> None:
    plain, wanted = instance_in_a_vpc(cloud)
    given = {"Tag.1.Key": "team", "Tag.1.Value": "a", "KeyPairName": "any"}
    answer = call(cloud, "RunInstances", **wanted, **given)
    (rich,) = answer["InstanceIdSets"]["InstanceIdSet"]
    entry = instance_of(cloud, rich)

    assert not {"Tags", "KeyPairName"} & instance_of(cloud, plain).keys()
    assert entry["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "a"}]}
    assert entry["KeyPairName"] == "any"


def test_an_instance_has_the_members_of_the_real_service(cloud: Cloud) -> None:
    instance, _ = instance_in_a_vpc(cloud)
    entry = instance_of(cloud, instance)
    expected = {
        "AutoReleaseTime": "",
        "ClusterId": "",
        "CpuOptions": {"ThreadsPerCore": 2, "Numa": "ON", "CoreCount": 1},
        "CreditSpecification": "",
        "DedicatedHostAttribute": {
            "DedicatedHostId": "",
            "DedicatedHostName": "",
            "DedicatedHostClusterId": "",
        },
        "DedicatedInstanceAttribute": {"Tenancy": "", "Affinity": ""},
        "DeploymentSetId": "",
        "EcsCapacityReservationAttr": {
            "CapacityReservationPreference": "",
            "CapacityReservationId": "",
        },
        "GPUAmount": 0,
        "GPUSpec": "",
        "HibernationOptions": {"Configured": False},
        "HostName": f"iZ{instance[2:]}Z",
        "ImageOptions": {},
        "InternetMaxBandwidthIn": -1,
        "MetadataOptions": {"HttpTokens": "", "HttpEndpoint": ""},
        "PrivateDnsNameOptions": {},
        "SaleCycle": "",
        "SpotPriceLimit": 0.0,
        "StoppedMode": "Not-applicable",
        "VlanId": "",
    }

    assert {name: entry.get(name) for name in expected} == expected
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry["SerialNumber"])
    assert entry["SerialNumber"] == instance_of(cloud, instance)["SerialNumber"]


@pytest.mark.parametrize("mode", ["", "KeepCharging", "StopCharging"])
def test_a_stopped_instance_has_its_stopped_mode(cloud: Cloud, mode: str) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("switches", instance_transition_seconds=60)
    call(cloud, "StopInstance", InstanceId=instance, StoppedMode=mode)
    seen = [instance_of(cloud, instance)["StoppedMode"]]
    cloud.post("clock", advance="1m")
    seen.append(instance_of(cloud, instance)["StoppedMode"])

    assert seen == ["Not-applicable", mode or "KeepCharging"]
    refused = call(cloud, "StopInstance", InstanceId=instance, StoppedMode="Never")
    assert refused["Code"] == "InvalidParameter"


def test_a_disk_has_the_members_of_the_real_service(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    (disk,) = call(cloud, "DescribeDisks")["Disks"]["Disk"]
    attached = disk["AttachedTime"]

    assert {name: disk[name] for name in ("Device", "DeleteWithInstance", "Portable")} == {
        "Device": "/dev/xvda",
        "DeleteWithInstance": True,
        "Portable": True,
    }
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", attached)
    assert disk["Attachments"]["Attachment"] == [
        {"AttachedTime": attached, "InstanceId": instance, "Device": "/dev/xvda"}
    ]
    assert (disk["IOPS"], disk["Throughput"], disk["PerformanceLevel"]) == (3800, 140, "PL1")


@pytest.mark.parametrize(
    ("category", "level", "size", "performance"),
    [
        ("cloud_essd", "PL0", "120", (3240, 130)),
        ("cloud_efficiency", "", "40", (2120, 106)),
        ("cloud_essd", "PL1", "40", (3800, 140)),
    ],
)
def test_a_disk_is_as_fast_as_the_captured_ones(
    cloud: Cloud, category: str, level: str, size: str, performance: tuple[int, int]
) -> None:
    instance_in_a_vpc(
        cloud,
        **{
            "SystemDisk.Category": category,
            "SystemDisk.PerformanceLevel": level,
            "SystemDisk.Size": size,
        },
    )
    (disk,) = call(cloud, "DescribeDisks")["Disks"]["Disk"]

    assert (disk["IOPS"], disk["Throughput"]) == performance


def inject(cloud: Cloud, **given: Any) -> dict[str, Any]:
    """Inject a real event; return its entry in the history."""
    event = {"event_type": "SystemMaintenance.Redeploy", "not_before": "2099-01-01T00:00:00Z"}
    (made,) = cloud.post("events", instance_ids=cloud.instances(1), **event | given)
    statuses = {
        f"InstanceEventCycleStatus.{number}": status
        for number, status in enumerate(("Inquiring", "Scheduled", "Executed"), 1)
    }
    answer = call(
        cloud, "DescribeInstanceHistoryEvents", **statuses, **{"EventId.1": made["event_id"]}
    )
    (entry,) = answer["InstanceSystemEventSet"]["InstanceSystemEventType"]
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize(
    ("event_type", "code"),
    [
        ("SystemMaintenance.Reboot", 1),
        ("SystemMaintenance.Redeploy", 9),
        ("SystemFailure.Reboot", 65),
        ("SystemFailure.Delete", 66),
    ],
)
def test_the_codes_of_event_types(cloud: Cloud, event_type: str, code: int) -> None:
    entry = inject(cloud, event_type=event_type, status="Scheduled")

    assert entry["EventType"] == {"Code": code, "Name": event_type}


def test_an_invented_code_is_not_that_of_another_type(cloud: Cloud) -> None:
    assert inject(cloud, event_type="SystemFailure.Stop", status="Scheduled")["EventType"] == {
        "Code": 68,
        "Name": "SystemFailure.Stop",
    }


def test_an_inquiring_event_has_no_time_yet(cloud: Cloud) -> None:
    entry = inject(cloud, status="Inquiring")

    assert entry["EventCycleStatus"] == {"Code": 28, "Name": "Inquiring"}
    assert "NotBefore" not in entry
    cloud.post("clock", advance="1s")
    found = call(
        cloud,
        "DescribeInstanceHistoryEvents",
        **{"InstanceEventCycleStatus.1": "Inquiring", "NotBefore.Start": "2000-01-01T00:00:00Z"},
    )
    assert found["TotalCount"] == 0
    call(cloud, "AcceptInquiredSystemEvent", EventId=entry["EventId"])
    (event,) = cloud.get("events")
    assert (event["status"], event["not_before"]) == ("Scheduled", "2099-01-01T00:00:00Z")


def test_a_history_entry_has_only_the_members_of_the_real_service(cloud: Cloud) -> None:
    plain = inject(cloud, status="Executed")
    given = {"reason": "why", "reason_code": "Any", "impact_level": "100"}
    rich = inject(cloud, status="Executed", **given)

    assert plain.keys() == {
        *("EventFinishTime", "EventCycleStatus", "EventPublishTime", "InstanceId", "EventType"),
        *("ExtendedAttribute", "EventId", "NotBefore"),
    }
    assert rich.keys() - plain.keys() == {"Reason", "ReasonCode", "ImpactLevel"}


def test_our_client_reads_an_event_without_a_time(cloud: Cloud) -> None:
    entry = inject(cloud, status="Inquiring")
    settings = Settings(REGION, cloud.url)
    credentials = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": FAKE_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": FAKE_ACCESS_KEY_SECRET,
    }
    with SystemEvents.connect(settings, credentials) as client:
        (event,) = client.describe([entry["EventId"]])

    assert event.event_cycle_status == "Inquiring"
    assert event.not_before == event.publish_time


def test_a_stopped_instance_has_the_captured_status_and_health(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    call(cloud, "StopInstance", InstanceId=instance)
    answer = call(cloud, "DescribeInstancesFullStatus")
    (entry,) = answer["InstanceFullStatusSet"]["InstanceFullStatusType"]

    assert entry["Status"] == {"Code": 2, "Name": "Stopped"}
    assert entry["HealthStatus"] == {"Code": 1, "Name": "InsufficientData"}
    for health, found in (("InsufficientData", 1), ("Ok", 0)):
        filtered = call(cloud, "DescribeInstancesFullStatus", HealthStatus=health)
        assert filtered["TotalCount"] == found
