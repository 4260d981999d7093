"""The signature of EventBridge's requests: known texts, and a receiver that verifies."""

import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from simevents.fake.delivery.eventbridge.push_signature import (
    OF_THIS_PROCESS,
    PushKey,
    certificate_url,
    sign,
    text_to_sign,
)

URL = "http://127.0.0.1:8080/hook?env=t"
BODY = b'{"id":"1","source":"acs.ecs"}'
CERTIFICATE_URL = (
    "https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com"
    "/x509_public_certificate_2021012501.pem"
)


def verify(certificate: bytes, url: str, headers: dict[str, str], body: bytes) -> None:
    """As a receiver does it, from the request alone. Raises InvalidSignature."""
    names = ["signature-timestamp", "hash-method", "signature-version", "signature-url"]
    if "x-eventbridge-signature-token" in headers:
        names.append("signature-token")
    text = url + "\n"
    for name in names:
        text += f"x-eventbridge-{name}: {headers[f'x-eventbridge-{name}']}\n"
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    signature = base64.b64decode(headers["x-eventbridge-signature-v2"], validate=True)
    key.verify(signature, text.encode() + body, PKCS1v15(), SHA256())


def test_the_headers_and_the_text_that_is_signed() -> None:
    headers = sign(OF_THIS_PROCESS, URL, BODY, 1767323045000, "tok", certificate_url("cn-hangzhou"))
    signature = headers.pop("x-eventbridge-signature-v2")
    text = text_to_sign(URL, headers, BODY)

    assert list(headers.items()) == [
        ("x-eventbridge-signature-timestamp", "1767323045000"),
        ("x-eventbridge-hash-method", "SHA256"),
        ("x-eventbridge-signature-version", "1.0"),
        ("x-eventbridge-signature-url", CERTIFICATE_URL),
        ("x-eventbridge-signature-token", "tok"),
    ]
    assert (len(text), hashlib.sha256(text).hexdigest()) == (
        345,
        "3d3ca8e4557df086e89aae9e57cf8ce4b95ad931472137ae6f9f9d2b0997c012",
    )
    assert len(base64.b64decode(signature)) == 256


@pytest.mark.parametrize("token", ["tok", ""])
def test_a_receiver_can_verify_it_with_the_certificate(token: str) -> None:
    headers = sign(OF_THIS_PROCESS, URL, BODY, 1767323045000, token)

    assert ("x-eventbridge-signature-token" in headers) == bool(token)
    verify(OF_THIS_PROCESS.certificate, URL, headers, BODY)


@pytest.mark.parametrize(
    ("url", "changed", "body"),
    [
        ("http://127.0.0.1:8080/hook?env=p", {}, BODY),
        (URL, {"x-eventbridge-signature-timestamp": "1767323045001"}, BODY),
        (URL, {"x-eventbridge-signature-token": "other"}, BODY),
        (URL, {}, BODY + b" "),
    ],
)
def test_a_changed_request_does_not_verify(url: str, changed: dict[str, str], body: bytes) -> None:
    headers = sign(OF_THIS_PROCESS, URL, BODY, 1767323045000, "tok")

    with pytest.raises(InvalidSignature):
        verify(OF_THIS_PROCESS.certificate, url, headers | changed, body)


def test_a_key_is_made_once_and_each_key_differs() -> None:
    first = PushKey()

    assert first.certificate == first.certificate
    assert first.certificate != OF_THIS_PROCESS.certificate
