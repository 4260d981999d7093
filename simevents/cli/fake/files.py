"""The files that ``fake`` reads and writes by its options: key pairs, answers, the log."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from ...errors import InvalidInput

if TYPE_CHECKING:
    from ...fake.state.answers import Answer
    from .request_log import RequestLog

ACCESS_KEYS_VARIABLE = "SIMEVENTS_FAKE_ACCESS_KEYS"

STDERR = "-"


def request_log(log: str | None) -> "RequestLog | None":
    if log is None:
        return None
    from .request_log import RequestLog

    return RequestLog(sys.stderr if log == STDERR else _opened(log))


def _opened(log: str) -> TextIO:
    def owner_only(path: str, flags: int) -> int:
        return os.open(path, flags, mode=0o600)

    try:
        return open(log, "a", encoding="utf-8", opener=owner_only)
    except OSError as error:
        raise InvalidInput("--log", f"{log} cannot be written: {error.strerror}") from None


def answers(file: Path | None) -> "list[Answer]":
    if file is None:
        return []
    from ...fake.control import answer_bodies, bodies

    try:
        return answer_bodies.read_file(file)
    except bodies.BadBody as bad:
        raise InvalidInput("--answers", str(bad)) from None


def key_pairs(file: Path | None) -> dict[str, str]:
    """Secrets by access key id, from the file and from the environment."""
    sources = {ACCESS_KEYS_VARIABLE: os.environ.get(ACCESS_KEYS_VARIABLE, "").splitlines()}
    if file is not None:
        try:
            sources["--access-keys"] = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            raise InvalidInput("--access-keys", f"{file} cannot be read: {reason}") from None
    pairs = {}
    for source, lines in sources.items():
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            key_id, _, secret = line.strip().partition(":")
            if not key_id or not secret:
                # The line may hold a secret, so it is not quoted.
                raise InvalidInput(source, f"line {number} is not a valid key pair; use ID:SECRET")
            pairs[key_id] = secret
    return pairs
