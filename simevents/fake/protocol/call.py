"""`Call`: one request for an action, after the protocol part has been processed.

Its methods return parameters as typed values, and raise the errors of the API for bad ones.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...models import parse_time
from ..state.access_keys import AccessKey
from ..state.clock import Epoch
from ..state.cloud import Cloud
from .api_errors import ApiError, Code

AnswerMembers = dict[str, Any]
"""The members of an answer, with the names of the API; `dispatch` adds RequestId."""

LIST_POSITION = re.compile(r"\.[0-9]{1,9}(?=\.|$)")
"""The index in the name of a list parameter: ``InstanceId.1``, ``Tag.1.Key``."""

MOST_TAGS = 20
"""Documented maximum of N in ``Tag.N.Key``."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_LONGEST_INTEGER = 20
_LARGEST_INTEGER = 2**31 - 1
_LONGEST_INDEX = 10


@dataclass(frozen=True, slots=True)
class Action:
    """One covered action: the function that implements it, and its parameters."""

    product: str
    version: str
    name: str
    implementation: "Implementation"
    documented: frozenset[str]
    honoured: frozenset[str]
    """The parameters that have an effect."""
    refused: frozenset[str]
    """Documented parameters that the fake refuses: to ignore them would be a wrong answer."""
    missing: Code
    invalid: Code
    is_idempotent: bool
    """Whether the action supports ClientToken."""
    is_read: bool
    """Whether the action changes nothing in the account."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an action. Methods take the names of list parameters without an index."""

    action: Action
    parameters: dict[str, str]
    caller: AccessKey
    visibility_delay: float = 0.0
    """Seconds of cloud time until the events that this call creates become visible."""
    host: str = ""
    """The host that the client asked, with its port if it named one."""

    def refusal(self, name: str, reason: str) -> ApiError:
        """The action's error for an invalid value."""
        return ApiError(self.action.invalid, name=name, reason=reason)

    def missing(self, name: str) -> ApiError:
        """The action's error for a missing parameter."""
        return ApiError(self.action.missing, name=name)

    def given(self, name: str) -> bool:
        """Whether the parameter was sent, even with an empty value."""
        self._check_honoured(name)
        return name in self.parameters

    def text(self, name: str, default: str = "") -> str:
        """A parameter's value; *default* if it is absent or empty."""
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
        # int() would also accept other scripts' digits, spaces and underscores.
        if _INTEGER.fullmatch(value) is None:
            raise self.refusal(name, "not a whole number")
        if len(value) > _LONGEST_INTEGER or abs(int(value)) > _LARGEST_INTEGER:
            raise self.refusal(name, "too large")
        return int(value)

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
        """The values of ``Name.1``, ``Name.2``, …; some clients start at 0."""
        self._check_honoured(name)
        found = []
        for key, value in self.parameters.items():
            if key.startswith(name) and value and LIST_POSITION.fullmatch(key, len(name)):
                found.append((int(key[len(name) + 1 :]), value))
        if most is not None and len(found) > most:
            raise self.refusal(f"{name}.N", f"more than {most}")
        return [value for _, value in sorted(found)]

    def json_list(self, name: str, most: int = 100) -> list[str]:
        """The values of a parameter that contains a JSON array of strings.

        Clients also send single quotes, as Python prints a list; the service accepts them.
        """
        value = self.text(name)
        if not value:
            return []
        values = _from_json(value)
        if values is None and '"' not in value:
            values = _from_json(value.replace("'", '"'))
        if not isinstance(values, list) or not all(map(_is_text, values)):
            raise self.refusal(name, "not a JSON array of strings")
        if len(values) > most:
            raise self.refusal(name, f"more than {most}")
        return values

    def pairs(self, name: str, key: str = "Key", value: str = "Value") -> dict[str, str]:
        """``Tag.N.Key`` to ``Tag.N.Value``; also for other parameters of this form."""
        self._check_honoured(f"{name}.{key}")
        found = {}
        for parameter, text in self.parameters.items():
            if parameter.startswith(f"{name}.") and parameter.endswith(f".{key}"):
                stem = parameter.removesuffix(key)
                if LIST_POSITION.fullmatch(stem[:-1], len(name)):
                    found[text] = self.parameters.get(f"{stem}{value}", "")
        return found

    def objects(self, name: str, members: Iterable[str]) -> list[dict[str, str]]:
        """``Name.1.Member``, … as one dictionary per index; empty values are left out."""
        found: dict[int, dict[str, str]] = {}
        for member in members:
            self._check_honoured(f"{name}.{member}")
            for parameter, text in self.parameters.items():
                if text and parameter.startswith(f"{name}.") and parameter.endswith(f".{member}"):
                    index = parameter[len(name) + 1 : -len(member) - 1]
                    if index.isdecimal() and len(index) < _LONGEST_INDEX:
                        found.setdefault(int(index), {})[member] = text
        return [found[index] for index in sorted(found)]

    def tags(self) -> dict[str, str]:
        found = self.pairs("Tag")
        if len(found) > MOST_TAGS:
            raise self.refusal("Tag.N", f"more than {MOST_TAGS}")
        return found

    @property
    def region(self) -> str:
        return self.required("RegionId")

    def _check_honoured(self, name: str) -> None:
        # Keeps docs/covered-actions.md correct: an action may read only its registered parameters.
        assert name in self.action.honoured, f"{self.action.name} does not honour {name}"


def _from_json(text: str) -> Any:
    """*text* as JSON; None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_text(value: object) -> bool:
    """Whether *value* is a text that can be stored; JSON can contain half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


Implementation = Callable[[Cloud, Call], AnswerMembers]
"""The function of an action: it returns the members of its answer, or raises `ApiError`."""
