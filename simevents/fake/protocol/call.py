"""What every action is given: the cloud itself and the call it answers.

`Cloud` bundles memory, clock, ids and settings. `Call` is a request after the
protocol has been read off it: an action's parameters with typed access, whose
failures are the API's own errors. `action` registers a function as the answer to an
action, with the parameters that it honours.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any

from ...models import format_time, parse_time
from ..state.access_keys import AccessKey, AccessKeys
from ..state.clock import Clock, Epoch
from ..state.faults import Faults
from ..state.store import Store
from ..state.switches import Switches
from ..state.throttling import Throttle
from . import api_errors
from .api_errors import Code, Refused

ANSWER_MEMBERS = dict[str, Any]
"""An answer's members, spelled as the API spells them; `rpc` adds RequestId."""

LIST_POSITION = re.compile(r"\.[0-9]{1,9}(?=\.|$)")
"""What stands behind a name in a list: ``InstanceId.1``, ``Tag.1.Key``."""

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_LARGEST_INTEGER = 2**31 - 1


@dataclass
class Cloud:
    """One account's cloud, in every region."""

    store: Store
    clock: Clock
    random: random.Random
    access_keys: AccessKeys
    wall: Callable[[], float]
    """Real time, in which keys and signatures live."""
    switches: Switches = field(default_factory=Switches)
    faults: Faults = field(default_factory=Faults)
    throttle: Throttle = field(default_factory=Throttle)

    def now(self) -> Epoch:
        return self.clock.now()

    def settle(self) -> None:
        """Let everything happen that is due; within a transaction."""
        self.store.events.settle(self.now(), self.switches.executing_seconds)

    def new_id(self, prefix: str) -> str:
        """An id as the vendor makes them: *prefix*, a dash, 20 small letters and digits."""
        return f"{prefix}-{self.new_letters(20)}"

    def new_letters(self, count: int) -> str:
        return "".join(self.random.choices(_ID_ALPHABET, k=count))

    def new_request_id(self) -> str:
        digits = f"{self.random.getrandbits(128):032X}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@dataclass(frozen=True, slots=True)
