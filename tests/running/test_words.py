"""The options of ``simevents run`` that are small languages."""

from datetime import UTC, datetime, timedelta

import pytest

from simevents.errors import InvalidInput
from simevents.running import words
from simevents.running.words import Publication, Wanted
from simevents.schedule import NotBefore


@pytest.mark.parametrize(
    ("text", "publication"),
    [
        (
            "5s=SystemMaintenance.Reboot",
            Publication(5, "SystemMaintenance.Reboot", None, NotBefore(None, timedelta(hours=1))),
        ),
        (
            "1m=SystemFailure.Stop:i-web@+2h",
            Publication(60, "SystemFailure.Stop", "i-web", NotBefore(None, timedelta(hours=2))),
        ),
        (
            "0s=SystemFailure.Stop@2018-08-22T09:30:00Z",
            Publication(
                0,
                "SystemFailure.Stop",
                None,
                NotBefore(datetime(2018, 8, 22, 9, 30, tzinfo=UTC), None),
            ),
        ),
    ],
)
def test_an_event_to_publish(text: str, publication: Publication) -> None:
    assert words.publication(text) == publication


@pytest.mark.parametrize("text", ["", "5s=", "=SystemFailure.Stop", "-5s=SystemFailure.Stop"])
def test_an_event_that_is_malformed(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--at: "):
        words.publication(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rebooted", Wanted("rebooted", "rebooted", "", None)),
        ("event-avoided:i-a", Wanted("event-avoided:i-a", "event_avoided", "", "i-a")),
        (
            "called=DetachInstances",
            Wanted("called=DetachInstances", "called", "DetachInstances", None),
        ),
    ],
)
def test_an_expectation(text: str, wanted: Wanted) -> None:
    assert words.wanted(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("", "happy", "then", "within", "called", "called=", "rebooted=1", "rebooted:"),
        "no_unexpected_calls:i-a",
    ],
)
def test_an_expectation_that_is_none(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--expect: "):
        words.wanted(text)


def test_expectations_are_methods_with_no_arguments() -> None:
    from simevents.testing.expectations import Expectation

    assert [name for name in words.EXPECTATIONS if not callable(getattr(Expectation, name))] == []


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("*:timeout", {"action": "*", "timeout": True}),
        (
            "RebootInstance:cut=after,times=1",
            {"action": "RebootInstance", "cut": "after", "times": 1},
        ),
        (
            "DescribeInstances:latency=0.5,probability=0.1,seed=7,garbage=false",
            {
                "action": "DescribeInstances",
                "latency": 0.5,
                "probability": 0.1,
                "seed": 7,
                "garbage": False,
            },
        ),
        (
            "CreateSimulatedSystemEvents:visibility-delay=60",
            {"action": "CreateSimulatedSystemEvents", "visibility_delay": 60.0},
        ),
        ("*:error=Throttling", {"action": "*", "error": "Throttling"}),
    ],
)
def test_a_fault(text: str, body: dict[str, object]) -> None:
    assert words.fault(text) == body


@pytest.mark.parametrize(
    "text",
    ["*", ":timeout", "*:", "*:color=red", "*:latency=nan", "*:cut=sometimes", "*:timeout=1"],
)
def test_a_fault_that_is_malformed(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--fault: "):
        words.fault(text)


@pytest.mark.parametrize("text", ["", "now", "2018-08-22", "2018-08-22T09:30:00+08:00"])
def test_a_time_that_is_not_utc(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--clock: .* use one such as 2018-08-22T09:30:00Z"):
        words.clock(text)


@pytest.mark.parametrize("text", ["", "0s", "-1s", "soon", "1:30"])
def test_a_duration_that_is_none(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--within: .* use one such as 30s"):
        words.within(text)
