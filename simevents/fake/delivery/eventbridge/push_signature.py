"""The signature of EventBridge's HTTP requests, version 2: RSA with the key of a certificate.

The receiver fetches the certificate from the URL in a header and verifies the signature over URL,
headers and body. Source: the vendor's page "Verify the signature of an HTTP event target". The
fake has a certificate of its own, which it serves in place of the vendor's.
"""

import base64
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

CERTIFICATE_PATH = "/x509_public_certificate_2021012501.pem"

TIMESTAMP = "x-eventbridge-signature-timestamp"
HASH_METHOD = "x-eventbridge-hash-method"
VERSION = "x-eventbridge-signature-version"
CERTIFICATE_URL = "x-eventbridge-signature-url"
TOKEN = "x-eventbridge-signature-token"  # noqa: S105 - the name of a header
SIGNATURE = "x-eventbridge-signature-v2"

# As the name of the vendor's certificate says, and for long: the cloud's clock may be anywhere.
_VALID_FROM = datetime(2021, 1, 25, tzinfo=UTC)
_VALID_UNTIL = datetime(2121, 1, 25, tzinfo=UTC)


class PushKey:
    """A key and its certificate. They are made when first needed, which takes 0.3 seconds."""

    def __init__(self) -> None:
        self._made: tuple[RSAPrivateKey, bytes] | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def certificate(self) -> bytes:
        """The certificate, as PEM."""
        return self._pair()[1]

    def sign(self, text: bytes) -> bytes:
        """The signature of *text*: RSA PKCS #1 v1.5 with SHA-256."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        return self._pair()[0].sign(text, PKCS1v15(), SHA256())

    def _pair(self) -> "tuple[RSAPrivateKey, bytes]":
        with self._one_at_a_time:
            if self._made is None:
                self._made = _new_pair()
            return self._made


OF_THIS_PROCESS = PushKey()
"""Every fake cloud in this process signs with it, as the vendor has one key for all accounts."""


def certificate_url(region: str) -> str:
    """Where a receiver finds the vendor's certificate; only https and this domain are accepted."""
    return f"https://{region}-eventbridge.oss-accelerate.aliyuncs.com{CERTIFICATE_PATH}"


DEFAULT_CERTIFICATE_URL = certificate_url("cn-hangzhou")


def sign(
    key: PushKey,
    url: str,
    body: bytes,
    wall_ms: int,
    token: str = "",
    certificate: str = DEFAULT_CERTIFICATE_URL,
) -> dict[str, str]:
    """The headers of a signed request, in the order of the text that is signed.

    *wall_ms* is real time in milliseconds since 1970, because receivers refuse what is older
    than a minute. *token* is that of the target, empty for none. *certificate* is the URL of
    the certificate.
    """
    headers = {
        TIMESTAMP: str(wall_ms),
        HASH_METHOD: "SHA256",
        VERSION: "1.0",
        CERTIFICATE_URL: certificate,
    }
    if token:
        headers[TOKEN] = token
    signature = key.sign(text_to_sign(url, headers, body))
    return headers | {SIGNATURE: base64.b64encode(signature).decode()}


def text_to_sign(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The URL with its query, one line for each of *headers*, and the body; no line end after."""
    lines = [url, *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join(lines).encode() + b"\n" + body


def _new_pair() -> "tuple[RSAPrivateKey, bytes]":
    # Imported only where a signed request is sent.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simevents fake EventBridge")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .sign(key, SHA256())
    )
    return key, certificate.public_bytes(Encoding.PEM)
