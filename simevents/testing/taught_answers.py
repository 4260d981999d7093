"""How a test teaches the fake an answer: checks it, and notes what its function raises."""

from dataclasses import replace
from typing import Any

from ..errors import InvalidInput
from ..fake.state.answers import (
    Answers,
    Members,
    MembersFunction,
    TaughtCall,
    TooManyAnswers,
    plain_members,
)


def add_answer(
    answers: Answers,
    failures: list[str],
    call: str,
    members: Members | MembersFunction | None,
    product: str | None,
    error: str | tuple[str, str, int] | None,
    times: int | None,
) -> None:
    """Add an answer as `FakeCloud.answer` takes it; *failures* gets what a function raises."""
    from ..fake.control import answer_bodies, bodies

    given: dict[str, Any] = {"call": call, "product": product, "error": error, "times": times}
    if callable(members):
        if error is not None:
            raise InvalidInput("answer", "a function and an error exclude each other; use one")
    elif members is not None:
        given["members"] = members
    try:
        taught = answer_bodies.answer(given)
        if callable(members):
            taught = replace(taught, members=_noting(members, call, failures))
        answers.add(taught)
    except (bodies.BadBody, TooManyAnswers) as bad:
        raise InvalidInput("answer", str(bad)) from None


def _noting(members: MembersFunction, call: str, failures: list[str]) -> MembersFunction:
    def noted(taught_call: TaughtCall) -> Members:
        try:
            return plain_members(members(taught_call))
        # pytest.fail raises no Exception, and in this thread it would end nothing.
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}"
            failures.append(f"The answer that the test has taught for {call} failed: {reason}")
            raise RuntimeError(reason) from error

    return noted
