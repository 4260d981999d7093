"""What happened in words, in one line each, whatever the texts contain."""

import unicodedata
from collections.abc import Mapping
from typing import Protocol

ELLIPSIS = "…"


class CallRecord(Protocol):
    """What `sentence` needs to know of a call."""

    @property
    def action(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, str]: ...
    @property
    def code(self) -> str: ...
    @property
    def results(self) -> int | None: ...
    @property
    def carried_out(self) -> bool: ...
    @property
    def answered(self) -> bool: ...


def sentence(call: CallRecord) -> str:
    """A call and its outcome: ``DescribeInstancesFullStatus in cn-beijing -> 0 results``."""
    words = [call.action or "(no action)"]
    if region := call.parameters.get("RegionId"):
        words.append(f"in {region}")
    words += [f"{name}={value}" for name, value in call.parameters.items() if name != "RegionId"]
    return printable(f"{' '.join(words)} -> {outcome(call)}")


def outcome(call: CallRecord) -> str:
    """What became of a call: its error code, the number of results, or that it was done."""
    if call.code:
        result = call.code
    elif not call.carried_out:
        result = "not carried out"
    elif call.results is None:
        result = "done"
    else:
        result = "1 result" if call.results == 1 else f"{call.results} results"
    return result if call.answered else f"{result}, connection cut without an answer"


def printable(text: str) -> str:
    """*text* in one line, with control characters escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def bounded(text: str, longest: int) -> str:
    """*text* printable, and cut with an ellipsis when it has more than *longest* characters."""
    shown = printable(text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + ELLIPSIS


def width(text: str, size: float) -> float:
    """How wide *text* is at most, roughly, in a sans-serif font of *size*."""
    return size * sum(_em(char) for char in text)


def fitted(text: str, size: float, most: float) -> str:
    """*text* printable, and cut with an ellipsis so that it is no wider than *most*."""
    shown = bounded(text, 400)
    if width(shown, size) <= most:
        return shown
    room = most - width(ELLIPSIS, size)
    kept = 0
    for char in shown:
        room -= size * _em(char)
        if room < 0:
            break
        kept += 1
    return shown[:kept] + ELLIPSIS


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 call``, ``2,000 calls``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def span(seconds: float) -> str:
    """A length of time, about as exact as anybody asks: ``2 h 5 min``, ``59 min``."""
    left = round(seconds)
    parts: list[str] = []
    for length, unit in ((31_557_600, "years"), (86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        number, left = divmod(left, length)
        if number:
            parts.append(f"{number:,} {unit}")
        if parts and (number >= 10 or len(parts) == 2 or not number):
            break
    return " ".join(parts) or "0 s"


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.05
    if char in "mwMW@%—":
        return 1.0
    return 0.72 if char.isupper() else 0.62
