"""Answers that a test has taught the fake, for calls of other products and of other actions.

`Answers` finds the one for a call; `protocol.taught` verifies the call and sends it. They are in
memory.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from ...hosts import is_alibaba, plain

MOST_ANSWERS = 1_000


class TooManyAnswers(Exception):
    """There are `MOST_ANSWERS` answers; they have to be cleared before another one is added."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides which answer a request gets."""

    method: str
    host: str
    """Where the program under test sent it; a port does not count."""
    path: str
    action: str
    """Of an RPC call, or of the header x-acs-action; else empty."""


@dataclass(frozen=True, slots=True)
class TaughtCall:
    """A call for which a test has taught a function; the function reads it."""

    action: str
    """``DetachInstances``; of a call by its path what was taught, ``POST /clusters/c1/nodes``."""
    method: str
    host: str
    path: str
    # A repr ends up in a report; these may have a password.
    parameters: Mapping[str, str] = field(repr=False)
    """Those of the query and of a form, without the common ones such as Signature."""
    body: Any = field(default=None, repr=False)
    """What a body of JSON has; None for another body."""


Members = dict[str, Any]
MembersFunction = Callable[[TaughtCall], Members]


@dataclass(frozen=True, slots=True)
class AnsweredError:
    """An error that a taught answer has."""

    code: str
    message: str
    status: int


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One taught answer."""

    call: str
    """``DetachInstances``, or ``POST /clusters/c1/nodes``."""
    members: Members | MembersFunction = field(default_factory=dict)
    product: str = ""
    """Narrows it to a product such as ``Ess``: a part of the host has this name."""
    error: AnsweredError | None = None
    times: int | None = None
    """How many calls it answers; None for any number."""

    @property
    def is_for_path(self) -> bool:
        return " " in self.call

    def fits(self, asked: Asked) -> bool:
        """Whether it is for this request."""
        if self.is_for_path:
            method, _, path = self.call.partition(" ")
            is_call = (method, unquote(path)) == (asked.method, unquote(asked.path))
            # Calls by their action have this path too.
            is_call = is_call and not (path == "/" and asked.action)
        else:
            is_call = self.call.lower() == asked.action.lower()
        return is_call and (not self.product or self._is_of_product(asked.host))

    def _is_of_product(self, host: str) -> bool:
        name = plain(host.partition(":")[0])
        # The address of the fake itself does not tell which product is meant.
        if not is_alibaba(name):
            return True
        product = self.product.lower()
        return any(f"{label}-".startswith(f"{product}-") for label in name.split("."))


class Answers:
    """The taught answers; *at_start* are there again after a restart. Any thread may read."""

    def __init__(self, at_start: Iterable[Answer] = ()) -> None:
        self._at_start = tuple(at_start)
        self.restart()

    def __bool__(self) -> bool:
        return bool(self._answers)

    def restart(self) -> None:
        self._answers = tuple(reversed(self._at_start))
        self._used: Counter[Answer] = Counter()

    def add(self, answer: Answer) -> None:
        """Add an answer, which comes before the older ones. Raises TooManyAnswers."""
        if len(self._answers) >= MOST_ANSWERS:
            raise TooManyAnswers(f"there are {MOST_ANSWERS} answers already; clear them first")
        self._answers = (answer, *self._answers)

    def clear(self) -> None:
        self._answers = ()
        self._used.clear()

    def find(self, asked: Asked) -> Answer | None:
        """The newest answer for this request that is not used up; None without one."""
        for answer in self._answers:
            is_left = answer.times is None or self._used[answer] < answer.times
            if is_left and answer.fits(asked):
                return answer
        return None

    def use(self, answer: Answer) -> None:
        """Count a call that gets *answer*."""
        self._used[answer] += 1

    def listed(self) -> list[dict[str, Any]]:
        """The answers, newest first; the members of a function are None."""
        return [
            {
                "call": answer.call,
                "product": answer.product or None,
                "members": None if callable(answer.members) else answer.members,
                "error": answer.error
                and [answer.error.code, answer.error.message, answer.error.status],
                "times": answer.times,
                "answered": self._used[answer],
            }
            for answer in self._answers
        ]


def plain_members(members: object) -> Members:
    """A copy of *members* with values of JSON only. Raises TypeError if there are others."""
    if not isinstance(members, dict):
        raise TypeError(f"{type(members).__name__} is not a valid answer; use a dict of members")
    copied = orjson.loads(orjson.dumps(members))
    assert isinstance(copied, dict)
    request_id = copied.get("RequestId", "")
    if not isinstance(request_id, str) or not (request_id.isascii() and request_id.isprintable()):
        raise TypeError(f"RequestId: {request_id!r} is not a valid id; use a text")
    return copied
