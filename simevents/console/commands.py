"""The command that does the same as a form, for the shell."""

import shlex
from collections.abc import Iterable, Mapping

Option = tuple[str, str | float | bool | None]


def command(*words: str, options: Iterable[Option] = ()) -> str:
    """``simevents`` with *words* and *options*, quoted; options without a value are left out."""
    line = ["simevents", *words]
    for name, value in options:
        if value is True:
            line.append(name)
        elif value not in (None, False, ""):
            line += [name, f"{value:g}" if isinstance(value, float) else str(value)]
    return shlex.join(line)


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
