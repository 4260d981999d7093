"""The wire format of the API: parses requests and writes answers.

Requests are GET or POST. Their parameters are in the query, in a form body or in both;
their signature is in the query or in headers. Answers are JSON or XML. `dispatch`
decides what a request means and whether it is allowed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus
from xml.sax.saxutils import escape

import orjson

from . import api_errors
from .api_errors import ApiError
from .signatures import V3_SCHEME

MOST_PARAMETERS = 2_000
"""The limit; no valid call has as many parameters."""

COMMON_PARAMETERS = frozenset(
    {
        "Action",
        "Version",
        "Format",
        "AccessKeyId",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
    }
)
"""What belongs to the protocol, whatever the action."""

_SHORT = 64
_REPLACEMENT = "\ufffd"
_NOT_IN_XML_NAME = re.compile(r"[^A-Za-z0-9_.-]")
# Characters that are not allowed in XML 1.0. To compile those that are takes ten times as long.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    """The names are in lower case."""
    body: bytes
    raw_path: bytes = b""
    """The path as it was sent, which some signatures cover; empty where nothing needs it."""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    delay_seconds: float = 0.0
    """Real time to wait before the answer is sent."""
    is_cut: bool = False
    """If true, the answer is not sent and the connection is closed."""


@dataclass(slots=True)
class Reading:
    """The parsed parts of a request; an error answer uses what has been parsed so far."""

    by_headers: bool = False
    """Whether the signature is in the headers, which then also contain action and version."""
    action: str = ""
    version: str = ""
    as_json: bool = False
    query: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    """The parameters of the query and of the form body, including empty ones."""

    def read(self, request: Request) -> None:
        """Parse *request* into this object. Raises ApiError."""
        headers = request.headers
        self.by_headers = headers.get("authorization", "").startswith(V3_SCHEME)
        self.as_json = self.by_headers and "xml" not in headers.get("accept", "").lower()
        self.query = _pairs(request.query)
        self.parameters = self.query
        # Some clients do not send the content type of a form.
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
    """Headers by name in lower case; the values of a repeated header are joined by commas.

    Bytes that are not UTF-8 are replaced, as in queries and bodies, so that every text of a
    request can be stored and written in an answer.
    """
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _pairs(text: bytes) -> dict[str, str]:
    """The same result as `urllib.parse.parse_qsl`, which is three times slower on cached words."""
    if text.count(b"&") >= MOST_PARAMETERS:
        raise ApiError(api_errors.TOO_MANY_PARAMETERS)
    found = {}
    for pair in text.decode("utf-8", "replace").split("&"):
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
    """Cached, because most calls have the same names and values."""
    return unquote_plus(text)


def render(
    status: int,
    root: str,
    members: dict[str, Any],
    *,
    as_json: bool,
    now: float,
    request_id: str = "",
) -> Response:
    """An answer with *members*; *root* is the XML root element.

    *request_id* is needed only where the members do not include it as RequestId.
    """
    if as_json:
        body = _json(members)
        content_type = b"application/json;charset=utf-8"
    else:
        text = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, members)}'
        body = text.encode()
        content_type = b"text/xml;charset=utf-8"
    headers = [
        (b"content-type", content_type),
        # The cloud's time, so that clients see the same current time as the events have.
        (b"date", http_date(int(now))),
        (b"x-acs-request-id", (request_id or members["RequestId"]).encode()),
    ]
    return Response(status, headers, body)


def error_members(request: Request, request_id: str, code: str, text: str) -> dict[str, Any]:
    """The members of an error."""
    return {
        "RequestId": request_id,
        "HostId": request.headers.get("host", ""),
        "Code": code,
        "Message": text,
        "Recommend": "https://api.aliyun.com/troubleshoot"
        f"?q={code}&product=Ecs&requestId={request_id}",
    }


def encoded_path(path: str) -> str:
    """*path* as a signature has it."""
    return quote(path, safe="/-_.~") or "/"


def _json(members: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(members)
    except TypeError:
        # Data of an earlier version can have deeper objects and larger numbers than orjson takes.
        return json.dumps(members).encode()


@lru_cache(maxsize=8)
def http_date(second: int) -> bytes:
    """*second* as the header Date has it."""
    return formatdate(second, usegmt=True).encode()


def _xml(name: str, value: Any) -> str:
    """*value* as XML. A list becomes repeated elements; a boolean is in lower case."""
    if isinstance(value, list):
        return _joined(_xml(name, item) for item in value)
    tag = _xml_name(name)
    if isinstance(value, dict):
        return f"<{tag}>{_joined(_xml(key, member) for key, member in value.items())}</{tag}>"
    text = "" if value is None else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return f"<{tag}>{xml_text(text)}</{tag}>"


def xml_text(text: str) -> str:
    """*text* as the content of an element, without the characters that XML cannot have."""
    return escape(_NOT_XML.sub(_REPLACEMENT, text))


@lru_cache(maxsize=1_000)
def _xml_name(name: str) -> str:
    """*name* with an underscore for each character that an XML name cannot have.

    The names of the API need none; those of an event's ExtendedAttribute are the user's.
    """
    plain = _NOT_IN_XML_NAME.sub("_", name)
    return plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"


def _joined(parts: Iterable[str]) -> str:
    return "".join(parts)
