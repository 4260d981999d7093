"""The attributes of a queue: their bounds and defaults, and how they are read from a request.

Source: the vendor's page on CreateQueue; the bounds are those of the current edition.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..protocol.api_errors import ApiError
from . import errors

VISIBILITY_TIMEOUT = "VisibilityTimeout"
POLLING_WAIT = "PollingWaitSeconds"
DELAY = "DelaySeconds"
MAXIMUM_SIZE = "MaximumMessageSize"
RETENTION = "MessageRetentionPeriod"
LOGGING = "LoggingEnabled"
DEAD_LETTERS = "DlqPolicy"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and the largest value of a number, with its unit."""

    least: int
    most: int
    unit: str = "seconds"

    def check(self, name: str, value: int) -> int:
        """*value*. Raises ApiError if it is out of bounds."""
        if not self.least <= value <= self.most:
            raise self._error(name)
        return value

    def read(self, name: str, text: str) -> int:
        """The number that *text* is. Raises ApiError."""
        # int() would also accept other scripts' digits, spaces and underscores.
        if not (text.isascii() and text.isdecimal() and len(text) < 20):
            raise self._error(name)
        return self.check(name, int(text))

    def _error(self, name: str) -> ApiError:
        return ApiError(
            errors.OUT_OF_BOUNDS,
            name=name,
            least=str(self.least),
            most=str(self.most),
            unit=self.unit,
        )


BOUNDS = {
    VISIBILITY_TIMEOUT: Bounds(1, 43_200),
    MAXIMUM_SIZE: Bounds(1_024, 65_536, "bytes"),
    RETENTION: Bounds(60, 604_800),
    DELAY: Bounds(0, 604_800),
    POLLING_WAIT: Bounds(0, 30),
}
"""Of the attributes that are numbers."""

NO_DEAD_LETTERS: Mapping[str, Any] = {"Enabled": False}

DEFAULTS: Mapping[str, Any] = {
    VISIBILITY_TIMEOUT: 30,
    MAXIMUM_SIZE: 65_536,
    RETENTION: 345_600,
    DELAY: 0,
    POLLING_WAIT: 0,
    LOGGING: False,
    DEAD_LETTERS: NO_DEAD_LETTERS,
}

_MAX_RECEIVES = Bounds(1, 1_000, "times")
_DEFAULT_RECEIVES = 16


def read_numbers(given: Mapping[str, str]) -> dict[str, Any]:
    """The numbers among *given*, by the names of the API. Raises ApiError."""
    return {
        name: bounds.read(name, given[name]) for name, bounds in BOUNDS.items() if given.get(name)
    }


def read_flag(name: str, text: str) -> bool:
    """Clients write ``True`` and ``true``. Raises ApiError."""
    if text.lower() not in ("true", "false"):
        raise ApiError(errors.SCHEMA_VIOLATED, name=name)
    return text.lower() == "true"


def read_dead_letters(text: str) -> dict[str, Any]:
    """The policy in a text of JSON. Raises ApiError."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad_policy("it is not JSON") from None
    if not isinstance(given, dict):
        raise _bad_policy("it is not an object of JSON")
    return dead_letters(given)


def dead_letters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with these members, as it is stored. Raises ApiError."""
    is_enabled = given.get("Enabled", False)
    if not isinstance(is_enabled, bool):
        raise _bad_policy("Enabled is neither true nor false")
    if not is_enabled:
        return dict(NO_DEAD_LETTERS)
    target, most = given.get("DeadLetterTargetQueue"), given.get("MaxReceiveCount")
    if not isinstance(target, str) or not target:
        raise _bad_policy("DeadLetterTargetQueue is not the name of a queue")
    if isinstance(most, str):
        most = _MAX_RECEIVES.read("MaxReceiveCount", most)
    if most is None:
        most = _DEFAULT_RECEIVES
    if not isinstance(most, int) or isinstance(most, bool):
        raise _bad_policy("MaxReceiveCount is not a whole number")
    return {
        "Enabled": True,
        "DeadLetterTargetQueue": target,
        "MaxReceiveCount": _MAX_RECEIVES.check("MaxReceiveCount", most),
    }


def _bad_policy(reason: str) -> ApiError:
    return ApiError(errors.DEAD_LETTER_POLICY_INVALID, reason=reason)
