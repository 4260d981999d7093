"""The options that a Java program reads from the environment, and a trust store that they name."""

import re
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

OPTIONS = "JAVA_TOOL_OPTIONS"
STRONGER = ("JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
"""Variables whose options win over those of `OPTIONS`."""

_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_OURS = re.compile(
    r"-D(?:(?:https?|ftp)\.(?:proxyHost|proxyPort|nonProxyHosts)|socksProxy(?:Host|Port|Version)"
    r"|java\.net\.useSystemProxies"
    r"|javax\.net\.ssl\.trustStore(?:Type|Password|Provider)?)(?:=|$)"
)
_STORE = "-Djavax.net.ssl.trustStore="
_PASSWORD = "-Djavax.net.ssl.trustStorePassword="  # noqa: S105 - the name of an option


def added(given: str, host: str, port: int, past: Iterable[str], store: str) -> str:
    """*given* and after it the proxy at *host* and *port*, and the trust store *store*.

    *past* are the hosts that are reached without the proxy.
    """
    without = "|".join(past)
    ours = [
        *(f"-D{scheme}.proxyHost={host}" for scheme in ("http", "https")),
        *(f"-D{scheme}.proxyPort={port}" for scheme in ("http", "https")),
        # It is for both schemes.
        f"-Dhttp.nonProxyHosts={without}",
        f"{_STORE}{store}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
    ]
    return " ".join(filter(None, [without_ours(given), *map(_quoted, ours)]))


def without_ours(given: str) -> str:
    """*given* without options for proxies and the trust store, which would lead elsewhere."""
    return " ".join(word for word in _WORD.findall(given) if not _OURS.match(_plain(word)))


def trust_store(environ: Mapping[str, str]) -> tuple[str, str]:
    """The trust store that the user's options name, and its password; empty without one."""
    path, password = "", ""
    for name in (OPTIONS, *STRONGER):
        given = environ.get(name, "")
        for word in map(_plain, _WORD.findall(given)) if _STORE in given else ():
            path = word.removeprefix(_STORE) if word.startswith(_STORE) else path
            password = word.removeprefix(_PASSWORD) if word.startswith(_PASSWORD) else password
    return path, password


def trusted(path: str, password: str) -> "list[Certificate] | None":
    """The authorities in a trust store of the user, JKS or PKCS#12; None if it cannot be read."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    with suppress(OSError, ValueError, struct.error):
        data = Path(path).read_bytes()
        if data[:4] == b"\xfe\xed\xfe\xed":
            return [x509.load_der_x509_certificate(der) for der in _jks_entries(data)]
        found = load_pkcs12(data, password.encode() if password else None)
        return [entry.certificate for entry in found.additional_certs]
    return None


def _jks_entries(data: bytes) -> list[bytes]:
    """The trusted certificates of a JKS file, of which only the private keys are encrypted."""
    found: list[bytes] = []
    at = 12

    def taken(size_of_length: int) -> bytes:
        nonlocal at
        (length,) = struct.unpack_from(">H" if size_of_length == 2 else ">I", data, at)
        at += size_of_length + length
        return data[at - length : at]

    for _ in range(struct.unpack_from(">I", data, 8)[0]):
        (kind,) = struct.unpack_from(">I", data, at)
        at += 4
        taken(2)  # the alias
        at += 8  # the date
        if kind == 1:
            taken(4)  # the key
        count = 1 if kind == 2 else struct.unpack_from(">I", data, at)[0]
        at += 0 if kind == 2 else 4
        for _ in range(count):
            taken(2)  # the type
            der = taken(4)
            found += [der] if kind == 2 else []
    return found


def _plain(word: str) -> str:
    return re.sub(r"""(["'])(.*?)\1""", r"\2", word)


def _quoted(word: str) -> str:
    """As the virtual machine reads it: quotes group, and nothing escapes."""
    if not re.search(r"""[\s"']""", word):
        return word
    quote = "'" if '"' in word else '"'
    return f"{quote}{word}{quote}"
