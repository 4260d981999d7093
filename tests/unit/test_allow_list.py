"""What may be shown of calls, and what replaces the rest."""

import json

import pytest

from simevents.allow_list import (
    NO_ACTION,
    NO_NAME,
    clean,
    clean_message,
    listed,
    masked,
    shown_action,
    shown_name,
    shown_parameters,
    shown_taught_parameters,
)
from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.registry import ACTIONS
from tools import allow_list


def test_the_list_agrees_with_the_vendors_packages() -> None:
    written = json.loads(allow_list.TARGET.read_text())["actions"]

    assert written == allow_list.actions(), "run: python tools/allow_list.py"


def test_every_covered_action_is_on_the_list() -> None:
    for action in ACTIONS.values():
        found = listed(action.version, action.name)
        assert found is not None, action.name
        assert found.parameters.kept | found.parameters.withheld == action.documented


@pytest.mark.parametrize(
    ("value", "replacement"),
    [
        ("hush", "scrubbed"),
        ("", ""),
        ("1234567890123456", "1000000000000000"),
        (1234567890123456, 1000000000000000),
        (7, 0),
        (1.5, 0.0),
        (True, False),
        (None, None),
    ],
)
def test_a_replacement_has_the_type_of_the_value(value: object, replacement: object) -> None:
    assert masked(value) == replacement  # type: ignore[arg-type]
    assert type(masked(value)) is type(replacement)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("i-bp67acfmxazb4ph", "i-bp67acfmxazb4ph"),
        ("2026-11-23T06:49:55Z", "2026-11-23T06:49:55Z"),
        ('["i-a","i-b"]', '["i-a","i-b"]'),
        ("['i-a']", "['i-a']"),
        ('[{"Password":"hush"}]', "scrubbed"),
        ("<Password>hush</Password>", "scrubbed"),
        ("password=hush", "scrubbed"),
        ("LTAI5tAbCdEfGhIjKlMn", "scrubbed"),
        ("acs:ecs:*:1234567890:instance/i-a", "acs:ecs:*:1000000000000000:instance/i-a"),
        ("acs:ram::123:user/somebody", "acs:ram::1000000000000000:user/scrubbed"),
        ("acs:ram::123:assumed-role/a/me", "acs:ram::1000000000000000:assumed-role/a/scrubbed"),
        ("acs%3Aram%3A%3A123%3Arole%2Fa", "acs%3Aram%3A%3A1000000000000000%3Arole%2Fa"),
        ("http://123.mns.cn-a.aliyuncs.com/q", "http://1000000000000000.mns.cn-a.aliyuncs.com/q"),
        ("acs.ecs:cn-a:123:i-a", "acs.ecs:cn-a:1000000000000000:i-a"),
        ("acs.ecs", "acs.ecs"),
        ("of 1234567890123456", "of 1000000000000000"),
        ("log-1234567890123456", "log-1000000000000000"),
        ("uid1234567890123456", "uid1000000000000000"),
        ("aliyun_1234567890123456_x", "aliyun_1000000000000000_x"),
        ("of%201234567890123456", "of%201000000000000000"),
        ("i-bp1234567890123456", "i-bp1234567890123456"),
        ("['i-1234567890123456']", "['i-1234567890123456']"),
        ("backup-20260102030405", "backup-20260102030405"),
        ("CAISjgJ1q6Ft5B2yfSjIr5fHAvfBhqRW", "scrubbed"),
        ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln", "scrubbed"),
        ("of eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.", "scrubbed"),
        ("pwd=hush", "scrubbed"),
        ("db_pwd: hush", "scrubbed"),
        ("password%3Dhush", "scrubbed"),
        ("from https://user:hush@example.com/a", "scrubbed"),
        ("https%3A%2F%2Fuser%3Ahush%40example.com", "scrubbed"),
        ("https://example.com/a", "https://example.com/a"),
        ("somebody@example.com", "somebody@example.com"),
        ("my_LTAI5tAbCdEfGhIjKlMn", "scrubbed"),
        ("myLTAI5tAbCdEfGhIjKlMn", "scrubbed"),
    ],
)
def test_a_kept_text_has_no_account_and_no_structure(value: str, shown: str) -> None:
    assert clean(value) == shown
    assert clean(shown) == shown


