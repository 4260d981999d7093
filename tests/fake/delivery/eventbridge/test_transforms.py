"""What a target's parameters are made of an event."""

import json
from typing import Any

import pytest

from simevents.fake.delivery.eventbridge import json_paths
from simevents.fake.delivery.eventbridge.json_text import read
from simevents.fake.delivery.eventbridge.transforms import TransformError, parse

EVENT: dict[str, Any] = {
    "id": "7f6d2c1e",
    "source": "acs.ecs",
    "data": {
        "instanceId": "i-bp1fictional000000001",
        "text": 'a "quoted" <b>&</b>\nline, ${id} 中',
        "count": 3,
        "ratio": 1.50,
        "isPlanned": True,
        "nothing": None,
        "tags": ["red", {"name": "green"}],
        "odd.name": "dotted",
        "with space": "spaced",
    },
}


def of(form: str, value: str = "", template: str = "") -> str:
    return parse(form, value, template).of(EVENT)


def test_the_original_is_the_whole_event() -> None:
    assert json.loads(of("ORIGINAL")) == EVENT
    assert of("ORIGINAL").startswith('{"id":"7f6d2c1e","source":"acs.ecs","data":{"instanceId":')


def test_a_constant_is_its_value() -> None:
    assert of("CONSTANT", "$.data.instanceId ${id}") == "$.data.instanceId ${id}"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.data.instanceId", "i-bp1fictional000000001"),
        ("$['data']['instanceId']", "i-bp1fictional000000001"),
        ('$.data["odd.name"]', "dotted"),
        ("$.data['with space']", "spaced"),
        ("$.data.count", "3"),
        ("$.data.ratio", "1.5"),
        ("$.data.isPlanned", "true"),
        ("$.data.nothing", "null"),
        ("$.data.tags", '["red",{"name":"green"}]'),
        ("$.data.tags[0]", "red"),
        ("$.data.tags[-1].name", "green"),
        ("$.data.tags[2]", ""),
        ("$.data.tags.name", ""),
        ("$.data.absent", ""),
        ("$.absent.deeper", ""),
        ("$.data[0]", ""),
        ("$.data.instanceId.deeper", ""),
    ],
)
def test_a_path_takes_one_part(path: str, text: str) -> None:
    assert of("JSONPATH", path) == text


def test_a_path_takes_the_whole_and_numbers_as_they_were_written() -> None:
    written = '{"data":{"ratio":1.50}}'

    assert json.loads(of("JSONPATH", "$")) == EVENT
    assert parse("JSONPATH", "$.data.ratio").of(read(written)) == "1.50"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "data.instanceId",
            "$data",
            "$.",
            "$..id",
            "$.*",
            "$.data[*]",
            "$.data[0:1]",
            "$[0,1]",
        ),
        *(
            "$.data[?(@.a)]",
            "$.data[",
            "$.data['a",
            "$.a b",
            "$." + "a" * 2_000,
            "$" + "[" * 100_000,
        ),
    ],
)
def test_other_texts_are_no_path_to_one_place(path: str) -> None:
    assert json_paths.parse(path) is None
    with pytest.raises(TransformError) as raised:
        of("JSONPATH", path)

    assert raised.value.member == "Value"


def test_a_template_replaces_its_variables() -> None:
    assert of("TEMPLATE", '{"i":"$.data.instanceId"}', "instance ${i} is due") == (
        "instance i-bp1fictional000000001 is due"
    )
    assert of("TEMPLATE", '{"a":"$.absent","c":"constant","n":5}', "[${a}] ${c} ${n}") == (
        "[] constant 5"
    )
    assert of("TEMPLATE", "{}", "${unknown} $ {} ${") == "${unknown} $ {} ${"


def test_an_escaped_variable_fits_into_json_or_html() -> None:
    variables = '{"t":"$.data.text"}'

    text = of("TEMPLATE", variables, '{"t":"${jsonEscape(t)}"}')
    assert json.loads(text) == {"t": EVENT["data"]["text"]}
    assert of("TEMPLATE", variables, "<p>${htmlEscape(t)}</p>") == (
        "<p>a &quot;quoted&quot; &lt;b&gt;&amp;&lt;/b&gt;\nline, ${id} 中</p>"
    )


def test_what_an_event_contains_is_never_taken_for_a_variable() -> None:
    template = "${t} ${id}"

    assert of("TEMPLATE", '{"t":"$.data.text","id":"$.id"}', template) == (
        'a "quoted" <b>&</b>\nline, ${id} 中 7f6d2c1e'
    )


def test_what_a_template_becomes_is_bounded() -> None:
    event = {"data": {"text": "x" * 100_000}}
    text = parse("TEMPLATE", '{"t":"$.data.text"}', "${t}" * 2_000 + "end").of(event)

    assert len(text) < 1_000_000
    assert text.endswith("xend")


def test_a_template_has_at_most_10240_characters() -> None:
    assert of("TEMPLATE", "{}", "x" * 10_240) == "x" * 10_240
    with pytest.raises(TransformError) as raised:
        of("TEMPLATE", "{}", "x" * 10_241)

    assert (raised.value.member, str(raised.value)) == (
        "Template",
        "a text with at most 10240 characters",
    )


@pytest.mark.parametrize(
    ("form", "value", "template", "member"),
    [
        ("", "", "", "Form"),
        ("original", "", "", "Form"),
        ("REGEX", "", "", "Form"),
        ("TEMPLATE", "{}", "", "Template"),
        ("TEMPLATE", "", "x", "Value"),
        ("TEMPLATE", "[]", "x", "Value"),
        ("TEMPLATE", '{"a":{"b":1}}', "x", "Value"),
        ("TEMPLATE", "{" * 100_000, "x", "Value"),
    ],
)
def test_a_transform_that_is_not_valid_is_refused_with_the_member(
    form: str, value: str, template: str, member: str
) -> None:
    with pytest.raises(TransformError) as raised:
        of(form, value, template)

    assert raised.value.member == member
