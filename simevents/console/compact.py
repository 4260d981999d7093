"""Events, calls and deliveries as short lists for the live picture."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ..picture.reading import call as read_call
from ..picture.reading import public_address
from ..picture.sentences import bounded, outcome, sentence
from ..picture.stories import Kind, named_instances
from .model import Entry, Model, News

_LONGEST = 300
_LONGEST_CALL = 160
"""Characters of a call in a table, whose parameters may be many."""
_MOST_NAMED = 5
"""Instances up to which a call that only reads is on their lanes; one that names more polls."""

Mark = list[Any]
"""When, the kind, a text, and the id of its event if it is about one."""


def seconds(time: str) -> int:
    """A time of the API in seconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp())


def of_news(news: News, model: Model) -> dict[str, Any]:
    """What the picture has to be told."""
    told: dict[str, Any] = {"reset": news.is_reset}
    if news.has_clock:
        told["clock"] = {"epoch": model.now(), "rate": model.rate}
    told["events"] = [_event(each) for each in news.events]
    told["marks"] = [_call(each, model) for each in news.calls]
    told["marks"] += [_delivery(each) for each in news.deliveries]
    told["instances"] = [each["instance_id"] for each in news.instances]
    told["gone"] = list(news.gone_instances)
    return {name: value for name, value in told.items() if value}


def lanes_of(call: Entry, model: Model) -> list[str]:
    """The instances that a call is about, by their ids or by those of their events."""
    named = named_instances(call["parameters"], _InstanceOf(model.events))
    return [] if call["is_read"] and len(named) > _MOST_NAMED else named


class _InstanceOf(dict[str, str]):
    """The instance of each event, looked up when it is asked for."""

    def __init__(self, events: Mapping[str, Entry]) -> None:
        super().__init__()
        self._events = events

    def __contains__(self, event_id: object) -> bool:
        return event_id in self._events

    def __getitem__(self, event_id: str) -> str:
        return str(self._events[event_id]["instance_id"])


def call_kind(call: Entry) -> Kind:
    if call["unexpected"]:
        return Kind.CALL_UNEXPECTED
    if call["code"] or not call["answered"] or not call["carried_out"]:
        return Kind.CALL_FAILED
    return Kind.CALL_READ if call["is_read"] else Kind.CALL_CHANGE


def call_words(call: Entry) -> str:
    """A call and its outcome in one line."""
    words = bounded(sentence(read_call(call)), _LONGEST)
    return f"{words} ({bounded(call['problem'], _LONGEST)})" if call["problem"] else words


def call_and_outcome(call: Entry) -> tuple[str, str]:
    """A call, and what became of it, for two cells of a table."""
    read = read_call(call)
    result = outcome(read)
    words = sentence(read).removesuffix(f" -> {result}")
    if call["problem"]:
        result = f"{result}: {call['problem']}"
    return bounded(words, _LONGEST_CALL), bounded(result, _LONGEST_CALL)


def delivery_words(delivery: Entry) -> str:
    """What was delivered to whom, in one line."""
    address = public_address(delivery["address"])
    words = f"{delivery['name']} ({delivery['status']}) to {delivery['kind']} {address}"
    return bounded(words, _LONGEST)


def attempt_words(attempt: Entry) -> str:
    """How an attempt ended, in one line."""
    words = f"attempt {attempt['number']}: {attempt['outcome']}"
    if attempt["http_status"]:
        words += f", HTTP {attempt['http_status']}"
    if attempt["answer"]:
        words += f": {attempt['answer']}"
    return bounded(words, _LONGEST)


def _event(event: Entry) -> list[Any]:
    steps = [[seconds(step["at"]), step["status"]] for step in event["history"]]
    published = seconds(event["publish_time"])
    return [
        event["event_id"],
        event["instance_id"],
        event["event_type"],
        published,
        seconds(event["not_before"]),
        steps or [[published, event["status"]]],
        bounded(event["reason"], _LONGEST),
    ]


def _call(call: Entry, model: Model) -> list[Any]:
    mark = [seconds(call["at"]), call_kind(call), call_words(call), ""]
    return [f"c{call['number']}", lanes_of(call, model), [mark]]


def _delivery(delivery: Entry) -> list[Any]:
    instance = delivery["instance_id"]
    return [
        f"d{delivery['delivery_id']}",
        [instance] if instance else [],
        list(delivery_marks(delivery)),
    ]


def delivery_marks(delivery: Entry) -> Iterable[Mark]:
    """One mark for each attempt, and for the confirmation by the consumer of a queue."""
    event_id, words = delivery["event_id"], delivery_words(delivery)
    for at, kind, more in _moments(delivery):
        yield [seconds(at), kind, f"{words}, {more}", event_id]


def _moments(delivery: Entry) -> Iterator[tuple[str, Kind, str]]:
    is_queue = delivery["kind"] == "queue"
    acknowledged = delivery["acknowledged_at"]
    for attempt in delivery["attempts"]:
        if attempt["outcome"] != "delivered":
            kind = Kind.DELIVERY_FAILED
        elif is_queue or acknowledged is None:
            kind = Kind.DELIVERY_SENT
        else:
            kind = Kind.DELIVERY_ACKNOWLEDGED
        yield attempt["at"], kind, attempt_words(attempt)
    if is_queue and acknowledged is not None:
        yield acknowledged, Kind.DELIVERY_ACKNOWLEDGED, "deleted by its consumer"
    if not delivery["attempts"] and not (is_queue and acknowledged):
        yield delivery["at"], Kind.DELIVERY_WAITING, "waiting"
