"""Finds in a cassette what the allow list does not have. It reads the file without vcrpy."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import yaml

from ...allow_list import shown_name
from .allowing import Allowed, allowed
from .answers import Scrubbed, kept_headers
from .requests import Asked, NotUnderstood, read

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def unlisted(text: str, allow: Iterable[str] = ()) -> Iterator[str]:
    """What a cassette with *text* holds beyond the list; nothing for a file that is no cassette."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - both loaders are safe ones
    except (yaml.YAMLError, ValueError):
        return
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        return
    permitted = allowed(allow)
    for number, exchange in enumerate(document["interactions"], start=1):
        try:
            for finding in _in_exchange(exchange, permitted):
                yield f"exchange {number}: {finding}"
        except (KeyError, TypeError, AttributeError, ValueError):
            yield f"exchange {number}: it cannot be read"


def _in_exchange(exchange: dict[str, Any], permitted: Allowed) -> Iterator[str]:
    request, response = exchange["request"], exchange["response"]
    asked = read(
        request["method"],
        request["uri"],
        request.get("headers") or {},
        request.get("body"),
        permitted,
    )
    if asked is None:
        return
    if asked.problem:
        yield asked.problem
        return
    yield from _in_request(request, asked)
    headers = response.get("headers") or {}
    written = kept_headers(asked.sent.get("Version", ""), headers)
    for name, value in headers.items():
        if name not in written or written[name] != value:
            yield f"header {name} of an answer"
    body = (response.get("body") or {}).get("string") or b""
    try:
        changes = Scrubbed(asked, body.encode() if isinstance(body, str) else body).changes
    except NotUnderstood as unclear:
        yield str(unclear)
    else:
        for path in dict.fromkeys(changes):
            yield f"member {path} of {shown_name(asked.action)}"


def _in_request(request: dict[str, Any], asked: Asked) -> Iterator[str]:
    parts = urlsplit(request["uri"])
    if "@" in parts.netloc or parts.fragment:
        yield "more than host, path and query in the address of a request"
    if asked.page:
        if request["uri"] != asked.page:
            yield f"the query of {asked.page}"
        return
    for name, value in asked.sent.items():
        if asked.shown.get(name) != value:
            yield f"parameter {shown_name(name)} of {shown_name(asked.action)}"
    if request.get("headers"):
        yield f"headers of a request, {', '.join(request['headers'])}"
    if request.get("body"):
        yield "the body of a request"
