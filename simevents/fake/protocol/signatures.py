"""Verifies the signature of a request, in the vendor's schemes.

They are the query signature (HMAC-SHA1 or HMAC-SHA256 over the parameters), the header
signature (ACS3-HMAC-SHA256 over the whole request), and the older header signature of calls by
their path (``acs``, HMAC-SHA1 over headers and query). All use wall time, not the
cloud's time, because a client signs with the time of its own clock.

Sources: the vendor's pages "RPC request syntax and signature", "ROA request syntax and
signature" and "V3 request structure and signature".
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote

from ...models import parse_time
from ..state.access_keys import AccessKey
from . import api_errors
from .api_errors import ApiError

VALID_SECONDS = 15 * 60
"""The largest difference between a request's time and ours; nonces are kept twice as long."""

KEPT_NONCES = 200_000
"""The limit for the nonces that are kept; at more than 100 calls per second old ones are lost."""

_LONGEST_KEPT = 200
"""Characters of key id and nonce together; for longer ones a digest is kept."""

V3_SCHEME = "ACS3-HMAC-SHA256"
ROA_SCHEME = "acs "
_ROA_SIGNED = ("accept", "content-md5", "content-type", "date")

_SHORT = 64
_COMMON_HEADERS = {"Timestamp": "x-acs-date", "SignatureNonce": "x-acs-signature-nonce"}
_QUERY_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


