"""The actions on rules: which events of a bus go to which targets."""

import re

from ..delivery.eventbridge import patterns
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.store import Resource
from . import buses, errors, rule_table, target_members
from .answers import PRODUCT, arn, page, shown, success
from .rule_table import DISABLE, ENABLE

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,126}")
_OF_ONE = "EventBusName RuleName RegionId"

_LISTED_OF_TARGET = ("Id", "Type", "Endpoint", "ErrorsTolerance")
"""The members of a target in a list of rules."""


@action(
    *PRODUCT,
    "CreateRule",
    honours=f"{_OF_ONE} FilterPattern EventTargets Description Status",
)
def create_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    bus, name = buses.of_call(cloud, call), call.required("RuleName")
    if not _NAME.fullmatch(name):
        raise ApiError(errors.RULE_NAME_INVALID, rule=shown(name))
    pattern, status = _pattern(call.required("FilterPattern")), _status(call)
    given = call.text("EventTargets")
    targets = target_members.read(given, "EventTargets", bus, name) if given else []
    id = rule_table.key(bus, name)
    if cloud.store.get(rule_table.KIND, id) is not None:
        raise ApiError(errors.RULE_EXISTS, rule=name, bus=bus)
    attributes = {
        "FilterPattern": pattern,
        "Status": status or ENABLE,
        "Description": call.text("Description"),
        "Targets": targets,
    }
    cloud.store.put(Resource(rule_table.KIND, id, "", cloud.now(), attributes))
    cloud.rules_changed()
    return success({"RuleARN": _arn(cloud, call, bus, name)})


@action(*PRODUCT, "GetRule", honours=_OF_ONE)
def get_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    rule = _of_call(cloud, call)
    return success(_entry(cloud, call, rule) | {"Targets": rule.attributes["Targets"]})


@action(*PRODUCT, "ListRules", honours="EventBusName RuleNamePrefix Limit NextToken RegionId")
def list_rules(cloud: Cloud, call: Call) -> AnswerMembers:
    bus, prefix = buses.of_call(cloud, call), call.text("RuleNamePrefix")
    found = [
        _entry(cloud, call, rule) | {"Targets": _listed_targets(rule)}
        for rule in rule_table.of_bus(cloud, bus)
        if rule_table.names(rule)[1].startswith(prefix)
    ]
    return page(call, "Rules", found)


@action(*PRODUCT, "UpdateRule", honours=f"{_OF_ONE} FilterPattern Description Status")
def update_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    rule = _of_call(cloud, call)
    changed = {}
    if pattern := call.text("FilterPattern"):
        changed["FilterPattern"] = _pattern(pattern)
    if call.given("Description"):
        changed["Description"] = call.text("Description")
    if status := _status(call):
        changed["Status"] = status
    cloud.store.modify(rule, **changed)
    cloud.rules_changed()
    return success(True)


@action(*PRODUCT, "DeleteRule", honours=_OF_ONE)
def delete_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    cloud.store.delete(rule_table.KIND, _of_call(cloud, call).id)
    cloud.rules_changed()
    return success()


@action(*PRODUCT, "EnableRule", honours=_OF_ONE)
def enable_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    return _set_status(cloud, call, ENABLE)


@action(*PRODUCT, "DisableRule", honours=_OF_ONE)
def disable_rule(cloud: Cloud, call: Call) -> AnswerMembers:
    return _set_status(cloud, call, DISABLE)


def _set_status(cloud: Cloud, call: Call, status: str) -> AnswerMembers:
    cloud.store.modify(_of_call(cloud, call), Status=status)
    cloud.rules_changed()
    return success()


def _of_call(cloud: Cloud, call: Call) -> Resource:
    return rule_table.get(cloud, buses.of_call(cloud, call), call.required("RuleName"))


def _pattern(text: str) -> str:
    try:
        patterns.parse(text)
    except patterns.PatternError as bad:
        raise ApiError(errors.PATTERN_INVALID, reason=str(bad)) from None
    return text


def _status(call: Call) -> str:
    status = call.text("Status")
    if status not in ("", ENABLE, DISABLE):
        raise call.refusal("Status", f"neither {ENABLE} nor {DISABLE}")
    return status


def _entry(cloud: Cloud, call: Call, rule: Resource) -> AnswerMembers:
    bus, name = rule_table.names(rule)
    return {
        "EventBusName": bus,
        "RuleName": name,
        "RuleARN": _arn(cloud, call, bus, name),
        "Description": rule.attributes["Description"],
        "Status": rule.attributes["Status"],
        "FilterPattern": rule.attributes["FilterPattern"],
        "CreatedTimestamp": int(rule.created_at * 1000),
    }


def _listed_targets(rule: Resource) -> list[AnswerMembers]:
    return [
        {name: target[name] for name in _LISTED_OF_TARGET if name in target}
        for target in rule.attributes["Targets"]
    ]


def _arn(cloud: Cloud, call: Call, bus: str, name: str) -> str:
    return arn(cloud, call, f"eventbus/{bus}/rule/{name}")
