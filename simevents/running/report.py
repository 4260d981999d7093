"""What a run tells at its end: text for people, and a file of JSON for programs."""

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from .cloud import Snapshot
from .judging import Verdict
from .supervisor import EndedBy, Ending


def exit_code(ending: Ending, verdicts: Sequence[Verdict]) -> int:
    """The command's own, unless that is 0 or we ended the command; else what expectations say."""
    if ending.is_own and ending.code:
        return ending.code
    return 0 if all(verdict.held for verdict in verdicts) else 1


def expectations(verdicts: Sequence[Verdict]) -> str:
    lines = ["What was expected:"]
    for verdict in verdicts:
        who = "" if verdict.wanted.instance_id else ", ".join(verdict.instance_ids)
        outcome = "held" if verdict.held else "NOT HELD"
        about = f" ({who})" if who else ""
        lines.append(f"  {outcome:8}  {verdict.wanted.text}{about}")
        if verdict.problem:
            lines.append(f"            {verdict.problem}")
    return "\n".join(lines)


def ended(ending: Ending) -> str:
    """How the command has ended, in a sentence."""
    after = f"after {ending.seconds:.1f} s"
    if ending.by is EndedBy.EXPECTATIONS:
        return f"All that was expected has come about {after}; the command was ended."
    if ending.by is EndedBy.TIME:
        return f"The time for what was expected is over {after}; the command was ended."
    if ending.by is EndedBy.SIGNAL:
        return f"The command did not end by the signal and was killed {after}."
    if ending.signal is not None:
        return f"The command ended by signal {ending.signal} {after}."
    return f"The command ended with exit code {ending.code} {after}."


def result(
    command: Sequence[str],
    code: int,
    ending: Ending | None,
    verdicts: Sequence[Verdict],
    snapshot: Snapshot | None,
    error: str = "",
) -> dict[str, Any]:
    """The members of the file."""
    return {
        "command": [_text(word) for word in command],
        "exit_code": code,
        "error": error or None,
        "command_exit_code": ending.code if ending else None,
        "signal": ending.signal if ending else None,
        "ended_by": ending.by.value if ending else None,
        "seconds": round(ending.seconds, 3) if ending else None,
        "expectations": [
            {
                "expect": verdict.wanted.text,
                "instances": list(verdict.instance_ids),
                "held": verdict.held,
                "problem": verdict.problem or None,
            }
            for verdict in verdicts
        ],
        "events": list(snapshot.event_entries) if snapshot else [],
        "calls": list(snapshot.call_entries) if snapshot else [],
        "refusals": list(snapshot.refusal_entries) if snapshot else [],
    }


def check_file(file: Path) -> None:
    """Raises InvalidInput when *file* cannot be written."""
    folder = file.resolve().parent
    if file.is_dir():
        raise InvalidInput("--json", f"{file} is a folder; give the name of a file")
    if not folder.is_dir():
        raise InvalidInput(
            "--json", f"there is no folder {folder}; create it, or give another file"
        )
    target = file if _is_other(file) else folder
    if not os.access(target, os.W_OK):
        raise InvalidInput("--json", f"{target} cannot be written; give another file")


def write(file: Path, members: dict[str, Any]) -> None:
    """Write the file for its owner only; nobody sees a part of it. Raises OSError."""
    content = json.dumps(members, indent=2).encode() + b"\n"
    if _is_other(file):
        file.write_bytes(content)
        return
    file = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        new.replace(file)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _is_other(file: Path) -> bool:
    """Whether there is something that is no plain file, such as a pipe: it is not replaced."""
    return file.exists() and not file.is_file()


def _text(word: str) -> str:
    """*word* with bytes that are not UTF-8 escaped."""
    return os.fsencode(word).decode("utf-8", "backslashreplace")
