"""What every action is given: the cloud itself and the call it answers.

`Cloud` bundles memory, clock and ids. `Call` is a request after the protocol has
been read off it: an action's parameters with typed access, whose failures are the
API's own errors. `action` registers a function as the answer to an action.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET, format_time, parse_time
from . import codes
from .clock import Clock, Epoch
from .codes import Code, Refused
from .faults import Faults
from .store import Store

ANSWER_MEMBERS = dict[str, Any]
"""An answer's members, spelled as the API spells them; `rpc` adds RequestId."""

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Cloud:
    """One account's cloud, in every region."""

    store: Store
    clock: Clock
    random: random.Random
    access_keys: dict[str, str] = field(
        default_factory=lambda: {FAKE_ACCESS_KEY_ID: FAKE_ACCESS_KEY_SECRET}
    )
    """Access key id to secret."""
    faults: Faults = field(default_factory=Faults)

    def now(self) -> Epoch:
        return self.clock.now()

    def new_id(self, prefix: str) -> str:
        """An id as the vendor makes them: *prefix*, a dash, 20 small letters and digits."""
        return f"{prefix}-{''.join(self.random.choices(_ID_ALPHABET, k=20))}"

    def new_request_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032X}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@dataclass(frozen=True)
class Call:
    """One request for an action. Names of list parameters come without their positions."""

    action: str
    parameters: dict[str, str]
    missing: Code = codes.MISSING_PARAMETER
    invalid: Code = codes.INVALID_PARAMETER
    visibility_delay: float = 0.0
    """Seconds of cloud time after which what this call makes can be seen."""

    def text(self, name: str, default: str = "") -> str:
        """A parameter's value; *default* when it is absent or empty."""
        return self.parameters.get(name) or default

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise Refused(self.missing, name=name)
        return value

    def integer(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            raise Refused(self.invalid, name=name, reason="not a whole number") from None

    def boolean(self, name: str) -> bool:
        """Clients write ``true`` and ``True``; absent is false."""
        value = self.text(name).lower()
        if value not in ("", "true", "false"):
            raise Refused(self.invalid, name=name, reason="neither true nor false")
        return value == "true"

    def time(self, name: str) -> Epoch | None:
        value = self.text(name)
        if not value:
            return None
        try:
            return parse_time(value).timestamp()
        except ValueError:
            raise Refused(
                self.invalid, name=name, reason="not a UTC time as yyyy-MM-ddTHH:mm:ssZ"
            ) from None

    def listed(self, name: str) -> list[str]:
        """The values of ``Name.1``, ``Name.2``, …; some clients count from 0."""
        found = []
        for key, value in self.parameters.items():
            head, dot, position = key.rpartition(".")
            if dot and head == name and position.isdecimal() and value:
                found.append((int(position), value))
        return [value for _, value in sorted(found)]

    def json_list(self, name: str) -> list[str]:
        """The values of a parameter that holds a JSON array in one string."""
        value = self.text(name)
        if not value:
            return []
        try:
            values = json.loads(value)
        except ValueError:
            values = None
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise Refused(self.invalid, name=name, reason="not a JSON array of strings")
        return values

    def tags(self) -> dict[str, str]:
        """``Tag.N.Key`` with ``Tag.N.Value``."""
        return {
            value: self.parameters.get(key.removesuffix("Key") + "Value", "")
            for key, value in self.parameters.items()
            if key.startswith("Tag.") and key.endswith(".Key")
        }

    @property
    def region(self) -> str:
        return self.required("RegionId")


Answer = Callable[[Cloud, Call], ANSWER_MEMBERS]


@dataclass(frozen=True, slots=True)
class Action:
    """One covered action: who answers it and which parameters the API documents for it."""

    product: str
    name: str
    answer: Answer
    parameters: frozenset[str]
    missing: Code
    invalid: Code


ACTIONS: dict[tuple[str, str], Action] = {}
"""(API version, action name in lower case) to action; clients differ in the case."""

_DOCUMENTED: dict[str, list[str]] = json.loads(
    files(__package__).joinpath("parameters.json").read_text()
)


def action(
    product: str,
    version: str,
    name: str,
    missing: Code = codes.MISSING_PARAMETER,
    invalid: Code = codes.INVALID_PARAMETER,
) -> Callable[[Answer], Answer]:
    """Make a function the answer to the action *name* of *product* in *version*."""

    def register(answer: Answer) -> Answer:
        documented = frozenset(_DOCUMENTED[f"{product}/{version}/{name}"])
        ACTIONS[version, name.lower()] = Action(product, name, answer, documented, missing, invalid)
        return answer

    return register


def iso_time(moment: Epoch) -> str:
    """With seconds, as event and VPC answers write times."""
    return format_time(datetime.fromtimestamp(moment, UTC))


def iso_minute(moment: Epoch) -> str:
    """Without seconds, as instance answers write them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")


def page(call: Call, items: Sequence[Any]) -> tuple[list[Any], ANSWER_MEMBERS]:
    """The items on the page asked for, and the members that tell of pages."""
    number = max(call.integer("PageNumber", 1), 1)
    size = min(max(call.integer("PageSize", 10), 1), 100)
    start = (number - 1) * size
    members = {"TotalCount": len(items), "PageNumber": number, "PageSize": size}
    return list(items[start : start + size]), members
