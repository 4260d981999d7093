"""From the first use of a fake until the process ends: no connection to the vendor's hosts.

A thread of the program under test may outlive its test. It must not reach the real cloud
afterwards, nor the fake of a later test. So the vendor's hosts stay refused, each refusal is
kept with the name of the test that left the thread behind, and the plugin fails the run.

Not covered: tasks left on an event loop that a later test continues (they run on that test's
thread), threads of executors that several tests share, and libraries that open connections
outside Python's socket module, such as pycurl, grpc and uvloop.
"""

import http.client
import importlib.util
import ipaddress
import sys
import threading
import unicodedata
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import thread as executor_threads
from typing import Any
from urllib.parse import urlsplit

from ..errors import OutsideFake

ALIBABA_DOMAINS = (
    *("aliyuncs.com", "aliyun.com", "alibabacloud.com", "aliyun-inc.com"),
    *("alicloudapi.com", "fcapp.run", "alidns.com"),
)
METADATA_ADDRESS = "100.100.100.200"
"""The metadata service of an instance."""

_ADDRESS_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAME_EVENTS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})

_is_standing = False
_left_behind: "weakref.WeakKeyDictionary[threading.Thread, str]" = weakref.WeakKeyDictionary()
_escapes: list[str] = []
_during_test: Callable[[OutsideFake], None] | None = None


def stand() -> None:
    """Refuse the vendor's hosts from now on, until the process ends."""
    global _is_standing  # noqa: PLW0603 - one process, one guard
    if _is_standing:
        return
    _is_standing = True
    # An audit hook cannot be removed, which is what this needs. It also sees the calls of code
    # that imported a function of the socket module earlier.
    sys.addaudithook(_audit)
    # A proxy resolves the name itself, so the name is read where it is passed to the proxy.
    connection: Any = http.client.HTTPConnection
    while hasattr(connection, "_baseclass"):
        # A cassette is open: the class of vcrpy is in place of the real one.
        connection = connection._baseclass  # noqa: SLF001
    connection.set_tunnel = _checked(connection.set_tunnel, _host)
    connection.putrequest = _checked(
        connection.putrequest, lambda _method, url, *_: urlsplit(str(url)).hostname or ""
    )
    if importlib.util.find_spec("aiohttp") is not None:
        from aiohttp import BaseConnector

        BaseConnector.connect = _checked(  # type: ignore[method-assign]
            BaseConnector.connect, lambda request, *_: request.url.host or ""
        )
    if importlib.util.find_spec("httpcore") is not None:
        import httpcore

        # httpx sends everything through these pools, that of a proxy included.
        for pool, name in (
            (httpcore.ConnectionPool, "handle_request"),
            (httpcore.AsyncConnectionPool, "handle_async_request"),
        ):
            handle = _checked(getattr(pool, name), lambda request: _host(request.url.host))
            setattr(pool, name, handle)


def is_standing() -> bool:
    """Whether this process has used a fake."""
    return _is_standing


def report_to(refused: Callable[[OutsideFake], None] | None) -> None:
    """Report refusals to *refused* while its test runs; None when the test has ended."""
    global _during_test  # noqa: PLW0603 - one process is led to one fake
    _during_test = refused


def leave_behind(threads: Iterable[threading.Thread], test: str) -> None:
    """Note the threads that outlived *test*. Threads of executors may be shared and are not."""
    executors = set(executor_threads._threads_queues)  # noqa: SLF001
    for thread in threads:
        if thread.is_alive() and thread not in executors:
            _left_behind.setdefault(thread, test)


def left_behind_by() -> str | None:
    """The test that left the current thread behind; None for other threads."""
    return _left_behind.get(threading.current_thread())


def escapes() -> list[str]:
    """What was refused outside the test that it belongs to, in words."""
    return list(_escapes)


def refusal(what: str, host: str) -> OutsideFake:
    """The error for a refused call, reported to its test or kept as an escape."""
    error = OutsideFake(what, host)
    test = left_behind_by()
    if test is None and _during_test is not None:
        _during_test(error)
    else:
        whose = f"a thread that {test} left behind" if test else "code that ran outside its test"
        _escapes.append(f"{whose} called {what} of {host}; nothing was sent")
    return error


def is_alibaba(host: str) -> bool:
    """Whether *host* is one of Alibaba's, or the address of the metadata service."""
    # A resolver takes other dots and full-width letters for the plain ones.
    name = unicodedata.normalize("NFKC", host).replace("\N{IDEOGRAPHIC FULL STOP}", ".")
    name = name.rstrip(".").lower()
    if any(name == domain or name.endswith(f".{domain}") for domain in ALIBABA_DOMAINS):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address) == METADATA_ADDRESS


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NAME_EVENTS:
        host = _host(arguments[0])
    elif event in _ADDRESS_EVENTS:
        address = arguments[1]
        host = _host(address[0]) if isinstance(address, tuple) and address else ""
    else:
        return
    if host and is_alibaba(host):
        raise refusal("a page", host)


def _checked(function: Callable[..., Any], host_of: Callable[..., str]) -> Callable[..., Any]:
    def checked(self: Any, *arguments: Any, **options: Any) -> Any:
        host = host_of(*arguments)
        if host and is_alibaba(host):
            raise refusal("a page", host)
        return function(self, *arguments, **options)

    return checked


def _host(value: Any, *_: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
