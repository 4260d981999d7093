"""The URL that changes are forwarded to: checked before anything starts."""

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from ..errors import InvalidInput
from ..hosts import is_loopback, is_unspecified, plain, to_address, without_user
from ..settings import without_userinfo

_LONGEST = 2_000
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
_EXAMPLE = "http://127.0.0.1:9000/hook"


def checked(field: str, url: str, allowed: Collection[str] = (), own_port: int = 0) -> str:
    """*url*, if it can be called. Raises InvalidInput for the option *field*.

    It may lead to this machine, or to a host in *allowed*; *own_port* is the port of the fake here.
    """
    if without_user(url) != url:
        raise InvalidInput(
            field,
            f"{without_userinfo(url)[:_LONGEST]!r} is not a valid URL with a user name or password "
            "in it; leave them out, everyone who can list processes would see them",
        )
    host = _host(url)
    if not host:
        raise InvalidInput(
            field,
            f"{without_userinfo(url)[:_LONGEST]!r} is not a valid URL; use one such as {_EXAMPLE}",
        )
    is_here = is_loopback(host) or is_unspecified(host) or plain(host).endswith(".localhost")
    if not is_here and plain(host) not in {plain(name) for name in allowed}:
        raise InvalidInput(
            field,
            f"{host} is not this machine; to send events there, add --allow-delivery {host}",
        )
    parts = urlsplit(url)
    if own_port and is_here and own_port == (parts.port or _PORTS[parts.scheme]):
        raise InvalidInput(
            field, f"port {own_port} is the fake's own; give the address of the handler"
        )
    return url


def check_hosts(field: str, hosts: Iterable[str]) -> tuple[str, ...]:
    """*hosts*, each a name or an address without scheme, port and path. Raises InvalidInput."""
    found = tuple(dict.fromkeys(hosts))
    for host in found:
        if to_address(host) is None and not _NAME.fullmatch(plain(host)):
            raise InvalidInput(
                field,
                f"{host[:_LONGEST]!r} is not a valid host; use a name such as hooks.example.com, "
                "or an address, without http:// and port",
            )
    return found


def _host(url: str) -> str:
    """The host in *url*; empty if *url* cannot be called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    # A space or a line break would end the first line of the request.
    is_printed = all("!" <= character <= "~" for character in url) and len(url) <= _LONGEST
    is_web = parts.scheme in ("http", "https") and port != 0 and not parts.fragment
    return parts.hostname or "" if is_printed and is_web else ""
