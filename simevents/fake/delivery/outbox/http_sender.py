"""Sends deliveries by HTTP: one request, no redirects, no proxies, five seconds for the answer.

Source of the time-out: CloudMonitor's and EventBridge's pages on HTTP targets.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cached_property, lru_cache
from urllib.parse import SplitResult, urlsplit

from ...state.outbox_table import DELIVERED, FAILED, REFUSED, Delivery, Outcome
from ..cloudmonitor_bodies import get_address
from .http_connection import Answer, BrokenAnswer, HttpConnection, NoAnswer
from .strangers import Stranger, Strangers

ANSWER_SECONDS = 5.0
"""Real time for the connection and the answer."""

FUNCTION_SECONDS = 60.0
"""The same for a function: the cloud lets it run as long as its owner says; 60 is our default."""

LONGEST_URL = 65_536
"""Characters; a callback by GET has the message in it."""

_MOST_IDLE = 100
"""Kept connections per host and port."""

_JSON = "application/json;charset=UTF-8"

Headers = Mapping[str, str]
Sign = Callable[[Delivery, str, bytes], Awaitable[Headers]]
"""Returns the headers that sign a delivery to a URL with a body."""


class BadTarget(Exception):
    """The URL of a target is none that can be called; the text says why."""


class HttpSender:
    """Posts deliveries; *sign* signs those whose settings ask for it."""

    def __init__(self, strangers: Strangers, sign: Sign) -> None:
        self._strangers = strangers
        self._sign = sign
        self._idle: dict[tuple[str, str], list[HttpConnection]] = {}
        self._open: set[HttpConnection] = set()

    async def send(self, delivery: Delivery) -> Outcome:
        """One attempt at a delivery to its address."""
        return await self.post(delivery, delivery.new.address, delivery.new.body, {})

    async def post(
        self,
        delivery: Delivery,
        url: str,
        body: bytes,
        more: Headers,
        *,
        is_function: bool = False,
    ) -> Outcome:
        """One attempt at *url*, with *more* headers; for a function, that of its runtime."""
        seconds = FUNCTION_SECONDS if is_function else ANSWER_SECONDS
        begun = time.monotonic()

        def ended(outcome: str, text: str, status: int = 0) -> Outcome:
            return Outcome(outcome, status, text, time.monotonic() - begun)

        try:
            is_get = delivery.new.settings.get("method") == "GET"
            target = split(get_address(url, body) if is_get else url)
            content = await self._request(delivery, target, b"" if is_get else body, more)
            begun = time.monotonic()
            async with asyncio.timeout(seconds):
                answer = await self._ask(target, content)
        except (Stranger, BadTarget) as error:
            return ended(REFUSED, str(error))
        except TimeoutError:
            return ended(FAILED, f"no answer within {seconds:g} s")
        except BrokenAnswer as error:
            return ended(FAILED, str(error))
        except (OSError, ssl.SSLError) as error:
            return ended(FAILED, f"no connection: {error.strerror or error}")
        text = answer.body.decode("utf-8", "replace")
        is_good = 200 <= answer.status < 300
        if is_function and answer.function_status not in (b"", b"200"):
            is_good = False
            status = answer.function_status.decode("utf-8", "replace")
            text = f"the function has failed, x-fc-status {status}: {text}"
        return ended(DELIVERED if is_good else FAILED, text, answer.status)

    def close(self) -> None:
        """End all connections."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self._idle.clear()

    async def _request(
        self, delivery: Delivery, target: SplitResult, body: bytes, more: Headers
    ) -> bytes:
        signed = await self._sign(delivery, target.geturl(), body)
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        has_body = delivery.new.settings.get("method") != "GET"
        lines = [
            f"{'POST' if has_body else 'GET'} {path} HTTP/1.1",
            f"Host: {target.netloc.rpartition('@')[2]}",
            "Accept: */*",
            "User-Agent: simevents-fake",
        ]
        if has_body:
            lines += [f"Content-Type: {_JSON}", f"Content-Length: {len(body)}"]
        for name, value in {**signed, **more}.items():
            if not value.isascii() or not value.isprintable():
                raise BadTarget(
                    f"the header {name} would have a line break or another character that headers "
                    "cannot have; use printable ASCII"
                )
            lines.append(f"{name}: {value}")
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def _ask(self, target: SplitResult, content: bytes) -> Answer:
        kept = self._kept(target)
        if kept is not None:
            # A server may close a connection that it has kept, in the moment of the request.
            with suppress(NoAnswer):
                return await self._asked(kept, target, content)
        return await self._asked(await self._connected(target), target, content)

    def _kept(self, target: SplitResult) -> HttpConnection | None:
        """A connection that can be used again, the one that was used last."""
        idle = self._idle.get((target.scheme, target.netloc), [])
        found = None
        while idle and found is None:
            candidate = idle.pop()
            if candidate.is_usable:
                found = candidate
            else:
                self._open.discard(candidate)
        if not idle:
            self._idle.pop((target.scheme, target.netloc), None)
        return found

    async def _asked(
        self, connection: HttpConnection, target: SplitResult, content: bytes
    ) -> Answer:
        try:
            return await connection.request(content)
        finally:
            idle = self._idle.setdefault((target.scheme, target.netloc), [])
            if connection.is_usable and len(idle) < _MOST_IDLE:
                idle.append(connection)
            else:
                connection.close()
                self._open.discard(connection)
            if not idle:
                del self._idle[target.scheme, target.netloc]

    async def _connected(self, target: SplitResult) -> HttpConnection:
        is_tls = target.scheme == "https"
        host, port = target.hostname or "", target.port or (443 if is_tls else 80)
        loop = asyncio.get_running_loop()
        failed: OSError | None = None
        for address in await self._strangers.addresses(host, port):
            with suppress(ConnectionRefusedError):
                _, connection = await loop.create_connection(
                    HttpConnection,
                    address,
                    port,
                    ssl=self._tls if is_tls else None,
                    server_hostname=host if is_tls else None,
                )
                self._open.add(connection)
                return connection
            failed = ConnectionRefusedError(0, "nobody listens there")
        raise failed or OSError(0, "the name has no address")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


def split(url: str) -> SplitResult:
    """The parts of a target's URL, all of which can be written in a request. Raises BadTarget."""
    if len(url) > LONGEST_URL:
        raise BadTarget(f"the URL of the target has more than {LONGEST_URL} characters")
    return _split(url)


@lru_cache(maxsize=250)
def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(ord(character) <= 32 or ord(character) >= 127 for character in url):
        # What is not valid may have its user anywhere before the last @.
        shown = url if "@" not in url else f"***@{url.rpartition('@')[2]}"
        raise BadTarget(
            f"{shown!r} is not a valid URL of a target; use one such as http://127.0.0.1:9000/hook"
        )
    return parts._replace(fragment="")
