"""The lanes of a picture: what happened to each instance, and which have the same story."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ..models import is_instance_id
from .drill import Call, Delivery, Drill, Event, Instance
from .sentences import bounded, outcome, sentence

MOST_UNFOLDED = 24
"""Lanes up to which each instance has its own, also when several have the same story."""

LEAST_FOLDED = 3
"""Instances with the same story that become one lane, when there are more lanes than that."""

_MOST_NAMED = 5
"""Instances up to which a call that only reads is on their lanes; one that names more polls."""

_MOST_ON_LANES = 50_000
"""Marks of calls on the lanes of instances, since one call may name a hundred."""

_LONGEST_CALL = 300


class Kind(StrEnum):
    """What a mark says, from the most to the least important."""

    CALL_UNEXPECTED = "call-unexpected"
    CALL_FAILED = "call-failed"
    CALL_CHANGE = "call-change"
    CALL_READ = "call-read"
    DELIVERY_FAILED = "delivery-failed"
    DELIVERY_WAITING = "delivery-waiting"
    DELIVERY_SENT = "delivery-sent"
    DELIVERY_ACKNOWLEDGED = "delivery-acknowledged"

    @property
    def is_call(self) -> bool:
        return self.value.startswith("call")


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a lane: a call, or an attempt at a delivery."""

    at: float
    kind: Kind
    what: str
    """What its like in another lane of the same story has in common with it."""
    text: str


