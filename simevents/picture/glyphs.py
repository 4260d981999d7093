"""The shapes of a picture, each defined once: marks, ends of events, patterns, and the legend."""

from xml.etree.ElementTree import Element

from .elements import add
from .sentences import width
from .stories import Kind

PREFIX = "simevents-"
"""Of all ids, since the picture may be within a page that has its own."""

_CHECK = "M-2.6 .2L-.8 2.2L2.8-2.2"
_CROSS = "M-2.2-2.2L2.2 2.2M2.2-2.2L-2.2 2.2"
_EXCLAMATION = "M0-2.6V1.2M0 3.4V3.5"

_SHAPES: dict[str, list[tuple[str, dict[str, str]]]] = {
    Kind.CALL_READ: [("circle", {"r": "3.6"})],
    Kind.CALL_CHANGE: [("path", {"d": "M0-6L5.6 4.4H-5.6Z"})],
    Kind.CALL_FAILED: [("circle", {"r": "5.8"}), ("path", {"class": "on", "d": _CROSS})],
    Kind.CALL_UNEXPECTED: [
        ("path", {"d": "M-3.2-5.8H3.2L6.4 0L3.2 5.8H-3.2L-6.4 0Z"}),
        ("path", {"class": "on", "d": "M-1.9-1.4A1.9 1.9 0 1 1 0 .6V1.2M0 3.4V3.5"}),
    ],
    Kind.DELIVERY_ACKNOWLEDGED: [
        ("rect", {"x": "-5.5", "y": "-5.5", "width": "11", "height": "11"}),
        ("path", {"class": "on", "d": _CHECK}),
    ],
    Kind.DELIVERY_SENT: [("rect", {"x": "-4.6", "y": "-4.6", "width": "9.2", "height": "9.2"})],
    Kind.DELIVERY_WAITING: [("rect", {"x": "-4.6", "y": "-4.6", "width": "9.2", "height": "9.2"})],
    Kind.DELIVERY_FAILED: [
        ("rect", {"x": "-5.5", "y": "-5.5", "width": "11", "height": "11"}),
        ("path", {"class": "on", "d": _CROSS}),
    ],
    "e-executed": [("circle", {"r": "6.5"}), ("path", {"class": "on", "d": _CHECK})],
    "e-avoided": [("path", {"d": "M0-7.4L7.4 0L0 7.4L-7.4 0Z"})],
    "e-canceled": [
        ("circle", {"r": "5.6"}),
        ("path", {"class": "cross", "d": "M-3.6 3.6L3.6-3.6"}),
    ],
    "e-failed": [
        ("path", {"d": "M0-7.2L7.4 5.8H-7.4Z"}),
        ("path", {"class": "on", "d": _EXCLAMATION}),
    ],
}

ENDS = {
    "Executed": "e-executed",
    "Avoided": "e-avoided",
    "Canceled": "e-canceled",
    "Failed": "e-failed",
}

_SEGMENTS = {
    "Inquiring": f"url(#{PREFIX}dots)",
    "Executing": f"url(#{PREFIX}hatch)",
}

_LEGEND: list[list[tuple[str, str]]] = [
    [
        ("", "Events"),
        ("Scheduled", "scheduled"),
        ("Executing", "executing"),
        ("Inquiring", "inquiring"),
        ("due", "due"),
        ("e-executed", "executed"),
        ("e-avoided", "avoided"),
        ("e-canceled", "canceled"),
        ("e-failed", "failed"),
        ("now", "the cloud's now"),
    ],
    [
        ("", "Calls"),
        (Kind.CALL_CHANGE, "change"),
        (Kind.CALL_READ, "read"),
        (Kind.CALL_FAILED, "failed"),
        (Kind.CALL_UNEXPECTED, "unknown to the fake"),
        ("", "Deliveries"),
        (Kind.DELIVERY_ACKNOWLEDGED, "acknowledged"),
        (Kind.DELIVERY_SENT, "in the queue"),
        (Kind.DELIVERY_WAITING, "waiting"),
        (Kind.DELIVERY_FAILED, "failed"),
    ],
]


def define(svg: Element) -> None:
    """Add the definitions that `draw_glyph` and `draw_segment` refer to."""
    defs = add(svg, "defs")
    for name, parts in _SHAPES.items():
        shape = add(defs, "g", id=PREFIX + name)
        for position, (tag, attributes) in enumerate(parts):
            own = {"class": name, **attributes} if position == 0 else attributes
            add(shape, tag, "", **own)
    hatch = add(
        *(defs, "pattern"),
        id=f"{PREFIX}hatch",
        width="6",
        height="6",
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    )
    add(hatch, "rect", class_="hatch-back", width="6", height="6")
    add(hatch, "path", class_="hatch", d="M1 0V6")
    dots = add(
        *(defs, "pattern"),
        id=f"{PREFIX}dots",
        width="5",
        height="5",
        patternUnits="userSpaceOnUse",
    )
    add(dots, "rect", class_="dots-back", width="5", height="5")
    add(dots, "circle", class_="dot", cx="2.5", cy="2.5", r="1")


def draw_glyph(parent: Element, name: str, x: float, y: float) -> None:
    add(parent, "use", href=f"#{PREFIX}{name}", x=x, y=y)


def draw_segment(
    parent: Element, status: str, left: float, right: float, top: float, height: float
) -> None:
    """The part of a bar for one status, at least so wide that it is seen."""
    wide = max(right - left, 3.0)
    box = {"x": left, "y": top, "width": wide, "height": height}
    if status in _SEGMENTS:
        add(parent, "rect", "", fill=_SEGMENTS[status], **box)
    else:
        add(
            parent,
            "rect",
            "",
            class_=f"s-{'scheduled' if status == 'Scheduled' else 'other'}",
            **box,
        )
    add(parent, "rect", "", class_="bar", **box)


def draw_due(parent: Element, x: float, top: float, height: float) -> None:
    """The mark at the time before which an event does not begin."""
    add(parent, "path", class_="due-line", d=f"M{x:.1f} {top - 3:.1f}V{top + height + 3:.1f}")
    add(parent, "path", class_="due", d=f"M{x - 4:.1f} {top - 5:.1f}h8l-4 5Z")


def draw_legend(parent: Element, left: float, tops: tuple[float, float]) -> None:
    for entries, top in zip(_LEGEND, tops, strict=True):
        x = left
        for name, text in entries:
            if not name:
                x += 10 if x > left else 0
                add(parent, "text", text, class_="text label", x=x, y=top)
                x += width(text, 11.0) + 16
                continue
            add_sample(parent, name, x, top)
            add(parent, "text", text, class_="small", x=x + 28, y=top)
            x += 28 + width(text, 10.5) + 16


def add_sample(parent: Element, name: str, x: float, top: float) -> None:
    if name == "now":
        add(parent, "path", class_="now", d=f"M{x + 12:.1f} {top - 13:.1f}v17")
    elif name == "due":
        draw_due(parent, x + 12, top - 9, 9)
    elif name in ("Scheduled", "Executing", "Inquiring"):
        draw_segment(parent, name, x, x + 22, top - 10, 11)
    else:
        draw_glyph(parent, name, x + 14, top - 4)
