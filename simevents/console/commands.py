"""The command that does the same as a form, for the shell."""

import re
import shlex
from collections.abc import Iterable, Mapping

Option = tuple[str, str | float | bool | None]


def command(*words: str, options: Iterable[Option] = ()) -> str:
    """``simevents`` with *words* and *options*, quoted; options without a value are left out."""
    # No word is taken for an option. What a cloud has named may begin with anything.
    line = ["simevents"]
    rest: list[str] = []
    for word in words:
        (rest if rest or word.startswith("-") else line).append(word)
    for name, value in options:
        if value is True:
            line.append(name)
        elif value not in (None, False, ""):
            line += [name, f"{value:.15g}" if isinstance(value, float) else str(value)]
    if rest:
        line += ["--", *rest]
    return " ".join(map(_quoted, line))


def schedule(
    where: Iterable[Option], event_type: str, not_before: str, instance_ids: Iterable[str]
) -> str:
    options: list[Option] = [*where, ("--type", event_type), ("--not-before", not_before)]
    options += [("--instance", id) for id in instance_ids]
    return command("create", options=options)


def inject(endpoint: str, body: Mapping[str, object]) -> str:
    """Of ``simevents inject``, from the body of the control request."""
    ids = body["instance_ids"]
    assert isinstance(ids, list)
    options: list[Option] = [("--endpoint", endpoint)]
    for name in ("event_type", "not_before", "status", "reason", "region"):
        if name in body:
            option = "--type" if name == "event_type" else f"--{name.replace('_', '-')}"
            options.append((option, str(body[name])))
    options += [("--instance", str(id)) for id in ids]
    return command("inject", options=options)


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What a terminal acts on when it is pasted, and what shows other characters in another order."""


def _quoted(word: str) -> str:
    if not _CONTROLS.search(word):
        return shlex.quote(word)
    plain = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_CONTROLS.sub(_escaped, plain)}'"


def _escaped(found: "re.Match[str]") -> str:
    """Its bytes as octal numbers, which the shells read alike."""
    return "".join(f"\\{byte:03o}" for byte in found[0].encode())
