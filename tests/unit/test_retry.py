"""Which calls may be repeated, and for how long."""

import pytest

from simevents.api.retry import ALWAYS, UNSENT_ONLY, Patience, Verdict, budget_seconds, verdict
from simevents.errors import CloudError, InvalidInput, InvalidSettings, NoAnswer, Refused
from tests.conftest import Waiting


def refused(code: str) -> Refused:
    return Refused("Create", code, "text", 400, "request-1")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused("Throttling"), Verdict.AGAIN),
        (refused("Throttling.User"), Verdict.AGAIN),
        (refused("Throttling.Api"), Verdict.AGAIN),
        (refused("OperationConflict"), Verdict.AGAIN),
        (refused("ServiceUnavailable"), Verdict.UNCERTAIN),
        (refused("InternalError"), Verdict.UNCERTAIN),
        (refused("Throttlings"), Verdict.FINAL),
        (refused("InvalidInstanceId.NotFound"), Verdict.FINAL),
        (refused("Forbidden.RAM"), Verdict.FINAL),
        (NoAnswer("Create", "host", "broke"), Verdict.UNCERTAIN),
        (NoAnswer("Create", "host", "refused", sent=False), Verdict.AGAIN),
        (InvalidInput("region", "wrong"), Verdict.FINAL),
        (ValueError(), Verdict.FINAL),
    ],
)
def test_the_verdict_on_each_error(error: BaseException, expected: Verdict) -> None:
    assert verdict(error) is expected


