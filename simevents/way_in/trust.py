"""What a program of the run trusts: what it trusts anyway, and the authority of the run."""

import re
import ssl
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

BUNDLES: Mapping[str, tuple[str, ...]] = {
    "SSL_CERT_FILE": ("SSL_CERT_FILE",),
    "REQUESTS_CA_BUNDLE": ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    "CURL_CA_BUNDLE": ("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
    "ALIBABA_CLOUD_CA_BUNDLE": ("ALIBABA_CLOUD_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    "NODE_EXTRA_CA_CERTS": ("NODE_EXTRA_CA_CERTS",),
}
"""Each variable that names a bundle, and where its programs look for one, in order."""

_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Linux distributions and macOS keep theirs."""

_CERTIFICATE = re.compile(
    rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.+?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL
)


def public() -> bytes:
    """The public authorities, as PEM: those of the system, else of certifi."""
    default = ssl.get_default_verify_paths().openssl_cafile
    for path in (default, *_SYSTEM):
        found = certificates(Path(path))
        if found:
            return found
    with suppress(ImportError):
        import certifi

        return certificates(Path(certifi.where()))
    return b""


def certificates(path: Path) -> bytes:
    """The certificates in the file *path*, or in the files of the folder, as PEM.

    Nothing else of the files is taken: some also have a private key. Empty if it cannot be read.
    """
    blocks: list[bytes] = []
    with suppress(OSError, ValueError):
        for file in sorted(path.iterdir()) if path.is_dir() else [path]:
            with suppress(OSError):
                blocks += _CERTIFICATE.findall(file.read_bytes())
    return b"".join(block + b"\n" for block in dict.fromkeys(blocks))


def parsed(pem: bytes) -> "list[Certificate]":
    """The certificates of a bundle; those that are malformed are left out."""
    from cryptography import x509

    found = []
    with warnings.catch_warnings():
        # Some public authorities have a serial number of zero.
        warnings.filterwarnings("ignore", message=".*serial number which wasn't positive")
        for block in _CERTIFICATE.findall(pem):
            with suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(block))
    return found


def java_store(certificates: "Iterable[Certificate]") -> bytes:
    """A trust store for Java, PKCS#12.

    It is not encrypted: Java reads an encrypted one without its password as an empty one.
    """
    from cryptography.hazmat.primitives.serialization import NoEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import (
        PKCS12Certificate,
        serialize_java_truststore,
    )

    entries = [
        PKCS12Certificate(certificate, f"ca-{number}".encode())
        for number, certificate in enumerate(dict.fromkeys(certificates))
    ]
    return serialize_java_truststore(entries, NoEncryption())
