"""How the actions that read lists compare their filters with the entries of an answer.

An ignored filter would be a wrong answer. Therefore each documented parameter of such an
action is honoured, is known to change nothing, or is refused.
"""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..state.clock import Epoch
from . import api_errors
from .api_errors import ApiError
from .call import Call


def given(call: Call, names: Iterable[str]) -> dict[str, str]:
    """The parameters among *names* that have a value."""
    return {name: value for name in names if (value := call.text(name))}


def same(entry: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether the members of *entry* have the *wanted* values; an absent member is empty."""
    return all(
        value.lower() == str(member).lower()
        if isinstance(member := entry.get(name, ""), bool)
        else value == str(member)
        for name, value in wanted.items()
    )


def tagged(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether *tags* contain all *wanted* tags; an empty value matches any value."""
    return all(key in tags and value in ("", tags[key]) for key, value in wanted.items())


def named(name: str, pattern: str) -> bool:
    """Whether *name* fits *pattern*, in which ``*`` is any text; an empty one fits all names."""
    # The API knows only this wildcard.
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")
    return not pattern or fnmatch.fnmatchcase(name, escaped)


@dataclass(frozen=True, slots=True)
class Created:
    """The filter ``Filter.N``: a range of the creation time."""

    start: Epoch | None = None
    end: Epoch | None = None

    def contains(self, moment: Epoch) -> bool:
        # Creation times have whole minutes, in filters and in most answers.
        minute = moment // 60 * 60
        return (self.start is None or self.start <= minute) and (
            self.end is None or minute <= self.end
        )


def created(call: Call) -> Created:
    """``Filter.N`` of *call*. Raises ApiError for another key than those of the creation time."""
    found: dict[str, Epoch] = {}
    for key, value in call.pairs("Filter").items():
        if not key:
            continue
        if key not in ("CreationStartTime", "CreationEndTime"):
            raise ApiError(
                api_errors.NOT_COVERED, action=call.action.name, parameter=f"Filter.N with {key}"
            )
        found[key] = _minute(call, value)
    return Created(found.get("CreationStartTime"), found.get("CreationEndTime"))


def _minute(call: Call, text: str) -> Epoch:
    for form in ("%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise call.refusal("Filter.N.Value", "not a UTC time as yyyy-MM-ddTHH:mmZ")
