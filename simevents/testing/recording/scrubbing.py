"""Decides for vcrpy what of an exchange is written, when it is recorded.

`requests` and `answers` know what may be written. An exchange that they do not understand is kept
as a note of what was met, without content; the cassette is not saved then (`cassettes`).
Exchanges that are read from a file pass unchanged. Nothing here reads or writes a file.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from vcr.request import Request

from .allowing import Allowed, allowed
from .answers import Scrubbed, kept_headers
from .requests import Asked, NotUnderstood, read

REFUSED = "not_understood"
"""The member of an answer that says why its exchange is not written."""

_is_our_own: ContextVar[bool] = ContextVar("is_our_own", default=False)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Calls within the block are neither recorded nor replayed: they are not the test's calls."""
    before = _is_our_own.set(True)
    try:
        yield
    finally:
        _is_our_own.reset(before)


class Recorded(dict[str, Any]):
    """An answer that was read from a file."""


class Scrubber:
    """The two filters of one cassette.

    vcrpy calls them one after the other for an exchange, in one thread, and passes only the
    answer to the second.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """Raises InvalidInput for an entry of *allow* that is not valid."""
        self._allowed = allowed(allow)
        self._latest = threading.local()

    def request(self, request: Request) -> Request | None:
        """The request as it is written, in one form for all clients.

        None for requests to other hosts, which are neither recorded nor replayed.
        """
        if _is_our_own.get():
            return None
        found = _read(request, self._allowed)
        self._latest.asked = found
        if found is None:
            return None
        request.asked = found
        if not hasattr(request, "is_recorded"):
            request.uri = found.uri
            request.body = b""
            request.headers = {}
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """The answer as it is written, or a note that it cannot be."""
        if isinstance(response, Recorded):
            return response
        code = response["status"]["code"]
        found: Asked | None = self._latest.asked
        version = found.sent.get("Version", "") if found else ""
        written = {
            "status": {"code": code, "message": _phrase(code)},
            "headers": kept_headers(version, response["headers"]),
        }
        try:
            if found is None or found.problem:
                raise NotUnderstood(found.problem if found else "a request that was not seen")
            body = Scrubbed(found, response["body"].get("string") or b"").body
        except NotUnderstood as unclear:
            return written | {"headers": {}, "body": {"string": b""}, REFUSED: str(unclear)}
        return written | {"body": {"string": body}}


def asked(request: Request) -> Asked:
    """What a request asks that a filter has seen."""
    found = request.asked
    assert isinstance(found, Asked)
    return found


def _read(request: Request, allow: Allowed) -> Asked | None:
    found = getattr(request, "asked", None)
    if isinstance(found, Asked):
        return found
    return read(request.method, request.uri, request.headers, request.body, allow)


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""
