"""What may be tried again, and for how long; the loop itself is tenacity's.

`verdict` is a table and knows nothing of waiting. `Patience` is the time one
operation may take; its clock and its sleep are passed in, so no test waits.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

import tenacity

from ..errors import CloudError, InvalidSettings, NoAnswer, Refused

T = TypeVar("T")

BUDGET_SECONDS = 170.0
"""Time for one operation, waiting included: the engine shows nothing while it lasts."""

UNREACHABLE_SECONDS = 15.0
"""Time since the last answer after which an address counts as unreachable, usually a wrong one."""

SETTLING_SECONDS = 10.0
"""How long a read may lag behind a write. Assumed: the API documents nothing."""


BUDGET_VARIABLE = "SIMEVENTS_BUDGET_SECONDS"


def budget_seconds(environ: Mapping[str, str]) -> float:
    """The budget that the environment names, else the default; it may only be shorter."""
    text = environ.get(BUDGET_VARIABLE)
    if not text:
        return BUDGET_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= BUDGET_SECONDS:
        raise InvalidSettings(
            BUDGET_VARIABLE,
            f"{text!r} is not a valid time; use seconds, from 1 to {BUDGET_SECONDS:.0f}",
        )
    return seconds


class Verdict(Enum):
    """What an error says about the request that it answers."""

    FINAL = "it was refused, and will be again"
    AGAIN = "it was not carried out; a later attempt may be"
    UNCERTAIN = "it may have been carried out"


# Codes of the API's common error list. A code that ends in a dot stands for all that begin so.
_VERDICTS = (
    ("Throttling", Verdict.AGAIN),
    ("Throttling.", Verdict.AGAIN),
    ("OperationConflict", Verdict.AGAIN),
    ("ServiceUnavailable", Verdict.UNCERTAIN),
    ("InternalError", Verdict.UNCERTAIN),
    ("UnknownError", Verdict.UNCERTAIN),
)

ALWAYS = frozenset({Verdict.AGAIN, Verdict.UNCERTAIN})
"""For requests that do no harm when they are carried out twice."""
UNSENT_ONLY = frozenset({Verdict.AGAIN})
"""For Create, which has no ClientToken: sent twice, it makes two events."""


def verdict(error: BaseException) -> Verdict:
    if isinstance(error, NoAnswer):
        return Verdict.UNCERTAIN if error.sent else Verdict.AGAIN
    if isinstance(error, Refused):
        for code, found in _VERDICTS:
            if error.code == code or (code.endswith(".") and error.code.startswith(code)):
                return found
    return Verdict.FINAL


@dataclass
class Patience:
    """How long one operation may go on, counted from when this is made."""

    budget_seconds: float = BUDGET_SECONDS
    settling_seconds: float = SETTLING_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _start: float = field(init=False)
    _last_answer: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self._last_answer = self.clock()

    def renewed(self) -> "Patience":
        """The same patience, counted from now: for cleaning up after a failure."""
        return Patience(self.budget_seconds, self.settling_seconds, self.sleep, self.clock)

    @property
    def spent_seconds(self) -> float:
        return self.clock() - self._start

    @property
    def left_seconds(self) -> float:
        return max(self.budget_seconds - self.spent_seconds, 0.0)

    @property
    def is_over(self) -> bool:
        return self.spent_seconds >= self.budget_seconds

    def repeat(self, attempt: Callable[[], T], when: frozenset[Verdict]) -> T:
        """Call *attempt* until it succeeds, fails for good, or the time is over.

        Throttling ends with the minute, so waits grow to 20 s and may add up to the
        whole budget. The error that is raised then says how long it waited.
        """
        retrying = tenacity.Retrying(
            sleep=self.sleep,
            wait=tenacity.wait_exponential_jitter(multiplier=0.5, max=20),
            stop=self._gives_up,
            retry=tenacity.retry_if_exception(lambda error: verdict(error) in when),
            reraise=True,
        )
        try:
            answer = retrying(attempt)
        except CloudError as error:
            if isinstance(error, Refused):
                self._last_answer = self.clock()
            attempts = int(retrying.statistics["attempt_number"])
            if attempts > 1 and verdict(error) in when:
                error.gave_up(attempts, self.spent_seconds)
            raise
        self._last_answer = self.clock()
        return answer

    def _gives_up(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, Refused):
            self._last_answer = self.clock()
        limit = self._start + self.budget_seconds
        if isinstance(error, NoAnswer) and not error.sent:
            limit = min(limit, self._last_answer + UNREACHABLE_SECONDS)
        return self.clock() + state.upcoming_sleep > limit

    def settling(self) -> Iterator[None]:
        """Turns of a loop that waits for a write to become visible, with growing pauses."""
        pause, waited = 0.25, 0.0
        yield
        while waited < self.settling_seconds and not self.is_over:
            self.sleep(min(pause, self.left_seconds))
            waited += pause
            pause = min(2 * pause, 2.5)
            yield
