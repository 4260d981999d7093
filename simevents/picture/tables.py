"""The facts of a drill in rows of text, for those who do not look at the picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..models import format_time
from .drill import Attempt, Call, Delivery, Drill, Event
from .sentences import bounded, counted, outcome

MOST_EVENTS = 5_000
MOST_CALLS = 2_000
MOST_DELIVERIES = 1_500
"""Rows of a table; what is beyond is counted."""

_NAME = 120
_PARAMETERS = 300
_ANSWER = 160
_MOST_STEPS = 20

Row = tuple[str, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    heading: str
    kind: str = ""
    """``c`` for what programs write, ``a`` for an action, ``i`` for an id, ``t`` for a time."""


@dataclass(frozen=True, slots=True)
class Table:
    heading: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    left_out: str
    """How many rows are left out, as a sentence; empty when none is."""


def tables(drill: Drill) -> list[Table]:
    """Events with their history, deliveries with their attempts, and calls."""
    return [
        _table(
            *("event", "events", _EVENT_COLUMNS, drill.events, _event_row, MOST_EVENTS),
        ),
        _table(
            *("delivery", "deliveries", _DELIVERY_COLUMNS, drill.deliveries, _delivery_row),
            MOST_DELIVERIES,
        ),
        _table(
            *("call", "calls", _CALL_COLUMNS, drill.calls, _call_row, MOST_CALLS),
        ),
    ]


_EVENT_COLUMNS = (
    Column("instance", "i"),
    Column("event", "i"),
    Column("type"),
    Column("status"),
    Column("due", "t"),
    Column("history"),
)
_DELIVERY_COLUMNS = (
    Column("time", "t"),
    Column("instance", "i"),
    Column("what"),
    Column("rule"),
    Column("to", "c"),
    Column("state"),
    Column("attempts"),
)
_CALL_COLUMNS = (
    Column("time", "t"),
    Column("call", "a"),
    Column("parameters", "c"),
    Column("outcome"),
)


def _table(
    one: str,
    many: str,
    columns: Sequence[Column],
    values: Sequence[T],
    row: Callable[[T], Row],
    most: int,
) -> Table:
    shown = values[:most]
    rest = len(values) - len(shown)
    left_out = f"The first {most:,} are shown; {rest:,} more are left out." if rest else ""
    heading = counted(len(values), one, many)
    return Table(heading[0].upper() + heading[1:], columns, [row(each) for each in shown], left_out)


def _event_row(event: Event) -> Row:
    return (
        bounded(event.instance_id, _NAME),
        bounded(event.event_id, _NAME),
        bounded(event.event_type, _NAME),
        bounded(event.status, 40),
        format_time(event.not_before),
        _history(event),
    )


def _history(event: Event) -> str:
    """Each status and its time, with the date where it is another than that of the one before."""
    parts, date = [], ""
    for step in event.history[:_MOST_STEPS]:
        day, _, time = format_time(step.at).removesuffix("Z").partition("T")
        when = time if day == date else f"{day} {time}"
        date = day
        parts.append(f"{bounded(step.status, 40) or 'published'} {when}")
    more = len(event.history) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more else "")


def _delivery_row(delivery: Delivery) -> Row:
    state = delivery.state
    if delivery.acknowledged_at is not None:
        state = f"{state}, acknowledged {format_time(delivery.acknowledged_at)}"
    rule = " ".join(part for part in (delivery.via, delivery.rule, delivery.target_id) if part)
    return (
        format_time(delivery.at),
        bounded(delivery.instance_id, _NAME),
        bounded(delivery.what, _NAME),
        bounded(rule, _NAME),
        bounded(f"{delivery.kind} {delivery.address}".strip(), _NAME),
        bounded(state, _NAME),
        "; ".join(map(_attempt, delivery.attempts[:_MOST_STEPS])),
    )


def _attempt(attempt: Attempt) -> str:
    result = f"HTTP {attempt.http_status}" if attempt.http_status else bounded(attempt.outcome, 40)
    answer = f": {bounded(attempt.answer, _ANSWER)}" if attempt.answer else ""
    again = ", again" if attempt.is_repeat else ""
    time = format_time(attempt.at).partition("T")[2].removesuffix("Z")
    return f"{attempt.number} at {time} {result}{again}{answer}"


def _call_row(call: Call) -> Row:
    parameters = " ".join(f"{name}={value}" for name, value in call.parameters.items())
    result = outcome(call)
    if call.problem:
        result = f"{result}: {call.problem}"
    return (
        format_time(call.at),
        bounded(call.action or "(no action)", _NAME),
        bounded(parameters, _PARAMETERS),
        bounded(result, _PARAMETERS),
    )
