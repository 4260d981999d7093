"""The ECS actions on system events: create and cancel simulated ones, describe all.

Sources: the API pages of CreateSimulatedSystemEvents, CancelSimulatedSystemEvents,
DescribeInstanceHistoryEvents and DescribeInstancesFullStatus. Where they are silent,
the comment at the place says what was chosen.
"""

import base64
from collections.abc import Callable
from functools import partial

from ..models import BATCH_LIMIT, RETENTION_DAYS, EventCycleStatus, EventType
from . import codes, lifecycle
from .clock import Epoch
from .cloud import ANSWER_MEMBERS, Call, Cloud, action, iso_time, page
from .codes import Refused
from .store import EventRow

SIMULATED_REASON = "A simulated event."
"""The one trace of simulation that the documentation's samples show."""

# Documented: SystemMaintenance.Reboot 1, SystemFailure.Reboot 65. The others are invented,
# since the service surely has some; nobody may rely on them.
_TYPE_CODES = {
    EventType.SYSTEM_MAINTENANCE_REBOOT: 1,
    EventType.SYSTEM_MAINTENANCE_STOP: 2,
    EventType.SYSTEM_MAINTENANCE_REDEPLOY: 3,
    EventType.SYSTEM_FAILURE_REBOOT: 65,
    EventType.SYSTEM_FAILURE_STOP: 66,
    EventType.SYSTEM_FAILURE_REDEPLOY: 67,
    EventType.INSTANCE_FAILURE_REBOOT: 97,
}
# Documented: Scheduled 24, Executed 0, Avoided 8. The others are invented.
_STATUS_CODES = {
    EventCycleStatus.SCHEDULED: 24,
    EventCycleStatus.EXECUTING: 25,
    EventCycleStatus.INQUIRING: 26,
    EventCycleStatus.EXECUTED: 0,
    EventCycleStatus.AVOIDED: 8,
    EventCycleStatus.CANCELED: 9,
    EventCycleStatus.FAILED: 10,
}

_RETENTION_SECONDS = RETENTION_DAYS * 24 * 3600

_event_action = partial(
    action,
    "Ecs",
    "2014-05-26",
    missing=codes.EVENT_MISSING_PARAMETER,
    invalid=codes.EVENT_INVALID_PARAMETER,
)


