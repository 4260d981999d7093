"""Redirects both families of Alibaba's Python SDKs to a fake cloud; refuses the real one.

The request decides: one that is signed the vendor's way goes to the fake, whatever
endpoint, region, protocol or proxy the program under test has set. `guard` refuses
every other way out. Only this process is redirected; others read `FakeCloud.env`.
"""

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from ...hosts import is_alibaba
from .guard import refusal
from .origins import left_behind_by

_redirected_to: list[str] = []


@contextmanager
def redirected(url: str, served: Mapping[str, str]) -> Iterator[None]:
    """Lead this process's calls to the fake at *url* for as long as the block lasts.

    *served* are the products that the fake has, by their API versions.
    """
    if _redirected_to:
        raise RuntimeError(
            "This process is led to a fake cloud already, by ecs_fake or fake_cloud(), and can be "
            "led to one only. Take redirect=False for another one."
        )
    with ExitStack() as patches:
        for patch in _Redirector(url, served).patches():
            patches.enter_context(patch)
        _redirected_to.append(url)
        patches.callback(_redirected_to.clear)
        yield


class _Redirector:
    def __init__(self, url: str, served: Mapping[str, str]) -> None:
        self._url = url
        self._netloc = urlsplit(url).netloc
        self._served = served

    def patches(self) -> Iterator[Any]:
        """One patch for each library that may send a request."""
        if _is_installed("aliyunsdkcore"):
            from aliyunsdkcore.client import AcsClient
            from aliyunsdkcore.vendored.requests.adapters import HTTPAdapter as VendoredAdapter

            # For an unknown region the SDK would ask the real cloud.
            yield mock.patch.object(AcsClient, "_resolve_endpoint", _endpoint)
            yield mock.patch.object(VendoredAdapter, "send", self._sending(VendoredAdapter.send))
        if _is_installed("requests"):
            from requests.adapters import HTTPAdapter

            yield mock.patch.object(HTTPAdapter, "send", self._sending(HTTPAdapter.send))
        if _is_installed("aiohttp"):
            from aiohttp import ClientSession

            session_request = ClientSession._request  # noqa: SLF001 - all of its verbs end there
            yield mock.patch.object(ClientSession, "_request", self._requesting(session_request))

    def _sending(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(adapter: Any, request: Any, *arguments: Any, **options: Any) -> Any:
            url = self._leading(request.url, request.headers, request.body)
            if url is None:
                return send(adapter, request, *arguments, **options)
            led = request.copy()
            led.headers.setdefault("Host", urlsplit(request.url).netloc)
            led.url = url
            return send(adapter, led, *arguments, **options | {"proxies": {}})

        return sent

    def _requesting(self, request: Callable[..., Any]) -> Callable[..., Any]:
        async def requested(session: Any, method: str, url: Any, **options: Any) -> Any:
            headers = dict(options.get("headers") or {})
            led = self._leading(str(url), headers, options.get("data"))
            if led is None:
                return await request(session, method, url, **options)
            if not any(name.lower() == "host" for name in headers):
                headers["Host"] = urlsplit(str(url)).netloc
            return await request(
                session, method, led, **options | {"headers": headers, "proxy": None}
            )

        return requested

    def _leading(self, url: str, headers: Mapping[str, str], body: Any) -> str | None:
        """The address of a signed request at the fake; None for a request that is let through."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        action, version = _signed_call(parts.query, headers, body)
        is_fake = parts.netloc == self._netloc
        if left_behind_by() and (is_fake or action or is_alibaba(host)):
            # The cloud of a later test must not hear the handler of an earlier one.
            raise refusal(action or "a page", host)
        if is_fake:
            return None
        if version in self._served:
            query = f"?{parts.query}" if parts.query else ""
            return f"{self._url}{parts.path or '/'}{query}"
        if action or is_alibaba(host):
            raise refusal(f"{action} (API version {version})" if action else "a page", host)
        return None


def _signed_call(query: str, headers: Mapping[str, str], body: Any) -> tuple[str, str]:
    """Action and API version of a request in one of the vendor's two forms; else empty."""
    names = {name.lower(): value for name, value in headers.items()}
    if names.get("x-acs-action"):
        return _text(names["x-acs-action"]), _text(names.get("x-acs-version", ""))
    fields = parse_qs(query)
    if isinstance(body, bytes | str) and "Action" not in fields:
        fields |= parse_qs(_text(body))
    if "Action" not in fields or "Signature" not in parse_qs(query) | fields:
        return "", ""
    return fields["Action"][0], fields.get("Version", [""])[0]


def _endpoint(_client: Any, request: Any) -> str:
    return f"{request.get_product().lower()}.aliyuncs.com"


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@cache
def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
