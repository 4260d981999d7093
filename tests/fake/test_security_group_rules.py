"""The rules of security groups: added, listed by direction, removed."""

from typing import Any

import pytest

from tests.conftest import Cloud
from tests.fake.requests import call

SSH = {"IpProtocol": "TCP", "PortRange": "22/22", "SourceCidrIp": "10.0.0.0/8"}


@pytest.fixture
def group(cloud: Cloud) -> str:
    return str(call(cloud, "CreateSecurityGroup")["SecurityGroupId"])


def rules(cloud: Cloud, group: str, **filters: str) -> list[dict[str, Any]]:
    answer = call(cloud, "DescribeSecurityGroupAttribute", SecurityGroupId=group, **filters)
    found: list[dict[str, Any]] = answer["Permissions"]["Permission"]
    return found


def nested(rule: dict[str, str]) -> dict[str, str]:
    return {f"Permissions.1.{name}": value for name, value in rule.items()}


@pytest.mark.parametrize("written", [SSH, nested(SSH)], ids=["older-form", "newer-form"])
def test_a_rule_is_added_once_and_removed(
    cloud: Cloud, group: str, written: dict[str, str]
) -> None:
    call(cloud, "AuthorizeSecurityGroup", SecurityGroupId=group, **written)
    again = {name: value.lower() for name, value in written.items()}
    call(cloud, "AuthorizeSecurityGroup", SecurityGroupId=group, **again)
    (rule,) = rules(cloud, group)

    assert {name: rule[name] for name in (*SSH, "Policy", "Priority", "Direction")} == SSH | {
        "Policy": "accept",
        "Priority": "1",
        "Direction": "ingress",
    }
    call(cloud, "RevokeSecurityGroup", SecurityGroupId=group, **written)
    assert rules(cloud, group) == []


def test_rules_by_direction_and_by_id(cloud: Cloud, group: str) -> None:
    out = {"IpProtocol": "all", "PortRange": "-1/-1", "DestCidrIp": "0.0.0.0/0"}
    call(cloud, "AuthorizeSecurityGroup", SecurityGroupId=group, **SSH)
    call(cloud, "AuthorizeSecurityGroupEgress", SecurityGroupId=group, **nested(out))
    (rule,) = rules(cloud, group, Direction="egress", NicType="<nil>")

    assert rule["DestCidrIp"] == "0.0.0.0/0"
    assert len(rules(cloud, group)) == len(rules(cloud, group, Direction="all")) == 2
    assert len(rules(cloud, group, MaxResults="1")) == 1
    by_id = {"SecurityGroupRuleId.1": rule["SecurityGroupRuleId"]}
    call(cloud, "RevokeSecurityGroupEgress", SecurityGroupId=group, **by_id)
    assert [each["Direction"] for each in rules(cloud, group)] == ["ingress"]


def test_rules_that_are_refused(cloud: Cloud, group: str) -> None:
    def code(**given: str) -> str:
        answer = call(cloud, "AuthorizeSecurityGroup", **{"SecurityGroupId": group} | given)
        return str(answer["Code"])

    assert code() == "MissingParameter"
    assert code(IpProtocol="TCP", PortRange="22/22") == "MissingParameter"
    assert code(**SSH, Policy="maybe") == "InvalidParameter"
    assert code(**SSH, SecurityGroupId="sg-nobody") == "InvalidSecurityGroupId.NotFound"
    peer = {"IpProtocol": "TCP", "PortRange": "22/22", "SourceGroupId": "sg-nobody"}
    assert code(**peer) == "InvalidSecurityGroupId.NotFound"
