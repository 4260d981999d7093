"""Draws a drill as SVG: a lane for each instance, on the cloud's time axis."""

from collections import Counter
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, tostring

from ..models import format_time
from .drill import Drill, Event
from .elements import add, number, root
from .glyphs import ENDS, PREFIX, define, draw_due, draw_glyph, draw_legend, draw_segment
from .layout import (
    BAR,
    LABEL_SIZE,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Bar,
    Layout,
    PlacedLane,
    layout,
)
from .marks import PlacedMark, texts
from .sentences import bounded, counted, fitted, span
from .stories import Kind
from .style import css

LONGEST = 120
"""Characters of a name or an id that are shown anywhere."""

_MARGIN = 20.0
_LINE = 18.0
_TITLE = 20.0
"""It is of 18 pixels and bold."""
_TALL = 700.0
"""From here on the axis is labelled at the bottom too."""
_BESIDE_NOW = 32.0
"""Ticks this near to the now have no label: it would be crossed out."""


def svg(drill: Drill) -> str:
    """The picture as a file of its own."""
    drawn = picture(drill)
    drawn.set("xmlns", "http://www.w3.org/2000/svg")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(drawn, encoding="unicode")}\n'


def picture(drill: Drill) -> Element:
    """The picture as an element, which a page may contain."""
    placed = layout(drill)
    lines = [*placed.left_out, *drill.notes]
    bottom = placed.bottom + (24 if placed.bottom > _TALL else 4)
    height = bottom + _LINE * len(lines) + 12
    drawn = root(
        "svg",
        viewBox=f"0 0 {number(WIDTH)} {number(height)}",
        width=WIDTH,
        height=height,
        role="graphics-document document",
        aria_labelledby=f"{PREFIX}title {PREFIX}desc",
    )
    title = bounded(drill.title, 200)
    add(drawn, "title", title, id=f"{PREFIX}title")
    add(drawn, "desc", summary(drill), id=f"{PREFIX}desc")
    add(drawn, "style", css())
    define(drawn)
    add(drawn, "rect", class_="paper", width=WIDTH, height=height)
    heading = fitted(title, _TITLE, WIDTH - 2 * _MARGIN)
    add(drawn, "text", heading, class_="title", x=_MARGIN, y=32.0)
    facts = fitted(summary(drill), 10.5, WIDTH - 2 * _MARGIN)
    add(drawn, "text", facts, class_="small", x=_MARGIN, y=53.0)
    draw_legend(add(drawn, "g", class_="legend", aria_hidden="true"), _MARGIN, (80.0, 103.0))
    bands = add(drawn, "g", class_="bands", aria_hidden="true")
    for lane in placed.lanes[1::2]:
        height = lane.bottom - lane.top
        add(bands, "rect", class_="band", y=lane.top, width=WIDTH, height=height)
    _draw_axis(drawn, placed)
    _draw_now(drawn, placed, drill)
    # What has no lane to be seen in is a list for those who do not see.
    lanes = add(drawn, "g", role="list", aria_label="Instances")
    for lane in placed.lanes:
        _draw_lane(lanes, lane)
    for position, line in enumerate(lines):
        text = fitted(line, 11, WIDTH - 2 * _MARGIN)
        add(drawn, "text", text, class_="fold", x=_MARGIN, y=bottom + _LINE * (position + 1))
    return drawn


def summary(drill: Drill) -> str:
    """What the picture shows, in a sentence."""
    events = Counter(event.status for event in drill.events)
    statuses = ", ".join(f"{many:,} {bounded(each, 20)}" for each, many in sorted(events.items()))
    parts = [
        counted(len({event.instance_id for event in drill.events}), "instance") + " with events",
        counted(len(drill.events), "event") + (f" ({statuses})" if statuses else ""),
        counted(len(drill.calls), "call"),
        counted(len(drill.deliveries), "delivery", "deliveries"),
    ]
    return f"{'; '.join(parts)}. The cloud's now is {format_time(drill.now)}."


def event_text(event: Event) -> str:
    """An event with its history, a line each."""
    what, id, where = (
        bounded(text, LONGEST) for text in (event.event_type, event.event_id, event.instance_id)
    )
    lines = [f"{what} {id} on {where}"]
    lines += [
        f"{format_time(step.at)} {bounded(step.status, 40) or 'published'}"
        for step in event.history
    ]
    lines.append(f"{format_time(event.not_before)} due")
    return "\n".join(lines)


