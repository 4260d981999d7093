"""Whether the command has done what is expected of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from .cloud import Snapshot
from .words import Wanted


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has become of an expectation."""

    wanted: Wanted
    instance_ids: tuple[str, ...]
    """Empty for the cloud as a whole."""
    held: bool
    problem: str
    """What does not hold, as a sentence; empty when it held."""


class Judge:
    """Expectations of a run; *instance_ids* are those that it is about."""

    def __init__(self, wanted: Sequence[Wanted], instance_ids: Sequence[str]) -> None:
        self._wanted = list(wanted)
        self._instance_ids = tuple(instance_ids)
        self._problems = {
            number: "" for number, each in enumerate(wanted) if not each.is_judged_at_the_end
        }
        """Of those that have not come about yet, by their position."""

    @property
    def has_any(self) -> bool:
        return bool(self._wanted)

    @property
    def waits(self) -> bool:
        """Whether anything has still to come about."""
        return bool(self._problems)

    @property
    def can_end(self) -> bool:
        """Whether all has come about, and something had to."""
        return not self._problems and any(not w.is_judged_at_the_end for w in self._wanted)

    def look(self, snapshot: Snapshot) -> None:
        """What holds now holds for good: an event that was avoided may be gone at the end."""
        for number in list(self._problems):
            problem = self._problem(self._wanted[number], snapshot)
            self._problems[number] = problem
            if not problem:
                del self._problems[number]

    def verdicts(self, at_the_end: Snapshot) -> list[Verdict]:
        found = []
        for number, wanted in enumerate(self._wanted):
            problem = self._problems.get(number, "")
            if wanted.is_judged_at_the_end:
                problem = self._problem(wanted, at_the_end)
            held = not problem and number not in self._problems
            found.append(Verdict(wanted, self._instances(wanted), held, problem))
        return found

    def _instances(self, wanted: Wanted) -> tuple[str, ...]:
        if wanted.name == "no_unexpected_calls":
            return ()
        return (wanted.instance_id,) if wanted.instance_id else self._instance_ids

    def _problem(self, wanted: Wanted, snapshot: Snapshot) -> str:
        """What does not hold; empty when all does."""
        expectation = snapshot.expect(*self._instances(wanted))
        method = getattr(expectation, wanted.name)
        try:
            method(wanted.action) if wanted.action else method()
        except AssertionError as error:
            return str(error).partition("\n\n")[0]
        return ""
