"""NotBefore: which values are accepted or refused, and the time of each."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from simevents.errors import InvalidInput
from simevents.schedule import parse, to_text

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T04:00:00Z", datetime(2026, 1, 2, 4, tzinfo=UTC)),
        ("2026-01-02T12:00:00+08:00", datetime(2026, 1, 2, 4, tzinfo=UTC)),
        ("2026-01-02T04:00:00.999Z", datetime(2026, 1, 2, 4, tzinfo=UTC)),
        # As the engine passes on a time without quotation marks in a stack file.
        ("2026-01-02 04:00:00 +0000 UTC", datetime(2026, 1, 2, 4, tzinfo=UTC)),
        ("2026-01-02 12:00:00.5 +0800 +0800", datetime(2026, 1, 2, 4, tzinfo=UTC)),
        ("+30m", datetime(2026, 1, 2, 3, 34, 5, tzinfo=UTC)),
        ("+1h30m", datetime(2026, 1, 2, 4, 34, 5, tzinfo=UTC)),
        ("+1d12h", datetime(2026, 1, 3, 15, 4, 5, tzinfo=UTC)),
        ("+45s", datetime(2026, 1, 2, 3, 4, 50, tzinfo=UTC)),
    ],
)
def test_a_time_resolves_to_a_utc_second(text: str, expected: datetime) -> None:
    assert parse(text).resolve(NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "+", "+soon", "+0m", "+-5m", "2026-13-01T00:00:00Z", "30m"),
        # A clock time, which has two meanings, and digits of other scripts.
        *("+1:30", "+1:30:00", "+３０m", "２０３０-01-01T00:00:00Z"),
        *("2026-13-01 04:00:00 +0000 UTC", "2026-01-02 04:00:00 +9900 UTC"),
    ],
)
def test_an_invalid_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"not_before: .*use a UTC time such as 20"):
        parse(text)


@pytest.mark.parametrize("text", ["2026-01-02T04:00:00", "2026-01-02"])
def test_a_time_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="has no time zone"):
        parse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (timedelta(minutes=30), "+1800s"),
        (datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=8))), "2026-01-02T04:00:00Z"),
        ("+30m", "+30m"),
        ("2026-01-02 12:00:00 +0800 +0800", "2026-01-02T04:00:00Z"),
    ],
)
def test_a_programs_value_is_written_as_text(
    value: str | datetime | timedelta, expected: str
) -> None:
    assert to_text(value) == expected
    parse(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+9999999d", "use at most +36500d"),
        ("9999-12-31T23:59:59Z", "use a UTC time from 1970 to 9999"),
        ("9999-12-31T23:59:59-23:59", "use a UTC time from 1970 to 9999"),
        ("0001-01-01T00:00:00+23:59", "use a UTC time from 1970 to 9999"),
        ("1969-12-31T23:59:59Z", "use a UTC time from 1970 to 9999"),
    ],
)
def test_a_time_at_the_edge_of_the_calendar_is_refused(text: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)

    assert expected in str(caught.value)


def test_a_delay_that_ends_after_the_last_year_is_refused() -> None:
    with pytest.raises(InvalidInput, match="too late"):
        parse("+36500d").resolve(datetime(9950, 1, 1, tzinfo=UTC))
