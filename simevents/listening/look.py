"""One look at the events of a region: what has changed since the look before."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..api.client import SystemEvents
from ..models import SystemEvent
from .changes import Change, Unseen, first_change, next_change, passed_by
from .cursor import LOOK_BACK, Cursor, Tracked


@dataclass
class Look:
    """What a look has found."""

    changes: list[Change] = field(default_factory=list)
    """In the order of their times."""
    unseen: list[Unseen] = field(default_factory=list)
    """Changes that were probably missed."""
    gone: list[SystemEvent] = field(default_factory=list)
    """Events that had not finished, and that the cloud no longer tells of."""


def begin(api: SystemEvents, account_id: str, since: datetime | None) -> tuple[Cursor, Look]:
    """The first look. What has changed before *since* is known and no change; None is now."""
    events = api.find_all()
    looked_at = api.now()
    cursor, look = Cursor(account_id, api.settings.region, looked_at), Look()
    for event in events:
        tracked = cursor.events[event.event_id] = Tracked(event)
        at = first_change(event, looked_at)
        if since is not None and at is not None and at >= since:
            _note(look, tracked, Change(event, at))
            is_new = event.publish_time >= since
            look.unseen += passed_by(None, event) if is_new else ()
    _settle(cursor, look)
    return cursor, look


def again(api: SystemEvents, cursor: Cursor) -> Look:
    """A further look; *cursor* then knows what it has found."""
    # A fake cloud may have been set back in time.
    previous = min(cursor.looked_at, api.now())
    found = {event.event_id: event for event in api.find_all(previous - LOOK_BACK)}
    others = [
        tracked.event.event_id
        for tracked in cursor.events.values()
        if not (tracked.event.has_finished or tracked.is_gone)
        and tracked.event.event_id not in found
    ]
    if others:
        found |= {event.event_id: event for event in api.describe(others)}
    looked_at = api.now()
    look = _compare(cursor, found.values(), looked_at)
    for event_id in others:
        if event_id not in found:
            look.gone.append(cursor.events[event_id].event)
            cursor.events[event_id].is_gone = True
    cursor.looked_at = looked_at
    _settle(cursor, look)
    return look


def _compare(cursor: Cursor, events: Iterable[SystemEvent], looked_at: datetime) -> Look:
    look = Look()
    for event in events:
        tracked = cursor.events.get(event.event_id)
        if tracked is None:
            tracked = cursor.events[event.event_id] = Tracked(event)
            look.unseen += passed_by(None, event)
            _note(look, tracked, Change(event, first_change(event, looked_at) or looked_at))
        elif tracked.event.event_cycle_status != event.event_cycle_status:
            look.unseen += passed_by(tracked.event, event)
            at = next_change(event, cursor.looked_at, looked_at)
            _note(look, tracked, Change(event, at))
        tracked.event = event
    return look


def _note(look: Look, tracked: Tracked, change: Change) -> None:
    tracked.waiting.append(change)
    look.changes.append(change)


def _settle(cursor: Cursor, look: Look) -> None:
    look.changes.sort(key=lambda change: (change.at, change.event.event_id))
    cursor.forget_old()