class Verifier:
    """Verifies signed requests. *find_key* returns a key by its id.

    *unknown_key_status* returns the HTTP status for an unknown key; the vendor's lists of
    errors disagree about it.
    """

    def __init__(
        self,
        find_key: Callable[[str], AccessKey | None],
        unknown_key_status: Callable[[], int] = lambda: api_errors.ACCESS_KEY_UNKNOWN.status,
    ) -> None:
        self._find_key = find_key
        self._unknown_key_status = unknown_key_status
        self._nonces: dict[tuple[str, str], float] = {}
        self._forget_at = 0.0

    def verify_query(self, method: str, parameters: Mapping[str, str], wall: float) -> AccessKey:
        """Verify a query signature, which covers all *parameters*, including empty ones.

        Returns the key that was used. Raises ApiError if the signature is not valid.
        """
        key_id = _common(parameters, "AccessKeyId")
        signature = _common(parameters, "Signature")
        nonce = _common(parameters, "SignatureNonce")
        timestamp = _common(parameters, "Timestamp")
        digest = _QUERY_DIGESTS.get(parameters.get("SignatureMethod", "HMAC-SHA1").upper())
        if digest is None:
            raise ApiError(api_errors.INCOMPLETE_SIGNATURE, reason="Unknown SignatureMethod.")
        key = self._key(key_id, parameters.get("SecurityToken", ""), wall)
        _check_time(timestamp, wall)
        canonical = canonical_query(
            {name: value for name, value in parameters.items() if name != "Signature"}
        )
        string_to_sign = f"{method}&%2F&{_encoded_again(canonical)}"
        if key.secret is not None:
            mac = hmac.digest(f"{key.secret}&".encode(), string_to_sign.encode(), digest)
            if not hmac.compare_digest(base64.b64encode(mac), signature.encode()):
                raise ApiError(api_errors.SIGNATURE_MISMATCH, string_to_sign=string_to_sign)
        self._use_nonce(key_id, nonce, wall)
        return key

    def verify_headers(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        wall: float,
    ) -> AccessKey:
        """Verify an ACS3 signature; the names in *headers* are in lower case.

        Returns the key that was used. Raises ApiError if the signature is not valid.
        """
        fields = _authorization_fields(headers.get("authorization", ""))
        for name, header in _COMMON_HEADERS.items():
            if not headers.get(header):
                raise ApiError(api_errors.MISSING_COMMON, name=name)
        key = self._key(fields["Credential"], headers.get("x-acs-security-token", ""), wall)
        _check_time(headers["x-acs-date"], wall)
        payload_hash = hashlib.sha256(body).hexdigest()
        if headers.get("x-acs-content-sha256", payload_hash).lower() != payload_hash:
            raise ApiError(
                api_errors.INCOMPLETE_SIGNATURE,
                reason="x-acs-content-sha256 is not that of the body.",
            )
        signed = [name.strip().lower() for name in fields["SignedHeaders"].split(";")]
        canonical = "\n".join(
            [
                method,
                path,
                canonical_query(query),
                *(f"{name}:{headers.get(name, '').strip()}" for name in signed),
                "",
                fields["SignedHeaders"],
                payload_hash,
            ]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        if key.secret is not None:
            mac = hmac.digest(key.secret.encode(), f"{V3_SCHEME}\n{digest}".encode(), "sha256")
            given = fields["Signature"].lower().encode()
            if not hmac.compare_digest(mac.hex().encode(), given):
                raise ApiError(api_errors.SIGNATURE_MISMATCH, string_to_sign=canonical)
        self._use_nonce(key.id, headers["x-acs-signature-nonce"], wall)
        return key

    def verify_roa(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        wall: float,
        *,
        scheme: str = ROA_SCHEME,
        signed: Sequence[str] = _ROA_SIGNED,
    ) -> AccessKey:
        """Verify the older header signature of calls by their path.

        *path* and *query* are decoded; the names in *headers* are in lower case. Before the
        vendor's own headers, those that *signed* names are signed. Returns the key that was used.
        Raises ApiError if the signature is not valid.
        """
        key_id, _, signature = headers["authorization"].removeprefix(scheme).partition(":")
        date = headers.get("date", "")
        for name, value in (("Signature", signature), ("Date", date)):
            if not value:
                raise ApiError(api_errors.MISSING_COMMON, name=name)
        digest = _QUERY_DIGESTS.get(headers.get("x-acs-signature-method", "HMAC-SHA1").upper())
        if digest is None:
            raise ApiError(api_errors.INCOMPLETE_SIGNATURE, reason="Unknown SignatureMethod.")
        key = self._key(key_id, headers.get("x-acs-security-token", ""), wall)
        _check_http_date(date, wall)
        vendor = sorted(name for name in headers if name.startswith("x-acs-"))
        pairs = [f"{name}={value}" if value else name for name, value in sorted(query.items())]
        string_to_sign = "\n".join(
            [
                method,
                *(headers.get(name, "") for name in signed),
                *(f"{name}:{headers[name]}" for name in vendor),
                "?".join(filter(None, (path, "&".join(pairs)))),
            ]
        )
        if key.secret is not None:
            mac = hmac.digest(key.secret.encode(), string_to_sign.encode(), digest)
            if not hmac.compare_digest(base64.b64encode(mac), signature.encode()):
                raise ApiError(api_errors.SIGNATURE_MISMATCH, string_to_sign=string_to_sign)
        nonce = headers.get("x-acs-signature-nonce")
        if nonce:
            self._use_nonce(key_id, nonce, wall)
        return key

    def _key(self, key_id: str, security_token: str, wall: float) -> AccessKey:
        key = self._find_key(key_id)
        if key is None:
            raise ApiError(api_errors.ACCESS_KEY_UNKNOWN, status=self._unknown_key_status())
        if key.secret is None:
            return key
        if key.security_token and not security_token:
            raise ApiError(api_errors.MISSING_COMMON, name="SecurityToken")
        if key.security_token != security_token:
            raise ApiError(api_errors.SECURITY_TOKEN_MISMATCH)
        if key.expires_at is not None and wall >= key.expires_at:
            raise ApiError(api_errors.SECURITY_TOKEN_EXPIRED)
        return key

    def _use_nonce(self, key_id: str, nonce: str, wall: float) -> None:
        """Record a nonce. This is the last check, so only valid requests use their nonces."""
        used = (key_id, nonce)
        if len(key_id) + len(nonce) > _LONGEST_KEPT:
            used = ("", hashlib.sha256(f"{key_id}\0{nonce}".encode()).hexdigest())
        if used in self._nonces:
            raise ApiError(api_errors.NONCE_USED)
        if wall >= self._forget_at:
            oldest = wall - 2 * VALID_SECONDS
            self._nonces = {known: at for known, at in self._nonces.items() if at > oldest}
            self._forget_at = wall + VALID_SECONDS
        self._nonces[used] = wall
        if len(self._nonces) > KEPT_NONCES:
            del self._nonces[next(iter(self._nonces))]


def encode(text: str) -> str:
    """Percent-encoding of RFC 3986: everything except letters, digits and ``-_.~``."""
    return _encoded(text) if len(text) <= _SHORT else quote(text, safe="-_.~")


@lru_cache(maxsize=10_000)
def _encoded(text: str) -> str:
    """Cached, because most calls have the same names and values."""
    return quote(text, safe="-_.~")


def canonical_query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))


def _encoded_again(canonical: str) -> str:
    """The same result as `encode`. In a canonical query only these three characters need it."""
    return canonical.replace("%", "%25").replace("=", "%3D").replace("&", "%26")


def _check_time(text: str, wall: float) -> None:
    try:
        signed_at = parse_time(text).timestamp()
    except ValueError:
        raise ApiError(api_errors.TIMESTAMP_FORMAT) from None
    if abs(wall - signed_at) > VALID_SECONDS:
        raise ApiError(api_errors.TIMESTAMP_EXPIRED)


def _check_http_date(text: str, wall: float) -> None:
    try:
        signed_at = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        raise ApiError(api_errors.TIMESTAMP_FORMAT) from None
    if abs(wall - signed_at) > VALID_SECONDS:
        raise ApiError(api_errors.TIMESTAMP_EXPIRED)


def _common(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise ApiError(api_errors.MISSING_COMMON, name=name)
    return value


def _authorization_fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = {"Credential", "SignedHeaders", "Signature"} - set(fields)
    if scheme != V3_SCHEME or missing:
        raise ApiError(
            api_errors.INCOMPLETE_SIGNATURE,
            reason=f"Authorization must be {V3_SCHEME} Credential=…,SignedHeaders=…,Signature=….",
        )
    return fields
