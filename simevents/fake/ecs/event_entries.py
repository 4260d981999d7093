"""Events in the format of the API: members, numeric codes, and optional members.

Members and codes that are called captured are those of answers that the vendor published in
aliyun/alibabacloud-ecs-tool-troubleshooter.
"""

from functools import lru_cache

from ...models import EventCycleStatus, EventType
from ..protocol.call import AnswerMembers
from ..protocol.member_order import InOrder, in_order, names_in_order
from ..state.clock import iso_time
from ..state.event_table import EventRow

# Documented: SystemMaintenance.Reboot 1, InstanceExpiration.Stop 34, SystemFailure.Reboot 65.
# Captured: SystemMaintenance.Redeploy 9, SystemFailure.Delete 66. The others are invented,
# because the real codes are not published; do not rely on them.
_TYPE_CODES = {
    EventType.SYSTEM_MAINTENANCE_REBOOT: 1,
    EventType.SYSTEM_MAINTENANCE_STOP: 2,
    EventType.SYSTEM_MAINTENANCE_REDEPLOY: 9,
    "InstanceExpiration.Stop": 34,
    EventType.SYSTEM_FAILURE_REBOOT: 65,
    "SystemFailure.Delete": 66,
    EventType.SYSTEM_FAILURE_REDEPLOY: 67,
    EventType.SYSTEM_FAILURE_STOP: 68,
    EventType.INSTANCE_FAILURE_REBOOT: 97,
}
# Documented: Scheduled 24, Executed 0, Avoided 8. Captured: Inquiring 28. The others are invented.
_STATUS_CODES = {
    EventCycleStatus.SCHEDULED: 24,
    EventCycleStatus.EXECUTING: 25,
    EventCycleStatus.INQUIRING: 28,
    EventCycleStatus.EXECUTED: 0,
    EventCycleStatus.AVOIDED: 8,
    EventCycleStatus.CANCELED: 9,
    EventCycleStatus.FAILED: 10,
}
# Documented: Running 1. Captured: Stopped 2. The others are invented.
_INSTANCE_CODES = {"Pending": 0, "Running": 1, "Stopped": 2, "Starting": 3, "Stopping": 4}
# The members of an ExtendedAttribute that DescribeInstancesFullStatus returns.
_SHOWN_OF_INSTANCES = ("Device", "DiskId", "InactiveDisks")
# Documented: Ok 0, Warning 64, Impaired 128. Captured: InsufficientData 1. The other is invented.
_HEALTH_CODES = {
    "Ok": 0,
    "InsufficientData": 1,
    "Maintaining": 32,
    "Warning": 64,
    "Impaired": 128,
}


def history_entry(event: EventRow, open_event_finish_time: str) -> AnswerMembers:
    """An event in the answer of DescribeInstanceHistoryEvents.

    The documentation also has ResourceType and ImpactLevel; captured entries do not. An
    injected event has the ImpactLevel that it was given.
    """
    entry = {"InstanceId": event.instance_id} | _entry(event)
    for name in ("ReasonCode", "ImpactLevel"):
        if name in event.details:
            entry[name] = event.details[name]
    if event.finished_at is not None:
        entry["EventFinishTime"] = iso_time(event.finished_at)
    elif open_event_finish_time == "empty":
        entry["EventFinishTime"] = ""
    return names_in_order(entry)


def status_entry(
    instance_id: str, status: str, health: str, events: list[EventRow]
) -> AnswerMembers:
    """An instance in the answer of DescribeInstancesFullStatus, with its events."""
    return {
        "InstanceId": instance_id,
        "Status": {"Code": _INSTANCE_CODES[status], "Name": status},
        "HealthStatus": {"Code": _HEALTH_CODES[health], "Name": health},
        "ScheduledSystemEventSet": {
            "ScheduledSystemEventType": [_entry_of_instance(event) for event in events]
        },
    }


def _entry_of_instance(event: EventRow) -> AnswerMembers:
    entry = _entry(event)
    attribute = entry["ExtendedAttribute"]
    shown = {name: attribute[name] for name in _SHOWN_OF_INSTANCES if name in attribute}
    return entry | {
        "ImpactLevel": event.details.get("ImpactLevel", ""),
        "ExtendedAttribute": shown,
    }


def _entry(event: EventRow) -> AnswerMembers:
    entry: AnswerMembers = {
        "EventId": event.event_id,
        "EventType": _coded(_TYPE_CODES.get(event.event_type, 0), event.event_type),
        "EventCycleStatus": _coded(_STATUS_CODES[event.status], event.status.value),
        "EventPublishTime": iso_time(event.published_at),
        "ExtendedAttribute": InOrder(in_order(event.details.get("ExtendedAttribute", {}))),
    }
    # An Inquiring event has no time yet, and many events have no reason; captured.
    if event.status is not EventCycleStatus.INQUIRING:
        entry["NotBefore"] = iso_time(event.not_before)
    if event.reason:
        entry["Reason"] = event.reason
    return entry


@lru_cache(maxsize=1_000)
def _coded(code: int, name: str) -> InOrder:
    return names_in_order({"Code": code, "Name": name})
