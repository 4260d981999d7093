"""One intent together with the cloud it is for, as all steps of its life need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ..api.client import SystemEvents
from ..errors import Taken, WrongAccount, listed
from ..models import RETENTION_DAYS, SystemEvent, format_time
from .claims import Claims
from .intent import Intent


@dataclass(frozen=True, slots=True)
class IntendedEvents:
    """The events of *intent*: in the cloud, and among the claims of this process."""

    api: SystemEvents
    claims: Claims
    intent: Intent

    def renewed(self) -> "IntendedEvents":
        """The same with as much time again: for cleaning up after a failure."""
        return IntendedEvents(self.api.renewed(), self.claims, self.intent)

    def matches(self, instance_ids: Sequence[str]) -> list[SystemEvent]:
        """The events on these instances that the intent asks for, in any status."""
        found = self.api.find(instance_ids, self.intent.not_before)
        return [event for event in found if self.intent.asks_for(event)]

    def may_exist_on(self, instance_ids: Sequence[str]) -> list[str]:
        """Those of the instances to look at before events are created on all of them.

        An instance that this process has just claimed and found without the event is not
        among them, the first time.
        """
        unused = self.claims.use(self.intent.id, self.intent.keys(instance_ids))
        return [id for id in instance_ids if id not in unused]

    def own_matches(self, instance_ids: Sequence[str]) -> list[SystemEvent]:
        """Those of the matches that belong to the intent."""
        return [event for event in self.matches(instance_ids) if self.intent.owns(event)]

    def require_account(self) -> None:
        """Raises WrongAccount when the credentials are not those of the recorded account."""
        actual = self.api.account_id()
        if actual != self.intent.account_id:
            raise WrongAccount(self.intent.account_id, actual)

    def claim(self, instance_ids: Sequence[str]) -> None:
        """Claim the event on these instances; raises Taken when another resource has one."""
        intent = self.intent
        lost = self.claims.claim(intent.id, intent.keys(instance_ids))
        if lost:
            raise Taken(
                f"Another resource of this stack asks for the same: {intent.event_type} at "
                f"{format_time(intent.not_before)} on {listed(key.instance_id for key in lost)}. "
                "Give one of them another time or other instances."
            )

    def release(self, instance_ids: Sequence[str]) -> None:
        self.claims.release(self.intent.id, self.intent.keys(instance_ids))

    def without_others(self, instance_ids: Sequence[str]) -> list[str]:
        """*instance_ids* without those on which another resource of this run has the event."""
        others = self.claims.held_by_others(self.intent.id, self.intent.keys(instance_ids))
        return [id for id in instance_ids if id not in others]

    @property
    def are_forgotten(self) -> bool:
        """Whether the events finished so long ago that the API no longer returns them."""
        return self.api.now() >= self.intent.not_before + timedelta(days=RETENTION_DAYS)