def test_a_message_keeps_the_words_on_the_list_and_those_of_the_request() -> None:
    message = "The specified parameter Status is not valid: Done, 'hush' of LTAI5tAbCdEfGhIj."

    assert clean_message(message, {"Done"}) == (
        "The specified parameter Status is not valid: Done, scrubbed of scrubbed"
    )


@pytest.mark.parametrize(
    "text",
    [
        "LTAI5tABCDEFGHIJKLMN",
        "Tag.1.LTAI5tABCDEFGHIJKLMN",
        "STS.NUgYrLnoC37mZZCNnAbez",
        "CAISjgJ1q6Ft5B2yfSjIr5fHAvfBhqRW",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln",
        "uid1234567890123456",
        "x" * 65,
    ],
)
def test_a_key_is_shown_neither_as_a_name_nor_as_an_action(text: str) -> None:
    assert shown_parameters({text: ""}) == {NO_NAME: ""}
    assert shown_name(text) == NO_NAME
    assert shown_action(text) == NO_ACTION


@pytest.mark.parametrize("name", ["NotDocumented", "Tag.1.Colour", "Ipv6Addresses.2", "Eyj.Sts"])
def test_an_ordinary_unknown_name_stays(name: str) -> None:
    assert shown_name(name) == name
    assert shown_action(name) == name


def test_every_documented_name_is_shown() -> None:
    for action in ACTIONS.values():
        assert shown_action(action.name) == action.name
        for name in action.documented:
            assert shown_name(name) == name


def test_parameters_are_shown_by_name() -> None:
    assert shown_parameters(
        {
            "InstanceId.1": "i-a",
            "Tag.1.Key": "env",
            "Password": "hush",
            "VncPassword": "hush",
            "OwnerId": "1234567890123456",
            '{"Password":"hush"}': "",
            "x" * 1_000: "hush",
        }
    ) == {
        "InstanceId.1": "i-a",
        "Tag.1.Key": "env",
        "Password": "scrubbed",
        "VncPassword": "scrubbed",
        "OwnerId": "1000000000000000",
        NO_NAME: "scrubbed",
    }


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("ScalingGroupId", "asg-1", "asg-1"),
        ("NextToken", "page-2", "page-2"),
        ("SecretAccessKey", "hush", "scrubbed"),
        ("login_password", "", ""),
        ("Note", "LTAI5tHidden1234", "scrubbed"),
        ("Ids", '["i-a",1,true]', '["i-a", 1, true]'),
        ("Body", '{"a": {"password": ["hush"]}}', '{"a": {"password": "scrubbed"}}'),
        ("Body", '{"uid": 1234567890123456}', '{"uid": 1000000000000000}'),
        ("Body", '{"token=hush": 1}', '{"(not a parameter name)": 0}'),
        ("Body", r'{"a": "{\"pwd\": \"hush\"}"}', r'{"a": "{\"pwd\": \"scrubbed\"}"}'),
        ("Body", "{no json", "scrubbed"),
        ("Servers", "[{'ServerId':'i-a','Port':80}]", '[{"ServerId": "i-a", "Port": 80}]'),
        ("Servers", "[{'Password': 'hush'}]", '[{"Password": "scrubbed"}]'),
        ("Servers", "{'i-a'}", "scrubbed"),
        ("Servers", "[b'hush']", "scrubbed"),
        ("Servers", "['hush', secret()]", "scrubbed"),
        ("Servers", "['" + "x" * 10_000 + "']", "scrubbed"),
        ("Servers", "[" * 300 + "'hush'" + "]" * 300, "scrubbed"),
    ],
)
def test_values_of_a_taught_call_are_shown_except_secrets(
    name: str, value: str, shown: str
) -> None:
    assert shown_taught_parameters({name: value}) == {name: shown}


def test_a_name_of_a_taught_call_that_is_none_is_replaced() -> None:
    assert shown_taught_parameters({'{"a": "hush"}': ""}) == {NO_NAME: ""}


def test_a_value_of_a_taught_call_with_too_many_levels_is_replaced() -> None:
    assert shown_taught_parameters({"Body": "[" * 900 + "]" * 900}) == {"Body": "scrubbed"}
    assert shown_taught_parameters({"Body": "[" * 100_000}) == {"Body": "scrubbed"}
