"""Verifies the signature of a call of the data plane.

The header is ``Authorization: MNS <key id>:<signature>``, with HMAC-SHA1 over method, four headers
and the path as it was sent. The clients of the newer scheme MNS4-HMAC-SHA256 are few and its text
is documented nowhere: it is accepted unchecked.

Source: the vendor's page "Sign requests", and its clients' code.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from ..protocol.api_errors import ApiError
from ..protocol.signatures import VALID_SECONDS
from ..protocol.wire import Request
from ..state.access_keys import AccessKey
from . import errors

SCHEME = "MNS "
NEWER_SCHEME = "MNS4-HMAC-SHA256"
API_VERSION = "2015-06-06"


def verify(request: Request, find_key: Callable[[str], AccessKey | None], wall: float) -> None:
    """Raise ApiError if the signature or one of the headers of every call is not valid."""
    headers = request.headers
    authorization = headers.get("authorization", "")
    if not authorization:
        raise ApiError(errors.MISSING_AUTHORIZATION)
    date = headers.get("x-mns-date") or headers.get("date", "")
    if not date:
        raise ApiError(errors.MISSING_DATE)
    version = headers.get("x-mns-version", "")
    if version != API_VERSION:
        raise ApiError(errors.VERSION_INVALID if version else errors.MISSING_VERSION)
    _check_time(date, wall)
    if not authorization.startswith(NEWER_SCHEME):
        _check_signature(request, authorization, date, find_key, wall)
    _check_digest(request)


def string_to_sign(request: Request, date: str) -> str:
    headers = request.headers
    own = sorted(name for name in headers if name.startswith("x-mns-"))
    path = request.raw_path.decode("utf-8", "replace")
    query = request.query.decode("utf-8", "replace")
    return "\n".join(
        [
            request.method,
            headers.get("content-md5", ""),
            headers.get("content-type", ""),
            date,
            *(f"{name}:{headers[name]}" for name in own),
            f"{path}?{query}" if query else path,
        ]
    )


def _check_signature(
    request: Request,
    authorization: str,
    date: str,
    find_key: Callable[[str], AccessKey | None],
    wall: float,
) -> None:
    key_id, colon, signature = authorization.removeprefix(SCHEME).partition(":")
    if not authorization.startswith(SCHEME) or not (key_id and colon and signature):
        raise ApiError(errors.AUTHORIZATION_INVALID)
    key = find_key(key_id)
    if key is None:
        raise ApiError(errors.ACCESS_KEY_UNKNOWN)
    if key.secret is None:
        return
    is_over = key.expires_at is not None and wall >= key.expires_at
    if is_over or request.headers.get("security-token", "") != key.security_token:
        raise ApiError(errors.ACCESS_DENIED)
    mac = hmac.digest(key.secret.encode(), string_to_sign(request, date).encode(), "sha1")
    if not hmac.compare_digest(base64.b64encode(mac), signature.encode()):
        raise ApiError(errors.SIGNATURE_MISMATCH)


def _check_time(date: str, wall: float) -> None:
    try:
        signed_at = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        raise ApiError(errors.DATE_INVALID) from None
    if abs(wall - signed_at) > VALID_SECONDS:
        raise ApiError(errors.TIME_EXPIRED)


def _check_digest(request: Request) -> None:
    given = request.headers.get("content-md5", "")
    md5 = hashlib.md5(request.body, usedforsecurity=False)
    # The vendor's clients encode the hexadecimal text; RFC 1864 would have the bytes.
    valid = (base64.b64encode(md5.hexdigest().encode()), base64.b64encode(md5.digest()))
    if given and given.encode() not in valid:
        raise ApiError(errors.DIGEST_INVALID)
