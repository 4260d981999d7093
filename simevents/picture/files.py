"""Writes a report: a page of HTML or a picture in SVG, by the name of the file."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import InvalidInput
from .drawing import svg
from .drill import Drill
from .page import page

_FORMATS: dict[str, Callable[[Drill], str]] = {
    ".html": page,
    ".htm": page,
    ".svg": svg,
}


def check(file: Path, option: str) -> None:
    """Raises InvalidInput, which names *option*, when *file* cannot become a report."""
    if file.suffix.lower() not in _FORMATS:
        raise InvalidInput(
            option, f"{str(file)!r} is not a valid name of a report; use one in .html or .svg"
        )
    if file.is_dir():
        raise InvalidInput(option, f"{file} is a folder; give the name of a file")
    folder = file.resolve().parent
    if not folder.is_dir():
        raise InvalidInput(option, f"there is no folder {folder}; create it, or give another file")
    target = file if _is_other(file) else folder
    if not os.access(target, os.W_OK):
        raise InvalidInput(option, f"{target} cannot be written; give another file")


def write(file: Path, drill: Drill) -> None:
    """Write the report; a file that exists is replaced, and never seen in parts. Raises OSError."""
    content = _FORMATS[file.suffix.lower()](drill).encode()
    if _is_other(file):
        file.write_bytes(content)
        return
    file = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        # A report is for others too: as any new file of this user, or as the one before.
        new.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~_umask())
        new.replace(file)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _is_other(file: Path) -> bool:
    """Whether there is something that is no plain file, such as a pipe: it is not replaced."""
    return file.exists() and not file.is_file()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
