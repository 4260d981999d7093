"""``fake --detach`` and ``--stop``: a fake that keeps running, and the end of it."""

from pathlib import Path

from ...errors import InvalidInput
from .files import STDERR

_CONSOLE_SECONDS = 20.0
"""Until a console has said its address; it imports some 50 packages before."""


def start(
    data: Path | None,
    port: int,
    host: str,
    arguments: list[str],
    access_keys_file: Path | None,
    answers_file: Path | None,
    switches: tuple[str, ...],
    log: str | None,
) -> str:
    """Start a server that keeps running, with *arguments* and those of the others; its URL."""
    if data is None:
        raise InvalidInput(
            "--detach",
            "no data file is given, and without one the fake cannot be found again; use --data",
        )
    if host != "127.0.0.1":
        raise InvalidInput(
            "--detach", "a detached fake listens on 127.0.0.1 only; leave --host or --detach out"
        )
    # The variable is inherited; the path of a file is not a secret.
    arguments += ["--access-keys", str(access_keys_file.absolute())] if access_keys_file else []
    arguments += [word for text in switches for word in ("--switch", text)]
    arguments += ["--answers", str(answers_file.absolute())] if answers_file else []
    if log is not None:
        arguments += ["--log", log if log == STDERR else str(Path(log).absolute())]
    from ...fake import daemon

    return daemon.start(data, port, arguments).url


def console(data: Path | None) -> str:
    """The line with the address of the console that a detached fake has started."""
    from ...fake import daemon

    address = None if data is None else daemon.console(data, _CONSOLE_SECONDS)
    if address is None:
        return (
            "The fake that serves the file has no console; start one with: simevents console "
            "--endpoint and the address above."
        )
    return f"console: {address}"


def stop(data: Path | None, *, detach: bool) -> str:
    """Stop the server on *data*; what to tell the user."""
    if data is None:
        raise InvalidInput(
            "--stop", "no data file is given; use --data with the file of the running fake"
        )
    if detach:
        raise InvalidInput(
            "--stop", "--stop and --detach exclude each other; leave one of them out"
        )
    from ...fake import daemon

    return "Stopped." if daemon.stop(data) else f"No fake cloud serves {data}."
