"""What an expectation looks for: calls of some actions, or events of a status, and when."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ..allow_list import plain
from ..models import EventCycleStatus
from .records import ApiCall, CloudEvent, Delivery

_INSTANCE_ID = re.compile(r"(?<![A-Za-z0-9_-])i-[A-Za-z0-9-]+")

ALL = ""
"""Stands for the cloud as a whole, where an expectation names no instance."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something took place that an expectation is about."""

    at: datetime
    """In the cloud's time."""
    call: int | None = None
    """The position of a call among all calls; None for the status of an event."""

    def follows(self, other: "Moment") -> bool:
        """Whether this came after *other*.

        Times have whole seconds: a call and the status of an event that have the same second
        count as following each other.
        """
        if self.call is not None and other.call is not None:
            return self.call > other.call
        return self.at >= other.at


@dataclass(frozen=True, slots=True)
class Earlier:
    """What conditions must follow."""

    moments: Mapping[str, Sequence[Moment]] = field(default_factory=dict)
    """By instance."""
    text: str = ""

    def is_before(self, moment: Moment, instance: str) -> bool:
        return all(moment.follows(earlier) for earlier in self.moments.get(instance, ()))


class Observed(Protocol):
    """The records in which a condition looks."""

    @property
    def events(self) -> list[CloudEvent]: ...
    @property
    def calls(self) -> list[ApiCall]: ...
    @property
    def deliveries(self) -> list[Delivery]: ...


class Condition(ABC):
    """Something that a test expects, and how a sentence says it.

    *some* and *none* are whole sentences, for the cloud as a whole.
    """

    def __init__(self, deed: str, no_deed: str, some: str, none: str) -> None:
        self._deed, self._no_deed = deed, no_deed
        self._some, self._none = some, none

    def holds(self, who: str) -> str:
        """``i-web was rebooted``; *who* is a name, ``it``, or `ALL`."""
        return f"{who} {self._deed}" if who else self._some

    def does_not_hold(self, who: str) -> str:
        """``i-web was not rebooted``."""
        return f"{who} {self._no_deed}" if who else self._none

    def reason(self, instances: Iterable[str], cloud: Observed) -> str:  # noqa: ARG002
        """Why it does not hold, where there is more to say; without a full stop."""
        return ""

    @abstractmethod
    def moments(self, instances: Iterable[str], cloud: Observed) -> dict[str, list[Moment]]:
        """When it came about, by instance, in order."""


class Called(Condition):
    """One of *actions* was called with success, and named the instance."""

    def __init__(self, actions: Iterable[str], deed: str) -> None:
        super().__init__(
            f"was {deed}",
            f"was not {deed}",
            f"an instance was {deed}",
            f"no instance was {deed}",
        )
        self._actions = frozenset(actions)

    def moments(self, instances: Iterable[str], cloud: Observed) -> dict[str, list[Moment]]:
        found: dict[str, list[Moment]] = {instance: [] for instance in instances}
        for position, call in enumerate(cloud.calls):
            if not (call.carried_out and self._is_wanted(call)):
                continue
            for instance in found.keys() & {ALL, *named(call)}:
                found[instance].append(Moment(call.at, position))
        return found

    def _is_wanted(self, call: ApiCall) -> bool:
        return call.action in self._actions


class CalledAction(Called):
    """*action* was called with success, and with these *parameters*."""

    def __init__(self, action: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._parameters = parameters or {}
        which = ", ".join(f"{name}={value}" for name, value in self._parameters.items())
        which = f" with {which}" if which else ""
        super().__init__([action], f"named in a successful {action}{which}")
        self._some = f"{action}{which} was called"
        self._none = f"{action}{which} was not called with success"

    def _is_wanted(self, call: ApiCall) -> bool:
        return super()._is_wanted(call) and all(
            any(
                _is_value(given, wanted)
                for parameter, given in call.parameters.items()
                if name in (parameter, plain(parameter))
            )
            for name, wanted in self._parameters.items()
        )


class HasEvent(Condition):
    """The instance has an event of *status*."""

    def __init__(self, status: EventCycleStatus) -> None:
        event = f"event that is {status.value}"
        super().__init__(
            f"has an {event}", f"has no {event}", f"there is an {event}", f"there is no {event}"
        )
        self._status = status

    def moments(self, instances: Iterable[str], cloud: Observed) -> dict[str, list[Moment]]:
        found: dict[str, list[Moment]] = {instance: [] for instance in instances}
        for event in cloud.events:
            if event.event_cycle_status is self._status:
                began = event.history[-1][0]
                for instance in found.keys() & {ALL, event.instance_id}:
                    found[instance].append(Moment(began))
        for moments in found.values():
            moments.sort(key=lambda moment: moment.at)
        return found


def named(call: ApiCall) -> set[str]:
    """The instances that a call names, in whichever of the API's ways."""
    ids: set[str] = set()
    if call.taught:
        # Each product has its own names for them: ServerId, nodes, instance_ids.
        for value in call.parameters.values():
            ids.update(_INSTANCE_ID.findall(value))
        if " " in call.action:
            ids.update(_INSTANCE_ID.findall(call.action))
    for name, value in call.parameters.items():
        if name.partition(".")[0] in ("InstanceId", "ResourceId"):
            ids.add(value)
        elif name == "InstanceIds":
            ids.update(_listed(value))
    return ids


def _is_value(given: str, wanted: Any) -> bool:
    """Whether a parameter has the value *wanted*, which may be what its JSON says."""
    if isinstance(wanted, str):
        is_json = wanted.startswith(("{", "["))
        return given == wanted or (is_json and _is_value(given, _parsed(wanted)))
    if isinstance(wanted, bool):
        given = given.lower()
    parsed = _parsed(given)
    return parsed is not None and type(parsed) is type(wanted) and parsed == wanted


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _listed(text: str) -> list[str]:
    try:
        values = json.loads(text)
    except ValueError:
        return []
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
