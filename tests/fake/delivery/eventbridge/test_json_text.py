"""JSON of callers: odd, deep and huge texts are refused, and numbers keep their text."""

import pytest

from simevents.fake.delivery.eventbridge.json_text import MOST_LEVELS, BadJson, number_text, read


def test_numbers_keep_how_they_were_written() -> None:
    written = ["300", "300.0", "3e2", "3.0e2", "-0.50"]

    assert [number_text(each) for each in read(f"[{','.join(written)}]")] == written


def test_the_last_one_of_members_with_the_same_name_counts() -> None:
    assert read('{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


def test_as_many_levels_as_allowed_can_be_read() -> None:
    deepest = read("[" * MOST_LEVELS + "1" + "]" * MOST_LEVELS)
    for _ in range(MOST_LEVELS):
        (deepest,) = deepest

    assert deepest == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it isn't valid JSON"),
        ("{", "it isn't valid JSON"),
        ("'a'", "it isn't valid JSON"),
        (b"\xff", "it isn't valid JSON"),
        ("NaN", "NaN isn't valid JSON"),
        ("[-Infinity]", "-Infinity isn't valid JSON"),
        ("[1e999]", "it has a number that is too large"),
        ("1" * 301, "it has a number that is too large"),
        ("9" * 100_000, "it has a number that is too large"),
        (r'"\ud800"', "it has half of a surrogate pair"),
        (r'{"\udfff": 1}', "it has half of a surrogate pair"),
        ("[" * 65 + "]" * 65, "it has more than 64 levels"),
        ('{"a":' * 65 + "1" + "}" * 65, "it has more than 64 levels"),
        ("[" * 500_000, "it has more than 64 levels"),
        ("[" * 500_000 + "]" * 500_000, "it has more than 64 levels"),
    ],
)
def test_other_texts_are_refused_with_a_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(BadJson) as raised:
        read(text)

    assert str(raised.value) == reason
