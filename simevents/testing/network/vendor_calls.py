"""Tells a call of Alibaba's API from any other request, by how it is signed.

The vendor signs a call in the query or the form, in the headers of its newer scheme, and in a
scheme of its own for the queues of SMQ and for the data plane of EventBridge.
Sources: the vendor's SDKs.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

from ...fake.delivery.eventbridge.push_signature import CERTIFICATE_PATH

_CERTIFICATE_HOSTS = "-eventbridge.oss-accelerate.aliyuncs.com"

MNS = "SMQ"
EVENT_BUS = "EventBridge"

DATA_PLANES = frozenset({MNS, EVENT_BUS})
"""What stands for an API version in calls that are not RPC; the fake serves them."""


def signed_call(
    method: str, path: str, query: str, headers: Mapping[str, str], body: object
) -> tuple[str, str]:
    """Action and API version of a signed call; empty for other requests.

    A call of a data plane has method and path for an action, and a member of `DATA_PLANES`.
    """
    names = {name.lower(): _text(value) for name, value in headers.items()}
    if names.get("x-acs-action"):
        return names["x-acs-action"], names.get("x-acs-version", "")
    if "x-mns-version" in names or names.get("authorization", "").startswith("MNS "):
        return f"{method.upper()} {path}", MNS
    if "x-eventbridge-version" in names and path.startswith("/openapi/"):
        return f"{method.upper()} {path}", EVENT_BUS
    fields = parse_qs(query)
    if isinstance(body, bytes | str) and "Action" not in fields:
        fields |= parse_qs(_text(body))
    if "Action" not in fields or "Signature" not in parse_qs(query) | fields:
        return "", ""
    return fields["Action"][0], fields.get("Version", [""])[0]


def is_push_certificate(host: str, path: str) -> bool:
    """Whether it is the certificate that verifies EventBridge's requests; the fake has its own."""
    return path == CERTIFICATE_PATH and host.endswith(_CERTIFICATE_HOSTS)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
