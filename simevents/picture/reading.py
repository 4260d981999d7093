"""Makes a drill of what the control routes of a fake cloud answer.

An older fake lacks some members; a later one may have more.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ..models import SystemEvent, parse_time
from .drill import Attempt, Call, Delivery, Drill, Event, Instance, Step

Entry = Mapping[str, Any]

_LONG = 20
_LIKE_A_TOKEN = re.compile(
    # A UUID, or letters and digits without an end.
    r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}|(?=[A-Za-z]*[0-9])[0-9A-Za-z]{16}"
)

_OF_THE_API = (
    "The API tells of an event its last status and, once it has finished, when that was; of "
    "finished events, those of the last 30 days. It tells neither calls nor deliveries."
)


@dataclass(frozen=True)
class Entries:
    """What the routes of the same names answer; *now* is that of ``clock``."""

    now: str
    events: Iterable[Entry] = ()
    calls: Iterable[Entry] = ()
    refusals: Iterable[Entry] = ()
    deliveries: Iterable[Entry] = ()
    instances: Iterable[Entry] = ()
    notes: tuple[str, ...] = field(default=())


def drill(entries: Entries, title: str) -> Drill:
    """The values of *entries*, each list in the order of time."""
    calls = [*map(call, entries.calls), *map(refusal, entries.refusals)]
    return Drill(
        now=parse_time(entries.now),
        events=tuple(sorted(map(event, entries.events), key=_by_publication)),
        calls=tuple(sorted(calls, key=lambda each: each.at)),
        deliveries=tuple(map(delivery, entries.deliveries)),
        instances=tuple(map(instance, entries.instances)),
        title=title,
        notes=entries.notes,
    )


def real_events(events: Iterable[SystemEvent], region: str, now: datetime, title: str) -> Drill:
    """The events of an account, of which the API tells the last status and nothing before."""
    return Drill(
        now=now,
        events=tuple(sorted((_real(each, region) for each in events), key=_by_publication)),
        title=title,
        notes=(_OF_THE_API,),
    )


def event(entry: Entry) -> Event:
    """An entry of ``/_fake/events``."""
    not_before = parse_time(entry["not_before"])
    history = tuple(Step(parse_time(step["at"]), step["status"]) for step in entry["history"])
    published = parse_time(entry["publish_time"])
    return Event(
        event_id=entry["event_id"],
        instance_id=entry["instance_id"],
        event_type=entry["event_type"],
        published_at=published,
        not_before=not_before,
        history=history or (Step(published, entry["status"]),),
        region=entry.get("region", ""),
        simulated=entry.get("simulated", True),
    )


def call(entry: Entry) -> Call:
    """An entry of ``/_fake/calls``."""
    return Call(
        at=parse_time(entry["at"]),
        action=entry["action"],
        parameters=entry["parameters"],
        code=entry["code"],
        results=entry.get("results"),
        is_read=entry.get("is_read", False),
        carried_out=entry.get("carried_out", True),
        answered=entry.get("answered", True),
        unexpected=entry["unexpected"],
        problem=entry.get("problem", ""),
    )


def refusal(entry: Entry) -> Call:
    """An entry of ``/_fake/refusals``: a request that was stopped on its way elsewhere."""
    words = (entry["method"], entry["host"], entry["action"])
    return Call(
        at=parse_time(entry["at"]),
        action=" ".join(word for word in words if word),
        code="refused, nothing was sent",
        carried_out=False,
    )


def delivery(entry: Entry) -> Delivery:
    """An entry of ``/_fake/deliveries``; its address without what may be a secret."""
    acknowledged = entry.get("acknowledged_at")
    return Delivery(
        delivery_id=entry["delivery_id"],
        at=parse_time(entry["at"]),
        name=entry["name"],
        status=entry["status"],
        state=entry["state"],
        instance_id=entry["instance_id"],
        event_id=entry["event_id"],
        region=entry["region"],
        via=entry["via"],
        rule=entry["rule"],
        target_id=entry["target_id"],
        kind=entry["kind"],
        address=public_address(entry["address"]),
        acknowledged_at=None if acknowledged is None else parse_time(acknowledged),
        attempts=tuple(map(attempt, entry["attempts"])),
    )


def attempt(entry: Entry) -> Attempt:
    """An entry of a delivery's ``attempts``."""
    return Attempt(
        number=entry["number"],
        at=parse_time(entry["at"]),
        outcome=entry["outcome"],
        http_status=entry["http_status"],
        answer=entry["answer"],
        is_repeat=entry["is_repeat"],
    )


def instance(entry: Entry) -> Instance:
    """An entry of ``/_fake/instances``."""
    return Instance(entry["instance_id"], entry.get("region", ""), entry.get("status", ""))


def public_address(address: str) -> str:
    """*address* without user, password, and what webhooks keep tokens in.

    That is the values of a query, and parts of the path that look like an id nobody can guess.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return "(an address that cannot be read)"
    if not parts.scheme or not parts.netloc:
        return address
    query = "?…" if parts.query else ""
    path = "/".join("…" if _is_token(part) else part for part in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}{query}"


def _is_token(part: str) -> bool:
    if _LIKE_A_TOKEN.search(part):
        return True
    kinds = (str.isupper, str.islower, str.isdigit)
    return len(part) >= _LONG and all(any(map(kind, part)) for kind in kinds)


def _real(found: SystemEvent, region: str) -> Event:
    status = found.event_cycle_status.value
    history: tuple[Step, ...] = (Step(found.publish_time, status),)
    if found.finish_time is not None:
        # What it was before is not told; it had been planned, or it was under way.
        history = (Step(found.publish_time, ""), Step(found.finish_time, status))
    return Event(
        event_id=found.event_id,
        instance_id=found.instance_id,
        event_type=found.event_type,
        published_at=found.publish_time,
        not_before=found.not_before,
        history=history,
        region=region,
        simulated=False,
    )


def _by_publication(event: Event) -> tuple[datetime, str]:
    return event.published_at, event.event_id
