"""The CloudMonitor actions that create, change and delete event rules.

Sources: the API pages of PutEventRule, DeleteEventRules, EnableEventRules, DisableEventRules.
What a change of a rule leaves out stays as it was; the pages do not say so.
"""

import re
from dataclasses import replace
from typing import Any

from ..delivery.cloudmonitor_rules import MOST_VALUES, BadPattern, EventPattern, matcher
from ..protocol.call import AnswerMembers, Call
from ..state.cloud import Cloud
from . import rule_rows
from .cms_action import cms_action, success
from .rule_rows import DEFAULT_SILENCE, DISABLED, ENABLED, Rule

_PATTERN = re.compile(
    r"EventPattern\.(?P<pattern>[0-9]{1,9})\."
    r"(?:(?P<list>\w+List|KeywordFilter\.Keywords)\.(?P<position>[0-9]{1,9})|(?P<member>[\w.]+))"
)
_LISTS = frozenset(
    {"EventTypeList", "LevelList", "NameList", "StatusList", "KeywordFilter.Keywords"}
)
_EVENT_TYPES = ("SYSTEM", "CUSTOM")
_LONGEST_NAME = 256


@cms_action(
    "PutEventRule",
    honours="RuleName EventPattern.Product EventPattern.EventTypeList EventPattern.LevelList"
    " EventPattern.NameList EventPattern.StatusList EventPattern.CustomFilters"
    " EventPattern.SQLFilter EventPattern.KeywordFilter.Keywords"
    " EventPattern.KeywordFilter.Relation EventType State SilenceTime GroupId Description",
)
def put_event_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    """A new rule, or another content for the one of this name; its targets remain."""
    name = call.required("RuleName")
    if len(name) > _LONGEST_NAME:
        raise call.refusal("RuleName", f"longer than {_LONGEST_NAME} characters")
    patterns = _patterns(call)
    if not patterns:
        raise call.missing("EventPattern.1.Product")
    old = rule_rows.find(cloud, name) or Rule(name, patterns)
    rule = replace(
        old,
        patterns=patterns,
        description=call.text("Description", old.description),
        event_type=_one_of(call, "EventType", _EVENT_TYPES, old.event_type),
        group_id=call.text("GroupId", old.group_id),
        state=_one_of(call, "State", (ENABLED, DISABLED), old.state),
        silence_time=_silence_time(call, old),
    )
    rule_rows.save(cloud, rule)
    return success() | {"Data": "1"}


@cms_action("DeleteEventRules", honours="RuleNames")
def delete_event_rules(cloud: Cloud, call: Call) -> AnswerMembers:
    """A name without a rule changes nothing."""
    for name in _names(call):
        rule_rows.delete(cloud, name)
    return success()


@cms_action("EnableEventRules", honours="RuleNames")
def enable_event_rules(cloud: Cloud, call: Call) -> AnswerMembers:
    return _turn(cloud, call, ENABLED)


@cms_action("DisableEventRules", honours="RuleNames")
def disable_event_rules(cloud: Cloud, call: Call) -> AnswerMembers:
    return _turn(cloud, call, DISABLED)


def _turn(cloud: Cloud, call: Call, state: str) -> AnswerMembers:
    for name in _names(call):
        rule = rule_rows.find(cloud, name)
        if rule is not None:
            rule_rows.save(cloud, replace(rule, state=state))
    return success()


def _names(call: Call) -> list[str]:
    names = call.listed("RuleNames")
    if not names:
        raise call.missing("RuleNames.1")
    return names


def _one_of(call: Call, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = call.text(name, default).upper()
    if value not in allowed:
        raise call.refusal(name, f"use one of {', '.join(allowed)}")
    return value


def _silence_time(call: Call, old: Rule) -> int:
    seconds = call.integer("SilenceTime", old.silence_time)
    if seconds < 0:
        raise call.refusal("SilenceTime", f"use seconds, such as {DEFAULT_SILENCE}")
    return seconds


def _patterns(call: Call) -> list[EventPattern]:
    """The patterns of the call. Raises ApiError for one that cannot be compared."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in call.parameters.items():
        parts = _PATTERN.fullmatch(name)
        if parts is None:
            continue
        members = found.setdefault(int(parts["pattern"]), {})
        if parts["list"]:
            if value:
                members.setdefault(parts["list"], {})[int(parts["position"])] = value
        elif parts["member"] in _LISTS:
            raise call.refusal(name, f"use {name}.1 and so on")
        else:
            members[parts["member"]] = value
    if len(found) > MOST_VALUES:
        raise call.refusal("EventPattern.N", f"more than {MOST_VALUES}")
    patterns = []
    for number in sorted(found):
        pattern = _pattern(found[number])
        try:
            matcher(pattern, f"EventPattern.{number}")
        except BadPattern as bad:
            raise call.refusal(bad.field, bad.reason) from None
        patterns.append(pattern)
    return patterns


def _pattern(members: dict[str, Any]) -> EventPattern:
    def listed(name: str) -> list[str]:
        values = members.get(name, {})
        return [values[position] for position in sorted(values)]

    return EventPattern(
        product=members.get("Product", ""),
        event_types=listed("EventTypeList"),
        levels=listed("LevelList"),
        names=listed("NameList"),
        statuses=listed("StatusList"),
        keywords=listed("KeywordFilter.Keywords"),
        relation=members.get("KeywordFilter.Relation", ""),
        sql_filter=members.get("SQLFilter", ""),
        custom_filters=members.get("CustomFilters", ""),
    )
