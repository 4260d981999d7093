"""The options of a run that are small languages: ``--at``, ``--fault``, ``--expect``, ``--clock``.

Each function reads one value and raises InvalidInput with the option's name and what is valid.
"""

import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import schedule
from ..errors import InvalidInput
from ..input_checks import check_event_type
from ..models import is_instance_id, parse_duration, parse_time
from ..schedule import NotBefore

AT = "5s=TYPE[:ID][@+2h]"
FAULT = "ACTION:NAME=VALUE[,NAME=VALUE]"
EXPECT = "NAME[:ID]"

EXPECTATIONS = (
    *("rebooted", "stopped", "started", "redeployed", "released"),
    *("event_avoided", "event_canceled", "event_executed", "untouched", "no_unexpected_calls"),
)
"""Names of methods of `Expectation`; ``called=ACTION`` besides."""

_AT_THE_END = frozenset({"untouched", "no_unexpected_calls"})
_OF_THE_CLOUD = "no_unexpected_calls"
_CALLED = "called"

_FLAGS = frozenset({"timeout", "garbage", "partial"})
_NUMBERS = frozenset({"latency", "visibility_delay", "probability"})
_COUNTS = frozenset({"skip", "times", "seed"})
_EFFECTS = ("error", "cut", "timeout", "garbage", "partial", "latency", "visibility_delay")
_DEFAULT_DUE = "+1h"


@dataclass(frozen=True, slots=True)
class Publication:
    """An event that the cloud publishes during the run."""

    after: float
    """Seconds of the cloud's time from the start of the command."""
    event_type: str
    instance_id: str | None
    """None is every instance of the run."""
    due: NotBefore
    """A span counts from the publication."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is expected of the command."""

    text: str
    """As it was given."""
    name: str
    """Of a method of `Expectation`."""
    action: str
    """What ``called`` names; else empty."""
    instance_id: str | None
    """None is every instance of the run, or the cloud as a whole."""

    @property
    def is_judged_at_the_end(self) -> bool:
        """It says that something does not happen, which is known at the end only."""
        return self.name in _AT_THE_END


def publication(text: str) -> Publication:
    """``--at``."""
    option = "--at"
    when, equals, what = text.partition("=")
    what, has_due, due = what.partition("@")
    event_type, colon, instance_id = what.partition(":")
    if not equals or not event_type:
        raise InvalidInput(
            option,
            f"{text!r} is not a valid event; use {AT}, such as 5s=SystemMaintenance.Reboot@+2h",
        )
    try:
        after = parse_duration(when)
    except ValueError as error:
        raise InvalidInput(option, str(error)) from None
    if not 0 <= after < schedule.LONGEST_DELAY.total_seconds():
        raise InvalidInput(option, f"{when!r} is not a valid duration; use one such as 5s or 0s")
    try:
        check_event_type(event_type)
        not_before = schedule.parse(due if has_due else _DEFAULT_DUE)
    except InvalidInput as error:
        raise InvalidInput(option, error.reason) from None
    return Publication(after, event_type, _instance(option, colon, instance_id), not_before)


def wanted(text: str) -> Wanted:
    """``--expect``."""
    option = "--expect"
    what, colon, instance_id = text.partition(":")
    name, equals, action = what.partition("=")
    name = name.replace("-", "_")
    is_call = name == _CALLED and bool(action)
    if not is_call and (name not in EXPECTATIONS or equals):
        raise InvalidInput(
            option,
            f"{what!r} is not a valid expectation; use one of {', '.join(EXPECTATIONS)} and "
            f"{_CALLED}=ACTION",
        )
    if name == _OF_THE_CLOUD and colon:
        raise InvalidInput(option, f"{name} is about the whole cloud; leave the instance out")
    return Wanted(text, name, action, _instance(option, colon, instance_id))


def fault(text: str) -> dict[str, Any]:
    """``--fault``: the body of a fault, which is checked as the fake would."""
    # Only who gives a fault pays for this import.
    from ..fake.control import bodies

    option = "--fault"
    action, colon, rest = text.partition(":")
    if not action or not colon or not rest:
        raise InvalidInput(
            option,
            f"{text!r} is not a valid fault; use {FAULT}, such as RebootInstance:cut=after,times=1",
        )
    given: dict[str, Any] = {"action": action}
    for part in rest.split(","):
        name, equals, value = part.partition("=")
        name = name.replace("-", "_")
        given[name] = True if name in _FLAGS and not equals else _value(name, value)
    if not given.keys() & set(_EFFECTS):
        raise InvalidInput(
            option, f"{text!r} lets nothing fail; use at least one of {', '.join(_EFFECTS)}"
        )
    try:
        bodies.converted(given, bodies.NewFault).fault()
    except bodies.BadBody as bad:
        raise InvalidInput(option, str(bad)) from None
    return given


def answers(file: Path) -> list[dict[str, Any]]:
    """``--answers``: the entries of the file, which are checked as the fake would."""
    from ..fake.control import answer_bodies, bodies

    try:
        answer_bodies.read_file(file)
    except bodies.BadBody as bad:
        raise InvalidInput("--answers", str(bad)) from None
    entries: list[dict[str, Any]] = json.loads(file.read_text("utf-8-sig"))
    return entries


def clock(text: str) -> datetime:
    """``--clock``."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise InvalidInput("--clock", f"{error}; use one such as 2018-08-22T09:30:00Z") from None


def within(text: str) -> float:
    """``--within``, in seconds."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise InvalidInput("--within", str(error)) from None
    if not 0 < seconds < math.inf:
        raise InvalidInput("--within", f"{text!r} is not a valid duration; use one such as 30s")
    return seconds


def _instance(option: str, colon: str, instance_id: str) -> str | None:
    if colon and not is_instance_id(instance_id):
        raise InvalidInput(
            option, f"{instance_id!r} is not a valid instance id; use one such as i-bp1a2b3c4d5e"
        )
    return instance_id if colon else None


def _value(name: str, text: str) -> Any:
    """The value in its type; one that is not of that type as it is, for the error text."""
    try:
        if name in _NUMBERS:
            return float(text)
        if name in _COUNTS:
            return int(text)
    except ValueError:
        return text
    if name in _FLAGS:
        return {"true": True, "false": False}.get(text, text)
    return text
