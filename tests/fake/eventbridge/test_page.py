"""What docs/eventbridge.md shows can be used as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from simevents.fake.delivery.eventbridge import patterns
from simevents.fake.delivery.eventbridge.transforms import LONGEST_TEMPLATE
from simevents.fake.eventbridge.target_members import read

PAGE = (Path(__file__).parents[3] / "docs" / "eventbridge.md").read_text()
EVENT, PATTERN, TARGETS = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


def test_the_pattern_matches_the_event_and_the_targets_are_valid() -> None:
    (target,) = read(TARGETS, "Targets", "default", "rule")

    assert patterns.parse(PATTERN).matches(json.loads(EVENT))
    assert (target["Id"], len(target["ParamList"])) == ("hook", 1)


def test_each_element_of_the_table_is_one() -> None:
    table = PAGE.partition("| element | matches |")[2].partition("\n\n")[0]
    elements: list[Any] = [
        json.loads(text)
        for text in re.findall(r"`(.+?)`", table)
        if "…" not in text and text[0] in '"5tn{'
    ]
    for element in elements:
        patterns.parse(json.dumps({"data": {"a": [element]}}))

    assert len(elements) == 11


def test_the_limits_are_those_of_the_code() -> None:
    assert f"at most {patterns.MOST_EXPRESSIONS} elements" in PAGE
    assert f"at most {patterns.LONGEST_PATTERN:,} characters" in PAGE
    assert f"at most {LONGEST_TEMPLATE:,} characters" in PAGE