@dataclass(slots=True)
class Lane:
    """What happened to one instance; without an id, what names none."""

    instance_id: str
    region: str = ""
    status: str = ""
    events: list[Event] = field(default_factory=list)
    calls: list[Mark] = field(default_factory=list)
    deliveries: list[Mark] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Other instances with the same story, which have no lane of their own."""

    @property
    def first(self) -> float:
        """When something happened first."""
        return min(
            [
                *(event.published_at.timestamp() for event in self.events[:1]),
                *(mark.at for mark in (*self.calls[:1], *self.deliveries[:1])),
            ],
            default=float("inf"),
        )

    def story(self) -> tuple[object, ...]:
        """What happened, in order, without the times: those differ in any drill of many."""
        order: list[tuple[float, int, tuple[str, ...]]] = [
            (step.at.timestamp(), 0, (event.event_type, step.status))
            for event in self.events
            for step in event.history
        ]
        marks = (*self.calls, *self.deliveries)
        order += [(mark.at, 1, (mark.kind, mark.what)) for mark in marks]
        order.sort()
        told: list[tuple[str, ...]] = []
        for _, _, what in order:
            # How often somebody asked makes no other story.
            if not told or told[-1] != what or what[0] != Kind.CALL_READ:
                told.append(what)
        return (self.region, *told)


@dataclass(frozen=True, slots=True)
class Lanes:
    common: Lane
    own: list[Lane]
    quiet: int
    """Instances to which nothing happened; they have no lane."""


def lanes(drill: Drill) -> Lanes:
    """The lanes of a drill, in the order in which something happened; the same stories folded."""
    known = {instance.instance_id: instance for instance in drill.instances}
    found: dict[str, Lane] = {}

    def lane(instance_id: str, region: str = "") -> Lane:
        if instance_id not in found:
            instance = known.get(instance_id, Instance(instance_id, region))
            found[instance_id] = Lane(instance_id, instance.region or region, instance.status)
        return found[instance_id]

    common = Lane("")
    for event in drill.events:
        lane(event.instance_id, event.region).events.append(event)
    instance_of = {event.event_id: event.instance_id for event in drill.events}
    on_lanes = 0
    for call in drill.calls:
        named = named_instances(call.parameters, instance_of)
        if on_lanes > _MOST_ON_LANES or (call.is_read and len(named) > _MOST_NAMED):
            named = []
        on_lanes += len(named)
        mark = _call_mark(call)
        for each in [lane(id) for id in named] or [common]:
            each.calls.append(mark)
    for delivery in drill.deliveries:
        to = lane(delivery.instance_id, delivery.region) if delivery.instance_id else common
        to.deliveries += _delivery_marks(delivery)
    for each in (common, *found.values()):
        each.deliveries.sort(key=lambda mark: mark.at)
    own = sorted(found.values(), key=lambda each: (each.first, each.instance_id))
    quiet = sum(id not in found for id in known)
    if quiet and quiet + len(own) <= MOST_UNFOLDED:
        own += [lane(id) for id in known if id not in found]
        quiet = 0
    return Lanes(common, _folded(own) if len(own) > MOST_UNFOLDED else own, quiet)


def named_instances(parameters: Mapping[str, str], instance_of: Mapping[str, str]) -> list[str]:
    """The instances that a call is about, by their ids or by those of their events."""
    found: dict[str, None] = {}
    for name, value in parameters.items():
        key = name.partition(".")[0]
        if key in ("InstanceId", "InstanceIds", "ResourceId", "ResourceIds"):
            found |= dict.fromkeys(id for id in _listed(value) if is_instance_id(id))
        elif key in ("EventId", "EventIds"):
            found |= dict.fromkeys(instance_of[id] for id in _listed(value) if id in instance_of)
    return list(found)


def _listed(value: str) -> Iterable[str]:
    """The ids in a parameter, which is one id or a list of them in JSON."""
    if not value.startswith("["):
        return [value]
    try:
        ids = json.loads(value)
    except (ValueError, RecursionError):
        return []
    return [id for id in ids if isinstance(id, str)]


def _call_mark(call: Call) -> Mark:
    if call.unexpected:
        kind = Kind.CALL_UNEXPECTED
    elif call.code or not call.answered or not call.carried_out:
        kind = Kind.CALL_FAILED
    else:
        kind = Kind.CALL_READ if call.is_read else Kind.CALL_CHANGE
    text = bounded(sentence(call), _LONGEST_CALL)
    if call.problem:
        text = f"{text} ({bounded(call.problem, _LONGEST_CALL)})"
    return Mark(call.at.timestamp(), kind, f"{call.action} {_short_outcome(call)}", text)


def _short_outcome(call: Call) -> str:
    """Of reads, how many results there were tells nothing of this instance."""
    return "" if call.is_read and not call.code else outcome(call)


def _delivery_marks(delivery: Delivery) -> Iterator[Mark]:
    to = f"{delivery.kind} {delivery.address}" if delivery.address else delivery.kind
    what = f"{delivery.what} to {to}"
    text = bounded(what, _LONGEST_CALL)
    is_queue = delivery.kind == "queue"
    acknowledged = delivery.acknowledged_at
    for attempt in delivery.attempts:
        result = attempt.outcome
        if attempt.http_status:
            result += f", HTTP {attempt.http_status}"
        if attempt.outcome != "delivered":
            kind = Kind.DELIVERY_FAILED
            result += f": {attempt.answer}" if attempt.answer else ""
        elif is_queue or acknowledged is None:
            kind = Kind.DELIVERY_SENT
        else:
            kind = Kind.DELIVERY_ACKNOWLEDGED
        said = f"{text}, attempt {attempt.number}: {bounded(result, 120)}"
        yield Mark(attempt.at.timestamp(), kind, what, said)
    if is_queue and acknowledged is not None:
        at = acknowledged.timestamp()
        yield Mark(at, Kind.DELIVERY_ACKNOWLEDGED, what, f"{text}: deleted by its consumer")
    if not delivery.attempts and not (is_queue and acknowledged):
        yield Mark(delivery.at.timestamp(), Kind.DELIVERY_WAITING, what, f"{text}: waiting")


def _folded(own: Sequence[Lane]) -> list[Lane]:
    """One lane for the instances of a story, at the place of the first, and the others below."""
    by_story: dict[tuple[object, ...], list[Lane]] = defaultdict(list)
    for lane in own:
        by_story[lane.story()].append(lane)
    kept: list[Lane] = []
    for alike in by_story.values():
        if len(alike) < LEAST_FOLDED:
            kept += alike
        else:
            alike[0].same = [lane.instance_id for lane in alike[1:]]
            kept.append(alike[0])
    return sorted(kept, key=lambda each: (each.first, each.instance_id))
