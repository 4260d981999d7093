"""What the number of instances may cost: no scan that grows with its square."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from simevents.input_checks import check_instance_ids
from simevents.provider import EventsProvider, IntentProvider
from simevents.reconcile import event_steps, intent_steps
from simevents.reconcile.claims import Claims
from simevents.reconcile.event_steps import Observation
from simevents.reconcile.intended_events import IntendedEvents
from simevents.schedule import parse
from tests.conftest import Cloud

COUNT = 300
MOST_COMPARISONS = 30 * COUNT
"""Far below the square of COUNT, and above what sets and dictionaries need."""


class Counted(str):
    """An id that counts how often one is compared."""

    comparisons: ClassVar[int] = 0

    def __eq__(self, other: object) -> bool:
        Counted.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.fixture(autouse=True)
def fresh() -> None:
    Counted.comparisons = 0


def counted(ids: list[str]) -> list[str]:
    return [Counted(id) for id in ids]


def test_the_check_of_the_ids_compares_each_a_few_times() -> None:
    check_instance_ids([Counted(f"i-{number}") for number in range(COUNT)])

    assert Counted.comparisons < MOST_COMPARISONS


@pytest.mark.parametrize("provider", [IntentProvider(), EventsProvider()])
def test_a_diff_compares_each_id_a_few_times(provider: IntentProvider | EventsProvider) -> None:
    ids = [f"i-{number}" for number in range(COUNT)]
    olds, news = {"instance_ids": counted(ids)}, {"instance_ids": counted(ids[::-1])}

    assert not provider.diff("any", olds, news).changes
    assert Counted.comparisons < MOST_COMPARISONS


def test_the_steps_compare_each_id_a_few_times(cloud: Cloud, api: Any) -> None:
    ids, claims = cloud.instances(COUNT), Claims()
    comparisons: dict[str, int] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        Counted.comparisons = 0
        result = work()
        comparisons[name] = Counted.comparisons
        return result

    intent = step(
        "declare",
        lambda: intent_steps.declare(
            api, claims, "sse-1", "SystemMaintenance.Reboot", parse("+1h"), counted(ids)
        ),
    )
    events = IntendedEvents(api, claims, intent)
    made = step("create", lambda: event_steps.create(events))
    seen = Observation(
        {Counted(id): Counted(event.event_id) for id, event in made.items()},
        {Counted(id): "Scheduled" for id in made},
    )
    step("observe", lambda: event_steps.observe(events, seen))
    half = step("extend", lambda: intent_steps.extend(events, counted(ids[COUNT // 2 :])))
    rest = IntendedEvents(api, claims, half)
    left = step("update", lambda: event_steps.update(rest, seen))
    step("cancel", lambda: event_steps.cancel(rest, left.event_ids.values()))
    step("withdraw", lambda: intent_steps.withdraw(rest))

    assert sorted(left.event_ids) == sorted(ids[COUNT // 2 :])
    assert {name: n for name, n in comparisons.items() if n > MOST_COMPARISONS} == {}
