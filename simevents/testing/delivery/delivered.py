"""What an expectation looks for among deliveries: one that its target has acknowledged."""

from collections.abc import Iterable

from ...errors import InvalidInput
from ...hosts import without_user
from ...models import EventCycleStatus
from ..conditions import ALL, Condition, Moment, Observed
from ..records import Delivery, Subscription

MOST_SHOWN = 5


class Delivered(Condition):
    """A change to *status* was delivered, and acknowledged.

    *status* is that of an event, or CloudMonitor's name of a change, or its type on EventBridge.
    *to* is what `FakeCloud.deliver_to` has returned, or a URL, a queue, ``service/function`` or a
    rule.
    """

    def __init__(self, status: str, to: Subscription | str | None = None) -> None:
        _check(status, to)
        self._status = status
        self._to = to = without_user(to) if isinstance(to, str) else to
        where = "" if to is None else f" to {to}"
        super().__init__(
            "", "", f"{status} was delivered{where}", f"{status} was not delivered{where}"
        )

    def holds(self, who: str) -> str:
        return f"{self._some} for {who}" if who else self._some

    def does_not_hold(self, who: str) -> str:
        return f"{self._none} for {who}" if who else self._none

    def moments(self, instances: Iterable[str], cloud: Observed) -> dict[str, list[Moment]]:
        found: dict[str, list[Moment]] = {instance: [] for instance in instances}
        for delivery in cloud.deliveries:
            if delivery.acknowledged_at is not None and self._is_wanted(delivery):
                for instance in found.keys() & {ALL, delivery.instance_id}:
                    found[instance].append(Moment(delivery.acknowledged_at))
        for moments in found.values():
            moments.sort(key=lambda moment: moment.at)
        return found

    def reason(self, instances: Iterable[str], cloud: Observed) -> str:
        """What was delivered, and why it does not count."""
        names = set(instances)
        about = [d for d in cloud.deliveries if names & {ALL, d.instance_id}]
        if not about:
            return (
                "Nothing was delivered about it. Say with ecs_fake.deliver_to who is told, before "
                "the event is scheduled"
            )
        wanted = [d for d in about if self._is_wanted(d)]
        if any(d.acknowledged_at is not None for d in wanted):
            # It is their number, their order or another instance that does not hold.
            wanted = about = [d for d in wanted if d.acknowledged_at is None]
            if not wanted:
                return ""
        lines = [f"{d.change} to {d.target}: {outcome(d)}" for d in wanted or about]
        if len(lines) > MOST_SHOWN:
            lines[MOST_SHOWN:] = [f"and {len(lines) - MOST_SHOWN} more"]
        return ("This does not count: " if wanted else "Sent was: ") + "; ".join(lines)

    def _is_wanted(self, delivery: Delivery) -> bool:
        if isinstance(self._to, Subscription):
            # The name of a subscription is the rule of its deliveries; a function has none.
            is_target = (self._to.name or self._to.address) in (delivery.rule, delivery.address)
        else:
            places = (delivery.address, delivery.target, delivery.rule, delivery.target_id)
            is_target = self._to is None or self._to in places
        is_status = bool(delivery.event_id) and delivery.status == self._status
        # EventBridge's type of a change is CloudMonitor's name with a prefix.
        is_name = delivery.name in (self._status, f"ecs:{self._status}")
        return is_target and (is_status or is_name)


def outcome(delivery: Delivery) -> str:
    """What has become of a delivery, in words."""
    if delivery.acknowledged_at is not None:
        return "the message was deleted" if delivery.kind == "queue" else "acknowledged"
    if not delivery.attempts:
        return "not sent yet"
    last = delivery.attempts[-1]
    if last.outcome == "delivered":
        return "its message was not deleted"
    tried = f" at attempt {last.number}" if last.number > 1 else ""
    return (f"HTTP {last.http_status}" if last.http_status else last.answer) + tried


def _check(status: str, to: object) -> None:
    if status not in set(EventCycleStatus) and ":" not in str(status):
        raise InvalidInput(
            "status",
            f"{status!r} is not a valid status; use one of {', '.join(EventCycleStatus)}, or a "
            "name such as Instance:StateChange",
        )
    if to is not None and not isinstance(to, Subscription | str):
        raise InvalidInput(
            "to", f"{to!r} is not a target; use what deliver_to has returned, a URL or a queue"
        )
