"""How the API is written: requests read off bytes, answers rendered into bytes.

Requests come as GET or POST, parameters in the query, in a form body or in both,
signed in the query or in headers. Answers are JSON or XML. What a request means and
whether it is allowed is for `rpc`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

import orjson

from . import api_errors
from .api_errors import ApiError
from .signatures import V3_SCHEME

MOST_PARAMETERS = 2_000
"""More than any action has with all its lists full."""

_SHORT = 64
_REPLACEMENT = "\ufffd"
# Characters that no XML 1.0 document may hold.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    delay_seconds: float = 0.0
    """Real time to wait before it is sent."""
    is_cut: bool = False
    """It is not sent at all: the connection is closed."""


@dataclass(slots=True)
class Reading:
    """What has been read off a request so far; a refusal reports what there is."""

    by_headers: bool = False
    """Signed in its headers, which also name action and version then."""
    action: str = ""
    version: str = ""
    as_json: bool = False
    query: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    """Those of the query and those of the form body; empty values count."""

    def read(self, request: Request) -> None:
        """Fill this in from *request*. Raises ApiError."""
        headers = request.headers
        self.by_headers = headers.get("authorization", "").startswith(V3_SCHEME)
        self.as_json = self.by_headers and "xml" not in headers.get("accept", "").lower()
        self.query = _pairs(request.query)
        self.parameters = self.query
        # Some clients leave the content type of a form away.
        if request.body and "form" in headers.get("content-type", "form").lower():
            self.parameters = self.query | _pairs(request.body)
        if "Format" in self.parameters or not self.by_headers:
            self.as_json = self.parameters.get("Format", "").upper() == "JSON"
        named = (
            (headers.get("x-acs-action", ""), headers.get("x-acs-version", ""))
            if self.by_headers
            else ("", "")
        )
        self.action = named[0] or self.parameters.get("Action", "")
        self.version = named[1] or self.parameters.get("Version", "")


def headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in lower case; one that comes twice is joined by a comma."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _pairs(text: bytes) -> dict[str, str]:
    """As `urllib.parse.parse_qsl` reads it, which takes three times as long over known words."""
    fields = text.decode("utf-8", "replace").split("&")
    if len(fields) > MOST_PARAMETERS:
        raise ApiError(api_errors.TOO_MANY_PARAMETERS)
    found = {}
    for pair in fields:
        if pair:
            name, _, value = pair.partition("=")
            found[_decoded(name)] = _decoded(value)
    return found


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    return _unquoted(text) if len(text) <= _SHORT else unquote_plus(text)


@lru_cache(maxsize=10_000)
def _unquoted(text: str) -> str:
    """Names and most values come again with every call."""
    return unquote_plus(text)


def render(
    status: int, root: str, members: dict[str, Any], *, as_json: bool, now: float
) -> Response:
    """An answer with *members*, of which RequestId is one; *root* names the XML element."""
    if as_json:
        body = orjson.dumps(members)
        content_type = b"application/json;charset=utf-8"
    else:
        text = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, members)}'
        body = text.encode()
        content_type = b"text/xml;charset=utf-8"
    headers = [
        (b"content-type", content_type),
        # The cloud's own time, so that clients see the same "now" as the events do.
        (b"date", _http_date(int(now))),
        (b"x-acs-request-id", members["RequestId"].encode()),
    ]
    return Response(status, headers, body)


@lru_cache(maxsize=8)
def _http_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def _xml(name: str, value: Any) -> str:
    """A list repeats its element; a boolean is written in small letters."""
    if isinstance(value, dict):
        return f"<{name}>{_joined(_xml(key, member) for key, member in value.items())}</{name}>"
    if isinstance(value, list):
        return _joined(_xml(name, item) for item in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(_NOT_XML.sub(_REPLACEMENT, text))}</{name}>"


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
