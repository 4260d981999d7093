"""What a resource asks for, and which events match it. Makes no calls.

Events have no name of their own: the API has no tags and no ClientToken here. Account,
region, instance, type and second are all that identifies an event.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..models import EventCycleStatus, SystemEvent, format_time
from .claims import ClaimKey


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
    """The cloud's clock when the intent was created; none of its events is older."""

    def keys(self, instance_ids: Iterable[str]) -> list[ClaimKey]:
        moment = format_time(self.not_before)
        return [
            ClaimKey(self.account_id, self.region, instance_id, self.event_type, moment)
            for instance_id in instance_ids
        ]

    def owns(self, event: SystemEvent) -> bool:
        """Whether a matching *event* belongs to this intent.

        It does when it is open, or when it was created since and was not cancelled.
        """
        is_cancelled = event.event_cycle_status is EventCycleStatus.CANCELED
        return event.is_open or (event.publish_time >= self.declared_at and not is_cancelled)

    def asks_for(self, event: SystemEvent) -> bool:
        """Whether *event* has the type and the time of this intent."""
        return event.event_type == self.event_type and event.not_before == self.not_before
