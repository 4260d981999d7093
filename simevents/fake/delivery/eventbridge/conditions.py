"""The expressions of an event pattern: what one of them demands of a field.

Sources: the vendor's page "Event patterns", and apache/rocketmq-eventbridge, the bus that the
vendor published, where the page is silent.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .json_text import number_text

MISSING = object()
"""Stands for a field that an event does not have."""

_LARGEST_NUMBER = 1e9
_TOLERANCE = 1e-7
_CIDR = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,2})?", re.ASCII)

Test = Callable[[Any], bool]
"""Of a value that is neither an array nor an object."""


class BadExpression(ValueError):
    """An expression is not valid; the error's text is the reason, as the vendor gives it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One element of a field's array in a pattern."""

    tests: tuple[Test, ...] = ()
    """One value of the field must pass all of them."""
    exists: bool = True
    """False: the field must be absent."""

    def matches(self, value: Any) -> bool:
        """Whether a field with *value* matches; *value* may be `MISSING`."""
        if value is MISSING or not self.exists:
            return value is MISSING and not self.exists
        if isinstance(value, dict):
            return False
        if not self.tests:
            return True
        return any(map(self._passes, value if isinstance(value, list) else (value,)))

    def _passes(self, value: Any) -> bool:
        return not isinstance(value, dict | list) and all(test(value) for test in self.tests)


def expression(element: Any) -> Expression:
    """The expression that *element* of a field's array is. Raises BadExpression."""
    if isinstance(element, list):
        raise BadExpression("nested pattern value isn't supported")
    if not isinstance(element, dict):
        return Expression((_equals(element),))
    if not element:
        raise BadExpression("each pattern condition should only have one condition key")
    tests = []
    for name, value in element.items():
        if name == "exists":
            if not isinstance(value, bool):
                raise BadExpression("the exists condition only support boolean value")
            if not value and len(element) > 1:
                raise BadExpression("each pattern condition should only have one condition key")
        elif name in _OPERATORS:
            tests.append(_OPERATORS[name](value))
        else:
            raise BadExpression(f"the pattern condition is unrecognized: {name}")
    return Expression(tuple(tests), exists=element.get("exists", True))


def _equals(wanted: Any) -> Test:
    identity = _identity(wanted)
    return lambda value: _identity(value) == identity


def _identity(value: Any) -> tuple[str, str]:
    """What makes two values equal: their kind, and their text."""
    if isinstance(value, bool) or value is None:
        return "word", str(value)
    if isinstance(value, str):
        return "text", value
    return "number", number_text(value)


def _prefix(wanted: Any) -> Test:
    text = _text("prefix", wanted)
    return lambda value: isinstance(value, str) and value.startswith(text)


def _suffix(wanted: Any) -> Test:
    text = _text("suffix", wanted)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _contains(wanted: Any) -> Test:
    text = _text("contains", wanted)
    return lambda value: isinstance(value, str) and text in value


def _text(operator: str, wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise BadExpression(f"the {operator} condition only support string value")
    if not wanted:
        raise BadExpression(f"the {operator} condition doesn't support empty string value")
    return wanted


def _anything_but(unwanted: Any) -> Test:
    tests = _unwanted(unwanted)
    return lambda value: not any(test(value) for test in tests)


def _unwanted(unwanted: Any) -> list[Test]:
    if isinstance(unwanted, dict):
        if not unwanted.keys() <= {"prefix", "suffix"}:
            raise BadExpression("anything but condition only support prefix or suffix")
        return list(expression(unwanted).tests)
    listed = unwanted if isinstance(unwanted, list) else [unwanted]
    if not listed or any(isinstance(each, dict | list) for each in listed):
        raise BadExpression("the anything-but condition only support null or primitive values")
    return [_equals(each) for each in listed]


def _numeric(wanted: Any) -> Test:
    if not isinstance(wanted, list):
        raise BadExpression("the numeric condition needs an array value")
    if len(wanted) not in (2, 4):
        raise BadExpression("the numeric value should contains an operator and a number")
    limits = []
    for operator, bound in zip(wanted[::2], wanted[1::2], strict=True):
        if not isinstance(operator, str) or not _is_number(bound):
            raise BadExpression("the numeric value should contains an operator and a number")
        if operator not in _COMPARISONS:
            raise BadExpression("the numeric exp only support >,<,>=,<=,=,!=")
        if not -_LARGEST_NUMBER <= bound <= _LARGEST_NUMBER:
            raise BadExpression("the numeric value must be between -1.0E9 and 1.0E9 inclusive")
        limits.append((_COMPARISONS[operator], bound))
    return lambda value: (
        _is_number(value) and all(holds(_order(value, bound)) for holds, bound in limits)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(value: float, bound: float) -> int:
    """-1, 0 or 1; numbers that differ by almost nothing are equal."""
    if abs(value - bound) <= _TOLERANCE:
        return 0
    return 1 if value > bound else -1


_COMPARISONS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
}


def _cidr(wanted: Any) -> Test:
    network = _network(wanted)
    if network is None:
        raise BadExpression("the cidr condition only support an IPv4 address or CIDR block")

    def contains(value: Any) -> bool:
        address = None if isinstance(value, str) and "/" in value else _network(value)
        return address is not None and address.subnet_of(network)

    return contains


def _network(value: Any) -> ipaddress.IPv4Network | None:
    if not isinstance(value, str) or _CIDR.fullmatch(value) is None:
        return None
    try:
        return ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        return None


_OPERATORS: Mapping[str, Callable[[Any], Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "contains": _contains,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}
