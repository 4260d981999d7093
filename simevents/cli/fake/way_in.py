"""The files of ``fake --proxy`` that lead other programs to the fake."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...fake.server import FakeServer


@contextmanager
def while_serving(server: "FakeServer", region: str, allowed: tuple[str, ...]) -> Iterator[None]:
    """While *server* serves, the files that lead other programs to it."""
    from ...way_in.folder import RunFolder
    from ...way_in.variables import WayIn, write_files

    ended_by: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        ended_by.append(number)
        server.end()

    # uvicorn repeats the signal that has ended it: without this the files would stay.
    signal.signal(signal.SIGTERM, end)
    with RunFolder() as folder:
        certificate = server.authority.certificate
        way = WayIn(server.url, certificate, region, folder.path, allowed)
        write_files(way, os.environ)
        server.way_in = {"region": region, "folder": str(folder.path), "allowed": list(allowed)}
        yield
    if ended_by:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
