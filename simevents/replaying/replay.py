"""Answers a program from a cassette: without a fake, a network and keys."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..errors import Unrecorded
from ..fake.protocol.wire import Response
from ..models import format_time
from . import role_keys
from .gate import Gate
from .serving import Answering, Asked, error, serving
from .tape import ReplayedTape

# Not 404, which clients read as "this is gone", and no status that they retry.
_STATUS = 400
_CODE = "NotInCassette"


@dataclass(frozen=True)
class Replayed:
    """A cassette that is served to other processes."""

    proxy_url: str
    certificate: bytes
    """The authority to trust, as PEM."""
    recorded_at: datetime | None
    """The cloud's time when it was recorded, UTC: programs that compute times must use it."""
    _tape: ReplayedTape = field(repr=False)
    _gate: Gate = field(repr=False)

    @property
    def has_failed(self) -> bool:
        """Whether the program asked for what the cassette does not have."""
        return bool(self._tape.unrecorded)

    def report(self) -> list[str]:
        """What went wrong, and which recorded calls were never played, in words."""
        lines = list(dict.fromkeys(map(str, self._tape.unrecorded)))
        lines += dict.fromkeys(self._gate.refused)
        lines += [f"recorded and never played: {call}" for call in self._tape.unplayed()]
        return lines


@contextmanager
def replayed(
    file: Path,
    *,
    say: Callable[[str], object],
    allow: Iterable[str] = (),
    allowed: Callable[[str], bool] = lambda _: False,
) -> Iterator[Replayed]:
    """Serve the exchanges of *file* at a proxy.

    *say* is told what is replayed. *allow* are the entries of ``ecs_cassette_allow`` that it was
    recorded with. *allowed* says of a host outside whether programs may reach it. Raises
    InvalidInput if *file* cannot be replayed, before anything is served.
    """
    tape = ReplayedTape(file, allow)
    gate = Gate("simevents run --replay", allowed)
    at = tape.recorded_at
    recorded = f" of {format_time(at)}" if at else ""
    say(f"replaying {file}, {len(tape)} calls{recorded}; nothing reaches a cloud")
    with serving(_Replay(tape, gate)) as (url, certificate):
        yield Replayed(url, certificate, at, tape, gate)


class _Replay(Answering):
    def __init__(self, tape: ReplayedTape, gate: Gate) -> None:
        super().__init__(gate)
        self._tape = tape

    async def answer(self, asked: Asked) -> Response | None:
        if role_keys.asks_for_keys(asked.request):
            return role_keys.answer(asked.request)
        try:
            return self._tape.answer(asked.url, asked.request)
        except Unrecorded as unrecorded:
            return error(asked.request, _STATUS, _CODE, str(unrecorded))
