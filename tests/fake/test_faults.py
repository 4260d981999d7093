"""What goes wrong on purpose."""

from simevents.fake.state.faults import Fault, Faults

CREATE = "CreateSimulatedSystemEvents"


def struck(fault: Fault, calls: list[str]) -> list[bool]:
    faults = Faults()
    faults.add(fault)
    return [faults.matching(CREATE, {"InstanceId.1": call}) is not None for call in calls]


def test_the_order_of_calls_does_not_change_what_is_struck() -> None:
    fault = Fault(CREATE, error="Throttling", probability=0.3, seed=7)
    calls = [f"i-{number}" for number in range(200)]
    forwards = dict(zip(calls, struck(fault, calls), strict=True))
    backwards = dict(zip(calls[::-1], struck(fault, calls[::-1]), strict=True))

    assert forwards == backwards
    assert 30 < sum(forwards.values()) < 90


def test_another_seed_strikes_others() -> None:
    calls = [f"i-{number}" for number in range(200)]
    one, two = (Fault(CREATE, cut="after", probability=0.3, seed=seed) for seed in (1, 2))

    assert struck(one, calls) != struck(two, calls)


def test_the_same_call_again_is_another_attempt() -> None:
    assert len(set(struck(Fault(CREATE, probability=0.5), ["i-a"] * 50))) == 2


def test_skip_and_times_count_calls() -> None:
    assert struck(Fault(CREATE, skip=1, times=2), ["i-a"] * 5) == [False, True, True, False, False]


def test_another_action_is_left_alone() -> None:
    assert struck(Fault("CancelSimulatedSystemEvents"), ["i-a"]) == [False]
    assert struck(Fault("*"), ["i-a"]) == [True]
