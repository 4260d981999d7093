"""Redirects both families of Alibaba's Python SDKs to a fake cloud; refuses the real one.

The request decides: one that is signed the vendor's way (`vendor_calls`) goes to the fake, whatever
endpoint, region, protocol or proxy the program under test has set. So does one of the metadata
service, which the fake knows by its Host header, and one of the queues' client. `guard` refuses
every other way out. Only this process is redirected; others read `FakeCloud.env`.
"""

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ...hosts import is_alibaba, is_loopback, is_metadata
from .guard import fakes_in_use, refusal
from .hooks import is_installed
from .origins import left_behind_by
from .vendor_calls import DATA_PLANES, is_push_certificate, signed_call


@dataclass(frozen=True)
class _Target:
    url: str
    versions: Collection[str]
    """The API versions that the fake serves."""
    is_taught: "IsTaught"


IsTaught = Callable[[str, str, str, str], bool]
"""Whether the fake was taught an answer to a request: method, host, path and action."""

_targets: list[_Target] = []
"""At most one: the fake to which this process is led."""


@contextmanager
def redirected(url: str, versions: Collection[str], is_taught: IsTaught) -> Iterator[None]:
    """Lead this process's calls to the fake at *url* for as long as the block lasts.

    *versions* are the API versions that the fake serves; *is_taught* tells of other calls.
    """
    if _targets:
        raise RuntimeError(
            "This process is led to a fake cloud already, by ecs_fake or fake_cloud(), and can be "
            "led to one only. Take redirect=False for another one."
        )
    _install()
    _targets.append(_Target(url, versions, is_taught))
    try:
        yield
    finally:
        _targets.clear()


def _install() -> None:
    """Put a function in front of each library that may send a request; they stay.

    Were they taken away with each test, a program that has saved one of them, such as
    monkeypatch, could put it back later.
    """
    if is_installed("aliyunsdkcore"):
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkcore.vendored.requests.adapters import HTTPAdapter as VendoredAdapter

        # For an unknown region the SDK would ask the real cloud.
        _replace(AcsClient, "_resolve_endpoint", _resolving)
        _replace(VendoredAdapter, "send", _sending)
    if is_installed("requests"):
        from requests.adapters import HTTPAdapter

        _replace(HTTPAdapter, "send", _sending)
    if is_installed("aiohttp"):
        from aiohttp import ClientSession

        # All of its verbs end there.
        _replace(ClientSession, "_request", _requesting)
    if is_installed("mns"):
        from mns.mns_http import MNSHttp

        _replace(MNSHttp, "send_request", _queueing)


def _replace(owner: Any, name: str, make: Callable[[Callable[..., Any]], Any]) -> None:
    function = getattr(owner, name)
    # A mock of the user, or a cassette, may have put the function of the library back.
    # A second copy of this module, which pytester's runs can make, puts its own in front.
    if getattr(function, "leads_to_fake", None) is not _targets:
        replacement: Any = functools.wraps(function)(make(function))
        replacement.leads_to_fake = _targets
        setattr(owner, name, replacement)


def _resolving(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolved(client: Any, request: Any) -> Any:
        if not _targets:
            return resolve(client, request)
        return f"{request.get_product().lower()}.aliyuncs.com"

    return resolved


def _sending(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(
        adapter: Any,
        request: Any,
        stream: Any = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Any:
        url = _leading(request.method, request.url, request.headers, request.body)
        if url is None:
            return send(adapter, request, stream, timeout, verify, cert, proxies)
        led = request.copy()
        led.headers.setdefault("Host", urlsplit(request.url).netloc)
        led.url = url
        return send(adapter, led, stream, timeout, verify, cert, {})

    return sent


def _requesting(request: Callable[..., Any]) -> Callable[..., Any]:
    async def requested(session: Any, method: str, url: Any, **options: Any) -> Any:
        headers = dict(options.get("headers") or {})
        led = _leading(method, str(url), headers, options.get("data"))
        if led is None:
            return await request(session, method, url, **options)
        if not any(name.lower() == "host" for name in headers):
            headers["Host"] = urlsplit(str(url)).netloc
        return await request(session, method, led, **options | {"headers": headers, "proxy": None})

    return requested


def _queueing(send: Callable[..., Any]) -> Callable[..., Any]:
    """For the client of the queues, which has connections of Python's own and obeys no proxy."""

    def sent(http: Any, request: Any) -> Any:
        url = f"{'https' if http.is_https else 'http'}://{http.host}{request.uri}"
        led = _leading(request.method, url, request.header, request.data)
        if led is None:
            return send(http, request)
        # Its header Host has the queue's region. Connection and protocol are the fake's.
        at_fake = type(http)(urlsplit(led).netloc, http.connection_timeout, logger=http.logger)
        try:
            answer = send(at_fake, request)
        finally:
            at_fake.conn.close()
        http.request_size, http.response_size = at_fake.request_size, at_fake.response_size
        return answer

    return sent


def _leading(method: str, url: str, headers: Mapping[str, str], body: Any) -> str | None:
    """The address of a request at the fake; None for a request that is let through."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_of_fake = parts.netloc in fakes_in_use()
    if not _targets and not left_behind_by():
        return None
    path = parts.path or "/"
    action, version = signed_call(method, path, parts.query, headers, body)
    if left_behind_by() and (is_of_fake or action or is_alibaba(host)):
        # The cloud of a later test must not hear the handler of an earlier one.
        raise refusal(action or "a page", host)
    if is_of_fake or not _targets:
        return None
    (target,) = _targets
    query = f"?{parts.query}" if parts.query else ""
    at_fake = f"{target.url}{path}{query}"
    is_of_metadata = parts.scheme == "http" and is_metadata(host) and not action
    is_served = version in target.versions or version in DATA_PLANES
    if is_served or is_of_metadata or is_push_certificate(host, path):
        return at_fake
    if is_loopback(host):
        # A stub of the test's own, for what the fake does not serve.
        return None
    if action or is_alibaba(host):
        if target.is_taught(method.upper(), host, path, action):
            return at_fake
        raise refusal(f"{action} (API version {version})" if action else "a page", host)
    return None