def _draw_axis(drawn: Element, placed: Layout) -> None:
    axis = add(drawn, "g", class_="axis", aria_hidden="true")
    for pause in placed.axis.breaks:
        add(
            *(axis, "rect"),
            class_="break",
            x=pause.left,
            y=TOP - 8,
            width=pause.right - pause.left,
            height=placed.bottom - TOP + 8,
        )
        teeth = "l3 4l-6 8l3 4" * round((placed.bottom - TOP) / 16)
        for x in (pause.left, pause.right):
            add(axis, "path", class_="zigzag", d=f"M{number(x)} {number(TOP - 8)}{teeth}")
        middle = (pause.left + pause.right) / 2
        add(axis, "text", span(pause.seconds), class_="small mid", x=middle, y=TOP - 42)
    for tick in placed.axis.ticks:
        at = number(tick.x)
        is_free = abs(tick.x - placed.now) > _BESIDE_NOW
        add(axis, "path", class_="grid", d=f"M{at} {number(TOP - 8)}V{number(placed.bottom)}")
        if is_free:
            add(axis, "text", tick.text, class_="small mid", x=tick.x, y=TOP - 14)
        if tick.date and is_free:
            add(axis, "text", tick.date, class_="small mid", x=tick.x, y=TOP - 28)
        if placed.bottom > _TALL:
            add(axis, "text", tick.text, class_="small mid", x=tick.x, y=placed.bottom + 15)
    add(axis, "path", class_="rule", d=f"M{number(LEFT)} {number(TOP - 8)}H{number(RIGHT)}")
    # Those who see the picture only need to be told which clock it is.
    add(axis, "text", "UTC", class_="small end", x=LEFT - 34, y=TOP - 14)


def _draw_lane(parent: Element, placed: PlacedLane) -> None:
    lane = placed.lane
    drawn = add(parent, "g", class_="lane", role="listitem", aria_label=_spoken(placed))
    drawn.set("data-instance", bounded(lane.instance_id, LONGEST))
    name = add(drawn, "text", placed.name, x=_MARGIN, y=placed.top + 20)
    name.set("class", "text name" if lane.instance_id else "fold")
    add(name, "title", bounded(lane.instance_id or "Calls that name no instance", LONGEST))
    if placed.below_name:
        below = placed.top + 35
        add(drawn, "text", placed.below_name, class_="small", x=_MARGIN, y=below)
    for bar in placed.bars:
        _draw_bar(drawn, bar)
    for mark in placed.marks:
        _draw_mark(drawn, mark)
    if placed.fold:
        fold = fitted(placed.fold, 11, RIGHT - LEFT)
        add(drawn, "text", fold, class_="fold", x=LEFT, y=placed.bottom - 10)


def _draw_bar(parent: Element, bar: Bar) -> None:
    drawn = add(parent, "g", class_="event")
    drawn.set("data-status", bounded(bar.event.status, 40))
    add(drawn, "title", event_text(bar.event))
    if bar.planned is not None:
        y = number(bar.top + BAR / 2)
        until = number(min(bar.planned.right, bar.due))
        add(drawn, "path", class_="planned", d=f"M{number(bar.planned.left)} {y}H{until}")
    for segment in bar.segments:
        right = min(segment.right, RIGHT)
        left = min(segment.left, RIGHT - 3)
        draw_segment(drawn, segment.status, left, right, bar.top, BAR)
    draw_due(drawn, bar.due, bar.top, BAR)
    if bar.end is not None:
        draw_glyph(drawn, ENDS[bar.event.status], bar.end, bar.top + BAR / 2)
    if bar.label:
        label = add(drawn, "text", bar.label, class_="text label", x=bar.label_x, y=bar.top - 6.5)
        label.set("data-size", number(LABEL_SIZE))


def _draw_mark(parent: Element, mark: PlacedMark) -> None:
    drawn = add(parent, "g", class_="mark")
    drawn.set("data-kind", mark.kind)
    drawn.set("data-count", str(len(mark.marks)))
    named, more = texts(mark.marks)
    lines = [f"{_time(each.at)} {each.text}" for each in named]
    if more:
        lines.append(f"… and {more:,} more")
    add(drawn, "title", "\n".join(lines))
    draw_glyph(drawn, mark.kind, mark.x, mark.y)
    if len(mark.marks) > 1:
        count = str(len(mark.marks)) if len(mark.marks) < 100 else "99+"
        add(drawn, "text", count, class_="small count", x=mark.x + 7, y=mark.y + 3.2)


def _draw_now(drawn: Element, placed: Layout, drill: Drill) -> None:
    now = add(drawn, "g", class_="now-line")
    add(now, "title", f"The cloud's now: {format_time(drill.now)}")
    at = number(placed.now)
    add(now, "path", class_="now", d=f"M{at} {number(TOP - 52)}V{number(placed.bottom)}")
    text = f"now {_time(drill.now.timestamp())}"
    label = add(now, "text", text, class_="now-text", x=placed.now, y=TOP - 57)
    label.set("class", f"now-text {'end' if placed.now > WIDTH / 2 else ''}".strip())


def _spoken(placed: PlacedLane) -> str:
    """A lane in words."""
    lane = placed.lane
    events = [f"{bounded(e.event_type, 60)} {bounded(e.status, 20)}" for e in lane.events[:5]]
    if len(lane.events) > 5:
        events.append(f"{len(lane.events) - 5:,} more events")
    failed = sum(mark.kind is Kind.DELIVERY_FAILED for mark in lane.deliveries)
    parts = [
        *events,
        counted(len(lane.calls), "call") if lane.calls else "",
        counted(len(lane.deliveries), "attempt") + " to deliver" if lane.deliveries else "",
        f"{failed:,} of them failed" if failed else "",
        placed.fold.removeprefix("… and "),
    ]
    name = bounded(lane.instance_id or "Calls that name no instance", LONGEST)
    return f"{name}: {', '.join(part for part in parts if part) or 'nothing happened'}"


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S}"
