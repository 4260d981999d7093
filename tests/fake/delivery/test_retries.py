"""The distances between the attempts of a delivery."""

import random

import pytest

from simevents.fake.delivery.retries import wait_before_retry


def waits(strategy: str) -> list[float | None]:
    """All waits of a strategy, up to the first attempt that is not repeated."""
    found: list[float | None] = []
    while not found or found[-1] is not None:
        found.append(wait_before_retry(strategy, len(found) + 1, random.Random(7)))
    return found


def test_without_a_strategy_there_is_one_attempt() -> None:
    assert waits("none") == [None]


def test_a_webhook_is_tried_again_three_times_a_second_apart() -> None:
    assert waits("webhook") == [1.0, 1.0, 1.0, None]


def test_a_backoff_is_three_retries_after_ten_to_twenty_seconds() -> None:
    found = [wait_before_retry("backoff", 1, random.Random(seed)) or 0 for seed in range(200)]

    assert len(waits("backoff")) == 4
    assert 10 <= min(found) < 10.5
    assert 19.5 < max(found) <= 20


def test_a_decay_doubles_to_256_seconds_and_then_takes_512() -> None:
    doubled = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]

    assert waits("decay") == [*doubled, *[512.0] * 167, None]
    assert wait_before_retry("decay", 10**9, random.Random(0)) is None


def test_an_unknown_strategy_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError) as raised:
        wait_before_retry("often", 1, random.Random(0))

    assert str(raised.value) == (
        "'often' is not a valid strategy; use one of none, webhook, backoff, decay"
    )
