"""The vendor's SDK behind one call: a request in, an `Answer` or one of our errors out.

The only module that knows aliyun-python-sdk. What leaves it holds no secret: the
SDK's connection errors contain access key, token and signature, so neither they nor
their texts get past here, and the SDK's own log goes nowhere.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from aliyunsdkcore.acs_exception.exceptions import ClientException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest
from aliyunsdkecs.request.v20140526.AcceptInquiredSystemEventRequest import (
    AcceptInquiredSystemEventRequest,
)
from aliyunsdkecs.request.v20140526.CancelSimulatedSystemEventsRequest import (
    CancelSimulatedSystemEventsRequest,
)
from aliyunsdkecs.request.v20140526.CreateSimulatedSystemEventsRequest import (
    CreateSimulatedSystemEventsRequest,
)
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest,
)
from aliyunsdkecs.request.v20140526.DescribeInstancesFullStatusRequest import (
    DescribeInstancesFullStatusRequest,
)
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import (
    DescribeInstancesRequest,
)

from ..errors import InvalidInput, NoAnswer, Refused, SimulatedEventsError
from ..settings import Credentials, Settings
from .bounded_http import MOST_BYTES, BoundedAdapter, TooLarge

_REQUESTS: dict[str, Callable[[], Any]] = {
    "AcceptInquiredSystemEvent": AcceptInquiredSystemEventRequest,
    "CancelSimulatedSystemEvents": CancelSimulatedSystemEventsRequest,
    "CreateSimulatedSystemEvents": CreateSimulatedSystemEventsRequest,
    "DescribeInstanceHistoryEvents": DescribeInstanceHistoryEventsRequest,
    "DescribeInstances": DescribeInstancesRequest,
    "DescribeInstancesFullStatus": DescribeInstancesFullStatusRequest,
    # The ECS package has no STS; one action needs no package of its own.
    "GetCallerIdentity": lambda: RpcRequest("Sts", "2015-04-01", "GetCallerIdentity"),
}

_POOLS = 4
_POOL_SIZE = 16

# How the SDK's HTTP library says that no connection was established.
_NEVER_CONNECTED = ("NewConnectionError", "Failed to establish a new connection", "ConnectTimeout")


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request that the cloud carried out."""

    action: str
    body: Mapping[str, Any]
    request_id: str
    date: datetime | None
    """The cloud's clock, UTC, in whole seconds."""


class _Client(AcsClient):  # type: ignore[misc]
    """The SDK's client without its reading of answers, which `_answer` reads."""

    def _get_server_exception(self, *_: Any) -> None:
        """None, also for an error. The SDK would parse each answer and log what was signed."""


