"""Filters on the content of events: words with and, or, not; keywords with a relation."""

import pytest

from simevents.fake.delivery import content_filter
from simevents.fake.delivery.content_filter import BadFilter

CONTENT = {
    "eventId": "e-1",
    "eventType": "SystemMaintenance.Reboot",
    "eventStatus": "Executed",
    "instanceId": "i-web-192.0.2.1",
    "count": 3,
    "nested": {"State": "运行中"},
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Executed",
        "executed",
        "192.0.2.1 and Executed",
        "192.0.2.1 Executed",
        "absent or Executed",
        "not absent",
        "NOT absent AND Executed",
        # not binds most, then and, then or.
        "absent and absent or Executed",
        "Executed or absent and absent",
        "not absent and Executed or absent",
        "not (absent or missing)",
        "(absent or Executed) and e-1",
        '"SystemMaintenance.Reboot"',
        "System*Reboot",
        "Execute?",
        "*",
        "eventStatus: Executed",
        "eventstatus:executed",
        "eventStatus: Exec*",
        'eventType: "SystemMaintenance.Reboot"',
        "count: 3",
        "not eventStatus: Scheduled",
        "运行中",
        'nested and "and" or e-1',
    ],
)
def test_a_filter_that_fits(text: str) -> None:
    assert content_filter.query(text).fits(CONTENT)


@pytest.mark.parametrize(
    "text",
    [
        "absent",
        "192.0.2.1 and absent",
        "192.0.2.1 absent",
        "not Executed",
        "not not absent",
        "Executed and (absent or missing)",
        '"System*Reboot"',
        "eventStatus: Exec",
        "eventStatus: Scheduled",
        "missing: Executed",
        "nested: Executed",
    ],
)
def test_a_filter_that_does_not_fit(text: str) -> None:
    assert not content_filter.query(text).fits(CONTENT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a and", "it ends where a word is expected"),
        ("and a", "'and' stands where a word is expected"),
        ("a or or b", "'or' stands where a word is expected"),
        ("(a", "a parenthesis is not closed"),
        ("a)", "')' is not expected there"),
        ("()", "')' stands where a word is expected"),
        ('"a', "a quotation mark is not closed"),
        ("name:", "it ends where a word is expected"),
        (": a", "':' stands where a word is expected"),
        ("count > 3", "'>' is not covered; use words, and, or, not"),
        ("a | select 1", "'|' is not covered; use words, and, or, not"),
        ("(" * 40 + "a" + ")" * 40, "more than 32 levels"),
        ("not " * 40 + "a", "more than 32 levels"),
        ("a" * 5_000, "longer than 4096 characters"),
    ],
)
def test_a_filter_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(BadFilter) as caught:
        content_filter.query(text)

    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("words", "relation", "fits"),
    [
        ([], "OR", True),
        ([], "NOT", True),
        (["executed", "absent"], "OR", True),
        (["executed", "absent"], "", True),
        (["executed", "absent"], "AND", False),
        (["executed", "e-1"], "and", True),
        (["absent"], "OR", False),
        (["absent", "missing"], "NOT", True),
        (["absent", "Executed"], "NOT", False),
    ],
)
def test_keywords_belong_together_by_their_relation(
    words: list[str], relation: str, fits: bool
) -> None:
    assert content_filter.keywords(words, relation).fits(CONTENT) is fits


def test_another_relation_is_refused() -> None:
    with pytest.raises(BadFilter) as caught:
        content_filter.keywords(["a"], "XOR")

    assert str(caught.value) == "'XOR' is not a relation; use OR, AND or NOT"


def test_a_word_with_many_asterisks_is_looked_for_once() -> None:
    """A search that tries all places of all parts would not end within this universe."""
    long = {"text": "a" * 20_000}
    assert not content_filter.query("*a" * 1_000 + "*b").fits(long)
    assert content_filter.query("*a" * 1_000).fits(long)
    assert not content_filter.query("text: " + "*a" * 1_000 + "?b").fits(long)
    assert content_filter.query("text: a" + "*a" * 1_000).fits(long)


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("ab*b", True),
        ("ab*ab", False),
        ("a*b", True),
        ("*", True),
        ("abb", True),
        ("a?b", True),
        ("a?", False),
        ("*?b?", True),
        ("??*?", True),
        ("a*b*b*", True),
        ("a*b*b*b", False),
    ],
)
def test_a_pattern_for_a_member_is_for_the_whole_of_it(pattern: str, *, fits: bool) -> None:
    assert content_filter.query(f"name: {pattern}").fits({"name": "abb"}) is fits