class Failing:
    """Raises each of *errors* in turn, then answers."""

    def __init__(self, *errors: CloudError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def patience(waiting: Waiting, budget: float = 170.0) -> Patience:
    return Patience(budget_seconds=budget, sleep=waiting.sleep, clock=waiting.clock)


def test_a_throttled_call_is_repeated_until_it_succeeds(waiting: Waiting) -> None:
    attempt = Failing(*[refused("Throttling.User")] * 8)

    assert patience(waiting).repeat(attempt, UNSENT_ONLY) == "answer"
    # Eight refusals take more than the minute after which a throttled call works again.
    assert waiting.seconds > 60


def test_the_pauses_double_from_half_a_second_to_twenty() -> None:
    pauses: list[float] = []
    refusals = Failing(*[refused("Throttling.User")] * 8)
    unhurried = Patience(sleep=pauses.append, clock=lambda: 0.0)
    assert unhurried.repeat(refusals, UNSENT_ONLY) == "answer"

    # Each has up to a second at random on top, so that callers do not come back together.
    least = [0.5, 1, 2, 4, 8, 16, 20, 20]
    assert [
        least <= pause <= min(least + 1, 20) for least, pause in zip(least, pauses, strict=True)
    ] == [True] * 8


def test_a_create_with_an_unknown_outcome_is_not_repeated(waiting: Waiting) -> None:
    attempt = Failing(NoAnswer("Create", "host", "broke"))
    with pytest.raises(NoAnswer):
        patience(waiting).repeat(attempt, UNSENT_ONLY)

    assert (attempt.calls, waiting.seconds) == (1, 0)


def test_a_read_with_an_unknown_outcome_is_repeated(waiting: Waiting) -> None:
    assert patience(waiting).repeat(Failing(NoAnswer("Read", "host", "broke")), ALWAYS) == "answer"


def test_the_last_error_says_how_long_the_call_was_repeated(waiting: Waiting) -> None:
    attempt = Failing(*[refused("Throttling.User")] * 100)
    with pytest.raises(Refused, match=r"Gave up after \d+ attempts in \d+ s\.$"):
        patience(waiting, budget=100).repeat(attempt, UNSENT_ONLY)

    assert waiting.seconds <= 100


def test_an_address_without_an_answer_is_given_up_soon(waiting: Waiting) -> None:
    attempt = Failing(*[NoAnswer("Read", "host", "refused", sent=False)] * 100)
    with pytest.raises(NoAnswer, match="Nothing was sent"):
        patience(waiting).repeat(attempt, ALWAYS)

    assert waiting.seconds <= 15


def test_the_budget_comes_from_the_environment_and_may_only_be_shorter() -> None:
    assert budget_seconds({}) == 170
    assert budget_seconds({"SIMEVENTS_BUDGET_SECONDS": "20"}) == 20
    for wrong in ("0", "171", "soon", "nan"):
        with pytest.raises(InvalidSettings, match="use seconds, from 1 to 170"):
            budget_seconds({"SIMEVENTS_BUDGET_SECONDS": wrong})


def test_settling_looks_at_once_and_then_less_often(waiting: Waiting) -> None:
    moments = [waiting.seconds for _ in patience(waiting).settling()]

    assert moments == [0, 0.25, 0.75, 1.75, 3.75, 6.25, 8.75, 11.25]


def test_a_refused_connection_late_in_a_long_operation_is_tried_again(waiting: Waiting) -> None:
    refusal = NoAnswer("Create", "host", "refused", sent=False)
    long = patience(waiting)
    waiting.sleep(100)
    long.repeat(Failing(), UNSENT_ONLY)

    assert long.repeat(Failing(refusal), UNSENT_ONLY) == "answer"


def test_an_address_that_stops_answering_is_given_up_after_15_seconds(waiting: Waiting) -> None:
    long = patience(waiting)
    waiting.sleep(100)
    long.repeat(Failing(), ALWAYS)
    attempt = Failing(*[NoAnswer("Read", "host", "refused", sent=False)] * 100)
    with pytest.raises(NoAnswer):
        long.repeat(attempt, ALWAYS)

    assert 105 < waiting.seconds <= 115


def test_a_final_refusal_after_a_repeated_call_is_not_called_giving_up(waiting: Waiting) -> None:
    attempt = Failing(refused("Throttling.User"), refused("Forbidden.RAM"))
    with pytest.raises(Refused) as caught:
        patience(waiting).repeat(attempt, UNSENT_ONLY)

    assert attempt.calls == 2
    assert "Gave up" not in str(caught.value)


def test_settling_ends_with_the_operation(waiting: Waiting) -> None:
    moments = [waiting.seconds for _ in patience(waiting, budget=1).settling()]

    assert moments == [0, 0.25, 0.75, 1]


@pytest.mark.parametrize("ends", ["1", "170"])
def test_both_ends_of_the_budget_are_valid_and_a_wrong_one_names_its_variable(ends: str) -> None:
    assert budget_seconds({"SIMEVENTS_BUDGET_SECONDS": ends}) == float(ends)
    with pytest.raises(InvalidSettings) as caught:
        budget_seconds({"SIMEVENTS_BUDGET_SECONDS": "0.5"})

    assert str(caught.value) == (
        "SIMEVENTS_BUDGET_SECONDS: '0.5' is not a valid time; use seconds, from 1 to 170"
    )


def test_a_renewed_patience_differs_in_its_start_only(waiting: Waiting) -> None:
    first = Patience(30, 5, waiting.sleep, waiting.clock)
    waiting.sleep(40)
    renewed = first.renewed()

    assert renewed == Patience(30, 5, waiting.sleep, waiting.clock)
    assert (first.is_over, renewed.is_over, renewed.left_seconds) == (True, False, 30)


def test_a_pause_that_ends_with_the_budget_is_taken() -> None:
    pauses: list[float] = []
    standing = Patience(budget_seconds=20, sleep=pauses.append, clock=lambda: 0.0)
    assert standing.repeat(Failing(*[refused("Throttling.User")] * 8), UNSENT_ONLY) == "answer"

    assert pauses[-2:] == [20, 20]


def test_a_refused_connection_after_a_refusal_is_tried_again(waiting: Waiting) -> None:
    errors = (refused("Throttling.User"), NoAnswer("Create", "host", "refused", sent=False))

    assert patience(waiting).repeat(Failing(*errors), UNSENT_ONLY) == "answer"


@pytest.mark.parametrize(
    ("seconds", "looks"), [(1.0, [0, 0.25, 0.75, 1.75]), (3.75, [0, 0.25, 0.75, 1.75, 3.75])]
)
def test_settling_looks_until_its_time_is_over(
    seconds: float, looks: list[float], waiting: Waiting
) -> None:
    settling = Patience(settling_seconds=seconds, sleep=waiting.sleep, clock=waiting.clock)

    # Pauses of 0.25, 0.5, 1 and 2 seconds.
    assert [waiting.seconds for _ in settling.settling()] == looks


def test_a_call_after_one_that_was_refused_is_tried_again(waiting: Waiting) -> None:
    operation = patience(waiting)
    with pytest.raises(Refused):
        operation.repeat(Failing(refused("Forbidden.RAM")), ALWAYS)
    unsent = NoAnswer("Create", "host", "refused", sent=False)

    assert operation.repeat(Failing(unsent), UNSENT_ONLY) == "answer"


@pytest.mark.parametrize(("attempts", "ends"), [(1, False), (2, True)])
def test_an_error_says_that_it_gave_up_from_the_second_attempt_on(
    attempts: int, waiting: Waiting, *, ends: bool
) -> None:
    refusals = Failing(*[refused("Throttling.User")] * 9)

    def attempt() -> str:
        if refusals.calls == attempts - 1:
            waiting.sleep(1_000)
        return refusals()

    with pytest.raises(Refused) as caught:
        patience(waiting).repeat(attempt, UNSENT_ONLY)

    assert refusals.calls == attempts
    text = str(caught.value)
    assert ("Gave up after 2 attempts in " in text) is ends
    assert ("Gave up" in text) is ends