class Action:
    """One covered action: who answers it and which parameters it has."""

    product: str
    version: str
    name: str
    answer: "Answer"
    documented: frozenset[str]
    honoured: frozenset[str]
    """Those that make a difference here; the other documented ones pass and are ignored."""
    missing: Code
    invalid: Code
    is_idempotent: bool
    """A ClientToken makes it so."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an action. Names of list parameters come without their positions."""

    action: Action
    parameters: dict[str, str]
    caller: AccessKey
    visibility_delay: float = 0.0
    """Seconds of cloud time after which what this call makes can be seen."""

    def refusal(self, name: str, reason: str) -> Refused:
        """The action's own error for a value that is not valid."""
        return Refused(self.action.invalid, name=name, reason=reason)

    def missing(self, name: str) -> Refused:
        """The action's own error for a parameter that is not there."""
        return Refused(self.action.missing, name=name)

    def given(self, name: str) -> bool:
        """Whether the parameter was sent at all, be it empty."""
        self._check_honoured(name)
        return name in self.parameters

    def text(self, name: str, default: str = "") -> str:
        """A parameter's value; *default* when it is absent or empty."""
        self._check_honoured(name)
        return self.parameters.get(name) or default

    def required(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise self.missing(name)
        return value

    def integer(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        try:
            number = int(value)
        except ValueError:
            raise self.refusal(name, "not a whole number") from None
        if abs(number) > _LARGEST_INTEGER:
            raise self.refusal(name, "too large")
        return number

    def boolean(self, name: str) -> bool:
        """Clients write ``true`` and ``True``; absent is false."""
        value = self.text(name).lower()
        if value not in ("", "true", "false"):
            raise self.refusal(name, "neither true nor false")
        return value == "true"

    def time(self, name: str) -> Epoch | None:
        value = self.text(name)
        if not value:
            return None
        try:
            return parse_time(value).timestamp()
        except ValueError:
            raise self.refusal(name, "not a UTC time as yyyy-MM-ddTHH:mm:ssZ") from None

    def listed(self, name: str, most: int | None = None) -> list[str]:
        """The values of ``Name.1``, ``Name.2``, …; some clients count from 0."""
        self._check_honoured(name)
        found = []
        for key, value in self.parameters.items():
            if key.startswith(name) and value and LIST_POSITION.fullmatch(key, len(name)):
                found.append((int(key[len(name) + 1 :]), value))
        if most is not None and len(found) > most:
            raise self.refusal(f"{name}.N", f"more than {most}")
        return [value for _, value in sorted(found)]

    def json_list(self, name: str, most: int = 100) -> list[str]:
        """The values of a parameter that holds a JSON array in one string."""
        value = self.text(name)
        if not value:
            return []
        try:
            values = json.loads(value)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise self.refusal(name, "not a JSON array of strings")
        if len(values) > most:
            raise self.refusal(name, f"more than {most}")
        return values

    def pairs(self, name: str, key: str = "Key", value: str = "Value") -> dict[str, str]:
        """``Tag.N.Key`` with ``Tag.N.Value``, and others of that shape."""
        self._check_honoured(f"{name}.{key}")
        found = {}
        for parameter, text in self.parameters.items():
            if parameter.startswith(f"{name}.") and parameter.endswith(f".{key}"):
                stem = parameter.removesuffix(key)
                if LIST_POSITION.fullmatch(stem[:-1], len(name)):
                    found[text] = self.parameters.get(f"{stem}{value}", "")
        return found

    def tags(self) -> dict[str, str]:
        return self.pairs("Tag")

    @property
    def region(self) -> str:
        return self.required("RegionId")

    def _check_honoured(self, name: str) -> None:
        # Keeps docs/coverage.md true: what an action reads stands in its registration.
        assert name in self.action.honoured, f"{self.action.name} does not honour {name}"


Answer = Callable[[Cloud, Call], ANSWER_MEMBERS]

ACTIONS: dict[tuple[str, str], Action] = {}
"""(API version, action name in lower case) to action; clients differ in the case."""

_DOCUMENTED: dict[str, list[str]] = json.loads(
    files(__package__).joinpath("parameters.json").read_text()
)


def action(
    product: str,
    version: str,
    name: str,
    honours: str,
    missing: Code = api_errors.MISSING_PARAMETER,
    invalid: Code = api_errors.INVALID_PARAMETER,
) -> Callable[[Answer], Answer]:
    """Make a function the answer to the action *name* of *product* in *version*.

    *honours* names the parameters that it acts on, separated by spaces.
    """

    def register(answer: Answer) -> Answer:
        documented = frozenset(_DOCUMENTED[f"{product}/{version}/{name}"])
        honoured = frozenset(honours.split())
        assert honoured <= documented, f"{name} has no {honoured - documented}"
        is_idempotent = "ClientToken" in honoured
        ACTIONS[version, name.lower()] = Action(
            product, version, name, answer, documented, honoured, missing, invalid, is_idempotent
        )
        return answer

    return register


event_action = partial(
    action,
    "Ecs",
    "2014-05-26",
    missing=api_errors.EVENT_MISSING_PARAMETER,
    invalid=api_errors.EVENT_INVALID_PARAMETER,
)
"""`action` for those that document other statuses for a bad parameter than the rest of ECS."""


# The same times are written again and again: those of what was made in one call.
@lru_cache(maxsize=10_000)
def iso_time(moment: Epoch) -> str:
    """With seconds, as event and VPC answers write times."""
    return format_time(datetime.fromtimestamp(moment, UTC))


@lru_cache(maxsize=10_000)
def iso_minute(moment: Epoch) -> str:
    """Without seconds, as instance answers write them."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%MZ")
