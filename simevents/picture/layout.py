"""Where everything of a picture is: bars in rows without overlap, marks beside each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .drill import FINAL, Drill, Event
from .marks import EDGE, PlacedMark, place_marks
from .sentences import ELLIPSIS, counted, fitted, printable, width
from .stories import Lane, Lanes, lanes
from .time_axis import TimeAxis

WIDTH = 1280.0
LEFT = 224.0
"""Where the axis begins; names of instances are left of it."""
RIGHT = WIDTH - 40.0
TOP = 184.0
"""Where the lanes begin, below title, legend and axis."""

MOST_LANES = 100
MOST_EVENTS = 1_200
MOST_MARKS = 4_000
"""Bars and marks of a picture; lanes beyond any of the three are counted and not drawn."""

LABEL_SIZE = 11.0
BAR = 12.0
_LABEL_ROW = 32.0
_BARE_ROW = 17.0
_MOST_LABEL_ROWS = 4
_MOST_ROWS = 12
_MARK_ROW = 18.0
_NAME_ROW = 32.0
_PADDING = 7.0
_FOLD_ROW = 18.0
_LONGEST_NAME = LEFT - 36.0


@dataclass(frozen=True, slots=True)
class Segment:
    left: float
    right: float
    status: str


@dataclass(frozen=True, slots=True)
class Bar:
    """An event."""

    event: Event
    top: float
    segments: tuple[Segment, ...]
    due: float
    end: float | None
    """Where its final status began."""
    planned: Segment | None
    """From its end, or from now, to its due time, if that is later."""
    label: str
    label_x: float


@dataclass(slots=True)
class PlacedLane:
    lane: Lane
    top: float
    name: str
    below_name: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[PlacedMark] = field(default_factory=list)
    hidden_events: int = 0
    """Bars for which there is no row any more."""
    fold: str = ""
    """About the other instances with the same story."""
    bottom: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    axis: TimeAxis
    lanes: list[PlacedLane]
    now: float
    bottom: float
    left_out: list[str]
    """Sentences about what is not drawn."""


def layout(drill: Drill) -> Layout:
    """The places of everything in *drill*."""
    told = lanes(drill)
    axis = TimeAxis(_moments(drill, told), LEFT, RIGHT)
    now = drill.now.timestamp()
    placed: list[PlacedLane] = []
    top = TOP
    has_common = bool(told.common.calls or told.common.deliveries)
    waiting = [*([told.common] if has_common else []), *told.own]
    several_regions = len({lane.region for lane in told.own}) > 1
    bars = marks = 0
    for number, lane in enumerate(waiting):
        if number >= MOST_LANES or bars > MOST_EVENTS or marks > MOST_MARKS:
            left_out = waiting[number:]
            break
        each = _placed(lane, top, axis, now, show_region=several_regions)
        placed.append(each)
        top = each.bottom
        bars += len(each.bars)
        marks += len(each.marks)
    else:
        left_out = []
    return Layout(axis, placed, axis.x(now), top, _left_out(left_out, told))


def _moments(drill: Drill, told: Lanes) -> Iterable[float]:
    yield drill.now.timestamp()
    for event in drill.events:
        yield event.published_at.timestamp()
        yield event.not_before.timestamp()
        yield from (step.at.timestamp() for step in event.history)
    for call in drill.calls:
        yield call.at.timestamp()
    for lane in (told.common, *told.own):
        yield from (mark.at for mark in lane.deliveries)
    for delivery in drill.deliveries:
        yield from (attempt.at.timestamp() for attempt in delivery.attempts)


def _left_out(left: Sequence[Lane], told: Lanes) -> list[str]:
    lines = []
    if left:
        instances = sum(1 + len(lane.same) for lane in left)
        events = sum(len(lane.events) * (1 + len(lane.same)) for lane in left)
        more = counted(instances, "more instance")
        lines.append(f"{more} with {counted(events, 'event')}: not drawn here")
    if told.quiet:
        nothing = "to which nothing happened"
        lines.append(f"{counted(told.quiet, 'more instance')} {nothing}")
    return [f"{ELLIPSIS} and {line}" for line in lines]


def _placed(lane: Lane, top: float, axis: TimeAxis, now: float, *, show_region: bool) -> PlacedLane:
    name = lane.instance_id or "no instance named"
    about = [lane.region if show_region else "", lane.status]
    placed = PlacedLane(
        lane,
        top,
        fitted(name, 12, _LONGEST_NAME),
        fitted(" · ".join(part for part in about if part), 10, _LONGEST_NAME),
    )
    y = top + _PADDING
    y = _place_bars(placed, y, axis, now)
    for marks in (lane.calls, lane.deliveries):
        if marks:
            placed.marks += place_marks(marks, y + _MARK_ROW / 2, axis)
            y += _MARK_ROW
    y = max(y, top + _PADDING + (_NAME_ROW if placed.below_name else 18.0))
    if lane.same:
        others = counted(len(lane.same), "more instance")
        placed.fold = f"{ELLIPSIS} and {others} with the same story"
    if placed.hidden_events:
        hidden = f"{ELLIPSIS} and {counted(placed.hidden_events, 'more event')} not drawn here"
        placed.fold = f"{placed.fold}; {hidden}" if placed.fold else hidden
    if placed.fold:
        y += _FOLD_ROW
    placed.bottom = y + _PADDING - 2
    return placed


def _place_bars(placed: PlacedLane, top: float, axis: TimeAxis, now: float) -> float:
    """Give each event a row in which nothing overlaps; where the rows end."""
    bars = [_bar(event, axis, now) for event in placed.lane.events]
    rows = _rows([_extent(bar, with_label=True) for bar in bars])
    has_labels = max(rows, default=0) < _MOST_LABEL_ROWS
    if not has_labels:
        rows = _rows([_extent(bar, with_label=False) for bar in bars])
    height = _LABEL_ROW if has_labels else _BARE_ROW
    for bar, row in zip(bars, rows, strict=True):
        if row >= _MOST_ROWS:
            placed.hidden_events += 1
            continue
        y = top + row * height + (16.0 if has_labels else 0.0)
        label = bar.label if has_labels else ""
        placed.bars.append(
            Bar(
                *(bar.event, y, bar.segments, bar.due, bar.end, bar.planned),
                *(label, bar.label_x),
            )
        )
    return top + height * min(max(rows, default=-1) + 1, _MOST_ROWS)


def _bar(event: Event, axis: TimeAxis, now: float) -> Bar:
    starts = [event.published_at.timestamp(), *(step.at.timestamp() for step in event.history[1:])]
    due_at = event.not_before.timestamp()
    segments = []
    last = starts[0]
    for step, start, until in zip(event.history, starts, [*starts[1:], now], strict=True):
        # A clock that was set back ends nothing before it began.
        begin = max(last, start)
        last = max(begin, until)
        if step.status not in FINAL:
            segments.append(Segment(axis.x(begin), axis.x(last), step.status))
        else:
            last = begin
    end = axis.x(last)
    due = axis.x(due_at)
    label = fitted(f"{printable(event.event_type)} · {printable(event.status)}", LABEL_SIZE, 420)
    label_x = min(axis.x(starts[0]), RIGHT - width(label, LABEL_SIZE))
    return Bar(
        event,
        0.0,
        tuple(segments),
        min(max(due, LEFT + 4), RIGHT - 4),
        min(max(end, LEFT + EDGE), RIGHT - EDGE) if event.ended_at is not None else None,
        Segment(end, due, "") if due > end else None,
        label,
        label_x,
    )


def _extent(bar: Bar, *, with_label: bool) -> tuple[float, float]:
    ends = [bar.due + 5, (bar.end or LEFT) + EDGE, *(each.right for each in bar.segments)]
    starts = [bar.due - 5, (bar.end or RIGHT) - EDGE, *(each.left for each in bar.segments)]
    if with_label:
        starts.append(bar.label_x)
        ends.append(bar.label_x + width(bar.label, LABEL_SIZE))
    return min(starts), max(ends) + 8


def _rows(extents: Sequence[tuple[float, float]]) -> list[int]:
    """The first row for each, from the left, in which it overlaps nothing.

    It is `_MOST_ROWS` for what finds none.
    """
    taken: list[float] = []
    rows = [_MOST_ROWS] * len(extents)
    for position in sorted(range(len(extents)), key=lambda each: extents[each]):
        left, right = extents[position]
        free = next((row for row, until in enumerate(taken) if until <= left), len(taken))
        if free < _MOST_ROWS:
            taken[free : free + 1] = [right]
            rows[position] = free
    return rows
