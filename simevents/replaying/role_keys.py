"""The keys of an instance's RAM role: never in a cassette, and invented when one is replayed.

A program gets them from the metadata service before its first call. They sign requests, and a
signature is no part of what is recorded or matched.
"""

import orjson

from ..fake.protocol.wire import Request, Response
from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET

_FOLDER = ["meta-data", "ram", "security-credentials"]
_ROLE = "simevents-replay"
_DOCUMENT = {
    "AccessKeyId": FAKE_ACCESS_KEY_ID,
    "AccessKeySecret": FAKE_ACCESS_KEY_SECRET,
    "Expiration": "2099-01-01T00:00:00Z",
    "SecurityToken": "simevents-replay",
    "LastUpdated": "2018-01-01T00:00:00Z",
    "Code": "Success",
}


def asks_for_keys(request: Request) -> bool:
    """Whether it asks the metadata service for a role, for its keys, or for a token to read it."""
    path = _parts(request)
    if request.method == "PUT":
        return path[1:] == ["api", "token"]
    return request.method == "GET" and path[1:4] == _FOLDER


def answer(request: Request) -> Response:
    """The answer to such a request."""
    if request.method == "PUT":
        body = b"simevents-replay"
    else:
        has_role = len(_parts(request)) > len(_FOLDER) + 1
        body = orjson.dumps(_DOCUMENT) if has_role else _ROLE.encode()
    return Response(200, [(b"content-type", b"text/plain; charset=utf-8")], body)


def _parts(request: Request) -> list[str]:
    """The path: a version such as ``latest``, then the folders."""
    return [part for part in request.path.split("/") if part]
