"""JSONPath as EventBridge's transforms use it: a path to one place in an event.

Paths that could have several results, with ``*``, ``..``, filters or slices, are none here.
Source: the vendor's page "Event transformation" and apache/rocketmq-eventbridge.
"""

import re
from typing import Any

from .json_text import number_text, write

Path = tuple[str | int, ...]

LONGEST_PATH = 1_024
"""Characters; no limit is documented."""

# A member by name, or in brackets a quoted name or a position.
_STEP = re.compile(
    r"\.(?P<name>[^.\[\]'\"()*?@,:\s]+)"
    r"|\[(?:'(?P<single>[^'\\]*)'|\"(?P<double>[^\"\\]*)\"|(?P<position>-?[0-9]{1,9}))\]"
)


def parse(text: str) -> Path | None:
    """The path that *text* is, such as ``$.data.instanceId``; None if it is none."""
    if not text.startswith("$") or len(text) > LONGEST_PATH:
        return None
    steps: list[str | int] = []
    end = 1
    while end < len(text):
        found = _STEP.match(text, end)
        if found is None:
            return None
        position = found["position"]
        name = next((found[each] for each in ("name", "single", "double") if found[each]), "")
        steps.append(name if position is None else int(position))
        end = found.end()
    return tuple(steps)


def text_at(event: Any, path: Path) -> str:
    """What is at *path*: a text as it is, anything else as JSON; empty where nothing is."""
    value = event
    for step in path:
        if not _has(value, step):
            return ""
        value = value[step]
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number_text(value) if is_number else write(value)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(value, dict) and step in value
    return isinstance(value, list) and -len(value) <= step < len(value)
