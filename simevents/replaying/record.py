"""Records what the fake answers to programs of other processes."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ..errors import SimulatedEventsError
from ..fake.server import FakeServer, ServerError
from ..models import parse_time
from .tape import RecordedTape


@contextmanager
def recorded(
    file: Path,
    server: FakeServer,
    *,
    say: Callable[[str], object],
    rewrite: bool = False,
    allow: Iterable[str] = (),
) -> Iterator[RecordedTape]:
    """Record each exchange of *server*, which runs, in *file*; it is written at the end.

    That it ends by an exception, such as an interruption, is no reason not to write it. *say* is
    told what is done before anything is recorded. *allow* has entries of ``ecs_cassette_allow``.
    Raises InvalidInput if *file* exists and is not to be rewritten, or cannot be written, before
    anything is recorded; Unrecordable at the end when an exchange is not understood.
    """
    tape = RecordedTape(file, allow, rewrite=rewrite)
    say(announcement(file, rewrite=rewrite))
    with written(lambda: tape.write(*_cloud(server)), say):
        server.observe(tape.add)
        try:
            yield tape
        finally:
            server.observe(None)


@contextmanager
def written(write: Callable[[], None], say: Callable[[str], object]) -> Iterator[None]:
    """*write* at the end of the block, also when that raises; its own error says more then."""
    try:
        yield
    except BaseException:
        try:
            write()
        except SimulatedEventsError as error:
            say(f"error: {error}")
        raise
    write()


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