@_event_action("CreateSimulatedSystemEvents")
def create_simulated_system_events(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """All or nothing: one bad instance id and no event is made (undocumented, chosen)."""
    region = call.region
    event_type = call.required("EventType")
    call.required("NotBefore")
    instance_ids = call.listed("InstanceId")
    if not instance_ids:
        raise Refused(call.missing, name="InstanceId.N")
    if event_type not in set(EventType):
        raise Refused(
            call.invalid,
            name="EventType",
            reason=f"{event_type} is not a type to simulate",
        )
    not_before = call.time("NotBefore") or 0.0
    if call.boolean("TriggerRealOps"):
        raise Refused(codes.REAL_OPS_REFUSED)
    if len(instance_ids) > BATCH_LIMIT:
        raise Refused(codes.INSTANCE_ID_LIMIT)
    now = cloud.now()
    # Equal counts as passed (undocumented, chosen).
    if not_before <= now:
        raise Refused(codes.NOT_BEFORE_PASSED)
    for instance_id in instance_ids:
        instance = cloud.store.get("instance", instance_id)
        if instance is None or instance.region != region:
            raise Refused(codes.EVENT_INSTANCE_NOT_FOUND)
    events = [
        EventRow(
            event_id=cloud.new_id("e"),
            region=region,
            instance_id=instance_id,
            event_type=event_type,
            status=lifecycle.start_status(event_type),
            published_at=now,
            not_before=not_before,
            finished_at=None,
            simulated=True,
            reason=SIMULATED_REASON,
            visible_at=now + call.visibility_delay,
        )
        for instance_id in instance_ids
    ]
    for event in events:
        cloud.store.add_event(event)
    return {"EventIdSet": {"EventId": [event.event_id for event in events]}}


@_event_action("CancelSimulatedSystemEvents")
def cancel_simulated_system_events(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """All or nothing; a finished event answers as an unknown one (both undocumented, chosen)."""
    region = call.region
    event_ids = call.listed("EventId")
    if not event_ids:
        raise Refused(call.missing, name="EventId.N")
    if len(event_ids) > BATCH_LIMIT:
        raise Refused(codes.CANCEL_EVENT_ID_LIMIT)
    found = {
        event.event_id: event
        for event in cloud.store.events(region=region, event_ids=event_ids, visible_at=cloud.now())
    }
    for event_id in event_ids:
        event = found.get(event_id)
        if event is None:
            raise Refused(codes.EVENT_NOT_FOUND)
        if not event.simulated:
            raise Refused(codes.EVENT_NOT_SIMULATED)
        if event.status not in lifecycle.CANCELABLE:
            raise Refused(codes.EVENT_NOT_FOUND)
    now = cloud.now()
    for event_id in found:
        cloud.store.move_event(event_id, EventCycleStatus.CANCELED, now)
    return {}


@_event_action("DescribeInstanceHistoryEvents")
def describe_instance_history_events(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    region = call.region
    resource_type = call.text("ResourceType", "instance")
    if resource_type not in ("instance", "ddh", "managehost", "managedhost"):
        raise Refused(call.invalid, name="ResourceType", reason=f"{resource_type} is no type")
    event_ids = _event_ids(call)
    instance_ids = call.listed("ResourceId") or [call.text("InstanceId")]
    # Without a status filter the unfinished are left out, even when asked for by id.
    statuses = set(_statuses(call)) or lifecycle.FINAL
    # The `*.Stop` types are missing from the documented filter values; they are accepted.
    types = call.listed("InstanceEventType") or [call.text("EventType")]
    in_ranges = _in_time_ranges(call)
    tags = call.tags()
    forgotten = cloud.now() - _RETENTION_SECONDS
    events = [
        event
        for event in cloud.store.events(
            region=region,
            event_ids=event_ids,
            instance_ids=[id for id in instance_ids if id],
            visible_at=cloud.now(),
        )
        if event.status in statuses
        and (not any(types) or event.event_type in types)
        and (event.finished_at is None or event.finished_at >= forgotten)
        and in_ranges(event)
        and _tagged(cloud, event.instance_id, tags)
    ]
    if resource_type != "instance":
        events = []
    shown, members = _history_page(call, events)
    return members | {
        "InstanceSystemEventSet": {
            "InstanceSystemEventType": [_history_entry(event) for event in shown]
        }
    }


@_event_action("DescribeInstancesFullStatus")
def describe_instances_full_status(cloud: Cloud, call: Call) -> ANSWER_MEMBERS:
    """Pages count instances. Under an event filter those without a match are left out."""
    region = call.region
    instance_ids = call.listed("InstanceId")
    if len(instance_ids) > BATCH_LIMIT:
        raise Refused(codes.INSTANCE_ID_LIMIT)
    event_ids = _event_ids(call)
    types = call.listed("InstanceEventType") or [call.text("EventType")]
    in_ranges = _in_time_ranges(call)
    filtered = bool(event_ids) or any(types) or _has_time_range(call)
    pending: dict[str, list[EventRow]] = {}
    for event in cloud.store.events(region=region, event_ids=event_ids, visible_at=cloud.now()):
        if (
            event.status in (EventCycleStatus.SCHEDULED, EventCycleStatus.INQUIRING)
            and (not any(types) or event.event_type in types)
            and in_ranges(event)
        ):
            pending.setdefault(event.instance_id, []).append(event)
    instances = [
        instance
        for instance in cloud.store.find("instance", region)
        if (not instance_ids or instance.id in instance_ids)
        and (not filtered or instance.id in pending)
        and call.text("Status") in ("", instance.attributes["Status"])
        # Whether a simulated event changes an instance's health is not documented: it does not.
        and call.text("HealthStatus") in ("", "Ok")
    ]
    shown, members = page(call, instances)
    return members | {
        "InstanceFullStatusSet": {
            "InstanceFullStatusType": [
                {
                    "InstanceId": instance.id,
                    "Status": {"Code": 1, "Name": instance.attributes["Status"]},
                    "HealthStatus": {"Code": 0, "Name": "Ok"},
                    "ScheduledSystemEventSet": {
                        "ScheduledSystemEventType": [
                            _event_entry(event) for event in pending.get(instance.id, [])
                        ]
                    },
                }
                for instance in shown
            ]
        }
    }


def _event_ids(call: Call) -> list[str]:
    event_ids = call.listed("EventId")
    if len(event_ids) > BATCH_LIMIT:
        raise Refused(codes.READ_EVENT_ID_LIMIT)
    return event_ids


def _statuses(call: Call) -> list[EventCycleStatus]:
    name = "InstanceEventCycleStatus"
    values = call.listed(name)
    if not values and call.text("EventCycleStatus"):
        name = "EventCycleStatus"
        values = [call.text(name)]
    for value in values:
        if value not in set(EventCycleStatus):
            raise Refused(call.invalid, name=name, reason=f"{value} is no status")
    return [EventCycleStatus(value) for value in values]


def _has_time_range(call: Call) -> bool:
    return any(
        call.text(f"{field}.{end}")
        for field in ("NotBefore", "EventPublishTime")
        for end in ("Start", "End")
    )


def _in_time_ranges(call: Call) -> Callable[[EventRow], bool]:
    """Whether an event lies in the ranges asked for; both ends belong to them."""
    after, before = call.time("NotBefore.Start"), call.time("NotBefore.End")
    since, until = (
        call.time("EventPublishTime.Start"),
        call.time("EventPublishTime.End"),
    )
    for start, end in ((after, before), (since, until)):
        if start is not None and end is not None and end < start:
            raise Refused(codes.TIME_END_BEFORE_START)

    def within(moment: Epoch, start: Epoch | None, end: Epoch | None) -> bool:
        return (start is None or moment >= start) and (end is None or moment <= end)

    # A publish time is shown in whole seconds, so that is what a range is compared with.
    return lambda event: (
        within(event.not_before, after, before) and within(int(event.published_at), since, until)
    )


def _tagged(cloud: Cloud, instance_id: str, tags: dict[str, str]) -> bool:
    if not tags:
        return True
    present = cloud.store.tags("instance", instance_id)
    return all(
        key in present and (not value or present[key] == value) for key, value in tags.items()
    )


def _history_page(call: Call, events: list[EventRow]) -> tuple[list[EventRow], ANSWER_MEMBERS]:
    """Pages by number, or by token when NextToken or MaxResults is given."""
    if not (call.text("NextToken") or call.text("MaxResults")):
        return page(call, events)
    size = min(max(call.integer("MaxResults", 10), 10), BATCH_LIMIT)
    start = _read_token(call)
    shown = events[start : start + size]
    members: ANSWER_MEMBERS = {
        "TotalCount": len(events),
        "PageNumber": 1,
        "PageSize": size,
    }
    if start + size < len(events):
        members["NextToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return shown, members


def _read_token(call: Call) -> int:
    token = call.text("NextToken")
    if not token:
        return 0
    try:
        return max(int(base64.urlsafe_b64decode(token.encode())), 0)
    except ValueError:
        raise Refused(
            call.invalid, name="NextToken", reason="not a token of an earlier answer"
        ) from None


def _event_entry(event: EventRow) -> ANSWER_MEMBERS:
    return {
        "EventId": event.event_id,
        "EventType": {
            "Code": _TYPE_CODES.get(EventType(event.event_type), 0)
            if event.event_type in set(EventType)
            else 0,
            "Name": event.event_type,
        },
        "EventCycleStatus": {
            "Code": _STATUS_CODES[event.status],
            "Name": event.status.value,
        },
        "EventPublishTime": iso_time(event.published_at),
        "NotBefore": iso_time(event.not_before),
        "Reason": event.reason,
        "ImpactLevel": "",
        "ExtendedAttribute": {},
    }


def _history_entry(event: EventRow) -> ANSWER_MEMBERS:
    entry = _event_entry(event) | {
        "InstanceId": event.instance_id,
        "ResourceType": "instance",
    }
    # Before the end the member is left out: whether the service sends it empty is not documented.
    if event.finished_at is not None:
        entry["EventFinishTime"] = iso_time(event.finished_at)
    return entry
