"""The CloudMonitor actions that read what has happened.

Sources: the API pages of DescribeSystemEventAttribute, DescribeSystemEventCount and
DescribeSystemEventMetaList, and the response models of the newer SDK.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

from ..delivery import cloudmonitor_bodies, content_filter, event_names
from ..delivery.content_filter import BadFilter, ContentFilter
from ..delivery.notice import Notice
from ..delivery.notices import notices
from ..protocol import paging
from ..protocol.call import AnswerMembers, Call
from ..state.clock import END_OF_TIME, START_OF_TIME, Epoch
from ..state.cloud import Cloud
from ..state.occurrences import EventChange, Occurrence, StateChange
from .cms_action import cms_action, success

_FILTERS = "Product EventType Name Level Status GroupId SearchKeywords StartTime EndTime"
_NO_GROUP = "0"
_AT_ONCE = 200
"""Changes of which notices are made together."""
_MOST_SECONDS = 1e11
"""A larger time is one in milliseconds: the pages have milliseconds, the SDK says seconds."""


@cms_action("DescribeSystemEventAttribute", honours=f"{_FILTERS} PageNumber PageSize")
def describe_system_event_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    """Newest first."""
    number, size = paging.numbers(cloud, call)
    start = (number - 1) * size
    found = islice(_found(cloud, call), start, start + size)
    entries = [_entry(cloud, notice) for notice in found]
    return success() | {"Success": "true", "SystemEvents": {"SystemEvent": entries}}


@cms_action("DescribeSystemEventCount", honours=_FILTERS)
def describe_system_event_count(cloud: Cloud, call: Call) -> AnswerMembers:
    """One entry for each name and resource, with the newest event's members and the number."""
    counted: dict[tuple[str, str, str], dict[str, Any]] = {}
    for notice in _found(cloud, call):
        key = (notice.name, notice.region, notice.instance_id)
        if key not in counted:
            entry = _entry(cloud, notice)
            del entry["Id"]
            counted[key] = entry | {"Num": 0}
        counted[key]["Num"] += 1
    entries = list(counted.values())
    return success() | {"Success": "true", "SystemEventCounts": {"SystemEventCount": entries}}


@cms_action("DescribeSystemEventMetaList", honours="")
def describe_system_event_meta_list(_cloud: Cloud, _call: Call) -> AnswerMembers:
    """The events that instances have; CloudMonitor knows those of other products too."""
    resources = [
        {
            "Product": "ECS",
            "Name": event.name,
            "NameDesc": event.title,
            "NameDesc.En": event.name,
            "Status": event.status,
            "StatusDesc": event.status,
            "Level": event.level,
            "EventType": event.event_class,
        }
        for event in event_names.listed()
    ]
    return success() | {"Code": 200, "Data": {"Resource": resources}}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The filters of a call; an empty one fits everything."""

    product: str
    event_class: str
    name: str
    level: str
    status: str
    group_id: str
    content: ContentFilter

    def fits(self, notice: Notice) -> bool:
        return (
            self.product in ("", "ecs")
            and self.group_id in ("", _NO_GROUP)
            and self.event_class in ("", notice.event_class.lower())
            and self.name in ("", notice.name)
            and self.level in ("", notice.level.lower())
            and self.status in ("", event_names.NORMAL.lower(), notice.status.lower())
            and self.content.fits(notice.content)
        )


def _found(cloud: Cloud, call: Call) -> Iterator[Notice]:
    """What has happened and meets the filters of the call, newest first."""
    wanted = _wanted(call)
    start = _time(call, "StartTime", START_OF_TIME)
    end = min(_time(call, "EndTime", END_OF_TIME), cloud.now())
    changes = (EventChange(event, at) for event, at in cloud.store.events.changes(start, end))
    others = cloud.store.occurrences.between(start, end)
    happened: Iterator[Occurrence] = merge(changes, others, key=_age)
    if wanted.name:
        # Before notices are made: most readers ask for one name.
        happened = (each for each in happened if _name(each) == wanted.name)
    while some := list(islice(happened, _AT_ONCE)):
        for notice in notices(cloud, some):
            if notice.name and wanted.fits(notice):
                yield notice


def _name(occurrence: Occurrence) -> str:
    """The name by the rule of CloudMonitor's list, whether or not the list has it."""
    if isinstance(occurrence, EventChange):
        event = occurrence.event
        return event_names.monitor_name(event.event_type, event.status, invents=True)
    if isinstance(occurrence, StateChange):
        return event_names.STATE_CHANGE
    return event_names.INTERRUPTION


def _age(occurrence: Occurrence) -> float:
    return -occurrence.at


def _wanted(call: Call) -> _Wanted:
    try:
        content = content_filter.query(call.text("SearchKeywords"))
    except BadFilter as bad:
        raise call.refusal("SearchKeywords", str(bad)) from None
    return _Wanted(
        product=call.text("Product").lower(),
        event_class=call.text("EventType").lower(),
        name=call.text("Name"),
        level=call.text("Level").lower(),
        status=call.text("Status").lower(),
        group_id=call.text("GroupId"),
        content=content,
    )


def _time(call: Call, name: str, default: Epoch) -> Epoch:
    value = call.text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) <= 15):
        raise call.refusal(name, "use milliseconds since 1970, such as 1767323045000")
    number = int(value)
    return float(number) if number < _MOST_SECONDS else number / 1_000


def _entry(cloud: Cloud, notice: Notice) -> dict[str, Any]:
    status_form = cloud.switches.cloudmonitor_status
    return {
        "Product": "ECS",
        "Name": notice.name,
        "Level": notice.level,
        "Status": cloudmonitor_bodies.monitor_status(notice, status_form),
        "Time": int(notice.at * 1_000),
        "RegionId": notice.region,
        "GroupId": _NO_GROUP,
        "InstanceName": notice.instance_name or notice.instance_id,
        "Id": notice.id,
        "ResourceId": cloudmonitor_bodies.resource_arn(
            notice.region, notice.account_id, notice.instance_id
        ),
        "Content": json.dumps(dict(notice.content), ensure_ascii=False, separators=(",", ":")),
    }
