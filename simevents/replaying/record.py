"""Records what the fake answers to programs of other processes."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ..errors import SimulatedEventsError
from ..fake.server import FakeServer, ServerError
from ..models import parse_time
from .tape import RecordedTape


@dataclass
class Recording:
    """A recording that goes on until its end."""

    announcement: str
    problem: str = ""
    """Why nothing was written, where an error of the run itself says more."""
    _tape: RecordedTape | None = field(default=None, repr=False)

    def __len__(self) -> int:
        """The exchanges so far."""
        return 0 if self._tape is None else len(self._tape)


@contextmanager
def recorded(
    file: Path, server: FakeServer, *, rewrite: bool = False, allow: Iterable[str] = ()
) -> Iterator[Recording]:
    """Record each exchange of *server*, which runs, in *file*; it is written at the end.

    That it ends by an exception, such as an interruption, is no reason not to write it. *allow*
    has entries of ``ecs_cassette_allow``. Raises InvalidInput if *file* exists and is not to be
    rewritten, or cannot be written, before anything is recorded; Unrecordable at the end when an
    exchange is not understood.
    """
    tape = RecordedTape(file, allow, rewrite=rewrite)
    recording = Recording(announcement(file, rewrite=rewrite), _tape=tape)
    server.observe(tape.add)
    try:
        yield recording
    except BaseException:
        server.observe(None)
        try:
            tape.write(*_cloud(server))
        except SimulatedEventsError as error:
            recording.problem = str(error)
        raise
    server.observe(None)
    tape.write(*_cloud(server))


def announcement(file: Path, *, rewrite: bool) -> str:
    replaced = ", which is replaced at the end" if rewrite and file.exists() else ""
    return f"recording to {file}{replaced}"


def _cloud(server: FakeServer) -> tuple[list[str], datetime]:
    """Its instances and its time, for tests that replay the recording."""
    try:
        instances = json.loads(server.control("GET", "instances", b"")[1])
        now = json.loads(server.control("GET", "clock", b"")[1])["now"]
    except ServerError:
        return [], datetime.now(UTC)
    return [entry["instance_id"] for entry in instances], parse_time(now)
