"""Event patterns: which events a rule of EventBridge is for.

A pattern is an object with arrays as its leaves: all fields must match, and of a field's array
one element. Sources: the vendor's page "Event patterns"; for what it leaves open, and for the
texts of errors, apache/rocketmq-eventbridge.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .conditions import MISSING, BadExpression, Expression, expression
from .json_text import BadJson, read

MOST_EXPRESSIONS = 5
"""Documented maximum in one field's array."""
LONGEST_PATTERN = 65_536
"""Characters; no limit is documented."""

ATTRIBUTES = frozenset(
    {
        *("id", "source", "specversion", "type", "subject", "time"),
        *("datacontenttype", "dataschema"),
    }
)
"""Of CloudEvents; besides them a pattern can have ``data`` and the bus's own attributes."""
EXTENSION_PREFIX = "aliyun"

_LONGEST_SHOWN = 100


class PatternError(ValueError):
    """A pattern is not valid; the error's text is the vendor's, with the field's name."""

    code = "EventRuleFilterPatternSchemaError"

    def __init__(self, reason: str, field: str = "") -> None:
        where = f" (field {_shown(field)})" if field else ""
        super().__init__(f"Event pattern is not valid, reason: {reason}{where}")


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a pattern: the names on the way to it, and its alternatives."""

    path: tuple[str, ...]
    expressions: tuple[Expression, ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        value: Any = event
        for name in self.path:
            if not isinstance(value, dict) or name not in value:
                value = MISSING
                break
            value = value[name]
        return any(each.matches(value) for each in self.expressions)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that `parse` has checked."""

    fields: tuple[Field, ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether *event*, a CloudEvent as an object of JSON, matches."""
        if any(field.path[0] == "data" for field in self.fields) and "data" not in event:
            return False
        return all(field.matches(event) for field in self.fields)


def parse(text: str) -> Pattern:
    """The pattern that *text*, a JSON object, describes. Raises PatternError."""
    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"the pattern has more than {LONGEST_PATTERN} characters")
    try:
        written = read(text)
    except BadJson as bad:
        raise PatternError(f"the pattern isn't a valid json format string: {bad}") from None
    if not isinstance(written, dict):
        raise PatternError("the pattern should be a JSON object")
    return Pattern(tuple(_fields(written)))


def _fields(written: dict[str, Any]) -> Iterator[Field]:
    for name, value in written.items():
        if name == "data":
            if not isinstance(value, dict):
                raise PatternError("the data pattern doesn't have any pattern key", name)
            yield from _fields_below((name,), value)
        elif name in ATTRIBUTES or name.startswith(EXTENSION_PREFIX):
            if not isinstance(value, list):
                raise PatternError("the pattern has invalid pattern value", name)
            yield _field((name,), value)
        else:
            raise PatternError(f"the pattern has unrecognized pattern key: {_shown(name)}")


def _fields_below(path: tuple[str, ...], written: dict[str, Any]) -> Iterator[Field]:
    # Recursion ends, because `read` bounds the levels.
    if not written:
        raise PatternError("the data pattern doesn't have any pattern key", ".".join(path))
    for name, value in written.items():
        below = (*path, name)
        if isinstance(value, dict):
            yield from _fields_below(below, value)
        elif isinstance(value, list):
            yield _field(below, value)
        else:
            raise PatternError("the pattern has invalid pattern value", ".".join(below))


def _field(path: tuple[str, ...], elements: list[Any]) -> Field:
    name = ".".join(path)
    if not elements:
        raise PatternError("the pattern has invalid pattern value: []", name)
    if len(elements) > MOST_EXPRESSIONS:
        raise PatternError(f"a field has at most {MOST_EXPRESSIONS} expressions", name)
    try:
        return Field(path, tuple(map(expression, elements)))
    except BadExpression as bad:
        raise PatternError(_shown(str(bad), 2 * _LONGEST_SHOWN), name) from None


def _shown(text: str, most: int = _LONGEST_SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