class Sdk:
    """Calls to one region, signed with one key pair.

    Each call is sent once. The SDK's own retries are off: they do not distinguish the calls
    that may be repeated, and they do not wait until throttling ends.
    """

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._client = _Client(
            region_id=settings.region,
            credential=_credential(credentials),
            auto_retry=False,
            # Loopback is never reached through a proxy; an empty one overrides the environment.
            proxy={"http": ""} if settings.is_loopback else None,
        )
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, BoundedAdapter(_POOLS, _POOL_SIZE))
        self.last_date: datetime | None = None
        """The cloud's clock in the last answer of any kind, errors included."""

    def call(
        self, action: str, *, seconds: float | None = None, **parameters: str | int | list[str]
    ) -> Answer:
        """Send one request; *parameters* are named as the vendor's request class names them.

        The whole answer is there after the read timeout of the settings, and after *seconds*
        when they are fewer. Raises Refused when the cloud answers with an error code,
        NoAnswer when no answer comes or it cannot be read, in which case the request may have
        been carried out, and InvalidInput when a parameter cannot be written.
        """
        request = _REQUESTS[action]()
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        host, protocol = self._address(request.get_product())
        longest = self._settings.read_seconds if seconds is None else seconds
        request.set_connect_timeout(min(self._settings.connect_seconds, longest))
        request.set_read_timeout(min(self._settings.read_seconds, longest))
        request.set_method("POST")
        request.set_protocol_type(protocol)
        request.set_endpoint(host)
        request.set_accept_format("JSON")
        request.add_query_param("RegionId", self._settings.region)
        try:
            status, headers, body = self._send(request)
        except ClientException as error:
            # Its text holds the signed request: it is read here and never passed on.
            sent = not any(sign in str(error) for sign in _NEVER_CONNECTED)
            reason = "the connection broke or timed out" if sent else "it cannot be reached"
            raise NoAnswer(action, host, f"{reason} [{error.error_code}]", sent=sent) from None
        except SimulatedEventsError:
            raise
        except UnicodeEncodeError:
            raise InvalidInput(
                action, "a parameter is not valid text; use letters and digits, such as in e-bp1a2b"
            ) from None
        except TooLarge:
            reason = f"the answer is larger than {MOST_BYTES // 2**20} MiB"
            raise NoAnswer(action, host, reason) from None
        except Exception as error:  # noqa: BLE001 - the SDK raises anything on answers it does not expect
            reason = f"the vendor's SDK could not read it ({type(error).__name__})"
            raise NoAnswer(action, host, reason) from None
        date = _date(headers)
        if date is not None:
            self.last_date = date
        try:
            return _answer(action, host, status, body, date)
        except Refused as refused:
            raise _without_keys(refused, self._credentials) from None

    def _send(self, request: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Sign and send; status, headers and body of the answer. The seam for tests."""
        # The one entry of the SDK that gives headers as well, which carry the cloud's Date.
        call = self._client._implementation_of_do_action  # noqa: SLF001
        status, headers, body, _ = call(request)
        return status, headers, body

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._client.session.close()

    def _address(self, product: str) -> tuple[str, str]:
        """Host and protocol. An endpoint on loopback serves every product, another one ECS."""
        endpoint = self._settings.endpoint
        if endpoint is not None and (self._settings.is_loopback or product == "Ecs"):
            parts = urlsplit(endpoint)
            return parts.netloc, parts.scheme
        return f"{product.lower()}.{self._settings.region}.aliyuncs.com", "https"


def default_chain() -> Credentials | None:
    """Credentials from the vendor's own chain: profile file, OIDC, RAM role of the instance."""
    from alibabacloud_credentials.client import Client

    _silence()
    try:
        found = Client().get_credential()
    except Exception:  # noqa: BLE001 - it raises whatever its last attempt raised
        return None
    if not found.access_key_id or not found.access_key_secret:
        return None
    return Credentials(found.access_key_id, found.access_key_secret, found.security_token or None)


def _answer(action: str, host: str, status: int, body: bytes, date: datetime | None) -> Answer:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or (status >= 300 and "Code" not in members):
        raise NoAnswer(action, host, f"the body of HTTP {status} is not an answer of the API")
    request_id = str(members.get("RequestId", ""))
    if status >= 300:
        code = str(members["Code"])
        message = _MEANINGS.get(code) or _without_signed_text(str(members.get("Message", "")))
        raise Refused(action, code, message or code, status, request_id)
    return Answer(action, members, request_id, date)


_MEANINGS = {
    "SignatureDoesNotMatch": "The access key secret is wrong.",
    "IncompleteSignature": "The request's signature is incomplete.",
}


def _without_signed_text(message: str) -> str:
    """Drop the part of an error that quotes what was signed, access key and token included."""
    position = message.lower().find("string to sign")
    return message if position < 0 else f"{message[:position].rstrip()} …"


# Access key ids of the vendor, and those of temporary credentials.
_KEY_ID = re.compile(r"\b(?:LTAI|STS\.)[0-9A-Za-z]{8,}")
_SHORTEST_MASKED = 8
_MASK = "***"


def _without_keys(refused: Refused, credentials: Credentials) -> Refused:
    """*refused* with keys masked that the cloud has repeated in its text."""
    secrets = (
        credentials.access_key_secret,
        credentials.security_token or "",
        credentials.access_key_id,
    )

    def masked(text: str) -> str:
        for secret in secrets:
            if len(secret) >= _SHORTEST_MASKED:
                text = text.replace(secret, _MASK)
        return _KEY_ID.sub(_MASK, text)

    return Refused(
        refused.operation,
        masked(refused.code),
        masked(refused.message),
        refused.status,
        masked(refused.request_id),
    )


def _date(headers: Mapping[str, str] | None) -> datetime | None:
    """The Date of an answer, UTC; None when there is none or it cannot be read."""
    try:
        date = parsedate_to_datetime((headers or {}).get("Date", ""))
        # "-0000" says that it is UTC, too, and is read as no time zone.
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _credential(credentials: Credentials) -> AccessKeyCredential | StsTokenCredential:
    key_id, secret = credentials.access_key_id, credentials.access_key_secret
    if credentials.security_token is not None:
        return StsTokenCredential(key_id, secret, credentials.security_token)
    return AccessKeyCredential(key_id, secret)


def _silence() -> None:
    """Disable the vendor's loggers: they write requests with signatures."""
    # The last two are the loggers of alibabacloud-credentials and of the library below it.
    vendors = ("aliyunsdkcore", "credentials", "alibabacloud-tea")
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(vendors)]:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


_silence()
