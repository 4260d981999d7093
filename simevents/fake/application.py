"""The fake cloud as an ASGI application: API, metadata, and control routes with access control.

`server` manages sockets and the life of the server; `dispatch` produces the answers.
"""

import hmac
import logging
import re
import sqlite3
from collections.abc import Callable, Mapping

import orjson

from ..hosts import is_alibaba, is_loopback
from .delivery.eventbridge.push_signature import CERTIFICATE_PATH, OF_THIS_PROCESS
from .metadata.service import MetadataService
from .mns.requests import is_queue_request
from .mns.service import QueueService
from .protocol import dispatch, wire
from .protocol.asgi import (
    AsgiApplication,
    BodyTooLarge,
    ClientLeft,
    Receive,
    Scope,
    Send,
    client_leaves,
    closed,
    first,
    read_body,
    send_answer,
)
from .protocol.connections import PROXIED_HOST, Connections, asked_url
from .proxy import Proxy, is_metadata_service, is_own, raw_refusal

MAX_BODY_BYTES = 1_000_000
MAX_QUEUE_BODY_BYTES = 8_000_000
"""Enough for 16 messages of 64 KiB, also when each character is escaped."""
MAX_CONTROL_BODY_BYTES = 8_000_000
"""Enough for 100,000 instance ids."""

# A name or an address, and a port. Without the rest of what an address of a page may have: a user
# ("evil.com@127.0.0.1"), an escape or a zone ("127.0.0.1%evil.com").
_HOST = re.compile(rb"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::[0-9]*)?")

MOST_LOGGED_FAILURES = 100
"""The limit for logged failures of the data file."""

log = logging.getLogger(__name__)

OnExchange = Callable[[str, wire.Request, wire.Response], None]
"""Takes the URL that the client asked for, the request and the answer."""


class Guard:
    """Access control for the control routes: by token, or by host name if there is no token.

    Without a token, the Host header must be a loopback name or address. This prevents DNS
    rebinding: a web page in a local browser could otherwise send requests to the fake. A request
    with two Host headers is always refused: programs do not agree which of them counts.
    """

    def __init__(self, make_routes: Callable[[], "AsgiApplication"], token: str) -> None:
        self._make_routes = make_routes
        self._routes: AsgiApplication | None = None
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        has_more_hosts = sum(name.lower() == b"host" for name, _ in scope["headers"]) > 1
        needed = "a single Host header" if has_more_hosts else ""
        needed = needed or self._missing_right(headers) or _foreign_page(headers)
        if needed:
            body = orjson.dumps({"error": f"a control request needs {needed}"})
            await send_answer(send, 403, [(b"content-type", b"application/json")], body)
            return
        try:
            body = await read_body(receive, MAX_CONTROL_BODY_BYTES)
        except ClientLeft:
            return
        except BodyTooLarge:
            text = f"the body of a control request has at most {MAX_CONTROL_BODY_BYTES} bytes"
            content = orjson.dumps({"error": text})
            await send_answer(send, 413, [(b"content-type", b"application/json")], content)
            return
        if self._routes is None:
            self._routes = self._make_routes()
        await self._routes(scope, first(body, receive), send)

    def _missing_right(self, headers: Mapping[bytes, bytes]) -> str:
        """What the caller has to show, in words; empty when the caller may use the routes."""
        if not self._token:
            is_local = is_loopback(_host_name(headers.get(b"host", b"")))
            return "" if is_local else "a loopback address as its host"
        # The scheme is not case-sensitive (RFC 9110).
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._token.encode()):
            return ""
        return "the header Authorization: Bearer with the control token of this server"


def _foreign_page(headers: Mapping[bytes, bytes]) -> str:
    """What a request of a browser lacks, in words; empty for other clients.

    Browsers send ``Origin`` or ``Sec-Fetch-Site`` with the requests of a page. Only pages of
    this server may use the routes, and only with JSON: for that a page of another origin
    would need the server's consent (a preflight request).
    """
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    if origin is None and site is None:
        return ""
    host = headers.get(b"host", b"")
    if origin is not None and origin not in (b"http://" + host, b"https://" + host):
        return "to come from a page of this server, not from another origin"
    if site not in (None, b"same-origin", b"none"):
        return "to come from a page of this server, not from another site"
    has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
    content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if has_body and content_type != b"application/json":
        return "the header Content-Type: application/json when a page sends it"
    return ""


