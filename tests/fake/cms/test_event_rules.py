"""Event rules through both generations of the vendor's SDK.

Sources: the API pages of PutEventRule and its relatives; the request and response classes.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.contract.clients import Refused, code_of
from tests.fake.cms.clients import Cms
from tests.fake.requests import call

CMS = "2019-01-01"
PATTERN = {
    "Product": "ECS",
    "EventTypeList": ["Maintenance", "Exception"],
    "LevelList": ["CRITICAL"],
    "NameList": ["Instance:SystemMaintenance.Reboot:Scheduled", "Instance:StateChange"],
    "StatusList": ["Normal"],
    "SQLFilter": "i-1 and not i-2",
    "CustomFilters": "i-1",
}
LISTS = {
    "Product": "ECS",
    "SQLFilter": "i-1 and not i-2",
    "NameList": {"NameList": PATTERN["NameList"]},
    "LevelList": {"LevelList": ["CRITICAL"]},
    "EventTypeList": {"EventTypeList": ["Maintenance", "Exception"]},
}


def names(cms: Cms, **filters: Any) -> list[str]:
    rules = cms.call("DescribeEventRuleList", **filters)["EventRules"]["EventRule"]
    return [rule["Name"] for rule in rules]


def message_of(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return str(caught.value)


def test_a_rule_is_listed_as_it_was_put(cms: Cms) -> None:
    answer = cms.call(
        "PutEventRule",
        RuleName="r1",
        EventPattern=[PATTERN],
        Description="about reboots",
        GroupId="7301",
        EventType="SYSTEM",
        State="DISABLED",
        SilenceTime=60,
    )
    listed = cms.call("DescribeEventRuleList")
    (rule,) = listed["EventRules"]["EventRule"]
    (pattern,) = rule["EventPattern"].pop("EventPattern")
    for member in LISTS:
        rule["EventPattern"].pop(member, None)

    assert {name: answer[name] for name in ("Code", "Message", "Success", "Data")} == {
        "Code": "200",
        "Message": "success",
        "Success": True,
        "Data": "1",
    }
    assert (listed["Code"], listed["Success"], listed["Total"]) == ("200", True, 1)
    assert rule == {
        "Name": "r1",
        "Description": "about reboots",
        "GroupId": "7301",
        "EventType": "SYSTEM",
        "State": "DISABLED",
        "SilenceTime": 60,
        "EventPattern": {},
    }
    assert pattern == LISTS | {
        "CustomFilters": "i-1",
        "KeywordFilter": {"Relation": "", "Keywords": {"Keywords": []}},
    }


def test_the_pattern_of_a_listed_rule_is_an_object_and_a_list(cloud: Cloud) -> None:
    """Terraform reads the object, the newer SDK the list."""
    two = {"EventPattern.1.Product": "ecs", "EventPattern.1.LevelList.1": "WARN"}
    two |= {"EventPattern.2.Product": "ECS", "EventPattern.2.KeywordFilter.Relation": "NOT"}
    two |= {"EventPattern.2.KeywordFilter.Keywords.1": "i-9"}
    call(cloud, "PutEventRule", CMS, RuleName="r1", **two)
    (rule,) = call(cloud, "DescribeEventRuleList", CMS)["EventRules"]["EventRule"]
    first = {
        "Product": "ecs",
        "SQLFilter": "",
        "NameList": {"NameList": []},
        "LevelList": {"LevelList": ["WARN"]},
        "EventTypeList": {"EventTypeList": []},
    }
    without = {"CustomFilters": "", "KeywordFilter": {"Relation": "", "Keywords": {"Keywords": []}}}
    second = first | {"Product": "ECS", "LevelList": {"LevelList": []}}
    with_keyword = {"Relation": "NOT", "Keywords": {"Keywords": ["i-9"]}}

    assert rule["EventPattern"] == first | {
        "EventPattern": [
            first | without,
            second | without | {"KeywordFilter": with_keyword},
        ]
    }


def test_the_attributes_of_a_rule(cms: Cms) -> None:
    cms.call("PutEventRule", RuleName="r1", EventPattern=[PATTERN])
    answer = cms.call("DescribeEventRuleAttribute", RuleName="r1")

    assert answer["Result"] == {
        "Name": "r1",
        "Description": "",
        "GroupId": "",
        "EventType": "SYSTEM",
        "State": "ENABLED",
        "EventPattern": LISTS
        | {
            "StatusList": {"StatusList": ["Normal"]},
            "KeywordFilterObj": {"Relation": "", "Keywords": {"keyword": []}},
        },
    }


def test_a_rule_that_is_put_again_keeps_what_is_left_out(cms: Cms) -> None:
    cms.call("PutEventRule", RuleName="r1", EventPattern=[PATTERN], Description="a", SilenceTime=5)
    cms.call("PutEventRule", RuleName="r1", EventPattern=[{"Product": "ECS"}], State="DISABLED")
    (rule,) = cms.call("DescribeEventRuleList")["EventRules"]["EventRule"]

    assert (rule["Description"], rule["SilenceTime"], rule["State"]) == ("a", 5, "DISABLED")
    assert rule["EventPattern"]["EventPattern"][0]["NameList"] == {"NameList": []}


def test_the_list_has_filters_and_pages(cms: Cms) -> None:
    for name in ("b-1", "a-2", "a-1"):
        cms.call("PutEventRule", RuleName=name, EventPattern=[PATTERN], GroupId=name[0])
    cms.call("DisableEventRules", RuleNames=["a-2"])

    assert names(cms) == ["a-1", "a-2", "b-1"]
    assert names(cms, NamePrefix="a-") == ["a-1", "a-2"]
    assert names(cms, NamePrefix="1") == []
    assert names(cms, GroupId="b") == ["b-1"]
    assert names(cms, IsEnable=True) == ["a-1", "b-1"]
    assert names(cms, IsEnable=False) == ["a-2"]
    assert names(cms, PageNumber="2", PageSize="2") == ["b-1"]
    assert cms.call("DescribeEventRuleList", PageNumber="2", PageSize="2")["Total"] == 3


def test_rules_are_disabled_enabled_and_deleted(cms: Cms) -> None:
    for name in ("r1", "r2"):
        cms.call("PutEventRule", RuleName=name, EventPattern=[PATTERN])
    cms.call("DisableEventRules", RuleNames=["r1", "r2", "r-unknown"])
    cms.call("EnableEventRules", RuleNames=["r2", "r-unknown"])
    found = cms.call("DescribeEventRuleList")["EventRules"]["EventRule"]
    deleted = cms.call("DeleteEventRules", RuleNames=["r1", "r-unknown"])

    assert [(rule["Name"], rule["State"]) for rule in found] == [
        ("r1", "DISABLED"),
        ("r2", "ENABLED"),
    ]
    assert (deleted["Code"], deleted["Success"]) == ("200", True)
    assert names(cms) == ["r2"]


def test_a_deleted_rule_takes_its_targets_along(cms: Cms, put_rule: Callable[..., None]) -> None:
    put_rule(MnsParameters=[{"Id": "1", "Queue": "q"}])
    cms.call("DeleteEventRules", RuleNames=["r1"])
    put_rule()

    assert cms.call("DescribeEventRuleTargetList", RuleName="r1")["MnsParameters"] == {
        "MnsParameter": []
    }


def test_rules_are_those_of_the_account_not_of_a_region(cloud: Cloud) -> None:
    rule = {"RuleName": "r1", "EventPattern.1.Product": "ECS"}
    call(cloud, "PutEventRule", CMS, RegionId="cn-beijing", **rule)

    assert call(cloud, "DescribeEventRuleList", CMS, RegionId="cn-shanghai")["Total"] == 1


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"EventPattern": [PATTERN]}, "RuleName is mandatory for this action."),
        ({"RuleName": "r1"}, "EventPattern.1.Product is mandatory for this action."),
        (
            {"RuleName": "r1", "EventPattern": [{"LevelList": ["WARN"]}]},
            "EventPattern.1.Product is not valid: it is mandatory.",
        ),
        (
            {"RuleName": "r1", "EventPattern": [PATTERN | {"LevelList": ["HIGH"]}]},
            "EventPattern.1.LevelList.1 is not valid: use one of CRITICAL, WARN, INFO, *.",
        ),
        (
            {"RuleName": "r1", "EventPattern": [PATTERN, PATTERN | {"SQLFilter": "a and"}]},
            "EventPattern.2.SQLFilter is not valid: it ends where a word is expected.",
        ),
        (
            {"RuleName": "r1", "EventPattern": [PATTERN], "State": "ON"},
            "State is not valid: use one of ENABLED, DISABLED.",
        ),
        (
            {"RuleName": "r1", "EventPattern": [PATTERN], "EventType": "OTHER"},
            "EventType is not valid: use one of SYSTEM, CUSTOM.",
        ),
        (
            {"RuleName": "r1", "EventPattern": [PATTERN], "SilenceTime": -1},
            "SilenceTime is not valid: use seconds, such as 86400.",
        ),
        (
            {"RuleName": "r" * 257, "EventPattern": [PATTERN]},
            "RuleName is not valid: longer than 256 characters.",
        ),
    ],
)
def test_a_bad_rule_is_refused_and_changes_nothing(
    cms: Cms, parameters: dict[str, Any], said: str
) -> None:
    def put() -> object:
        return cms.call("PutEventRule", **parameters)

    assert code_of(put) == ("ParameterInvalid", 400)
    assert f"Illegal parameters: {said}" in message_of(put)
    assert names(cms) == []


def test_a_list_without_positions_is_refused(cloud: Cloud) -> None:
    rule = {"RuleName": "r1", "EventPattern.1.Product": "ECS", "EventPattern.1.LevelList": "WARN"}

    assert call(cloud, "PutEventRule", CMS, **rule)["Message"] == (
        "Illegal parameters: EventPattern.1.LevelList is not valid: use EventPattern.1.LevelList.1 "
        "and so on."
    )


@pytest.mark.parametrize("action", ["DeleteEventRules", "EnableEventRules", "DisableEventRules"])
def test_no_name_of_a_rule_is_refused(cms: Cms, action: str) -> None:
    assert code_of(lambda: cms.call(action, RuleNames=[])) == ("ParameterInvalid", 400)


@pytest.mark.parametrize("action", ["DescribeEventRuleAttribute", "DescribeEventRuleTargetList"])
def test_an_unknown_rule_is_not_found(cms: Cms, action: str) -> None:
    assert code_of(lambda: cms.call(action, RuleName="r-unknown")) == ("ResourceNotFound", 404)
