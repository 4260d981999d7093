"""Serves the console until it is told to end."""

import os
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InvalidSettings, SimulatedEventsError
from ..hosts import is_loopback
from ..settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn

_LAST_SECONDS = 3.0
"""For an orderly end."""


class ConsoleError(SimulatedEventsError):
    """The console cannot be served; the text says why."""


def serve(
    endpoint: str | None,
    region: str | None,
    host: str,
    port: int,
    control_token: str,
    environ: Mapping[str, str],
    say: "Callable[[str], None]",
    *,
    ends_with_stdin: bool = False,
) -> None:
    """Serve a console for the fake at *endpoint*, or for *region* of the account.

    *say* is called with the address. With *ends_with_stdin* it ends when its standard input
    does: when the process that holds the other end has ended, however that was. Raises
    ConsoleError and InvalidSettings, and ModuleNotFoundError without the extra "console".
    """
    if not endpoint and not region:
        raise InvalidSettings(
            "--endpoint", "neither a fake cloud nor a region is named; use --endpoint or --region"
        )
    bound = _bound(host, port)
    own_port = bound.getsockname()[1]
    needs_token = not endpoint or not is_loopback(host)
    token = secrets.token_urlsafe(24) if needs_token else ""
    _keep_to_itself()

    import uvicorn

    from . import application
    from .doing import AccountDoing, FakeDoing
    from .guard import Guard
    from .sources import AccountSource, FakeSource, Source

    doing: AccountDoing | FakeDoing
    source: Source
    if endpoint:
        source, doing = FakeSource(endpoint, control_token), FakeDoing(endpoint, control_token)
    else:
        settings = Settings(region or "")
        source, doing = AccountSource(settings, environ), AccountDoing(settings, environ)
    built = application.build(source, doing, _end_soon)
    app = Guard(built, token, f"simevents_console_{own_port}")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
        # Nothing in front of it is known, so nobody may claim to have forwarded a request.
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    if ends_with_stdin:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    say(f"http://{shown}:{own_port}/" + (f"?token={token}" if token else ""))
    # Ctrl-C is how a console is meant to end.
    with suppress(KeyboardInterrupt):
        server.run(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # From here on a browser waits instead of being refused.
        bound.listen(128)
    except OSError as error:
        raise ConsoleError(
            f"The console cannot listen on {host}:{port}: {error.strerror}. Give another --port; "
            "0 takes a free one."
        ) from None
    except UnicodeError:
        raise InvalidSettings(
            "--host", f"{host!r} is not a valid name of a host; use an address such as 127.0.0.1"
        ) from None
    return bound


def _keep_to_itself() -> None:
    """NiceGUI reads its storage when it is imported, and writes it where a page uses it; none does.

    The folder does not exist: a file planted in the working directory is not read.
    """
    nowhere = Path(tempfile.gettempdir()) / f"simevents-console-{secrets.token_hex(8)}" / "none"
    os.environ["NICEGUI_STORAGE_PATH"] = str(nowhere)
    # FastAPI would send what it measures to wherever this leads it.
    os.environ.pop("FASTAPI_OTEL_AUTO_CONFIGURE", None)
    # An optional server for sessions that a person may have set for another program.
    os.environ.pop("NICEGUI_REDIS_URL", None)


def _end_with_stdin(server: "uvicorn.Server") -> None:
    while sys.stdin.buffer.read(1_024):
        pass
    server.should_exit = True
    _end_soon()


def _end_soon() -> None:
    """An action that waits for a cloud which does not answer would hold the process."""
    timer = threading.Timer(_LAST_SECONDS, os._exit, (0,))
    timer.daemon = True
    timer.start()
