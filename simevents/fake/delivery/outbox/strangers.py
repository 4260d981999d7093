"""Which addresses the fake may call: this machine, and what a person has allowed.

The check is made on the address of the connection, so a name that resolves to another machine
does not pass. A name is not even resolved unless it is allowed.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterator

from ....hosts import (
    is_link_local,
    is_loopback,
    is_metadata,
    is_of_this_machine,
    is_unspecified,
    plain,
    to_address,
)


class Stranger(Exception):
    """The target may not be called; the text gives the reason and what would allow it."""


async def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


class Strangers:
    """Finds the addresses of targets.

    *allowed* are hosts that may be called besides this machine. *own_port* returns the port of
    the fake, which is never a target: it would answer itself for ever.
    """

    def __init__(
        self,
        allowed: Collection[str],
        own_port: Callable[[], int],
        resolve: Callable[[str, int], Awaitable[list[str]]] = resolved,
    ) -> None:
        self._allowed = frozenset(plain(host) for host in allowed)
        self._own_port = own_port
        self._resolve = resolve

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to, the best one first. Raises Stranger, and OSError."""
        found = list(_of_this_machine(host))
        if not found:
            if plain(host) not in self._allowed:
                raise Stranger(
                    f"{host} is not this machine, and a fake cloud calls no other; to allow it, "
                    f"start the fake with --allow-delivery {host}"
                )
            found = await self._resolve(host, port)
        for address in found:
            self._check(host, address, port)
        return found

    def _check(self, host: str, address: str, port: int) -> None:
        # A name must not lead to the metadata service of the machine on which the fake runs.
        is_hidden = to_address(host) is None and is_link_local(address)
        if is_metadata(address) or is_unspecified(address) or is_hidden:
            raise Stranger(f"{host} leads to {address}, which is never called")
        if port == self._own_port() and (is_loopback(address) or is_of_this_machine(address)):
            raise Stranger(
                f"port {port} is the fake's own, which is never a target; give the address of the "
                "handler"
            )


def _of_this_machine(host: str) -> Iterator[str]:
    name = plain(host)
    if to_address(host) is None:
        if name == "localhost" or name.endswith(".localhost"):
            yield from ("127.0.0.1", "::1")
    elif is_unspecified(host):
        # A connection to it goes to this machine.
        yield "127.0.0.1"
    elif is_loopback(host):
        yield str(to_address(host))
