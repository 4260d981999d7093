"""Recorded exchanges with the API: vcrpy, made to work with the vendor's SDK.

The SDK brings its own copy of requests and urllib3, which vcrpy does not know, so
its connection classes are patched here. Requests match on action and business
parameters alone; key, signature, nonce and timestamp never reach the disk, nor does
the account id. Record in process and in one thread.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import vcr
from aliyunsdkcore.vendored.requests.packages.urllib3 import connectionpool
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.request import Request
from vcr.stubs import VCRConnection

from ..errors import Unrecorded

SCRUBBED_ACCOUNT_ID = "1000000000000000"

# Parameters of the protocol: secret, or another in each request.
_PROTOCOL_PARAMETERS = frozenset(
    {
        "AccessKeyId",
        "Format",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
    }
)
_KEPT_ANSWER_HEADERS = frozenset({"content-type", "date", "x-acs-request-id"})

_pool_http = connectionpool.HTTPConnectionPool
_pool_https = connectionpool.HTTPSConnectionPool


def recorder(folder: Path, record_mode: str = "none") -> vcr.VCR:
    """A VCR for the vendor's SDK; its cassettes are files in *folder*.

    With *record_mode* ``none`` nothing reaches the network, and a request that no
    cassette has raises Unrecorded. The other modes are vcrpy's.
    """
    recording = vcr.VCR(
        cassette_library_dir=str(folder),
        record_mode=record_mode,
        custom_patches=(
            (_pool_http, "ConnectionCls", _HttpConnection),
            (_pool_https, "ConnectionCls", _HttpsConnection),
        ),
        match_on=["business"],
        before_record_request=_scrub_request,
        before_record_response=_scrub_response,
        decode_compressed_response=True,
    )
    recording.register_matcher("business", _match_business)
    return recording


def business_parameters(request: Request) -> dict[str, str]:
    """What a request asks for: action and parameters, of query and form, without the protocol's."""
    query = parse_qsl(urlsplit(request.uri).query, keep_blank_values=True)
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else str(body)
    form = parse_qsl(text, keep_blank_values=True)
    return {name: value for name, value in query + form if name not in _PROTOCOL_PARAMETERS}


class _Unrecordable(VCRConnection):  # type: ignore[misc]
    """Turns vcrpy's refusal, which quotes the signed request, into our own."""

    cassette: Cassette

    def getresponse(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().getresponse(*arguments, **options)
        except CannotOverwriteExistingCassetteException as refusal:
            wanted = business_parameters(refusal.failed_request)
            recorded = [business_parameters(request) for request in self.cassette.requests]
            path = str(self.cassette._path)  # noqa: SLF001 - vcrpy tells it nowhere else
            raise Unrecorded(path, wanted, recorded) from None


class _HttpConnection(_Unrecordable):
    _baseclass = _pool_http.ConnectionCls
    _protocol = "http"


class _HttpsConnection(_Unrecordable):
    _baseclass = _pool_https.ConnectionCls
    _protocol = "https"
    is_verified = True


def _match_business(left: Request, right: Request) -> None:
    wanted, recorded = business_parameters(left), business_parameters(right)
    assert wanted == recorded, f"{wanted} != {recorded}"


def _scrub_request(request: Request) -> Request:
    parts = urlsplit(request.uri)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _PROTOCOL_PARAMETERS
    ]
    # The host says where it was recorded, which is nobody's business on replay.
    request.uri = urlunsplit(("https", "ecs.aliyuncs.com", parts.path, urlencode(kept), ""))
    request.headers = {}
    return request


def _scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    body = response["body"]["string"]
    text = body.decode() if isinstance(body, bytes) else str(body)
    try:
        account_id = json.loads(text).get("AccountId")
    except (ValueError, AttributeError):
        account_id = None
    if account_id:
        text = re.sub(re.escape(str(account_id)), SCRUBBED_ACCOUNT_ID, text)
    headers = {
        name: value
        for name, value in response["headers"].items()
        if name.lower() in _KEPT_ANSWER_HEADERS
    }
    return response | {"headers": headers, "body": {"string": text.encode()}}
