"""Patterns against a second matcher that is written differently: by text, without compiling."""

import fnmatch
import json
import re
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simevents.fake.delivery.eventbridge.json_text import read
from simevents.fake.delivery.eventbridge.patterns import parse

NAMES = ["a", "b", "c"]
TEXTS = ["", "a", "ab", "ba", "abc", "10.0.0.1", "10.0.1.9", "1", "null"]
NUMBERS = ["0", "1", "1.0", "2", "-1", "1e0", "2.5"]

scalars = st.one_of(
    st.sampled_from([json.dumps(text) for text in TEXTS]),
    st.sampled_from(NUMBERS),
    st.sampled_from(["null", "true", "false"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3).map(
            lambda members: (
                "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"
            )
        ),
    ),
    max_leaves=6,
)
full_texts = st.sampled_from([text for text in TEXTS if text])
operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
expressions = st.one_of(
    scalars,
    st.builds(
        lambda name, text: json.dumps({name: text}),
        st.sampled_from(["prefix", "suffix", "contains"]),
        full_texts,
    ),
    st.builds(
        lambda one, other: json.dumps({"prefix": one, "suffix": other}), full_texts, full_texts
    ),
    st.builds('{{"anything-but":{}}}'.format, scalars),
    st.lists(scalars, min_size=1, max_size=3).map(
        lambda each: f'{{"anything-but":[{",".join(each)}]}}'
    ),
    st.builds(
        lambda name, text: json.dumps({"anything-but": {name: text}}),
        st.sampled_from(["prefix", "suffix"]),
        full_texts,
    ),
    st.builds('{{"numeric":["{}",{}]}}'.format, operators, st.sampled_from(NUMBERS)),
    st.builds(
        '{{"numeric":[">",{},"{}",{}]}}'.format,
        st.sampled_from(NUMBERS),
        operators,
        st.sampled_from(NUMBERS),
    ),
    st.sampled_from(['{"cidr":"10.0.0.0/24"}', '{"cidr":"10.0.1.9"}', '{"cidr":"0.0.0.0/0"}']),
    st.sampled_from(['{"exists":true}', '{"exists":false}']),
)
leaves = st.lists(expressions, min_size=1, max_size=5).map(lambda each: f"[{','.join(each)}]")
patterns = st.recursive(
    leaves,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3).map(
        lambda members: "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"
    ),
    max_leaves=4,
)  # fmt: skip


class Raw(str):
    """A number as it is written."""


def raw(text: str) -> Any:
    return json.loads(text, parse_int=Raw, parse_float=Raw)


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """All places of a value by their path, objects included."""
    found = {path: value}
    if isinstance(value, dict):
        for name, member in value.items():
            found |= flat(member, f"{path}/{name}")
    return found


def compares(sign: str, one: Decimal, other: Decimal) -> bool:
    signs = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[sign]
    relation = "=" if one == other else "<" if one < other else ">"
    return relation in signs


def is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Raw)


def passes(name: str, wanted: Any, value: Any) -> bool:
    """One operator on one scalar."""
    match name:
        case "equals":
            return type(value) is type(wanted) and value == wanted
        case "prefix" | "suffix" | "contains":
            glob = {"prefix": "{}*", "suffix": "*{}", "contains": "*{}*"}[name]
            return is_text(value) and fnmatch.fnmatchcase(value, glob.format(wanted))
        case "anything-but":
            if isinstance(wanted, dict):
                ((operator, text),) = wanted.items()
                return not passes(operator, text, value)
            listed = wanted if isinstance(wanted, list) else [wanted]
            return all(not passes("equals", each, value) for each in listed)
        case "numeric":
            pairs = [wanted[at : at + 2] for at in range(0, len(wanted), 2)]
            return isinstance(value, Raw) and all(
                compares(sign, Decimal(value), Decimal(bound)) for sign, bound in pairs
            )
        case "cidr":
            is_address = is_text(value) and re.fullmatch(r"\d+\.\d+\.\d+\.\d+", value)
            return bool(is_address) and ip_address(value) in ip_network(wanted)
    raise AssertionError(name)


def expected(pattern: str, event: str) -> bool:
    places = flat(raw(event))
    for path, elements in flat(raw(pattern)).items():
        if isinstance(elements, dict):
            continue
        for element in elements:
            operators = element if isinstance(element, dict) else {"equals": element}
            if "exists" in operators:
                is_there = path in places and not isinstance(places[path], dict)
                if is_there if operators["exists"] else path not in places:
                    break
                continue
            if path not in places:
                continue
            found = places[path] if isinstance(places[path], list) else [places[path]]
            if any(
                not isinstance(each, list | dict)
                and all(passes(name, wanted, each) for name, wanted in operators.items())
                for each in found
            ):
                break
        else:
            return False
    return True


@pytest.mark.slow
@settings(max_examples=1_000)
@given(patterns, values)
def test_both_matchers_agree(pattern: str, value: str) -> None:
    whole, event = f'{{"data":{{"x":{pattern}}}}}', f'{{"data":{{"x":{value}}}}}'

    assert parse(whole).matches(read(event)) == expected(whole, event)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["source", "type", "subject"]), leaves, max_size=3), scalars)
def test_both_matchers_agree_about_attributes(fields: dict[str, str], source: str) -> None:
    pattern = "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}"
    event = f'{{"source":{source},"type":"abc"}}'

    assert parse(pattern).matches(read(event)) == expected(pattern, event)
