"""Which calls a fault affects."""

from simevents.fake.state.faults import Fault, Faults

CREATE = "CreateSimulatedSystemEvents"


def affected(fault: Fault, calls: list[str]) -> list[bool]:
    faults = Faults()
    faults.add(fault)
    return [faults.matching(CREATE, {"InstanceId.1": call}) is not None for call in calls]


def test_the_order_of_calls_does_not_change_the_affected_calls() -> None:
    fault = Fault(CREATE, error="Throttling", probability=0.3, seed=7)
    calls = [f"i-{number}" for number in range(200)]
    forwards = dict(zip(calls, affected(fault, calls), strict=True))
    backwards = dict(zip(calls[::-1], affected(fault, calls[::-1]), strict=True))

    assert forwards == backwards
    assert 30 < sum(forwards.values()) < 90


def test_another_seed_affects_other_calls() -> None:
    calls = [f"i-{number}" for number in range(200)]
    one, two = (Fault(CREATE, cut="after", probability=0.3, seed=seed) for seed in (1, 2))

    assert affected(one, calls) != affected(two, calls)


def test_a_repeated_call_is_a_new_attempt() -> None:
    assert len(set(affected(Fault(CREATE, probability=0.5), ["i-a"] * 50))) == 2


def test_skip_and_times_count_calls() -> None:
    assert affected(Fault(CREATE, skip=1, times=2), ["i-a"] * 5) == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_another_action_is_not_affected() -> None:
    assert affected(Fault("CancelSimulatedSystemEvents"), ["i-a"]) == [False]
    assert affected(Fault("*"), ["i-a"]) == [True]