class Application:
    """The ASGI application: ``/_fake/`` is for the control routes, all other paths for the API.

    What is asked of the metadata service is answered whether it comes as to a proxy, with the
    address of that service as its host, or to the fake itself below ``/latest/``.
    """

    def __init__(
        self,
        api: dispatch.Rpc,
        metadata: MetadataService,
        queues: QueueService,
        control_routes: "AsgiApplication",
        connections: "Connections",
        proxy: Proxy,
    ) -> None:
        self._api = api
        self._metadata = metadata
        self._queues = queues
        self._control = control_routes
        self._connections = connections
        self._proxy = proxy
        self._failures = 0
        self.on_exchange: OnExchange | None = None
        """Called with each call of the API and each read of metadata that is answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            await self._serve(scope, receive, send)
        except sqlite3.Error as error:
            # A full disk fails each write: without a bound the log would fill what is left.
            self._failures += 1
            if self._failures <= MOST_LOGGED_FAILURES:
                log.error("the data file cannot be used: %s", error)
            body = f"The data file cannot be used: {error}".encode()
            await send_answer(send, 500, [(b"content-type", b"text/plain")], body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        proxied_host = scope.get(PROXIED_HOST)
        if proxied_host is not None and is_own(proxied_host, scope["server"][1]):
            proxied_host = None
        if scope["path"].startswith("/_fake/") and proxied_host is None:
            await self._control(scope, receive, send)
            return
        is_for_queues = is_queue_request(scope["path"], scope["query_string"])
        try:
            most = MAX_QUEUE_BODY_BYTES if is_for_queues else MAX_BODY_BYTES
            body = await read_body(receive, most)
        except ClientLeft:
            return
        except BodyTooLarge:
            await send_answer(
                send,
                413,
                [(b"content-type", b"text/plain")],
                b"The request is too large.",
            )
            return
        request = wire.Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers=wire.headers(scope["headers"]),
            body=body,
            raw_path=scope.get("raw_path", b""),
        )
        asked_host = request.headers.get("host", "") if proxied_host is None else proxied_host
        is_own_metadata = proxied_host is None and request.path.startswith("/latest/")
        if is_own_metadata or is_metadata_service(asked_host):
            found = self._metadata.answer(request)
            self._exchanged(scope, request, found)
            await send_answer(send, found.status, found.headers, found.body)
            return
        if _is_for_certificate(request, proxied_host):
            content_type = (b"content-type", b"application/x-x509-ca-cert")
            await send_answer(send, 200, [content_type], OF_THIS_PROCESS.certificate)
            return
        reason = self._proxy.refusal(proxied_host, request) if proxied_host is not None else None
        if reason is None:
            await self._answer(request, scope, receive, send)
        else:
            self._connections.end_with(scope["client"], raw_refusal(reason))
            await closed(receive)

    async def _answer(
        self, request: wire.Request, scope: Scope, receive: Receive, send: Send
    ) -> None:
        answer: wire.Response | None = await self._api.taught.answer(request)
        if answer is None and is_queue_request(request.path, request.query):
            answer = await self._queues.answer(request, asked_url(scope), receive)
            if answer is None:
                return
        answer = answer or self._api.answer(request)
        if answer.delay_seconds and await client_leaves(receive, answer.delay_seconds):
            return
        if answer.is_cut:
            self._connections.abort(scope["client"])
            await closed(receive)
            return
        self._exchanged(scope, request, answer)
        await send_answer(send, answer.status, answer.headers, answer.body)

    def _exchanged(self, scope: Scope, request: wire.Request, answer: wire.Response) -> None:
        if self.on_exchange is not None:
            self.on_exchange(asked_url(scope), request, answer)


def _is_for_certificate(request: wire.Request, proxied_host: str | None) -> bool:
    """Whether a receiver of EventBridge's requests asks for the certificate to verify them."""
    if request.method != "GET" or request.path != CERTIFICATE_PATH:
        return False
    return proxied_host is None or is_alibaba(proxied_host.partition(":")[0])


def _host_name(header: bytes) -> str:
    """The name or address in a Host header; empty when it is not valid."""
    found = _HOST.fullmatch(header)
    return (found["ipv6"] or found["name"]).decode() if found else ""
