"""The hosts that a test may reach besides loopback."""

import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import InvalidInput
from ...hosts import ALIBABA_DOMAINS, is_alibaba, plain, to_address

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")


class AllowedHosts:
    """Hosts by name or address; a name also permits the addresses that it resolves to.

    Raises InvalidInput for a host of Alibaba's, and for text that is not a host.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self.names: tuple[str, ...] = tuple(dict.fromkeys(_valid(host) for host in hosts))
        self._addresses = {address for name in self.names if (address := to_address(name))}
        # Software on this machine resolves the machine's own name; that leads to no other machine.
        self._own_name = plain(socket.gethostname())

    def permits(self, host: str) -> bool:
        """Whether *host*, a name or an address, may be reached."""
        address = to_address(host)
        if address is None:
            return plain(host) in (*self.names, self._own_name)
        return address in self._addresses

    @contextmanager
    def noting_addresses(self) -> Iterator[None]:
        """Note the addresses of the allowed names, now and whenever code in the block asks."""
        if not self.names:
            yield
            return
        # Its import takes time that a program which only asks `permits` need not spend.
        from unittest import mock

        getaddrinfo = socket.getaddrinfo

        def noted(host: Any, *arguments: Any, **options: Any) -> Any:
            found = getaddrinfo(host, *arguments, **options)
            name = host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)
            if plain(name) in self.names:
                self._addresses |= {
                    address for entry in found if (address := to_address(str(entry[4][0])))
                }
            return found

        for name in self.names:
            try:
                noted(name, None)
            except OSError:
                continue
        with mock.patch.object(socket, "getaddrinfo", noted):
            yield


def _valid(host: str) -> str:
    name = plain(host)
    # A child process may reach what is below an allowed name, too.
    if is_alibaba(host) or any(domain.endswith(f".{name}") for domain in ALIBABA_DOMAINS):
        raise InvalidInput(
            "allow_hosts",
            f"{host} is a host of Alibaba Cloud, which a test with the fake never reaches",
        )
    if to_address(host) is None and not _NAME.fullmatch(name):
        raise InvalidInput(
            "allow_hosts",
            f"{host!r} is not a valid host; use a name such as stats.example.com, or an address",
        )
    return name
