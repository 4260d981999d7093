"""The ECS actions that read system events: by event, and by instance.

Sources: the API pages of DescribeInstanceHistoryEvents and
DescribeInstancesFullStatus. Where they do not define the behaviour, `switches` does.
"""

from ...models import OPEN_STATUSES, EventCycleStatus, EventType
from ..protocol import api_errors, paging
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import event_action
from ..state import lifecycle
from ..state.cloud import Cloud
from ..state.event_table import EventFilter, EventRow, Range
from ..state.limits import MOST_IDS_PER_CALL, RETENTION_DAYS
from .event_entries import history_entry, status_entry
from .instance_status import status_of

_RETENTION_SECONDS = RETENTION_DAYS * 24 * 3600
_STOP_TYPES = {EventType.SYSTEM_MAINTENANCE_STOP, EventType.SYSTEM_FAILURE_STOP}
_HEALTH_STATUSES = (
    *("Impaired", "Warning", "Maintaining", "Initializing", "InsufficientData"),
    # One page of the documentation has "OK", another has "Ok".
    *("NotApplicable", "Ok", "OK"),
)
_EVENT_FILTERS = (
    "EventId InstanceEventType EventType NotBefore.Start NotBefore.End"
    " EventPublishTime.Start EventPublishTime.End "
)


