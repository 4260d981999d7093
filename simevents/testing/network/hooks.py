"""The ways out of this process: each asks the network guard before anything is sent.

An audit hook sees every call of Python's socket module, also by code that imported a function
earlier. In addition there are patches for what the hook cannot see: libraries that pass the name
to a proxy, and event loops with their own sockets. What is installed stays until the process ends.

Not covered: raw sockets that were connected before the first use of a fake, datagrams that
uvloop sends without a peer, and libraries in other languages that open connections themselves.
Those of the latter that read the proxy variables, such as curl and grpc, end at the fake.
"""

import functools
import http.client
import importlib.util
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any


@dataclass(frozen=True)
class Checks:
    """What each way out asks. Each raises an error if the way must not be taken."""

    host: Callable[[str], None]
    """Before *host*, a name or an address, is resolved or contacted."""
    connection: Callable[[str, int], None]
    """Before a connection to a host and port."""
    proxied: Callable[[str, str], None]
    """Before a request of a URL through a proxy, given as host and port."""
    process: Callable[[str], None]
    """Before a process is started, given its command."""


_LOCAL_FAMILIES = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
"""Sockets of these families do not leave the machine."""

_hook_is_installed = False
_THIS_COPY = object()


def install(checks: Checks) -> None:
    """Let all ways out ask *checks* from now on; does what is missing when it is called again."""
    global _hook_is_installed  # noqa: PLW0603 - an audit hook cannot be removed
    if not _hook_is_installed:
        _hook_is_installed = True
        sys.addaudithook(_audit_hook(checks))
    for owner, name, ask in _patches(checks):
        function = getattr(owner, name)
        # A cassette that was open meanwhile may have put the function of the library back.
        # A second copy of this module, which pytester's runs can make, puts its own in front.
        if getattr(function, "asks_network_guard", None) is not _THIS_COPY:
            setattr(owner, name, _asking(function, ask))


def _audit_hook(checks: Checks) -> Callable[[str, tuple[Any, ...]], None]:
    def connecting(arguments: tuple[Any, ...]) -> None:
        connection, address = arguments[:2]
        if address is None or connection.family in _LOCAL_FAMILIES:
            return
        if connection.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            checks.connection(_text(address[0]), address[1])
        else:
            checks.host(f"{address} ({connection.family!s})")

    def resolving(arguments: tuple[Any, ...]) -> None:
        checks.host(_text(arguments[0]))

    def naming(arguments: tuple[Any, ...]) -> None:
        checks.host(_text(arguments[0][0]))

    def starting(arguments: tuple[Any, ...]) -> None:
        checks.process((_text(arguments[0]) or "a program") if arguments else "a copy of itself")

    asking = {
        **dict.fromkeys(("socket.connect", "socket.sendto", "socket.sendmsg"), connecting),
        **dict.fromkeys(
            ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"), resolving
        ),
        "socket.getnameinfo": naming,
        **dict.fromkeys(("subprocess.Popen", "os.posix_spawn", "os.spawn", "os.exec"), starting),
        **dict.fromkeys(("os.system", "os.fork"), starting),
    }
    ask = asking.get

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        # Called for each import, open file and the like: one look-up for those.
        check = ask(event)
        if check is not None:
            check(arguments)

    return audit


def _patches(checks: Checks) -> Iterator[tuple[Any, str, Callable[..., None]]]:
    """Owner and name of each function, and what asks before it; that takes the same arguments."""

    def requesting(connection: Any, _method: str, url: Any, *_: Any, **__: Any) -> None:
        # A connection that was opened earlier connects no more.
        checks.host(connection._tunnel_host or connection.host)  # noqa: SLF001
        if "://" in str(url):
            checks.proxied(str(url), f"{connection.host}:{connection.port}")

    connection: Any = http.client.HTTPConnection
    while hasattr(connection, "_baseclass"):
        # A cassette is open: the class of vcrpy is in place of the real one.
        connection = connection._baseclass  # noqa: SLF001
    yield connection, "putrequest", requesting
    # It starts programs without an audit event.
    yield BaseProcess, "start", lambda process: checks.process(process.name)
    yield connection, "set_tunnel", lambda _, host, *__, **___: checks.host(_text(host))
    if is_installed("aiohttp"):
        from aiohttp import BaseConnector, TCPConnector

        def connecting(connector: Any, request: Any, *_: Any, **__: Any) -> None:
            # Others lead to Unix sockets and pipes.
            if isinstance(connector, TCPConnector):
                checks.host(request.url.host or "")

        yield BaseConnector, "connect", connecting
    if is_installed("httpcore"):
        import httpcore

        def pooling(pool: Any, request: Any) -> None:
            if getattr(pool, "_uds", None) is None:
                checks.host(_text(request.url.host))

        # httpx sends everything through these pools, that of a proxy included.
        for pool, name in (
            (httpcore.ConnectionPool, "handle_request"),
            (httpcore.AsyncConnectionPool, "handle_async_request"),
        ):
            yield pool, name, pooling
    if is_installed("uvloop"):
        yield from _patches_of_uvloop(checks)


def _patches_of_uvloop(checks: Checks) -> Iterator[tuple[Any, str, Callable[..., None]]]:
    from uvloop import Loop

    def connecting(_loop: Any, _factory: Any, host: Any = None, port: Any = 0, **_: Any) -> None:
        if host is not None:
            checks.connection(_text(host), port)

    def resolving(_loop: Any, host: Any, *_: Any, **__: Any) -> None:
        checks.host(_text(host))

    def naming(_loop: Any, address: Any, *_: Any) -> None:
        checks.host(_text(address[0]))

    def opening(
        _loop: Any, _factory: Any, _local: Any = None, remote_addr: Any = None, **_: Any
    ) -> None:
        if isinstance(remote_addr, tuple):
            checks.connection(_text(remote_addr[0]), remote_addr[1])

    def joining(_loop: Any, _connection: Any, address: Any, *_: Any) -> None:
        if isinstance(address, tuple):
            checks.connection(_text(address[0]), address[1])

    yield Loop, "create_connection", connecting
    yield Loop, "getaddrinfo", resolving
    yield Loop, "getnameinfo", naming
    yield Loop, "create_datagram_endpoint", opening
    yield Loop, "sock_connect", joining
    yield Loop, "sock_sendto", lambda loop, s, _, *address: joining(loop, s, address[-1])


def _asking(function: Callable[..., Any], ask: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def asked(*arguments: Any, **options: Any) -> Any:
        ask(*arguments, **options)
        return function(*arguments, **options)

    asked.asks_network_guard = _THIS_COPY  # type: ignore[attr-defined]
    return asked


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


@functools.cache
def is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
