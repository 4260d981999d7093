"""The transforms of EventBridge: what a parameter of a target is made of an event.

Source: the vendor's page "Event transformation".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape as escaped

from . import json_paths
from .json_text import BadJson, number_text, read, write

LONGEST_TEMPLATE = 10_240
"""Characters, as documented."""

LONGEST_RESULT = 1_000_000
"""Characters of what a template becomes; no limit is documented. The rest is left out."""

FORMS = ("ORIGINAL", "JSONPATH", "TEMPLATE", "CONSTANT")

_VARIABLE = re.compile(
    r"\$\{(?:(?P<escape>jsonEscape|htmlEscape)\((?P<escaped>[^(){}$]{1,128})\)"
    r"|(?P<name>[^(){}$]{1,128}))\}"
)


class TransformError(ValueError):
    """A transform is not valid. *member* is Form, Value or Template; the text is the reason."""

    def __init__(self, member: str, reason: str) -> None:
        self.member = member
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Original:
    """The whole event, as JSON."""

    def of(self, event: Mapping[str, Any]) -> str:
        return write(event)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """One part of the event."""

    path: json_paths.Path

    def of(self, event: Mapping[str, Any]) -> str:
        return json_paths.text_at(event, self.path)


@dataclass(frozen=True, slots=True)
class Constant:
    """A text that does not depend on the event."""

    text: str

    def of(self, event: Mapping[str, Any]) -> str:  # noqa: ARG002 - as the other forms
        return self.text


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables: ``${name}``, ``${jsonEscape(name)}`` and ``${htmlEscape(name)}``."""

    text: str
    variables: Mapping[str, JsonPath | Constant]

    def of(self, event: Mapping[str, Any]) -> str:
        values: dict[str, str] = {}
        left = LONGEST_RESULT - len(self.text)

        def replacement(found: re.Match[str]) -> str:
            nonlocal left
            name = (found["name"] or found["escaped"]).strip()
            if name not in self.variables:
                return found[0]
            if name not in values:
                values[name] = self.variables[name].of(event)
            text = _escaped(values[name], found["escape"])[:left]
            left -= len(text)
            return text

        # One pass: what an event contains is never taken for a variable.
        return _VARIABLE.sub(replacement, self.text)


Transform = Original | JsonPath | Constant | Template


def parse(form: str, value: str, template: str = "") -> Transform:
    """The transform of a parameter with these members. Raises TransformError."""
    if form == "ORIGINAL":
        return Original()
    if form == "CONSTANT":
        return Constant(value)
    if form == "JSONPATH":
        path = json_paths.parse(value)
        if path is None:
            raise TransformError("Value", "a JSONPath to one place, such as $.data.instanceId")
        return JsonPath(path)
    if form == "TEMPLATE":
        return _template(value, template)
    raise TransformError("Form", ", ".join(FORMS))


def _template(value: str, template: str) -> Template:
    if not template:
        raise TransformError("Template", "a text")
    if len(template) > LONGEST_TEMPLATE:
        raise TransformError("Template", f"a text with at most {LONGEST_TEMPLATE} characters")
    wanted = 'a JSON object with a JSONPath for each variable, such as {"id":"$.data.instanceId"}'
    try:
        paths = read(value)
    except BadJson:
        paths = None
    if not isinstance(paths, dict) or any(isinstance(each, dict | list) for each in paths.values()):
        raise TransformError("Value", wanted)
    return Template(template, {name: _variable(each) for name, each in paths.items()})


def _variable(value: Any) -> JsonPath | Constant:
    """A path, or for a text that is none, the text itself."""
    if isinstance(value, str):
        path = json_paths.parse(value)
        return Constant(value) if path is None else JsonPath(path)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Constant(number_text(value) if is_number else write(value))


def _escaped(text: str, escape: str | None) -> str:
    if escape == "jsonEscape":
        return write(text)[1:-1]
    if escape == "htmlEscape":
        return escaped(text, {'"': "&quot;"})
    return text
