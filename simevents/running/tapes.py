"""Runs with a cassette, or on the real cloud: what answers the command, and what is said of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..fake.server import FakeServer
from ..way_in.credentials import is_identity
from ..way_in.variables import WayIn, environment, variables

if TYPE_CHECKING:
    # Most runs need no client of the API.
    from ..testing.live.account import LiveAccount


@dataclass(frozen=True)
class Tapes:
    """What the options say about cassettes."""

    record: Path | None = None
    replay: Path | None = None
    rewrite: bool = False
    allow: tuple[str, ...] = ()
    live: "LiveAccount | None" = None

    @property
    def needs_fake(self) -> bool:
        return self.replay is None and self.live is None


class Led(Protocol):
    """What a command is led to when it is no fake."""

    @property
    def proxy_url(self) -> str: ...

    @property
    def certificate(self) -> bytes: ...

    @property
    def has_failed(self) -> bool: ...

    def report(self) -> list[str]: ...


Say = Callable[[str], object]


@contextmanager
def opened(tapes: Tapes, permits: Callable[[str], bool], say: Say) -> Iterator[Led]:
    """A cassette that is replayed, or the real cloud. Raises what those raise."""
    if tapes.replay is not None:
        from ..replaying.replay import replayed

        with replayed(tapes.replay, allow=tapes.allow, allowed=permits, say=say) as replay:
            yield replay
        return
    from ..replaying.live import live

    account = tapes.live
    assert account is not None
    with live(
        tapes.record,
        account=account.account_id,
        region=account.region,
        instances=account.instance_ids,
        rewrite=tapes.rewrite,
        allow=tapes.allow,
        allowed=permits,
        say=say,
    ) as cloud:
        yield cloud


@contextmanager
def recording(tapes: Tapes, server: FakeServer, say: Say) -> Iterator[None]:
    """Record what *server* answers, if that is asked for."""
    if tapes.record is None:
        yield
        return
    from ..replaying.record import recorded

    with recorded(tapes.record, server, rewrite=tapes.rewrite, allow=tapes.allow, say=say):
        yield


def environment_of(tapes: Tapes, way: WayIn, environ: Mapping[str, str]) -> dict[str, str]:
    """The command's environment: on the real cloud it keeps the user's identity."""
    if tapes.live is None:
        return environment(way, environ)
    added = {
        name: value
        for name, value in variables(way, environ).items()
        # An endpoint for our own commands would be taken for a fake.
        if not is_identity(name) and name != "SIMEVENTS_ENDPOINT"
    }
    return {**environ, **added}
