"""The ECS actions that add and remove the rules of security groups.

The rules have no effect, because the fake has no network. A rule that exists already is
not added again, and removing a rule that does not exist changes nothing; the API pages of
AuthorizeSecurityGroup and RevokeSecurityGroup say so.
"""

from ...protocol import api_errors
from ...protocol.api_errors import ApiError
from ...protocol.call import AnswerMembers, Call
from ...protocol.registry import action
from ...state.clock import iso_time
from ...state.cloud import Cloud
from .groups import named_group

_ECS = ("Ecs", "2014-05-26")

_SAME = ("IpProtocol", "PortRange", "SourcePortRange", "Policy", "Priority", "NicType")
_PEERS = {
    "ingress": (
        *("SourceCidrIp", "Ipv6SourceCidrIp", "SourceGroupId", "SourceGroupOwnerAccount"),
        *("SourcePrefixListId", "DestCidrIp", "Ipv6DestCidrIp"),
    ),
    "egress": (
        *("DestCidrIp", "Ipv6DestCidrIp", "DestGroupId", "DestGroupOwnerAccount"),
        *("DestPrefixListId", "SourceCidrIp", "Ipv6SourceCidrIp"),
    ),
}
"""The members that say whom a rule is for; at least one of the first five but the account."""

_DEFAULTS = {"Policy": "accept", "Priority": "1", "NicType": "intranet", "Description": ""}


def _honoured(direction: str) -> str:
    members = (*_SAME, *_PEERS[direction], "Description")
    nested = " ".join(f"Permissions.{member}" for member in members)
    return f"RegionId SecurityGroupId ClientToken {' '.join(members)} {nested}"


@action(*_ECS, "AuthorizeSecurityGroup", honours=_honoured("ingress"))
def authorize_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    return _authorize(cloud, call, "ingress")


@action(*_ECS, "AuthorizeSecurityGroupEgress", honours=_honoured("egress"))
def authorize_security_group_egress(cloud: Cloud, call: Call) -> AnswerMembers:
    return _authorize(cloud, call, "egress")


@action(*_ECS, "RevokeSecurityGroup", honours=_honoured("ingress") + " SecurityGroupRuleId")
def revoke_security_group(cloud: Cloud, call: Call) -> AnswerMembers:
    return _revoke(cloud, call, "ingress")


@action(*_ECS, "RevokeSecurityGroupEgress", honours=_honoured("egress") + " SecurityGroupRuleId")
def revoke_security_group_egress(cloud: Cloud, call: Call) -> AnswerMembers:
    return _revoke(cloud, call, "egress")


def _authorize(cloud: Cloud, call: Call, direction: str) -> AnswerMembers:
    group = named_group(cloud, call)
    rules = group.attributes.get("Rules", [])
    for given in _given(call, direction):
        if any(_is_same(rule, given) for rule in rules):
            continue
        peer = given.get("SourceGroupId" if direction == "ingress" else "DestGroupId")
        if peer and cloud.store.get("security_group", peer) is None:
            raise ApiError(api_errors.SECURITY_GROUP_NOT_FOUND)
        made = {
            "SecurityGroupRuleId": cloud.new_id("sgr"),
            "CreateTime": iso_time(cloud.now()),
        }
        rules = [*rules, given | made]
    cloud.store.modify(group, Rules=rules)
    return {}


def _revoke(cloud: Cloud, call: Call, direction: str) -> AnswerMembers:
    group = named_group(cloud, call)
    rules = group.attributes.get("Rules", [])
    ids = set(call.listed("SecurityGroupRuleId"))
    given = [] if ids else _given(call, direction)
    kept = [
        rule
        for rule in rules
        if not (rule["SecurityGroupRuleId"] in ids and rule["Direction"] == direction)
        and not any(_is_same(rule, each) for each in given)
    ]
    cloud.store.modify(group, Rules=kept)
    return {}


def _given(call: Call, direction: str) -> list[dict[str, str]]:
    """The rules in *call*: ``Permissions.N``, or one rule in the parameters of the older form."""
    members = (*_SAME, *_PEERS[direction], "Description")
    permissions = call.objects("Permissions", members) or [
        {name: value for name in members if (value := call.text(name))}
    ]
    rules = []
    for permission in permissions:
        for name in ("IpProtocol", "PortRange"):
            if name not in permission:
                raise call.missing(f"Permissions.N.{name}")
        peers = [name for name in _PEERS[direction][:5] if not name.endswith("Account")]
        if not any(name in permission for name in peers):
            raise call.missing(f"Permissions.N.{peers[0]}")
        if permission.get("Policy", "accept").lower() not in ("accept", "drop"):
            raise call.refusal("Permissions.N.Policy", "neither accept nor drop")
        absent = dict.fromkeys(_PEERS[direction], "")
        rules.append(absent | _DEFAULTS | permission | {"Direction": direction})
    return rules


def _is_same(rule: dict[str, str], given: dict[str, str]) -> bool:
    """Whether both are the same rule; the description and the case of words do not matter."""
    compared = given.keys() - {"Description", "NicType"}
    return all(rule.get(name, "").lower() == given[name].lower() for name in compared)
