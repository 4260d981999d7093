"""CloudMonitor's names of events, against the vendor's list.

Source: the page of ECS in CloudMonitor's list of system events (AlibabaCloudDocs/cms).
"""

import pytest

from simevents.fake.delivery import event_names
from simevents.models import EventCycleStatus, EventType

PLANNED = ["Scheduled", "Executing", "Executed", "Avoided", "Canceled"]
LISTED = {
    "SystemMaintenance.Reboot": {*PLANNED, "Inquiring", "Failed"},
    "SystemMaintenance.Redeploy": {*PLANNED, "Inquiring"},
    "SystemMaintenance.Stop": {*PLANNED, "Failed"},
    "SystemFailure.Reboot": {"Executing", "Executed", "Failed"},
    "SystemFailure.Stop": {"Executing", "Executed"},
    "SystemFailure.Redeploy": {*PLANNED},
    "InstanceFailure.Reboot": {"Executing", "Executed"},
}
"""The statuses with a name, by event type."""


@pytest.mark.parametrize("status", EventCycleStatus)
@pytest.mark.parametrize("event_type", EventType)
def test_an_event_has_a_name_in_the_statuses_that_the_vendor_lists(
    event_type: str, status: str
) -> None:
    whole = f"Instance:{event_type}:{status}"

    assert event_names.monitor_name(event_type, status) == (
        whole if status in LISTED[event_type] else ""
    )
    assert event_names.monitor_name(event_type, status, invents=True) == whole


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        ("SystemFailure.Delete", "Instance:SystemFailure.Delete:Executed"),
        ("ErrorDetected", "Disk:ErrorDetected:Executed"),
        ("Stalled", "Disk:Stalled:Executed"),
        ("InstanceExpiration.Stop", "Instance:InstanceExpiration.Stop:Executed"),
        ("Something.New", "Instance:Something.New:Executed"),
    ],
)
def test_events_that_cannot_be_simulated_have_names_by_the_same_rule(
    event_type: str, name: str
) -> None:
    assert event_names.monitor_name(event_type, "Executed") == name


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Instance:SystemMaintenance.Reboot:Scheduled", "实例计划重启通知（系统维护）"),
        ("Instance:SystemMaintenance.Reboot:Avoided", "实例计划重启规避（系统维护）"),
        ("Instance:SystemMaintenance.Reboot:Canceled", "实例计划重启取消（系统维护）"),
        ("Instance:SystemMaintenance.Redeploy:Avoided", "实例计划重新部署已规避（系统维护）"),
        ("Instance:SystemMaintenance.Stop:Executed", "实例计划停止已完成（系统维护）"),
        ("Instance:SystemFailure.Redeploy:Executing", "实例重新部署执行中（系统错误）"),
        ("Instance:SystemFailure.Reboot:Executing", "实例重启开始（系统错误）"),
        ("Instance:InstanceFailure.Reboot:Executed", "实例重启结束（实例错误）"),
        ("Instance:StateChange", "实例状态改变通知"),
        ("Instance:PreemptibleInstanceInterruption", "抢占式实例中断通知"),
        ("Instance:SystemFailure.Reboot:Canceled", "Instance:SystemFailure.Reboot:Canceled"),
        ("Agent_Status_Stopped", "Agent_Status_Stopped"),
    ],
)
def test_a_title_is_the_one_of_the_list_or_the_name(name: str, title: str) -> None:
    assert event_names.title(name) == title


@pytest.mark.parametrize(
    ("event_type", "level", "event_class", "bus_type"),
    [
        *(
            (event_type, "CRITICAL", "Maintenance", f"ecs:Instance:{event_type}")
            for event_type in EventType
            if event_type.startswith("SystemMaintenance")
        ),
        *(
            (event_type, "CRITICAL", "Exception", f"ecs:Instance:{event_type}")
            for event_type in EventType
            if "Failure" in event_type
        ),
        (
            "SystemMaintenance.PerformanceImpact",
            *("WARN", "Maintenance", "ecs:Instance:SystemMaintenance.PerformanceImpact"),
        ),
        ("ErrorDetected", "CRITICAL", "Exception", "ecs:Disk:ErrorDetected"),
        ("Instance:StateChange", "INFO", "StatusNotification", "ecs:Instance:StateChange"),
        (
            "Instance:PreemptibleInstanceInterruption",
            *("WARN", "StatusNotification", "ecs:Instance:PreemptibleInstanceInterruption"),
        ),
    ],
)
def test_level_class_and_type_on_the_bus(
    event_type: str, level: str, event_class: str, bus_type: str
) -> None:
    assert (
        event_names.level(event_type),
        event_names.event_class(event_type),
        event_names.bus_type(event_type),
    ) == (level, event_class, bus_type)


def test_the_list_has_each_name_once() -> None:
    listed = list(event_names.listed())

    assert len({event.name for event in listed}) == len(listed)
    assert {event.name for event in listed} >= {
        f"Instance:{event_type}:{status}"
        for event_type, statuses in LISTED.items()
        for status in statuses
    }
    assert [event for event in listed if event.name == "Instance:StateChange"] == [
        event_names.ListedEvent(
            "Instance:StateChange", "实例状态改变通知", "Normal", "INFO", "StatusNotification"
        )
    ]
