"""Where the marks of a lane are: beside each other, and several as one where there is no room."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .stories import Kind, Mark
from .time_axis import TimeAxis

EDGE = 7.0
"""What a mark needs at the sides of its place."""
_BUCKET = 24.0
"""Marks closer than this are drawn as one with their number."""
_MOST_ASIDE = 30.0
"""How far a mark is moved aside for one of another kind; then they become one."""
_TEXTS = 8
"""Marks that the hover text of such a one names."""


@dataclass(frozen=True, slots=True)
class PlacedMark:
    """One mark, or several that are too close to be told apart."""

    x: float
    y: float
    kind: Kind
    """Of the most important one."""
    marks: tuple[Mark, ...]


def place_marks(marks: Sequence[Mark], y: float, axis: TimeAxis) -> list[PlacedMark]:
    """Marks beside each other: those of a kind that are too close are one with their number."""
    placed: list[tuple[float, list[Mark]]] = []
    free = float("-inf")
    for group in _groups(marks, axis):
        x = max(axis.x(group[0].at), axis.left + EDGE)
        if placed and free - x > _MOST_ASIDE:
            placed[-1][1].extend(group)
            continue
        x = max(x, free)
        placed.append((x, group))
        free = x + _mark_width(group)
    found: list[PlacedMark] = []
    order = list(Kind)
    limit = axis.right
    for x, group in reversed(placed):
        left = min(x, limit - _mark_width(group) + EDGE)
        kind = min((mark.kind for mark in group), key=order.index)
        found.append(PlacedMark(left, y, kind, tuple(group)))
        limit = left - EDGE
    return found[::-1]


def _groups(marks: Sequence[Mark], axis: TimeAxis) -> Iterable[list[Mark]]:
    """Marks of one kind and about one place, from the left."""
    near: dict[Kind, list[Mark]] = {}
    begin = float("-inf")
    for x, mark in sorted(((axis.x(each.at), each) for each in marks), key=lambda each: each[0]):
        if x - begin >= _BUCKET:
            yield from near.values()
            near = {}
            begin = x
        near.setdefault(mark.kind, []).append(mark)
    yield from near.values()


def _mark_width(group: Sequence[Mark]) -> float:
    return 2 * EDGE if len(group) == 1 else _BUCKET


def texts(marks: Sequence[Mark]) -> tuple[list[Mark], int]:
    """The marks that a hover text names, the most important ones, and how many more there are."""
    order = list(Kind)
    named = sorted(marks, key=lambda mark: order.index(mark.kind))[:_TEXTS]
    return sorted(named, key=lambda mark: mark.at), len(marks) - len(named)
