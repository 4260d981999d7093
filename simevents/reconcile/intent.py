"""What a resource asks for, and which events answer to it.

An intent names events that have no name of their own: the API knows no tags and no
ClientToken, so account, region, instance, type and second are all there is to know
an event by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..api.client import SystemEvents
from ..models import EventCycleStatus, SystemEvent, format_time
from .claims import Key


@dataclass(frozen=True, slots=True)
class Intent:
    """Events of one type at one time on some instances, of one account."""

    id: str
    account_id: str
    region: str
    event_type: str
    not_before: datetime
    instance_ids: tuple[str, ...]
    declared_at: datetime
    """The cloud's clock when the intent was made; nothing of its own is older."""

    def keys(self, instance_ids: Iterable[str]) -> list[Key]:
        moment = format_time(self.not_before)
        return [
            (self.account_id, self.region, instance_id, self.event_type, moment)
            for instance_id in instance_ids
        ]

    def owns(self, event: SystemEvent) -> bool:
        """Whether a matching *event* is this intent's: open, or made since and not cancelled."""
        is_cancelled = event.event_cycle_status is EventCycleStatus.CANCELED
        return event.is_open or (event.publish_time >= self.declared_at and not is_cancelled)

    def asks_for(self, event: SystemEvent) -> bool:
        return event.event_type == self.event_type and event.not_before == self.not_before


def matches(api: SystemEvents, intent: Intent, instance_ids: Iterable[str]) -> list[SystemEvent]:
    """The events on these instances that *intent* asks for, in any status."""
    return [event for event in api.find(instance_ids, intent.not_before) if intent.asks_for(event)]
