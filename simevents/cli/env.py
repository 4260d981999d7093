"""``env``: the variables that lead a program in a shell to a fake cloud."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..errors import InvalidInput
from . import control, options

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@click.command()
@options.endpoint
@control.token
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data file of a detached fake, instead of its URL.",
)
def env(endpoint: str | None, token: str, data: Path | None) -> None:
    """Print lines for a shell that lead the programs started there to a running fake cloud.

    The fake has to be started with --proxy. When it ends, so does what the variables name.
    The lines are made for the environment of this command: of what exists, some is
    appended to, and what names an identity of your own is replaced or unset.

    \b
    Example: eval "$(simevents env --endpoint http://127.0.0.1:8086)"
    """
    if data is not None:
        endpoint = _url(data)
    with control.connected(endpoint, token) as cloud:
        found = cloud.get("way-in")
        setting = cloud.get("metadata")
        certificate = cloud.get("authority")["certificate"].encode()
        url = cloud.url
    for line in _lines(_environment(url, certificate, found, setting), os.environ):
        # A value may have bytes that are not UTF-8.
        click.echo(os.fsencode(line))


def _environment(
    url: str, certificate: bytes, found: Mapping[str, Any], setting: Mapping[str, Any]
) -> Mapping[str, str]:
    from ..fake.metadata.service import path_of_keys
    from ..way_in.variables import WayIn, environment, write_files

    way = WayIn(
        proxy_url=url,
        certificate=certificate,
        region=found["region"],
        folder=Path(found["folder"]),
        allowed=tuple(found["allowed"]),
        credentials_uri=url + path_of_keys(setting["role_name"]) if setting["instance_id"] else "",
    )
    try:
        # This shell may trust other authorities than the one in which the fake was started.
        write_files(way, os.environ)
    except OSError as error:
        options.fail(
            f"{way.folder}, where the fake cloud has its files, cannot be used: {error.strerror}. "
            "Use this command on the same machine and as the same user as the fake."
        )
    return environment(way, os.environ)


def _lines(wanted: Mapping[str, str], present: Mapping[str, str]) -> Iterator[str]:
    for name, value in sorted(wanted.items()):
        if present.get(name) != value and _NAME.fullmatch(name):
            yield f"export {name}={_quoted(value)}"
    for name in sorted(present.keys() - wanted.keys()):
        if _NAME.fullmatch(name):
            yield f"unset {name}"


def _quoted(value: str) -> str:
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def _url(data: Path) -> str:
    from ..fake import daemon
    from ..fake.state.database import StoreError

    try:
        running = daemon.find(data)
    except StoreError as error:
        raise InvalidInput("--data", str(error)) from None
    if running is None:
        raise InvalidInput(
            "--data",
            f"no fake cloud serves {data}; start one with: simevents fake --data {data} --proxy "
            "--detach",
        )
    return running.url


COMMANDS = {"env": env}
