"""Drills for the tests, and what a picture of one shows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from simevents.picture.drawing import svg
from simevents.picture.drill import Call, Drill, Event, Step
from simevents.picture.sentences import width

START = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
NS = "{http://www.w3.org/2000/svg}"


def at(seconds: float) -> datetime:
    """That many seconds after the start of the drills."""
    return START + timedelta(seconds=seconds)


def event(
    instance: str = "i-web",
    *history: tuple[float, str],
    due: float = 7200,
    event_type: str = "SystemMaintenance.Reboot",
    **more: Any,
) -> Event:
    steps = history or ((0, "Scheduled"),)
    values = {"event_id": f"e-{instance}-{steps[0][0]}", **more}
    return Event(
        instance_id=instance,
        event_type=event_type,
        published_at=at(steps[0][0]),
        not_before=at(due),
        history=tuple(Step(at(seconds), status) for seconds, status in steps),
        **values,
    )


def reboot(instance: str, seconds: float, code: str = "") -> Call:
    return Call(at(seconds), "RebootInstance", {"InstanceId": instance}, code)


def poll(seconds: float) -> Call:
    return Call(at(seconds), "DescribeInstancesFullStatus", results=1, is_read=True)


@dataclass(frozen=True)
class Seen:
    """What a program that reads a picture finds in it."""

    root: Element

    @property
    def lanes(self) -> list[str]:
        """The instances that have a lane; empty for the one of calls that name none."""
        return [lane.attrib["data-instance"] for lane in self._of("lane")]

    @property
    def events(self) -> list[tuple[str, str]]:
        """Instance and status of each bar."""
        return [
            (lane.attrib["data-instance"], bar.attrib["data-status"])
            for lane in self._of("lane")
            for bar in _within(lane, "event")
        ]

    @property
    def marks(self) -> list[tuple[str, str, int]]:
        """Instance, kind and number of each mark."""
        return [
            (
                *(lane.attrib["data-instance"], mark.attrib["data-kind"]),
                int(mark.attrib["data-count"]),
            )
            for lane in self._of("lane")
            for mark in _within(lane, "mark")
        ]

    @property
    def hover_texts(self) -> list[str]:
        """Those of bars and marks."""
        found = [each for lane in self._of("lane") for each in lane.iterfind(f"{NS}g/{NS}title")]
        return [each.text or "" for each in found]

    @property
    def texts(self) -> list[str]:
        """All that is written in it, from the top."""
        return [each.text or "" for each in self.root.iter(f"{NS}text")]

    @property
    def spoken(self) -> list[str]:
        """What a screen reader says of each lane."""
        return [lane.attrib["aria-label"] for lane in self._of("lane")]

    @property
    def tags(self) -> set[str]:
        return {each.tag.removeprefix(NS) for each in self.root.iter()}

    def _of(self, name: str) -> list[Element]:
        return list(_within(self.root, name))


def seen(drill: Drill) -> Seen:
    """The picture of *drill*, read by a parser of XML."""
    return Seen(fromstring(svg(drill).encode()))


def boxes(root: Element) -> Iterator[tuple[str, float, float, float, float]]:
    """Tag, left, top, right and bottom of each thing that is drawn."""
    defined = root.find(f"{NS}defs")
    assert defined is not None
    left_out = {id(each) for each in defined.iter()}
    for each in root.iter():
        if id(each) in left_out:
            continue
        tag = each.tag.removeprefix(NS)
        x, y = float(each.get("x", 0)), float(each.get("y", 0))
        if tag == "rect":
            yield tag, x, y, x + float(each.attrib["width"]), y + float(each.attrib["height"])
        elif tag == "use":
            yield tag, x - 7, y - 7, x + 7, y + 7
        elif tag == "path":
            points = list(_points(each.attrib["d"]))
            xs, ys = [x for x, _ in points], [y for _, y in points]
            yield tag, min(xs), min(ys), max(xs), max(ys)
        elif tag == "text":
            yield "text", *_of_text(each, x, y)


def _of_text(each: Element, x: float, y: float) -> tuple[float, float, float, float]:
    classes = each.attrib["class"].split()
    sizes = {"title": 18.0, "small": 10.5, "label": 11.0, "fold": 11.0, "now-text": 11.0}
    size = next((sizes[name] for name in classes if name in sizes), 12.0)
    wide = width(each.text or "", size)
    left = x - wide if "end" in classes else x - wide / 2 if "mid" in classes else x
    return left, y - size, left + wide, y + 3


def _points(path: str) -> Iterator[tuple[float, float]]:
    """The corners of a path of the commands that pictures use."""
    x = y = 0.0
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        values = [float(each) for each in re.findall(r"-?[0-9.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "H":
            (x,) = values
        elif command == "V":
            (y,) = values
        elif command == "h":
            x += values[0]
        elif command == "v":
            y += values[0]
        elif command == "l":
            x, y = x + values[0], y + values[1]
        else:
            assert command == "Z"
        yield x, y


def _within(parent: Element, name: str) -> Iterator[Element]:
    return (each for each in parent.iter(f"{NS}g") if each.get("class") == name)
