"""The CloudMonitor actions that give targets to event rules and take them away.

Sources: the API pages of PutEventRuleTargets and DeleteEventRuleTargets. A target that is put
again replaces the one of its kind and id. Queues, webhooks and functions are delivered to; the
other kinds are stored only.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..state.catalog import DEFAULT_REGION
from ..state.cloud import Cloud
from . import rule_rows
from .cms_action import RULE_NOT_FOUND, cms_action, success
from .rule_rows import KINDS, Rule, Target

MOST_OF_A_KIND = 5
"""Documented: the most targets of each kind."""

MEMBERS = {
    "MnsParameters": ("Id", "Region", "Queue", "Topic"),
    "WebhookParameters": ("Id", "Protocol", "Method", "Url"),
    "FcParameters": ("Id", "Region", "ServiceName", "FunctionName"),
    "SlsParameters": ("Id", "Region", "Project", "LogStore"),
    "ContactParameters": ("Id", "ContactGroupName", "Level"),
    "OpenApiParameters": (
        "Id",
        "Region",
        "Product",
        "Action",
        "Version",
        "Role",
        "Arn",
        "JsonParams",
    ),
}
_REQUIRED = {
    "MnsParameters": ("Id",),
    "WebhookParameters": ("Id", "Url"),
    "FcParameters": ("Id", "ServiceName", "FunctionName"),
    "SlsParameters": ("Id", "Project", "LogStore"),
    "ContactParameters": ("Id", "ContactGroupName"),
    "OpenApiParameters": ("Id", "Product", "Action"),
}
_PROTOCOLS = ("http", "https", "telnet", "ping")
_METHODS = ("GET", "POST")
_CONTACT_LEVELS = ("2", "3", "4")


@cms_action(
    "PutEventRuleTargets",
    honours="RegionId RuleName "
    + " ".join(f"{kind}.{member}" for kind in KINDS for member in MEMBERS[kind]),
)
def put_event_rule_targets(cloud: Cloud, call: Call) -> AnswerMembers:
    """Add targets to a rule, or replace those of the same kind and id; all of them or none."""
    rule = named_rule(cloud, call)
    targets = dict(rule.targets)
    given = {kind: _given(call, kind) for kind in KINDS}
    if not any(given.values()):
        raise call.missing("MnsParameters.1.Id, or another target,")
    for kind, new in given.items():
        merged = {target["Id"]: target for target in targets.get(kind, ())}
        merged |= {target["Id"]: target for target in new}
        if len(merged) > MOST_OF_A_KIND:
            raise call.refusal(
                f"{kind}.N", f"a rule has at most {MOST_OF_A_KIND} targets of a kind"
            )
        targets[kind] = list(merged.values())
    rule_rows.save(cloud, replace(rule, targets=targets))
    return success() | {
        "FailedParameterCount": "0",
        "FailedMnsParameters": {"MnsParameter": []},
        "FailedFcParameters": {"FcParameter": []},
        "FailedContactParameters": {"ContactParameter": []},
    }


@cms_action("DeleteEventRuleTargets", honours="RuleName Ids")
def delete_event_rule_targets(cloud: Cloud, call: Call) -> AnswerMembers:
    """An id without a target changes nothing."""
    rule = named_rule(cloud, call)
    ids = call.listed("Ids")
    if not ids:
        raise call.missing("Ids.1")
    targets = {
        kind: [target for target in found if target["Id"] not in ids]
        for kind, found in rule.targets.items()
    }
    rule_rows.save(cloud, replace(rule, targets=targets))
    return success()


def named_rule(cloud: Cloud, call: Call) -> Rule:
    """The rule with the call's RuleName. Raises ApiError if there is none."""
    name = call.required("RuleName")
    rule = rule_rows.find(cloud, name)
    if rule is None:
        raise ApiError(RULE_NOT_FOUND, name=name)
    return rule


def _given(call: Call, kind: str) -> list[Target]:
    """The checked targets of *kind* in the call."""
    objects = call.objects(kind, MEMBERS[kind])
    found: dict[str, Target] = {}
    for number, members in enumerate(objects, 1):
        parameter = f"{kind}.{number}"
        for member in _REQUIRED[kind]:
            if member not in members:
                raise call.missing(f"{parameter}.{member}")
        if members["Id"] in found:
            raise call.refusal(f"{parameter}.Id", "another target of the call has the same id")
        target = {member: members.get(member, "") for member in MEMBERS[kind]}
        found[members["Id"]] = _checked(call, kind, parameter, target)
    return list(found.values())


def _checked(call: Call, kind: str, parameter: str, target: dict[str, str]) -> Target:
    if kind == "WebhookParameters":
        return _webhook(call, parameter, target)
    if kind == "MnsParameters" and not (target["Queue"] or target["Topic"]):
        raise call.missing(f"{parameter}.Queue")
    if kind == "ContactParameters" and target["Level"] not in ("", *_CONTACT_LEVELS):
        raise call.refusal(f"{parameter}.Level", f"use one of {', '.join(_CONTACT_LEVELS)}")
    if "Region" in target and not target["Region"]:
        target["Region"] = call.text("RegionId", DEFAULT_REGION)
    return target


def _webhook(call: Call, parameter: str, target: dict[str, str]) -> Target:
    protocol = target["Protocol"].lower() or "http"
    if protocol not in _PROTOCOLS:
        raise call.refusal(f"{parameter}.Protocol", f"use one of {', '.join(_PROTOCOLS)}")
    method = target["Method"].upper() or "POST"
    if method not in _METHODS:
        raise call.refusal(f"{parameter}.Method", "use GET or POST")
    if is_called(protocol) and not _is_url(target["Url"]):
        raise call.refusal(
            f"{parameter}.Url", "use an HTTP address such as http://127.0.0.1:8080/hook"
        )
    return target | {"Protocol": protocol, "Method": method}


def is_called(protocol: str) -> bool:
    """Whether a webhook of this protocol gets the message; the others test a connection."""
    return protocol in ("http", "https")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and has_host and not set(text) & set(" \t\r\n")
