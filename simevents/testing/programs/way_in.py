"""The files that lead other processes to the fakes of this process, made at the first use."""

import atexit
import functools
from pathlib import Path

from ...fake.protocol.authority import Authority
from ...way_in.folder import RunFolder


@functools.cache
def authority() -> Authority:
    """The authority of all fakes of this process."""
    return Authority()


def folder(certificate: bytes) -> Path:
    """The private folder for the authority with this *certificate*; it goes with this process."""
    if certificate not in _folders:
        _folders[certificate] = RunFolder()
    return _folders[certificate].path


_folders: dict[bytes, RunFolder] = {}


@atexit.register
def close() -> None:
    """Remove the folders. One that is asked for later is made again."""
    while _folders:
        _folders.popitem()[1].close()
