"""The outermost layer: who may speak to the console at all.

A web page in the same browser could send requests to it, and NiceGUI allows every origin. So
pages, polling and handshakes are refused unless they come from this server's own page.
"""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..hosts import is_loopback

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}

_PATHS = ("/_nicegui/", "/_nicegui_ws/")
_PAGES = ("/", "/favicon.ico")
_SOCKET = "/_nicegui_ws/socket.io/"

_ENTRY = "use the address with the token that simevents console printed"


class Guard:
    """Lets requests through to *app*. With a *token*, only from who has shown it once.

    The token is part of the printed address. It is then replaced by a cookie, which is another
    secret; *cookie* is its name, since browsers do not tell the ports of a host apart.
    """

    def __init__(self, app: ASGIApp, token: str, cookie: str) -> None:
        self.app = app
        self._token = token
        self._cookie = cookie
        self._secret = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
        reason = _foreign(headers, hosts, is_open=not self._token)
        # The framework's page for others would repeat what the address has.
        if not reason and not _is_there(scope):
            reason = "there is no such page"
        if not reason and self._token and not self._is_known(headers):
            if scope["type"] == "http" and self._has_token(scope):
                await self._welcome(send)
                return
            reason = _ENTRY
        if reason:
            await _refuse(scope, receive, send, reason)
        else:
            await self.app(scope, receive, _Hardened(send).send)

    def _is_known(self, headers: Mapping[bytes, bytes]) -> bool:
        # Other programs on this host have cookies too, which need not be well-formed.
        for each in headers.get(b"cookie", b"").split(b";"):
            name, _, value = each.strip().partition(b"=")
            if name == self._cookie.encode():
                return hmac.compare_digest(value, self._secret.encode())
        return False

    def _has_token(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        is_page = scope["method"] == "GET" and scope["path"] == "/"
        return is_page and hmac.compare_digest(given.encode(), self._token.encode())

    async def _welcome(self, send: Send) -> None:
        """Set the cookie, and lead to the address without the token."""
        cookie = f"{self._cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"location", b"/"), (b"set-cookie", cookie.encode()), *_HEADERS.items()]
        headers += [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _is_there(scope: Scope) -> bool:
    path: str = scope["path"]
    if scope["type"] == "websocket":
        return path == _SOCKET
    return path in _PAGES or path.startswith(_PATHS)


def _foreign(headers: Mapping[bytes, bytes], hosts: list[bytes], *, is_open: bool) -> str:
    """What is wrong with where a request comes from; empty for nothing."""
    if len(hosts) != 1:
        return "send a single Host header"
    host = hosts[0].decode("latin-1")
    if is_open and not _is_local(host):
        return "use a loopback address such as 127.0.0.1"
    origin = headers.get(b"origin")
    if origin is not None and origin not in (b"http://" + hosts[0], b"https://" + hosts[0]):
        return "requests of pages of another origin are not served"
    if headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
        return "requests of pages of another site are not served; type the address"
    return ""


def _is_local(host: str) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        # Nothing but a name and a port: no user, path or query.
        return parts.netloc == host and "@" not in host and is_loopback(parts.hostname or "")
    except ValueError:
        return False


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        # Before it is accepted: the server answers the handshake with 403.
        await send({"type": "websocket.close", "code": 1008})
        return
    body = f"Refused: {reason}.\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS.items()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class _Hardened:
    """Answers with headers that keep foreign code out; pages allow only scripts with a nonce."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._page = b""
        self._nonce = secrets.token_urlsafe(16)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {bytes(name).lower(): value for name, value in message["headers"]}
            message = {**message, "headers": [*message["headers"], *_HEADERS.items()]}
            if names.get(b"content-type", b"").startswith(b"text/html"):
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            self._page += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)
            return
        await self._send(message)

    async def _send_page(self, start: Message) -> None:
        # The page is made before anything of the cloud is read: all scripts in it are ours.
        nonce = self._nonce.encode()
        page = self._page.replace(b"<script", b'<script nonce="' + nonce + b'"')
        dropped = (b"content-length", b"cache-control")
        headers = [each for each in start["headers"] if each[0].lower() not in dropped]
        headers += [
            (b"content-length", str(len(page)).encode()),
            (b"content-security-policy", _policy(self._nonce).encode()),
            (b"cache-control", b"no-store"),
        ]
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": page})


def _policy(nonce: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            # NiceGUI makes its handlers of texts of its own, which needs eval; a script in the
            # markup, a handler in an attribute and a foreign file stay forbidden.
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
