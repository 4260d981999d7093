"""The CloudMonitor actions that list event rules and their targets.

Sources: the API pages of DescribeEventRuleList, DescribeEventRuleAttribute and
DescribeEventRuleTargetList, and the response models of the newer SDK. The alicloud Terraform
provider reads the pattern of a listed rule as one object, the SDK as a list; the answer has both.
"""

from collections.abc import Callable
from typing import Any

from ..delivery.cloudmonitor_rules import EventPattern
from ..protocol import paging
from ..protocol.call import AnswerMembers, Call
from ..state.cloud import Cloud
from . import rule_rows
from .cms_action import cms_action, success
from .rule_rows import ENABLED, KINDS, Rule, Target
from .targets import MEMBERS, named_rule

# The names of the inner lists are as unequal in the API.
_INNER = {
    "MnsParameters": "MnsParameter",
    "WebhookParameters": "WebhookParameter",
    "FcParameters": "FCParameter",
    "SlsParameters": "SlsParameter",
    "ContactParameters": "ContactParameter",
    "OpenApiParameters": "OpenApiParameters",
}
_HIDDEN = frozenset({"JsonParams"})
"""Members of a target that no answer has."""


@cms_action("DescribeEventRuleList", honours="NamePrefix GroupId IsEnable PageNumber PageSize")
def describe_event_rule_list(cloud: Cloud, call: Call) -> AnswerMembers:
    """Without IsEnable all rules, since the Terraform provider also reads disabled ones so."""
    prefix, group_id = call.text("NamePrefix"), call.text("GroupId")
    is_enabled = call.boolean("IsEnable") if call.text("IsEnable") else None
    found = [
        rule
        for rule in rule_rows.all_rules(cloud)
        if rule.name.startswith(prefix)
        and group_id in ("", rule.group_id)
        and is_enabled in (None, rule.state == ENABLED)
    ]
    shown, _ = paging.page(cloud, call, found)
    listed = [_listed(rule) for rule in shown]
    return success() | {"Total": len(found), "EventRules": {"EventRule": listed}}


@cms_action("DescribeEventRuleAttribute", honours="RuleName", ignores="SilenceTime")
def describe_event_rule_attribute(cloud: Cloud, call: Call) -> AnswerMembers:
    rule = named_rule(cloud, call)
    pattern = rule.patterns[0]
    shape = _lists(pattern) | {
        "StatusList": {"StatusList": list(pattern.statuses)},
        "KeywordFilterObj": {
            "Relation": pattern.relation,
            "Keywords": {"keyword": list(pattern.keywords)},
        },
    }
    return success() | {"Result": _head(rule) | {"EventPattern": shape}}


@cms_action("DescribeEventRuleTargetList", honours="RuleName")
def describe_event_rule_target_list(cloud: Cloud, call: Call) -> AnswerMembers:
    rule = named_rule(cloud, call)
    account_id = cloud.store.account_id
    return success() | {
        kind: {
            _INNER[kind]: [
                _shown(kind, target, account_id) for target in rule.targets.get(kind, ())
            ]
        }
        for kind in KINDS
    }


def _head(rule: Rule) -> dict[str, Any]:
    return {
        "Name": rule.name,
        "Description": rule.description,
        "EventType": rule.event_type,
        "GroupId": rule.group_id,
        "State": rule.state,
    }


def _listed(rule: Rule) -> dict[str, Any]:
    patterns = [
        _lists(pattern)
        | {
            "CustomFilters": pattern.custom_filters,
            "KeywordFilter": {
                "Relation": pattern.relation,
                "Keywords": {"Keywords": list(pattern.keywords)},
            },
        }
        for pattern in rule.patterns
    ]
    shape = _lists(rule.patterns[0]) | {"EventPattern": patterns}
    return _head(rule) | {"SilenceTime": rule.silence_time, "EventPattern": shape}


def _lists(pattern: EventPattern) -> dict[str, Any]:
    return {
        "Product": pattern.product,
        "SQLFilter": pattern.sql_filter,
        "NameList": {"NameList": list(pattern.names)},
        "LevelList": {"LevelList": list(pattern.levels)},
        "EventTypeList": {"EventTypeList": list(pattern.event_types)},
    }


_ARNS: dict[str, Callable[[Target, str], str]] = {
    "MnsParameters": lambda target, account_id: (
        f"acs:mns:{target['Region']}:{account_id}:"
        + (f"/queues/{target['Queue']}" if target["Queue"] else f"/topics/{target['Topic']}")
    ),
    "FcParameters": lambda target, account_id: (
        f"acs:fc:{target['Region']}:{account_id}:"
        f"services/{target['ServiceName']}/functions/{target['FunctionName']}"
    ),
    "SlsParameters": lambda target, account_id: (
        f"acs:log:{target['Region']}:{account_id}:"
        f"project/{target['Project']}/logstore/{target['LogStore']}"
    ),
}


def _shown(kind: str, target: Target, account_id: str) -> dict[str, str]:
    members = {name: target[name] for name in MEMBERS[kind] if name not in _HIDDEN}
    arn = _ARNS.get(kind)
    return members if arn is None else members | {"Arn": arn(target, account_id)}
