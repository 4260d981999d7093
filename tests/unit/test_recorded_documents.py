"""Texts with a structure of their own, as a cassette has them."""

import base64
import json
from typing import Any

import pytest

from simevents.allow_list import SCRUBBED
from simevents.testing.recording.documents import QUEUES, digest, document

BUS = "2020-04-01"
SECRET = "s3cr3t-of-a-user"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def shown(version: str, name: str, value: Any) -> Any:
    """The document as it is written. What is written is written in the same way again."""
    found = document(version, name, json.dumps(value))
    assert found is not None
    assert document(version, name, found) == found
    return json.loads(found)


def test_of_a_pattern_documented_fields_and_operators_stay() -> None:
    pattern = {
        "source": ["acs.ecs"],
        "type": [{"prefix": "ecs:Instance"}, {"anything-but": {"suffix": ".Stop"}}],
        "data": {"eventStatus": ["Scheduled"], "owner": [SECRET], "size": [{"numeric": [">", 7]}]},
    }
    masked = {"owner": [SCRUBBED], "size": [{"numeric": [SCRUBBED, 0]}]}
    written = pattern | {"data": {"eventStatus": ["Scheduled"], **masked}}

    assert shown(BUS, "FilterPattern", pattern) == written
    assert shown(BUS, "EventPattern", pattern) == written
    assert shown(BUS, "Data.FilterPattern", pattern) == written


def test_of_a_target_the_address_and_the_values_of_parameters_go() -> None:
    target = {
        "Id": "hook",
        "Type": "http",
        "Endpoint": f"https://example.com/{SECRET}",
        "DeadLetterQueue": {"Arn": "acs:mns:cn-hangzhou:1234567890123456:/queues/dead"},
        "ParamList": [
            {"ResourceKey": "Token", "Form": "CONSTANT", "Value": SECRET},
            {"ResourceKey": "Body", "Form": "TEMPLATE", "Value": "{}", "Template": SECRET},
        ],
    }

    assert shown(BUS, "EventTargets", [target]) == [
        {
            "Id": "hook",
            "Type": "http",
            "Endpoint": SCRUBBED,
            "DeadLetterQueue": {"Arn": "acs:mns:cn-hangzhou:1000000000000000:/queues/dead"},
            "ParamList": [
                {"ResourceKey": "Token", "Form": "CONSTANT", "Value": SCRUBBED},
                {
                    "ResourceKey": "Body",
                    "Form": "TEMPLATE",
                    "Value": SCRUBBED,
                    "Template": SCRUBBED,
                },
            ],
        }
    ]


def test_a_message_about_an_event_keeps_its_names_and_its_encoding() -> None:
    notice = {
        "ver": "1.0",
        "product": "ECS",
        "name": "Instance:SystemMaintenance.Reboot:Scheduled",
        "resourceId": "acs:ecs:cn-hangzhou:1234567890123456:instance/i-web",
        "userId": "1234567890123456",
        "content": {"eventId": "e-1", "note": SECRET},
    }
    expected = notice | {
        "resourceId": "acs:ecs:cn-hangzhou:1000000000000000:instance/i-web",
        "userId": "1000000000000000",
        "content": {"eventId": "e-1", "note": SCRUBBED},
    }
    text = json.dumps(notice)
    whole = document(QUEUES, "MessageBody", encoded(text))

    assert whole is not None
    assert json.loads(base64.b64decode(whole)) == expected
    assert shown(QUEUES, "Message.1.MessageBody", notice) == expected
    assert document(QUEUES, "MessageBody", whole) == whole


@pytest.mark.parametrize(
    "text",
    [SECRET, "{", "[]", "7", json.dumps({"name": SECRET}), json.dumps({"content": {"state": "x"}})],
)
def test_any_other_message_is_withheld(text: str) -> None:
    assert document(QUEUES, "MessageBody", text) == SCRUBBED
    assert document(QUEUES, "MessageBody", encoded(text)) == encoded(SCRUBBED)
    assert document(QUEUES, "MessageBody", encoded(SCRUBBED)) == encoded(SCRUBBED)


def test_what_a_project_allows_is_kept_without_secrets() -> None:
    order = {"order": 7, "password": SECRET, "buyer": 1234567890123456}
    written = {"order": 7, "password": SCRUBBED, "buyer": 1000000000000000}
    body = document(QUEUES, "MessageBody", encoded(json.dumps(order)), is_allowed=True)
    pattern = document(BUS, "FilterPattern", '{"data":{"order":[7]}}', is_allowed=True)

    assert body is not None
    assert json.loads(base64.b64decode(body)) == written
    assert document(QUEUES, "MessageBody", "hello", is_allowed=True) == "hello"
    assert pattern is not None
    assert json.loads(pattern) == {"data": {"order": [7]}}


def test_what_is_no_json_is_withheld_as_a_whole() -> None:
    for text in (SECRET, '{"source":', "[" * 100_000):
        assert document(BUS, "FilterPattern", text) == SCRUBBED


def test_other_parameters_are_no_documents() -> None:
    assert document(BUS, "RuleName", "r") is None
    assert document("2014-05-26", "Content", "{}") is None
    assert document(QUEUES, "MessageBody", "") is None


def test_the_digest_of_a_message() -> None:
    assert digest("eyJ2ZXIiOiIxLjAifQ==") == "3FB323C30EBE669FCD1E13A1171CEC3A"
