"""The certificate authority of one fake: it certifies Alibaba's hosts to programs that trust it.

Its key exists in memory only. It lives as long as the process that made it.
"""

import os
import ssl
import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...hosts import is_alibaba, plain

if TYPE_CHECKING:
    import trustme

MOST_HOSTS = 256
"""Contexts that are kept; the one that was not used for longest goes first."""

_ANY_HOST = ("*.aliyuncs.com", "aliyuncs.com", "localhost", "127.0.0.1", "::1")
"""For clients that do not say which host they want."""


class Authority:
    """Issues a certificate for each host when a client first asks for it."""

    def __init__(self) -> None:
        self._made: trustme.CA | None = None
        self._one_at_a_time = threading.Lock()
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, as PEM: what a program has to trust."""
        return bytes(self._authority().cert_pem.bytes())

    def context(self) -> ssl.SSLContext:
        """For a server: each client gets the certificate of the host that it names (SNI)."""
        return self._context("", _ANY_HOST)

    def _authority(self) -> "trustme.CA":
        # The server's thread and the one that starts programs may both be the first.
        with self._one_at_a_time:
            if self._made is None:
                # Its import takes a tenth of a second, which only programs with HTTPS need.
                import trustme

                self._made = trustme.CA(organization_name="simevents fake cloud of this run")
            return self._made

    def _context(self, key: str, names: tuple[str, ...]) -> ssl.SSLContext:
        found = self._contexts.pop(key, None)
        if found is None:
            found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Clients that could speak HTTP/2 then use HTTP/1.1.
            found.set_alpn_protocols(["http/1.1"])
            found.sni_callback = self._choose
            issued = self._authority().issue_cert(*names)
            _load(found, issued.private_key_and_cert_chain_pem.bytes())
        self._contexts[key] = found
        if len(self._contexts) > MOST_HOSTS:
            self._contexts.popitem(last=False)
        return found

    def _choose(self, connection: Any, name: str | None, _: ssl.SSLContext) -> None:
        # A name that no certificate can have keeps the one for any host.
        with suppress(ValueError):
            if name and is_alibaba(name):
                connection.context = self._context(plain(name), (plain(name),))


def _load(context: ssl.SSLContext, key_and_chain: bytes) -> None:
    """`load_cert_chain` takes a file only; where the system can, this one is in memory."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("leaf"), "wb") as file:
            file.write(key_and_chain)
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="simevents-leaf-") as folder:
        path = Path(folder, "leaf.pem")
        path.touch(mode=0o600)
        path.write_bytes(key_and_chain)
        context.load_cert_chain(path)
