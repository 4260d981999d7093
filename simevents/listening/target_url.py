"""The URL that changes are forwarded to: checked before anything starts."""

from collections.abc import Collection
from urllib.parse import urlsplit

from ..errors import InvalidInput
from ..hosts import is_loopback, is_unspecified, plain
from ..settings import without_userinfo

_LONGEST = 2_000
_EXAMPLE = "http://127.0.0.1:9000/hook"


def checked(field: str, url: str, allowed: Collection[str] = ()) -> str:
    """*url*, if it can be called. Raises InvalidInput for the option *field*.

    It may lead to this machine, or to a host in *allowed*.
    """
    if without_userinfo(url) != url:
        raise InvalidInput(
            field,
            f"{without_userinfo(url)[:_LONGEST]!r} is not a valid URL with a user name or password "
            "in it; leave them out, everyone who can list processes would see them",
        )
    host = _host(url)
    if not host:
        raise InvalidInput(field, f"{url[:_LONGEST]!r} is not a valid URL; use one such as {_EXAMPLE}")
    is_here = is_loopback(host) or is_unspecified(host) or plain(host).endswith(".localhost")
    if not is_here and plain(host) not in {plain(name) for name in allowed}:
        raise InvalidInput(
            field,
            f"{host} is not this machine; to send events there, add --allow-delivery {host}",
        )
    return url


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
