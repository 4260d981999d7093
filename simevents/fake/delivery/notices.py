"""What has happened in the cloud, as notices: with names, level, title and content.

Source of the content: the page "Instance event notification" of ECS, with its samples.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from ...models import EventCycleStatus
from ..state.clock import Epoch, iso_time
from ..state.cloud import Cloud
from ..state.event_table import EventRow
from ..state.occurrences import EventChange, Interruption, Occurrence, StateChange
from . import event_names
from .notice import Notice

_IDS = uuid.UUID("5d9c1f7e-6a0b-4c1c-9b43-1f0e7d2a86c4")
"""The name space of the ids of notices."""

_AT_ONCE = 500
"""Instances that are read with one query."""

_WITH_EXECUTION = frozenset(
    {
        EventCycleStatus.EXECUTING,
        EventCycleStatus.EXECUTED,
        EventCycleStatus.CANCELED,
        EventCycleStatus.AVOIDED,
    }
)
"""The statuses with executeStartTime and executeFinishTime, as documented."""


def notices(cloud: Cloud, occurrences: Sequence[Occurrence]) -> list[Notice]:
    """One notice for each occurrence, in their order.

    An occurrence that CloudMonitor does not report has an empty name. Reading the same occurrence
    again gives the same id.
    """
    account_id = cloud.store.account_id
    names = _instance_names(cloud, {_instance_id(occurrence) for occurrence in occurrences})
    made = []
    for occurrence in occurrences:
        instance_id = _instance_id(occurrence)
        named = (account_id, instance_id, names.get(instance_id, ""))
        if isinstance(occurrence, EventChange):
            made.append(_of_event(cloud, occurrence, named))
        elif isinstance(occurrence, StateChange):
            made.append(_of_state(occurrence, named))
        else:
            made.append(_of_interruption(occurrence, named))
    return made


_Named = tuple[str, str, str]
"""Account id, instance id and name of the instance."""


def _of_event(cloud: Cloud, change: EventChange, named: _Named) -> Notice:
    event, at = change.event, change.at
    invents = cloud.switches.canceled_failure_event == "invented"
    name = event_names.monitor_name(event.event_type, event.status, invents=invents)
    account_id, instance_id, instance_name = named
    return Notice(
        id=_id(event.event_id, event.status, at),
        at=at,
        region=event.region,
        account_id=account_id,
        instance_id=instance_id,
        instance_name=instance_name,
        event_id=event.event_id,
        name=name,
        level=event_names.level(event.event_type),
        event_class=event_names.event_class(event.event_type),
        title=event_names.title(name),
        bus_type=event_names.bus_type(event.event_type),
        status=event.status,
        content=_event_content(cloud, event, at),
    )


def _event_content(cloud: Cloud, event: EventRow, at: Epoch) -> dict[str, Any]:
    content = {
        "eventId": event.event_id,
        "eventType": event.event_type,
        "eventStatus": str(event.status),
        "instanceId": event.instance_id,
        "publishTime": iso_time(event.published_at),
    }
    is_planned = event_names.event_class(event.event_type) == event_names.MAINTENANCE
    if is_planned and event.status is not EventCycleStatus.INQUIRING:
        content["notBefore"] = iso_time(event.not_before)
    if event.status in _WITH_EXECUTION:
        content["executeStartTime"] = iso_time(_started_at(cloud, event, at))
        if event.status is not EventCycleStatus.EXECUTING:
            content["executeFinishTime"] = iso_time(at)
    return content


def _started_at(cloud: Cloud, event: EventRow, at: Epoch) -> Epoch:
    """When the event became Executing; *at* if it never was, as for one that was avoided."""
    if event.status in (EventCycleStatus.EXECUTING, EventCycleStatus.AVOIDED):
        return at
    history = cloud.store.events.history(event.event_id)
    return next((since for since, status in history if status == EventCycleStatus.EXECUTING), at)


def _of_state(change: StateChange, named: _Named) -> Notice:
    content = {
        "resourceId": change.instance_id,
        "resourceType": "ALIYUN::ECS::Instance",
        "state": change.state,
    }
    return _without_event(change, event_names.STATE_CHANGE, change.state, content, named)


def _of_interruption(interruption: Interruption, named: _Named) -> Notice:
    content = {"instanceId": interruption.instance_id, "action": interruption.action}
    name = event_names.INTERRUPTION
    return _without_event(interruption, name, event_names.NORMAL, content, named)


def _without_event(
    occurrence: StateChange | Interruption,
    name: str,
    status: str,
    content: dict[str, Any],
    named: _Named,
) -> Notice:
    account_id, instance_id, instance_name = named
    return Notice(
        id=_id(instance_id, name, status, occurrence.at, occurrence.number),
        at=occurrence.at,
        region=occurrence.region,
        account_id=account_id,
        instance_id=instance_id,
        instance_name=instance_name,
        event_id="",
        name=name,
        level=event_names.level(name),
        event_class=event_names.event_class(name),
        title=event_names.title(name),
        bus_type=event_names.bus_type(name),
        status=status,
        content=content,
    )


def _id(*parts: object) -> str:
    return str(uuid.uuid5(_IDS, " ".join(map(str, parts))))


def _instance_id(occurrence: Occurrence) -> str:
    if isinstance(occurrence, EventChange):
        return occurrence.event.instance_id
    return occurrence.instance_id


def _instance_names(cloud: Cloud, instance_ids: Collection[str]) -> dict[str, str]:
    """The names of those instances that exist, by id."""
    ids = sorted(instance_ids)
    return {
        instance.id: str(instance.attributes.get("InstanceName", ""))
        for start in range(0, len(ids), _AT_ONCE)
        for instance in cloud.store.get_all("instance", ids[start : start + _AT_ONCE])
    }
