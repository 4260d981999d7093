"""Targets of event rules through both generations of the vendor's SDK.

Sources: the API pages of PutEventRuleTargets, DeleteEventRuleTargets and
DescribeEventRuleTargetList.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.clients import Refused, code_of
from tests.fake.cms.clients import Cms

ACCOUNT = "1000000000000001"
HOOK = "http://127.0.0.1:8080/hook"
ALL_KINDS: dict[str, list[dict[str, str]]] = {
    "MnsParameters": [
        {"Id": "1", "Region": "cn-beijing", "Queue": "q1"},
        {"Id": "2", "Topic": "t1"},
    ],
    "WebhookParameters": [
        {"Id": "3", "Protocol": "http", "Method": "GET", "Url": "http://127.0.0.1:8080/hook?a=1"},
        {"Id": "4", "Url": "https://hooks.example.com/x"},
        {"Id": "5", "Protocol": "telnet", "Url": "192.0.2.1:22"},
    ],
    "FcParameters": [
        {"Id": "6", "Region": "cn-hangzhou", "ServiceName": "ops", "FunctionName": "drain"}
    ],
    "SlsParameters": [{"Id": "7", "Region": "cn-hangzhou", "Project": "p", "LogStore": "l"}],
    "ContactParameters": [{"Id": "8", "ContactGroupName": "ops", "Level": "3"}],
    "OpenApiParameters": [
        {
            "Id": "9",
            "Region": "cn-hangzhou",
            "Product": "Ecs",
            "Action": "RebootInstance",
            "Version": "2014-05-26",
            "Role": "MonitorInvokeOpenApiRole",
            "Arn": "acs:openapi:cn-hangzhou::Ecs/RebootInstance/2014-05-26/",
            "JsonParams": '{"InstanceId":"$.resourceId"}',
        }
    ],
}


def listed(cms: Cms, name: str = "r1") -> dict[str, list[dict[str, str]]]:
    """The targets of a rule, by kind."""
    answer = cms.call("DescribeEventRuleTargetList", RuleName=name)
    return {
        kind: targets
        for kind, wrapper in answer.items()
        if kind.endswith("Parameters")
        for targets in wrapper.values()
    }


def test_targets_are_listed_as_they_were_put(cms: Cms, put_rule: Callable[..., None]) -> None:
    put_rule()
    answer = cms.call("PutEventRuleTargets", RuleName="r1", **ALL_KINDS)
    answer.pop("RequestId")

    assert answer == {
        "Code": "200",
        "Message": "success",
        "Success": True,
        "FailedParameterCount": "0",
        "FailedMnsParameters": {"MnsParameter": []},
        "FailedFcParameters": {"FcParameter": []},
        "FailedContactParameters": {"ContactParameter": []},
    }
    assert listed(cms) == {
        "MnsParameters": [
            {
                "Id": "1",
                "Region": "cn-beijing",
                "Queue": "q1",
                "Topic": "",
                "Arn": f"acs:mns:cn-beijing:{ACCOUNT}:/queues/q1",
            },
            {
                "Id": "2",
                "Region": "cn-hangzhou",
                "Queue": "",
                "Topic": "t1",
                "Arn": f"acs:mns:cn-hangzhou:{ACCOUNT}:/topics/t1",
            },
        ],
        "WebhookParameters": [
            ALL_KINDS["WebhookParameters"][0],
            {
                "Id": "4",
                "Protocol": "http",
                "Method": "POST",
                "Url": "https://hooks.example.com/x",
            },
            {"Id": "5", "Protocol": "telnet", "Method": "POST", "Url": "192.0.2.1:22"},
        ],
        "FcParameters": [
            ALL_KINDS["FcParameters"][0]
            | {"Arn": f"acs:fc:cn-hangzhou:{ACCOUNT}:services/ops/functions/drain"}
        ],
        "SlsParameters": [
            ALL_KINDS["SlsParameters"][0]
            | {"Arn": f"acs:log:cn-hangzhou:{ACCOUNT}:project/p/logstore/l"}
        ],
        "ContactParameters": ALL_KINDS["ContactParameters"],
        "OpenApiParameters": [
            {
                name: value
                for name, value in ALL_KINDS["OpenApiParameters"][0].items()
                if name != "JsonParams"
            }
        ],
    }


def test_a_target_that_is_put_again_is_replaced_and_the_others_stay(
    cms: Cms, put_rule: Callable[..., None]
) -> None:
    first = [{"Id": "1", "Queue": "a"}, {"Id": "2", "Queue": "b"}]
    put_rule(MnsParameters=first, ContactParameters=[{"Id": "1", "ContactGroupName": "ops"}])
    cms.call(
        "PutEventRuleTargets",
        RuleName="r1",
        MnsParameters=[{"Id": "1", "Queue": "c"}, {"Id": "3", "Queue": "d"}],
    )

    assert [(target["Id"], target["Queue"]) for target in listed(cms)["MnsParameters"]] == [
        ("1", "c"),
        ("2", "b"),
        ("3", "d"),
    ]
    assert len(listed(cms)["ContactParameters"]) == 1


def test_targets_are_deleted_by_id(cms: Cms, put_rule: Callable[..., None]) -> None:
    put_rule(**ALL_KINDS)
    cms.call("DeleteEventRuleTargets", RuleName="r1", Ids=["1", "4", "8", "unknown"])
    left = {kind: [target["Id"] for target in targets] for kind, targets in listed(cms).items()}

    assert left == {
        "MnsParameters": ["2"],
        "WebhookParameters": ["3", "5"],
        "FcParameters": ["6"],
        "SlsParameters": ["7"],
        "ContactParameters": [],
        "OpenApiParameters": ["9"],
    }


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ({}, "MnsParameters.1.Id, or another target, is mandatory for this action."),
        (
            {"MnsParameters": [{"Queue": "q"}]},
            "MnsParameters.1.Id is mandatory for this action.",
        ),
        (
            {"MnsParameters": [{"Id": "1", "Queue": "q"}, {"Id": "2", "Region": "cn-beijing"}]},
            "MnsParameters.2.Queue is mandatory for this action.",
        ),
        (
            {"MnsParameters": [{"Id": "1", "Queue": "a"}, {"Id": "1", "Queue": "b"}]},
            "MnsParameters.2.Id is not valid: another target of the call has the same id.",
        ),
        (
            {"MnsParameters": [{"Id": str(number), "Queue": "q"} for number in range(6)]},
            "MnsParameters.N is not valid: a rule has at most 5 targets of a kind.",
        ),
        (
            {"WebhookParameters": [{"Id": "1", "Method": "POST"}]},
            "WebhookParameters.1.Url is mandatory for this action.",
        ),
        *(
            (
                {"WebhookParameters": [{"Id": "1", "Url": url}]},
                f"WebhookParameters.1.Url is not valid: use an HTTP address such as {HOOK}.",
            )
            for url in ("127.0.0.1:8080", "ftp://h/x", "http://", "http://h:99999/", "http://a b/")
        ),
        (
            {"WebhookParameters": [{"Id": "1", "Url": "http://h/", "Method": "PUT"}]},
            "WebhookParameters.1.Method is not valid: use GET or POST.",
        ),
        (
            {"WebhookParameters": [{"Id": "1", "Url": "http://h/", "Protocol": "smtp"}]},
            "WebhookParameters.1.Protocol is not valid: use one of http, https, telnet, ping.",
        ),
        (
            {"FcParameters": [{"Id": "1", "ServiceName": "ops"}]},
            "FcParameters.1.FunctionName is mandatory for this action.",
        ),
        (
            {"ContactParameters": [{"Id": "1", "ContactGroupName": "ops", "Level": "9"}]},
            "ContactParameters.1.Level is not valid: use one of 2, 3, 4.",
        ),
        # The first one is right: it is not kept.
        (
            {"MnsParameters": [{"Id": "1", "Queue": "q"}], "SlsParameters": [{"Id": "2"}]},
            "SlsParameters.1.Project is mandatory for this action.",
        ),
    ],
)
def test_bad_targets_are_refused_and_none_is_kept(
    cms: Cms, put_rule: Callable[..., None], targets: dict[str, Any], said: str
) -> None:
    put_rule()
    with pytest.raises(Refused) as caught:
        cms.call("PutEventRuleTargets", RuleName="r1", **targets)

    assert (caught.value.code, caught.value.status) == ("ParameterInvalid", 400)
    assert f"Illegal parameters: {said}" in str(caught.value)
    assert not any(listed(cms).values())


def test_a_sixth_target_of_a_kind_is_refused(cms: Cms, put_rule: Callable[..., None]) -> None:
    put_rule(MnsParameters=[{"Id": str(number), "Queue": "q"} for number in range(5)])
    one_more = [{"Id": "6", "Queue": "q"}]

    assert code_of(
        lambda: cms.call("PutEventRuleTargets", RuleName="r1", MnsParameters=one_more)
    ) == ("ParameterInvalid", 400)
    assert len(listed(cms)["MnsParameters"]) == 5


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("PutEventRuleTargets", {"MnsParameters": [{"Id": "1", "Queue": "q"}]}),
        ("DeleteEventRuleTargets", {"Ids": ["1"]}),
    ],
)
def test_targets_of_an_unknown_rule_are_not_found(
    cms: Cms, action: str, parameters: dict[str, Any]
) -> None:
    def asked() -> object:
        return cms.call(action, RuleName="r-unknown", **parameters)

    assert code_of(asked) == ("ResourceNotFound", 404)


def test_no_id_of_a_target_is_refused(cms: Cms, put_rule: Callable[..., None]) -> None:
    put_rule()

    def asked() -> object:
        return cms.call("DeleteEventRuleTargets", RuleName="r1", Ids=[])

    assert code_of(asked) == ("ParameterInvalid", 400)
