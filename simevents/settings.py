"""Region, endpoint and credentials: which cloud is called, and with which keys.

An explicit argument beats the environment, the environment beats the default; in a
stack the environment never decides where. Credentials are read when they are
needed and are never stored. Nothing here opens a connection, except that the
vendor's own credential chain, passed in by `sdk`, may.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from . import hosts
from .errors import InvalidSettings
from .models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET

ENDPOINT_VARIABLE = "SIMEVENTS_ENDPOINT"

# A region becomes part of a host name, so nothing else may be in it.
_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+){1,6}")

# To the last @, since a password may have any characters.
_USERINFO = re.compile(r"^(https?://)?.*@", re.IGNORECASE | re.DOTALL)

STACK_KEYS = ("region", "endpoint")
"""What the resource reads of a stack's configuration, as ``simevents:region``."""

CONNECT_SECONDS = 5.0
"""Longest wait for a connection."""
READ_SECONDS = 20.0
"""Longest wait for an answer; Create over 100 instances takes the service a moment."""

# The vendor's own names first, then those that the alicloud plugin reads.
_KEY_VARIABLES = (
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        "ALIBABA_CLOUD_SECURITY_TOKEN",
    ),
    ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key pair, with a token when it is a temporary one."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """One region of one cloud."""

    region: str
    endpoint: str | None = None
    """A URL; None is Alibaba Cloud itself."""
    connect_seconds: float = CONNECT_SECONDS
    read_seconds: float = READ_SECONDS

    def __post_init__(self) -> None:
        """Raises InvalidSettings for a region that is not shaped like one."""
        if len(self.region) > 64 or _REGION.fullmatch(self.region) is None:
            raise InvalidSettings(
                "region",
                f"{self.region!r} is not a valid region; use one such as cn-hangzhou",
            )

    @property
    def is_loopback(self) -> bool:
        return self.endpoint is not None and is_loopback(self.endpoint)


def stack_settings(region: str, endpoint: str | None, environ: Mapping[str, str]) -> Settings:
    """Settings of a stack's resource; InvalidSettings when they cannot be used.

    A ``SIMEVENTS_ENDPOINT`` in *environ* that names another cloud than the stack's
    is refused: a forgotten variable must not be able to move a stack.
    """
    if not region:
        raise InvalidSettings(
            "region",
            "no region is given; use one such as cn-hangzhou (alicloud:region)",
        )
    checked = check_endpoint(endpoint) if endpoint else None
    from_environment = environ.get(ENDPOINT_VARIABLE)
    if from_environment and _plain(from_environment) != _plain(checked or ""):
        raise InvalidSettings(
            "endpoint",
            f"{ENDPOINT_VARIABLE} is {without_userinfo(from_environment)}, but the stack's "
            f"endpoint is {checked or 'not set, which means Alibaba Cloud'}. Unset "
            f"{ENDPOINT_VARIABLE}, or set simevents:endpoint in the stack to the same address",
        )
    return Settings(region, checked)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The one of *known* that *name* is probably a misspelling of, if there is one."""
    spellings = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower(), spellings, n=1, cutoff=0.75)
    return spellings[found[0]] if found else None


def check_endpoint(endpoint: str) -> str:
    """*endpoint* as a plain URL; plain HTTP is for loopback only."""
    shown = without_userinfo(endpoint)
    if shown != endpoint:
        raise InvalidSettings(
            "endpoint",
            f"{shown!r} is not a valid endpoint with a user name or password in it; leave them "
            "out, credentials are read from the environment",
        )
    if not _is_plain_url(endpoint):
        raise InvalidSettings(
            "endpoint",
            f"{endpoint!r} is not a valid endpoint; use a URL without a path, such as "
            "http://127.0.0.1:8086",
        )
    if urlsplit(endpoint).scheme == "http" and not is_loopback(endpoint):
        raise InvalidSettings(
            "endpoint",
            f"{endpoint} would send credentials unencrypted to another machine; use https://, or "
            "http:// with a loopback address such as 127.0.0.1",
        )
    return _plain(endpoint)


def without_userinfo(endpoint: str) -> str:
    """*endpoint* as it may be shown: user name and password, which may be secret, are masked."""
    return _USERINFO.sub(r"\1***@", endpoint)


def _is_plain_url(endpoint: str) -> bool:
    """Whether *endpoint* is scheme, host and perhaps a port, and nothing more."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port != 0
        and endpoint.isascii()
        and endpoint.isprintable()
        and parts.path in ("", "/")
        and not (parts.query or parts.fragment)
    )


def is_loopback(endpoint: str) -> bool:
    """Whether *endpoint*, a URL, is on this machine."""
    return hosts.is_loopback(urlsplit(endpoint).hostname or "")


def find_credentials(
    target: Settings,
    environ: Mapping[str, str],
    chain: Callable[[], Credentials | None],
) -> Credentials:
    """The key pair to sign with; InvalidSettings when there is none.

    For loopback it is always the fake's published pair; the user's keys are never sent
    there. Otherwise the environment, then *chain*, the vendor's own credential chain.
    """
    if target.is_loopback:
        return Credentials(FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET)
    for key_id, secret, token in _KEY_VARIABLES:
        present = [name for name in (key_id, secret) if environ.get(name)]
        if len(present) == 1:
            absent = secret if present == [key_id] else key_id
            raise InvalidSettings("credentials", f"{present[0]} is set, but {absent} is not")
        if present:
            return Credentials(environ[key_id], environ[secret], environ.get(token) or None)
    found = chain()
    if found is None:
        raise InvalidSettings(
            "credentials",
            "no credentials were found; set ALIBABA_CLOUD_ACCESS_KEY_ID and "
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or log in with the aliyun command line (a profile in "
            "~/.aliyun/config.json), or point simevents:endpoint at a local fake cloud",
        )
    return found


def _plain(endpoint: str) -> str:
    return endpoint.rstrip("/")
