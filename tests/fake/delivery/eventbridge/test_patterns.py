"""The pattern language by its documented examples, and what is no pattern."""

import json
from typing import Any

import pytest

from simevents.fake.delivery.eventbridge.patterns import PatternError, parse

EVENT: dict[str, Any] = {
    "id": "7f6d2c1e",
    "source": "acs.ecs",
    "specversion": "1.0",
    "type": "ecs:Instance:SystemMaintenance.Reboot",
    "subject": "acs.ecs:cn-hangzhou:1000000000000001:i-bp1fictional000000001",
    "time": "2026-01-02T11:04:05+08:00",
    "datacontenttype": "application/json;charset=utf-8",
    "aliyunregionid": "cn-hangzhou",
    "data": {
        "eventStatus": "Scheduled",
        "instanceId": "i-bp1fictional000000001",
        "address": "10.0.0.17",
        "count": 5,
        "ratio": 0.5,
        "isPlanned": True,
        "reason": None,
        "empty": "",
        "tags": ["red", "green"],
        "none": [],
        "objects": [{"name": "a"}],
        "nested": {"deep": {"value": "x"}},
    },
}


def matches(pattern: Any, event: Any = None) -> bool:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    return parse(text).matches(EVENT if event is None else event)


def of_data(name: str, *elements: Any) -> bool:
    return matches({"data": {name: list(elements)}})


def test_an_empty_pattern_matches_everything() -> None:
    assert matches({})
    assert matches({}, {})


def test_the_typical_pattern_of_a_handler_of_maintenance_events() -> None:
    pattern = {
        "source": ["acs.ecs"],
        "type": [{"prefix": "ecs:Instance:SystemMaintenance"}],
        "data": {"eventStatus": ["Scheduled", "Executing"]},
    }

    assert matches(pattern)
    assert not matches(pattern | {"source": ["acs.oss"]})
    assert not matches(pattern | {"data": {"eventStatus": ["Executed"]}})


def test_all_fields_must_match_and_one_element_of_each() -> None:
    assert matches({"source": ["acs.oss", "acs.ecs"], "specversion": ["1.0"]})
    assert not matches({"source": ["acs.oss", "acs.ecs"], "specversion": ["0.3"]})


def test_case_and_every_character_count() -> None:
    assert not of_data("eventStatus", "scheduled")
    assert not of_data("eventStatus", "Scheduled ")


def test_values_of_other_types_differ() -> None:
    assert of_data("count", 5)
    assert not of_data("count", "5")
    assert of_data("isPlanned", True)
    assert not of_data("isPlanned", "true")
    assert not of_data("isPlanned", 1)
    assert of_data("reason", None)
    assert not of_data("reason", "null")
    assert not of_data("reason", "")
    assert of_data("empty", "")
    assert not of_data("empty", None)


@pytest.mark.parametrize("written", ["5.0", "5e0", "5.00"])
def test_numbers_are_compared_by_their_text(written: str) -> None:
    assert not matches(f'{{"data": {{"count": [{written}]}}}}')


def test_prefix_suffix_and_contains() -> None:
    assert matches({"type": [{"prefix": "ecs:Instance:System"}]})
    assert not matches({"type": [{"prefix": "Instance"}]})
    assert matches({"type": [{"suffix": ".Reboot"}]})
    assert not matches({"type": [{"suffix": ".reboot"}]})
    assert matches({"type": [{"contains": "Maintenance"}]})
    assert not matches({"type": [{"contains": "Failure"}]})
    assert not of_data("count", {"prefix": "5"})


def test_operators_in_one_object_are_for_the_same_value() -> None:
    assert matches({"type": [{"prefix": "ecs:", "suffix": ".Reboot"}]})
    assert not matches({"type": [{"prefix": "ecs:", "suffix": ".Stop"}]})
    assert not of_data("tags", {"prefix": "r", "suffix": "n"})
    assert of_data("tags", {"prefix": "g", "suffix": "n"})


