"""Checks who signed a request, in both of the vendor's schemes.

The query signature (HMAC-SHA1 or HMAC-SHA256 over the parameters) and the header
signature (ACS3-HMAC-SHA256 over the whole request). Both live in wall time: a
client signs with its own clock, whatever the time is in the cloud.

Sources: the vendor's pages "RPC request syntax and signature" and "V3 request
structure and signature".
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from ..models import parse_time
from . import codes
from .codes import Refused

VALID_SECONDS = 15 * 60
"""How far a request's time may be from ours, and how long a nonce is remembered."""

V3_SCHEME = "ACS3-HMAC-SHA256"

_QUERY_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


class Verifier:
    """Verifies requests signed with the keys of *access_keys*, id to secret."""

    def __init__(self, access_keys: Mapping[str, str]) -> None:
        self._access_keys = access_keys
        self._nonces: dict[tuple[str, str], float] = {}
        self._forget_at = 0.0

    def verify_query(self, method: str, parameters: Mapping[str, str], wall: float) -> None:
        """Query signature over all *parameters*, empty ones included; Refused when it is wrong."""
        key_id = _common(parameters, "AccessKeyId")
        signature = _common(parameters, "Signature")
        nonce = _common(parameters, "SignatureNonce")
        digest = _QUERY_DIGESTS.get(parameters.get("SignatureMethod", "HMAC-SHA1"))
        if digest is None:
            raise Refused(codes.INCOMPLETE_SIGNATURE, reason="Unknown SignatureMethod.")
        secret = self._secret(key_id)
        self._check_time(_common(parameters, "Timestamp"), wall)
        canonical = canonical_query(
            {name: value for name, value in parameters.items() if name != "Signature"}
        )
        string_to_sign = f"{method}&%2F&{encode(canonical)}"
        key = f"{secret}&".encode()
        expected = base64.b64encode(hmac.digest(key, string_to_sign.encode(), digest)).decode()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Refused(codes.SIGNATURE_MISMATCH, string_to_sign=string_to_sign)
        self._use_nonce(key_id, nonce, wall)

    def verify_headers(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        wall: float,
    ) -> None:
        """ACS3 signature; *headers* have lower-case names. Refused when it is wrong."""
        fields = _authorization_fields(headers.get("authorization", ""))
        secret = self._secret(fields["Credential"])
        self._check_time(headers.get("x-acs-date", ""), wall)
        nonce = headers.get("x-acs-signature-nonce", "")
        if not nonce:
            raise Refused(codes.MISSING_COMMON, name="SignatureNonce")
        payload_hash = hashlib.sha256(body).hexdigest()
        if headers.get("x-acs-content-sha256", payload_hash) != payload_hash:
            raise Refused(
                codes.INCOMPLETE_SIGNATURE,
                reason="x-acs-content-sha256 is not that of the body.",
            )
        signed = fields["SignedHeaders"].split(";")
        canonical = "\n".join(
            [
                method,
                path,
                canonical_query(query),
                *(f"{name}:{headers.get(name, '').strip()}" for name in signed),
                "",
                ";".join(signed),
                payload_hash,
            ]
        )
        string_to_sign = f"{V3_SCHEME}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        expected = hmac.digest(secret.encode(), string_to_sign.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), fields["Signature"].encode()):
            raise Refused(codes.SIGNATURE_MISMATCH, string_to_sign=canonical)
        self._use_nonce(fields["Credential"], nonce, wall)

    def _secret(self, key_id: str) -> str:
        try:
            return self._access_keys[key_id]
        except KeyError:
            raise Refused(codes.ACCESS_KEY_UNKNOWN) from None

    def _check_time(self, text: str, wall: float) -> None:
        try:
            signed_at = parse_time(text).timestamp()
        except ValueError:
            raise Refused(codes.TIMESTAMP_FORMAT) from None
        if abs(wall - signed_at) > VALID_SECONDS:
            raise Refused(codes.TIMESTAMP_EXPIRED)

    def _use_nonce(self, key_id: str, nonce: str, wall: float) -> None:
        """Last of all checks: only a request that is otherwise good uses its nonce up."""
        if (key_id, nonce) in self._nonces:
            raise Refused(codes.NONCE_USED)
        if wall >= self._forget_at:
            oldest = wall - 2 * VALID_SECONDS
            self._nonces = {used: at for used, at in self._nonces.items() if at > oldest}
            self._forget_at = wall + VALID_SECONDS
        self._nonces[key_id, nonce] = wall


def encode(text: str) -> str:
    """Percent-encoding of RFC 3986: all but letters, digits and ``-_.~``."""
    return quote(text, safe="-_.~")


def canonical_query(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))


def _common(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise Refused(codes.MISSING_COMMON, name=name)
    return value


def _authorization_fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = {"Credential", "SignedHeaders", "Signature"} - set(fields)
    if scheme != V3_SCHEME or missing:
        raise Refused(
            codes.INCOMPLETE_SIGNATURE,
            reason=f"Authorization must be {V3_SCHEME} Credential=…,SignedHeaders=…,Signature=….",
        )
    return fields
