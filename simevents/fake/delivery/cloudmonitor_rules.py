"""Which messages a rule of CloudMonitor asks for.

Source: the API page of PutEventRule. What a list leaves out, or contains as ``*``, fits everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import content_filter, event_names
from .content_filter import BadFilter, ContentFilter

ANY = "*"
MOST_VALUES = 50
"""Documented maximum of each list, and of the patterns of a rule."""

EVENT_TYPES = (event_names.NOTIFICATION, event_names.EXCEPTION, event_names.MAINTENANCE, ANY)
LEVELS = (event_names.CRITICAL, event_names.WARN, event_names.INFO, ANY)


class BadPattern(ValueError):
    """A pattern that CloudMonitor refuses; *field* is its parameter."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field} is not valid: {reason}")


@dataclass(frozen=True, slots=True)
class EventPattern:
    """One ``EventPattern.N`` of a rule, with the values as they were given."""

    product: str
    event_types: Sequence[str] = ()
    levels: Sequence[str] = ()
    names: Sequence[str] = ()
    statuses: Sequence[str] = ()
    keywords: Sequence[str] = ()
    relation: str = ""
    """Of the keywords: OR, AND or NOT."""
    sql_filter: str = ""
    custom_filters: str = ""
    """A keyword that the content has to contain."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A pattern that has been read."""

    product: str
    event_types: frozenset[str]
    levels: frozenset[str]
    names: frozenset[str]
    statuses: frozenset[str]
    filters: tuple[ContentFilter, ...]

    def matches(self, message: Mapping[str, Any]) -> bool:
        """Whether *message*, an enriched body, fits the pattern.

        The status fits if it is the one of the message or the one of its event.
        """
        content = message.get("content")
        members: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        return (
            self.product == _plain(message.get("product"))
            and _fits(self.event_types, message.get("eventType"))
            and _fits(self.levels, message.get("level"))
            and _fits(self.names, message.get("name"))
            and _fits(self.statuses, message.get("status"), members.get("eventStatus"))
            and all(each.fits(members) for each in self.filters)
        )


def matcher(pattern: EventPattern, parameter: str = "EventPattern.1") -> Matcher:
    """*pattern*, ready to be compared. Raises BadPattern, which names the parameter."""
    if not pattern.product:
        raise BadPattern(f"{parameter}.Product", "it is mandatory")
    lists = {
        "EventTypeList": (pattern.event_types, EVENT_TYPES),
        "LevelList": (pattern.levels, LEVELS),
        "NameList": (pattern.names, ()),
        "StatusList": (pattern.statuses, ()),
        "KeywordFilter.Keywords": (pattern.keywords, ()),
    }
    for name, (values, allowed) in lists.items():
        _check(f"{parameter}.{name}", values, allowed)
    return Matcher(
        product=_plain(pattern.product),
        event_types=_wanted(pattern.event_types),
        levels=_wanted(pattern.levels),
        names=_wanted(pattern.names),
        statuses=_wanted(pattern.statuses),
        filters=_filters(pattern, parameter),
    )


def _check(field: str, values: Sequence[str], allowed: Sequence[str]) -> None:
    if len(values) > MOST_VALUES:
        raise BadPattern(f"{field}.N", f"more than {MOST_VALUES} values")
    known = {_plain(value) for value in allowed}
    for number, value in enumerate(values, 1):
        if known and _plain(value) not in known:
            raise BadPattern(f"{field}.{number}", f"use one of {', '.join(allowed)}")


def _filters(pattern: EventPattern, parameter: str) -> tuple[ContentFilter, ...]:
    found = []
    if pattern.keywords or pattern.relation:
        try:
            found.append(content_filter.keywords(pattern.keywords, pattern.relation))
        except BadFilter as bad:
            raise BadPattern(f"{parameter}.KeywordFilter.Relation", str(bad)) from None
    if pattern.sql_filter:
        try:
            found.append(content_filter.query(pattern.sql_filter))
        except BadFilter as bad:
            raise BadPattern(f"{parameter}.SQLFilter", str(bad)) from None
    if pattern.custom_filters:
        found.append(content_filter.keywords([pattern.custom_filters], "OR"))
    return tuple(found)


def _wanted(values: Sequence[str]) -> frozenset[str]:
    """The values without case; empty if every value is wanted."""
    return frozenset() if ANY in values else frozenset(map(_plain, values))


def _fits(wanted: frozenset[str], *values: object) -> bool:
    return not wanted or any(_plain(value) in wanted for value in values)


def _plain(value: object) -> str:
    return str(value).casefold()