def test_anything_but() -> None:
    assert of_data("eventStatus", {"anything-but": "Executed"})
    assert not of_data("eventStatus", {"anything-but": "Scheduled"})
    assert not of_data("eventStatus", {"anything-but": ["Executed", "Scheduled"]})
    assert of_data("count", {"anything-but": 6})
    assert not of_data("count", {"anything-but": [5, 6]})
    assert of_data("reason", {"anything-but": "x"})
    assert not of_data("reason", {"anything-but": None})
    assert not matches({"source": [{"anything-but": {"prefix": "acs."}}]})
    assert matches({"source": [{"anything-but": {"prefix": "aws."}}]})
    assert not matches({"type": [{"anything-but": {"suffix": ".Reboot"}}]})
    assert not of_data("absent", {"anything-but": "x"})


def test_numeric() -> None:
    assert of_data("count", {"numeric": [">", 0, "<=", 5]})
    assert not of_data("count", {"numeric": [">", 0, "<", 5]})
    assert of_data("count", {"numeric": ["=", 5.0]})
    assert of_data("count", {"numeric": ["!=", 4]})
    assert of_data("ratio", {"numeric": [">=", 0.50000001]})
    assert not of_data("ratio", {"numeric": [">=", 0.500001]})
    assert not of_data("eventStatus", {"numeric": ["!=", 1]})
    assert not of_data("isPlanned", {"numeric": ["=", 1]})


def test_cidr() -> None:
    assert of_data("address", {"cidr": "10.0.0.0/24"})
    assert of_data("address", {"cidr": "10.0.0.1/24"})
    assert of_data("address", {"cidr": "10.0.0.17"})
    assert not of_data("address", {"cidr": "10.0.1.0/24"})
    assert not of_data("count", {"cidr": "0.0.0.0/0"})
    assert not of_data("eventStatus", {"cidr": "0.0.0.0/0"})


def test_exists() -> None:
    assert of_data("count", {"exists": True})
    assert of_data("reason", {"exists": True})
    assert not of_data("absent", {"exists": True})
    assert of_data("absent", {"exists": False})
    assert not of_data("count", {"exists": False})
    assert matches({"dataschema": [{"exists": False}]})
    assert matches({"data": {"absent": {"deep": [{"exists": False}]}}})
    assert of_data("absent", "x", {"exists": False})


def test_an_array_matches_if_one_of_its_elements_does() -> None:
    assert of_data("tags", "green")
    assert of_data("tags", {"prefix": "re"})
    assert of_data("tags", {"anything-but": "red"})
    assert not of_data("tags", "blue")
    assert not of_data("none", {"anything-but": "x"})
    assert of_data("none", {"exists": True})


def test_an_object_never_matches() -> None:
    for element in ("x", {"exists": True}, {"exists": False}, {"anything-but": "x"}, None):
        assert not of_data("nested", element)
        assert element == {"exists": True} or not of_data("objects", element)


def test_nested_fields_are_found_in_objects_only() -> None:
    assert matches({"data": {"nested": {"deep": {"value": ["x"]}}}})
    assert not matches({"data": {"objects": {"name": ["a"]}}})
    assert not matches({"data": {"eventStatus": {"deeper": ["x"]}}})


def test_a_pattern_for_data_matches_no_event_without_data() -> None:
    event = {name: value for name, value in EVENT.items() if name != "data"}

    assert not matches({"data": {"absent": [{"exists": False}]}}, event)
    assert matches({"source": ["acs.ecs"]}, event)


def test_attributes_of_the_bus_can_be_matched() -> None:
    assert matches({"aliyunregionid": ["cn-hangzhou"]})
    assert not matches({"aliyunregionid": ["cn-beijing"]})


def test_five_expressions_of_a_field_are_the_most() -> None:
    assert matches({"source": ["a", "b", "c", "d", "acs.ecs"]})
    with pytest.raises(PatternError):
        matches({"source": ["a", "b", "c", "d", "e", "acs.ecs"]})


TOO_DEEP = '{"data":' + '{"a":' * 70 + '["x"]' + "}" * 71

