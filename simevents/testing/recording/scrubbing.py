"""Which parts of an exchange may be written to disk: the request and the answer, without identity.

Access keys, tokens, signatures, nonces, the time of signing and account ids are removed
from requests and answers, in JSON and in XML. Nothing here reads or writes a file.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from vcr.request import Request

from ...hosts import is_alibaba

SCRUBBED = "scrubbed"
SCRUBBED_ACCOUNT_ID = "1000000000000000"
RECORDED_HOST = "ecs.aliyuncs.com"

# Parameters of the protocol: secret, or another in each request.
_PROTOCOL_PARAMETERS = frozenset(
    {
        "AccessKeyId",
        "BearerToken",
        "ClientToken",
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
_SECRET_PARAMETER = re.compile(r"(?i)password|secret|userdata|privatekey|(?<!next)token")
_OWNER_PARAMETER = re.compile(r"(?:Resource)?Owner(?:Id|Account)")
_KEPT_ANSWER_HEADERS = frozenset({"content-type", "date", "x-acs-request-id"})
_ACTION_HEADERS = {"x-acs-action": "Action", "x-acs-version": "Version"}

_SECRETS = (
    r"\w*(?:AccessKeyId|AccessKeySecret|SecurityToken|Password|PrivateKeyBody|UserData|AuthAction)"
)
_ACCOUNTS = r"\w*(?:AccountId|OwnerId|OwnerUid|ParentId|PrincipalId|UserId|Uid|DisplayName)"
_ARN = re.compile(r"(acs(?::|%3A)\w+(?::|%3A)[\w-]*(?::|%3A))\d+")
_ANSWERED = (
    (re.compile(rf'("{_SECRETS}"\s*:\s*")[^"]*'), rf"\g<1>{SCRUBBED}"),
    (re.compile(rf"(<{_SECRETS}>)[^<]*"), rf"\g<1>{SCRUBBED}"),
    (re.compile(rf'("{_ACCOUNTS}"\s*:\s*"?)\d+'), rf"\g<1>{SCRUBBED_ACCOUNT_ID}"),
    (re.compile(rf"(<{_ACCOUNTS}>)\d+"), rf"\g<1>{SCRUBBED_ACCOUNT_ID}"),
    (_ARN, rf"\g<1>{SCRUBBED_ACCOUNT_ID}"),
    # The error for a wrong signature quotes what was signed.
    (re.compile(r"(?i)(string to sign)[^\"<]*"), rf"\g<1> {SCRUBBED}"),
)

_is_our_own: ContextVar[bool] = ContextVar("is_our_own", default=False)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Calls within the block are neither recorded nor replayed: they are not the test's calls."""
    before = _is_our_own.set(True)
    try:
        yield
    finally:
        _is_our_own.reset(before)


def is_call(request: Request) -> bool:
    """Whether *request* is a call of the API, in either of the vendor's RPC forms."""
    return "Action" in _sent(request)


def business_parameters(request: Request) -> dict[str, str]:
    """Action, version and parameters of a request, without those of the protocol.

    For other requests: the method and the address.
    """
    if not is_call(request):
        return {"Page": f"{request.method} {request.uri}"}
    return {
        name: _without_secrets(name, value)
        for name, value in _sent(request).items()
        if name not in _PROTOCOL_PARAMETERS
    }


def _without_secrets(name: str, value: str) -> str:
    if _SECRET_PARAMETER.search(name):
        return SCRUBBED
    if _OWNER_PARAMETER.fullmatch(name):
        return SCRUBBED_ACCOUNT_ID
    return _ARN.sub(rf"\g<1>{SCRUBBED_ACCOUNT_ID}", value)


def _sent(request: Request) -> dict[str, str]:
    """Everything that the query, the form and the headers of a call say."""
    headers = {str(name).lower(): _text(value) for name, value in request.headers.items()}
    named = {
        parameter: headers[header]
        for header, parameter in _ACTION_HEADERS.items()
        if header in headers
    }
    query = parse_qsl(urlsplit(request.uri).query, keep_blank_values=True)
    form = parse_qsl(_text(request.body or b""), keep_blank_values=True)
    return named | dict(query + form)


def scrub_request(request: Request) -> Request | None:
    """The business parameters only, in one form for all clients.

    None for requests to other hosts, which are neither recorded nor replayed.
    """
    if _is_our_own.get():
        return None
    parts = urlsplit(request.uri)
    if is_call(request):
        asked = sorted(business_parameters(request).items())
        # The host is that of the recording, which does not matter on replay.
        request.uri = urlunsplit(("https", RECORDED_HOST, parts.path or "/", urlencode(asked), ""))
    elif is_alibaba(parts.hostname or ""):
        request.uri = urlunsplit(("https", parts.hostname or "", parts.path, "", ""))
    else:
        return None
    request.body = b""
    request.headers = {}
    return request


def scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    text = _text(response["body"]["string"])
    for shape, replacement in _ANSWERED:
        text = shape.sub(replacement, text)
    headers: Mapping[str, Any] = response["headers"]
    kept = {name: v for name, v in headers.items() if name.lower() in _KEPT_ANSWER_HEADERS}
    return response | {"headers": kept, "body": {"string": text.encode()}}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
