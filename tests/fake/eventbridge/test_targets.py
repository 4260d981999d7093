"""Targets, with both SDKs, and what is no target."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.fake.eventbridge.clients import BusClient
from tests.fake.eventbridge.test_buses import data
from tests.fake.eventbridge.test_rules import HOOK, RULE, create

QUEUE = {
    "Id": "queue",
    "Type": "acs.mns.queue",
    "Endpoint": "acs:mns:cn-hangzhou:1000000000000001:queues/events",
    "ParamList": [
        {"ResourceKey": "queue", "Form": "CONSTANT", "Value": "events"},
        {"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.data"},
    ],
}
FUNCTION = {
    "Id": "function",
    "Type": "acs.fc.function",
    "Endpoint": "acs:fc:cn-hangzhou:1000000000000001:services/ops.LATEST/functions/drain",
    "ParamList": [
        {
            "ResourceKey": "Body",
            "Form": "TEMPLATE",
            "Value": '{"i":"$.data.instanceId"}',
            "Template": "${i}",
        }
    ],
}
RAW = {"ResourceKey": "IsBase64Encode", "Form": "CONSTANT", "Value": "false"}


def targets(sdk: BusClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data(sdk("GetRule", **RULE))["Targets"]
    return found


def test_targets_are_put_replaced_by_id_and_deleted(sdk: BusClient) -> None:
    create(sdk, EventTargets=[HOOK])
    put = data(sdk("PutTargets", **RULE, Targets=[FUNCTION, HOOK | {"ErrorsTolerance": "ALL"}]))
    after_put = targets(sdk)
    deleted = data(sdk("DeleteTargets", **RULE, TargetIds=["hook", "nobody"]))

    assert put == {"ErrorEntriesCount": 0, "ErrorEntries": []}
    assert after_put == [HOOK | {"ErrorsTolerance": "ALL"}, FUNCTION]
    assert deleted == {
        "ErrorEntriesCount": 1,
        "ErrorEntries": [
            {
                "EntryId": "nobody",
                "ErrorCode": "EventTargetNotExist",
                "ErrorMessage": "The event target [nobody] of event rule [maintenance] on eventbus"
                " [default] is not existed!",
            }
        ],
    }
    assert targets(sdk) == [FUNCTION]


def test_targets_are_listed(sdk: BusClient) -> None:
    create(sdk, EventTargets=[HOOK, FUNCTION])
    listed = data(sdk("ListTargets", **RULE))
    by_arn = data(sdk("ListTargets", EventBusName="default", Arn=FUNCTION["Endpoint"]))
    names = {"EventBusName": "default", "RuleName": "maintenance"}

    assert listed == {
        "Targets": [
            {
                "Id": "hook",
                "Type": "http",
                "Endpoint": HOOK["Endpoint"],
                "ErrorsTolerance": "NONE",
                "ParamList": HOOK["ParamList"],
            }
            | names,
            FUNCTION | names,
        ],
        "NextToken": "",
        "Total": 2,
    }
    assert [target["Id"] for target in by_arn["Targets"]] == ["function"]


def test_a_queue_gets_the_parameter_that_the_service_adds(sdk: BusClient) -> None:
    create(sdk, EventTargets=[QUEUE])
    as_it_is = [*QUEUE["ParamList"], RAW | {"Value": "true"}]
    sdk("PutTargets", **RULE, Targets=[QUEUE | {"Id": "encoded", "ParamList": as_it_is}])

    assert [target["ParamList"] for target in targets(sdk)] == [
        [*QUEUE["ParamList"], RAW],
        as_it_is,
    ]


def test_a_target_on_another_machine_and_of_any_known_type_is_stored(bus: BusClient) -> None:
    elsewhere = HOOK | {"Id": "e", "Endpoint": "https://example.com/hook", "ParamList": []}
    phone = {"Id": "p", "Type": "acs.sms", "Endpoint": "x", "ParamList": []}
    create(bus, EventTargets=[elsewhere, phone])

    assert targets(bus) == [elsewhere, phone]


def test_an_empty_dead_letter_queue_is_none(call: Callable[..., dict[str, Any]]) -> None:
    target = HOOK | {"DeadLetterQueue": {}}
    call("CreateRule", **RULE, FilterPattern="{}", EventTargets=[target])
    (stored,) = call("GetRule", **RULE)["Data"]["Targets"]

    assert stored == {name: value for name, value in HOOK.items() if name != "DeadLetterQueue"}


def without(target: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in target.items() if name not in names}


def with_parameter(**members: Any) -> dict[str, Any]:
    return HOOK | {"ParamList": [members]}


MISSING, INEFFECTIVE = "EventTargetMissingAttribute", "EventTargetIneffectiveAttribute"


def ineffective(where: str, wanted: str) -> str:
    return f"The attribute [{where}] is ineffective, which effective attribute is [{wanted}]."


NO_OBJECTS: list[Any] = [{}, ["x"]]
URL = "a URL such as http://127.0.0.1:8080/hook"
INVALID: list[tuple[Any, str, str]] = [
    (without(HOOK, "Id"), MISSING, "Missing the attribute [Targets:Id]"),
    (without(HOOK, "Type"), MISSING, "Missing the attribute [hook:Type]"),
    (
        HOOK | {"Type": "carrier.pigeon"},
        "EventTargetClassNotExist",
        "The event target class [carrier.pigeon] not existed!",
    ),
    (without(HOOK, "Endpoint", "ParamList"), MISSING, "Missing the attribute [hook:Endpoint]"),
    (
        without(HOOK, "ParamList") | {"Endpoint": "ftp://127.0.0.1/x"},
        INEFFECTIVE,
        ineffective("hook:Endpoint", URL),
    ),
    (
        without(HOOK, "ParamList") | {"Endpoint": "http://[::1"},
        INEFFECTIVE,
        ineffective("hook:Endpoint", URL),
    ),
    (
        with_parameter(ResourceKey="url", Form="CONSTANT", Value="http://a\r\nb/"),
        INEFFECTIVE,
        ineffective("hook:url", URL),
    ),
    (
        HOOK | {"PushRetryStrategy": "ALWAYS"},
        INEFFECTIVE,
        ineffective("hook:PushRetryStrategy", "BACKOFF_RETRY, EXPONENTIAL_DECAY_RETRY"),
    ),
    (
        HOOK | {"ErrorsTolerance": "SOME"},
        INEFFECTIVE,
        ineffective("hook:ErrorsTolerance", "ALL, NONE"),
    ),
    (
        HOOK | {"DeadLetterQueue": "x"},
        INEFFECTIVE,
        ineffective("hook:DeadLetterQueue", "an object"),
    ),
    (
        HOOK | {"ConcurrentConfig": {"Concurrency": 0}},
        INEFFECTIVE,
        ineffective("hook:ConcurrentConfig.Concurrency", "a whole number from 1"),
    ),
    *(
        (
            HOOK | {"ParamList": listed},
            INEFFECTIVE,
            ineffective("hook:ParamList", "an array of objects"),
        )
        for listed in NO_OBJECTS
    ),
    (
        with_parameter(Form="ORIGINAL"),
        MISSING,
        "Missing the attribute [hook:ParamList.ResourceKey]",
    ),
    (
        with_parameter(ResourceKey="Body", Form="REGEX"),
        INEFFECTIVE,
        ineffective("hook:Body:Form", "ORIGINAL, JSONPATH, TEMPLATE, CONSTANT"),
    ),
    (
        with_parameter(ResourceKey="Body", Form="JSONPATH", Value="$..a"),
        INEFFECTIVE,
        ineffective("hook:Body:Value", "a JSONPath to one place, such as $.data.instanceId"),
    ),
    (
        with_parameter(ResourceKey="Body", Form="TEMPLATE", Value="{}", Template="x" * 10_241),
        INEFFECTIVE,
        ineffective("hook:Body:Template", "a text with at most 10240 characters"),
    ),
    (
        with_parameter(ResourceKey="Body", Form="CONSTANT", Value={"a": 1}),
        INEFFECTIVE,
        ineffective("hook:Body:Value", "a text"),
    ),
    (
        {"Id": "q", "Type": "acs.mns.queue", "Endpoint": "x", "ParamList": []},
        MISSING,
        "Missing the attribute [q:queue]",
    ),
    (
        {"Id": "f", "Type": "acs.fc.function", "Endpoint": "x", "ParamList": []},
        MISSING,
        "Missing the attribute [f:functionName]",
    ),
    (
        "hook",
        "JsonAttributeInvalid",
        "The Json attribute [Targets] is invalid: its elements must be objects",
    ),
]


@pytest.mark.parametrize(("target", "code", "message"), INVALID)
def test_a_target_that_is_not_valid_is_refused_and_none_is_stored(
    call: Callable[..., dict[str, Any]], target: Any, code: str, message: str
) -> None:
    call("CreateRule", **RULE, FilterPattern="{}", EventTargets=[HOOK])
    answer = call("PutTargets", **RULE, Targets=[FUNCTION, target])

    assert (answer["status"], answer["Success"]) == (200, False)
    assert (answer["Code"], answer["Message"]) == (code, message)
    assert call("GetRule", **RULE)["Data"]["Targets"] == [HOOK]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "it isn't an array"),
        ("[", "it isn't valid JSON"),
        ("[" * 300_000, "it has more than 64 levels"),
        (r'["\ud800"]', "it has half of a surrogate pair"),
    ],
)
def test_other_json_than_an_array_is_refused(
    call: Callable[..., dict[str, Any]], text: str, reason: str
) -> None:
    created = call("CreateRule", **RULE, FilterPattern="{}", EventTargets=text)
    call("CreateRule", **RULE, FilterPattern="{}")
    put = call("PutTargets", **RULE, Targets=text)
    deleted = call("DeleteTargets", **RULE, TargetIds=text)

    assert [answer["Message"] for answer in (created, put, deleted)] == [
        f"The Json attribute [{name}] is invalid: {reason}"
        for name in ("EventTargets", "Targets", "TargetIds")
    ]


def test_the_last_one_of_members_with_the_same_name_counts(
    call: Callable[..., dict[str, Any]],
) -> None:
    text = '[{"Id":"a","Id":"b","Type":"http","Endpoint":"http://127.0.0.1:1/"}]'
    call("CreateRule", **RULE, FilterPattern="{}", EventTargets=text)

    assert [target["Id"] for target in call("GetRule", **RULE)["Data"]["Targets"]] == ["b"]


def test_two_targets_with_one_id_are_refused(call: Callable[..., dict[str, Any]]) -> None:
    answer = call("CreateRule", **RULE, FilterPattern="{}", EventTargets=[HOOK, HOOK])

    assert answer["Code"] == "EventTargetAlreadyExist"
    assert answer["Message"] == (
        "The event target [hook] of event rule [maintenance] on eventbus [default] already existed!"
    )