@event_action(
    "DescribeInstanceHistoryEvents",
    honours=_EVENT_FILTERS
    + "RegionId ResourceType ResourceId InstanceId InstanceEventCycleStatus EventCycleStatus"
    " ImpactLevel ResourceGroupId Tag.Key Tag.Value MaxResults NextToken PageNumber PageSize",
)
def describe_instance_history_events(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    if call.text("ImpactLevel"):
        # The documentation says that this filter is not open to the public.
        raise ApiError(api_errors.NOT_IN_WHITE_LIST)
    resource_type = call.text("ResourceType", "instance")
    if resource_type not in ("instance", "ddh", "managehost", "managedhost"):
        raise call.refusal("ResourceType", f"{resource_type} is not a valid type")
    instance_ids = call.listed("ResourceId", most=MOST_IDS_PER_CALL) or [call.text("InstanceId")]
    event_filter = EventFilter(
        region=region,
        event_ids=_event_ids(call),
        instance_ids=[id for id in instance_ids if id],
        # Without a status filter only finished events are returned, even if ids are given.
        statuses=_statuses(call) or lifecycle.FINAL,
        event_types=_event_types(cloud, call),
        not_before=_range(cloud, call, "NotBefore"),
        published=_range(cloud, call, "EventPublishTime"),
        tags=call.tags(),
        resource_group_id=call.text("ResourceGroupId"),
        visible_at=cloud.now(),
        unfinished_or_since=cloud.now() - _RETENTION_SECONDS,
    )
    if resource_type != "instance":
        # The fake has no dedicated hosts, so there are no events of hosts.
        shown, members = paging.page(cloud, call, [])
    else:
        shown, members = _history_page(cloud, call, event_filter)
    finish_time = cloud.switches.open_event_finish_time
    return members | {
        "InstanceSystemEventSet": {
            "InstanceSystemEventType": [history_entry(event, finish_time) for event in shown]
        }
    }


def _history_page(
    cloud: Cloud, call: Call, event_filter: EventFilter
) -> tuple[list[EventRow], AnswerMembers]:
    """One page, by token if NextToken or MaxResults is given, otherwise by number."""
    events = cloud.store.events
    newest_first = cloud.switches.history_order == "newest_first"
    total = events.count(event_filter)
    if not paging.by_token(call):
        number, size = paging.numbers(cloud, call)
        shown = events.find(
            event_filter, newest_first=newest_first, limit=size, offset=(number - 1) * size
        )
        return shown, paging.page_members(total, number, size)
    size = paging.most_results(call, least=10)
    seen = paging.position(call)
    after = None
    if seen is not None:
        if not seen[1].isdecimal():
            raise call.refusal("NextToken", "not a token of an earlier answer")
        after = (seen[0], min(int(seen[1]), 2**62))
    shown = events.find(event_filter, newest_first=newest_first, after=after, limit=size + 1)
    members = paging.page_members(total, 1, size)
    if len(shown) > size:
        shown = shown[:size]
        members["NextToken"] = paging.token(repr(shown[-1].published_at), shown[-1].number)
    return shown, members


@event_action(
    "DescribeInstancesFullStatus",
    honours=_EVENT_FILTERS + "RegionId InstanceId Status HealthStatus PageNumber PageSize",
)
def describe_instances_full_status(cloud: Cloud, call: Call) -> AnswerMembers:
    """Paging counts instances, not events."""
    region = call.region
    instance_ids = call.listed("InstanceId")
    if len(instance_ids) > MOST_IDS_PER_CALL:
        raise ApiError(api_errors.INSTANCE_ID_LIMIT)
    health = call.text("HealthStatus")
    if health and health not in _HEALTH_STATUSES:
        raise call.refusal("HealthStatus", f"{health} is not a valid health status")
    health = "Ok" if health == "OK" else health
    not_before = _range(cloud, call, "NotBefore")
    published = _range(cloud, call, "EventPublishTime")
    in_time = not_before != Range() or published != Range()
    shows_finished = in_time and cloud.switches.full_status_events == "all"
    event_filter = EventFilter(
        region=region,
        event_ids=_event_ids(call),
        instance_ids=instance_ids,
        statuses=() if shows_finished else lifecycle.PENDING,
        event_types=_event_types(cloud, call),
        not_before=not_before,
        published=published,
        visible_at=cloud.now(),
        unfinished_or_since=cloud.now() - _RETENTION_SECONDS,
    )
    events: dict[str, list[EventRow]] = {}
    for event in cloud.store.events.find(event_filter):
        events.setdefault(event.instance_id, []).append(event)
    is_filtered = in_time or bool(event_filter.event_ids) or bool(event_filter.event_types)
    only_matching = is_filtered and cloud.switches.full_status_instances == "matching"
    affected = _affected(cloud, region)
    instances = (
        cloud.store.get_all("instance", instance_ids)
        if instance_ids
        else cloud.store.find("instance", region)
    )
    selected = [
        (instance.id, status_of(instance, cloud.now()))
        for instance in instances
        if instance.region == region and (not only_matching or instance.id in events)
    ]
    listed = [(id, status, _health(cloud, id, status, affected)) for id, status in selected]
    shown, members = paging.page(
        cloud,
        call,
        [
            entry
            for entry in listed
            if call.text("Status") in ("", entry[1]) and health in ("", entry[2])
        ],
    )
    return members | {
        "InstanceFullStatusSet": {
            "InstanceFullStatusType": [
                status_entry(id, status, health, events.get(id, [])) for id, status, health in shown
            ]
        }
    }


def _affected(cloud: Cloud, region: str) -> set[str]:
    """Instances with an open simulated event; empty if such events do not change the health."""
    if cloud.switches.simulated_event_health == "Ok":
        return set()
    open_ones = EventFilter(region=region, statuses=OPEN_STATUSES, visible_at=cloud.now())
    return {event.instance_id for event in cloud.store.events.find(open_ones) if event.simulated}


def _health(cloud: Cloud, instance_id: str, status: str, affected: set[str]) -> str:
    # Captured for all stopped instances.
    if status == "Stopped":
        return "InsufficientData"
    return cloud.switches.simulated_event_health if instance_id in affected else "Ok"


def _event_ids(call: Call) -> list[str]:
    event_ids = call.listed("EventId")
    if len(event_ids) > MOST_IDS_PER_CALL:
        raise ApiError(api_errors.READ_EVENT_ID_LIMIT)
    return event_ids


def _statuses(call: Call) -> list[EventCycleStatus]:
    name = "InstanceEventCycleStatus"
    values = call.listed(name, most=len(EventCycleStatus))
    if not values and call.text("EventCycleStatus"):
        name = "EventCycleStatus"
        values = [call.text(name)]
    for value in values:
        if value not in set(EventCycleStatus):
            raise call.refusal(name, f"{value} is not a valid status")
    return [EventCycleStatus(value) for value in values]


def _event_types(cloud: Cloud, call: Call) -> list[str]:
    values = call.listed("InstanceEventType", most=30) or [call.text("EventType")]
    types = [value for value in values if value]
    if cloud.switches.stop_types_as_filter == "refuse" and _STOP_TYPES & set(types):
        raise call.refusal("InstanceEventType.N", "the *.Stop types are not a valid filter")
    return types


def _range(cloud: Cloud, call: Call, name: str) -> Range:
    start, end = call.time(f"{name}.Start"), call.time(f"{name}.End")
    if start is not None and end is not None and end < start:
        raise ApiError(api_errors.TIME_END_BEFORE_START)
    return Range(start, end, with_ends=cloud.switches.range_ends == "inclusive")
