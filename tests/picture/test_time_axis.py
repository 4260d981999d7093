"""The time axis: ticks that suit the span, and pauses that are left out."""

import pytest

from simevents.picture.sentences import span
from simevents.picture.time_axis import TimeAxis

START = 1_800_000_000
"""2027-01-15T08:00:00Z."""
DAY = 86_400


def axis(*moments: float) -> TimeAxis:
    return TimeAxis([START + each for each in moments], 0, 1_000)


@pytest.mark.parametrize(
    ("seconds", "first", "second"),
    [
        (8, "08:00:00", "08:00:01"),
        (90, "08:00:00", "08:00:10"),
        (3_000, "08:00", "08:05"),
        (4 * 3_600, "08:00", "08:30"),
        (2 * DAY, "12:00", "18:00"),
        (18 * DAY, "2027-01-16", "2027-01-18"),
    ],
)
def test_ticks_suit_the_span(seconds: float, first: str, second: str) -> None:
    even = axis(*(seconds * part / 20 for part in range(21)))
    ticks = [tick for tick in even.ticks if tick.x > even.x(START) - 1]

    assert [tick.text for tick in ticks[:2]] == [first, second]
    assert even.breaks == []


def test_the_date_is_shown_when_it_changes() -> None:
    even = axis(*(part * 3_600 for part in range(36)))

    assert [tick.date for tick in even.ticks if tick.date] == ["2027-01-15", "2027-01-16"]


def test_a_long_pause_is_left_out_and_the_rest_is_to_scale() -> None:
    broken = axis(0, 2, 4, 7_200, 7_202)
    (pause,) = broken.breaks
    first = broken.x(START + 2) - broken.x(START)
    second = broken.x(START + 7_202) - broken.x(START + 7_200)

    assert pause.seconds == pytest.approx(7_194, abs=3)
    assert first == pytest.approx(second)
    assert first > 150


def test_several_pauses_of_the_same_length_are_left_out() -> None:
    assert len(axis(0, 1, 7_200, 7_201, 14_400, 14_401).breaks) == 2


def test_a_pause_that_is_not_much_longer_stays() -> None:
    assert axis(0, 30, 60, 300).breaks == []


def test_moments_stay_in_order() -> None:
    moments = [0, 1, 50, 7_200, 7_201, 90_000, 90_010, 9_000_000]
    broken = axis(*moments)
    places = [broken.x(START + each) for each in moments]

    assert places == sorted(set(places))
    assert places[0] >= 0
    assert places[-1] <= 1_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3_541, "59 min"), (7_500, "2 h 5 min")),
        *((90_000, "1 d 1 h"), (3_600 * 48, "2 d"), (31_557_600 * 7_000, "7,000 years")),
    ],
)
def test_a_length_of_time_in_words(seconds: float, text: str) -> None:
    assert span(seconds) == text