INVALID = [
    ("", "the pattern isn't a valid json format string: it isn't valid JSON"),
    ("{", "the pattern isn't a valid json format string: it isn't valid JSON"),
    ("[]", "the pattern should be a JSON object"),
    (TOO_DEEP, "the pattern isn't a valid json format string: it has more than 64 levels"),
    ('{"a":"' + "x" * 70_000 + '"}', "the pattern has more than 65536 characters"),
    ('{"colour": ["x"]}', "the pattern has unrecognized pattern key: colour"),
    ('{"source": "acs.ecs"}', "the pattern has invalid pattern value (field source)"),
    ('{"source": {"a": ["x"]}}', "the pattern has invalid pattern value (field source)"),
    ('{"source": []}', "the pattern has invalid pattern value: [] (field source)"),
    ('{"source": [["a"]]}', "nested pattern value isn't supported (field source)"),
    ('{"data": ["x"]}', "the data pattern doesn't have any pattern key (field data)"),
    ('{"data": {}}', "the data pattern doesn't have any pattern key (field data)"),
    ('{"data": {"a": {}}}', "the data pattern doesn't have any pattern key (field data.a)"),
    ('{"data": {"a": {"b": 1}}}', "the pattern has invalid pattern value (field data.a.b)"),
    (
        '{"data": {"a": [{"regex": "x"}]}}',
        "the pattern condition is unrecognized: regex (field data.a)",
    ),
    (
        '{"source": [{}]}',
        "each pattern condition should only have one condition key (field source)",
    ),
    ('{"source": ["1","2","3","4","5","6"]}', "a field has at most 5 expressions (field source)"),
    (
        '{"source": [{"prefix": ""}]}',
        "the prefix condition doesn't support empty string value (field source)",
    ),
    (
        '{"source": [{"suffix": 1}]}',
        "the suffix condition only support string value (field source)",
    ),
    (
        '{"source": [{"contains": null}]}',
        "the contains condition only support string value (field source)",
    ),
    (
        '{"source": [{"exists": "no"}]}',
        "the exists condition only support boolean value (field source)",
    ),
    (
        '{"source": [{"exists": false, "prefix": "a"}]}',
        "each pattern condition should only have one condition key (field source)",
    ),
    (
        '{"source": [{"anything-but": []}]}',
        "the anything-but condition only support null or primitive values (field source)",
    ),
    (
        '{"source": [{"anything-but": [["a"]]}]}',
        "the anything-but condition only support null or primitive values (field source)",
    ),
    (
        '{"source": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}',
        "anything but condition only support prefix or suffix (field source)",
    ),
    (
        '{"source": [{"anything-but": {}}]}',
        "each pattern condition should only have one condition key (field source)",
    ),
    (
        '{"data": {"n": [{"numeric": 5}]}}',
        "the numeric condition needs an array value (field data.n)",
    ),
    (
        '{"data": {"n": [{"numeric": [">"]}]}}',
        "the numeric value should contains an operator and a number (field data.n)",
    ),
    (
        '{"data": {"n": [{"numeric": [">", true]}]}}',
        "the numeric value should contains an operator and a number (field data.n)",
    ),
    (
        '{"data": {"n": [{"numeric": ["<>", 5]}]}}',
        "the numeric exp only support >,<,>=,<=,=,!= (field data.n)",
    ),
    (
        '{"data": {"n": [{"numeric": [">", 1000000001]}]}}',
        "the numeric value must be between -1.0E9 and 1.0E9 inclusive (field data.n)",
    ),
    *(
        (
            f'{{"data": {{"n": [{{"cidr": {block}}}]}}}}',
            "the cidr condition only support an IPv4 address or CIDR block (field data.n)",
        )
        for block in ('"10.0.0.0/33"', '"::1/128"', '"10.0.0.0/255.0.0.0"', '"x"', "5")
    ),
]


@pytest.mark.parametrize(("text", "reason"), INVALID)
def test_a_pattern_that_is_not_valid_is_refused_with_the_field(text: str, reason: str) -> None:
    with pytest.raises(PatternError) as raised:
        parse(text)

    assert str(raised.value) == f"Event pattern is not valid, reason: {reason}"
    assert raised.value.code == "EventRuleFilterPatternSchemaError"


def test_long_names_are_shortened_in_the_error() -> None:
    with pytest.raises(PatternError) as raised:
        parse(json.dumps({"data": {"n" * 10_000: [{"o" * 10_000: 1}]}}))

    assert len(str(raised.value)) < 500
