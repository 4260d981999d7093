"""JSON that callers wrote: read within bounds, and numbers keep how they were written.

The pattern language compares numbers by their text: 300, 300.0 and 3e2 differ.
"""

import json
import math
from typing import Any

MOST_LEVELS = 64
"""Of objects and arrays within each other."""


class BadJson(ValueError):
    """A text is not JSON that can be used; the error's text says why."""


class WrittenFloat(float):
    """A number with a fraction or an exponent, and its text."""

    text: str

    def __new__(cls, text: str) -> "WrittenFloat":
        made = super().__new__(cls, text)
        if not math.isfinite(made):
            raise BadJson("it has a number that is too large")
        made.text = text
        return made


def read(text: str | bytes) -> Any:
    """*text* as JSON; the last one of members with the same name counts. Raises BadJson."""
    try:
        value = json.loads(
            text, parse_float=WrittenFloat, parse_int=_integer, parse_constant=_refuse
        )
    except RecursionError:
        raise BadJson(_TOO_DEEP) from None
    except BadJson:
        raise
    except ValueError:
        # Its own text could repeat the whole of a long number.
        raise BadJson("it isn't valid JSON") from None
    _check(value)
    return value


def write(value: Any) -> str:
    """*value* as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def number_text(value: float) -> str:
    """How a number that `read` returned was written."""
    return value.text if isinstance(value, WrittenFloat) else str(value)


_MOST_DIGITS = 300
"""So that each whole number can be compared with one that has a fraction."""

_TOO_DEEP = f"it has more than {MOST_LEVELS} levels"


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise BadJson("it has a number that is too large")
    return int(text)


def _refuse(constant: str) -> Any:
    raise BadJson(f"{constant} isn't valid JSON")


def _check(value: Any) -> None:
    """Refuse what is too deep to be walked through, and texts that cannot be stored."""
    level, depth = [value], 0
    while level:
        if not all(_is_unicode(each) for each in level if isinstance(each, str)):
            raise BadJson("it has half of a surrogate pair")
        containers = [each for each in level if isinstance(each, dict | list)]
        if containers and depth == MOST_LEVELS:
            raise BadJson(_TOO_DEEP)
        depth += 1
        level = []
        for each in containers:
            level += each
            if isinstance(each, dict):
                level += each.values()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
