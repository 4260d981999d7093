"""How much time and memory one answer may take, below the vendor's SDK.

The SDK's HTTP library bounds each read of a socket, so a peer that sends a byte now and
then is never given up, and it unpacks a compressed body whatever its size. The adapter
here reads the timeout for an answer as a deadline for all of it, and stops at `MOST_BYTES`.
"""

import io
import time
import zlib
from functools import partial
from http.client import HTTPResponse
from typing import Any

from aliyunsdkcore.vendored.requests.adapters import HTTPAdapter
from aliyunsdkcore.vendored.requests.exceptions import ConnectionError as BrokenConnection
from aliyunsdkcore.vendored.requests.packages.urllib3 import connectionpool
from aliyunsdkcore.vendored.requests.packages.urllib3.exceptions import HTTPError

MOST_BYTES = 16 * 2**20
"""Largest answer, compressed or not. A full page of the API takes less than a hundredth."""

_CHUNK = 2**16
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class TooLarge(Exception):
    """An answer is larger than `MOST_BYTES`."""


class BoundedAdapter(HTTPAdapter):  # type: ignore[misc]
    """The SDK's adapter, for answers that are bounded in time and size."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: Any, stream: bool = False, **options: Any) -> Any:  # noqa: ARG002
        """The answer with its whole body read. Raises TooLarge."""
        response = super().send(request, stream=True, **options)
        try:
            sent = b"".join(response.raw.stream(_CHUNK, decode_content=False))
            packed = response.headers.get("Content-Encoding", "identity").strip().lower()
            # What the library calls the content once it has been read.
            response._content = sent if packed in ("", "identity") else _unpacked(sent)  # noqa: SLF001
        except (HTTPError, zlib.error) as error:
            response.close()
            raise BrokenConnection(type(error).__name__) from None
        except BaseException:
            response.close()
            raise
        response._content_consumed = True  # noqa: SLF001
        return response


def _unpacked(packed: bytes) -> bytes:
    content = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(packed, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLarge
    return content


class _BoundedSocket(io.RawIOBase):
    """What *raw* reads from *sock*, until the *deadline* on the monotonic clock."""

    def __init__(self, raw: io.RawIOBase, sock: Any, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline
        self._bytes_left = MOST_BYTES + 1

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds_left = self._deadline - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError
        if self._bytes_left <= 0:
            raise TooLarge
        self._sock.settimeout(seconds_left)
        count: int | None = self._raw.readinto(buffer)
        self._bytes_left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """An answer whose status line, headers and body are read until one deadline."""

    def __init__(self, sock: Any, *arguments: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        reader: Any = self.fp
        self.fp = io.BufferedReader(_BoundedSocket(reader.detach(), sock, deadline))


class _BoundedPool:
    """Gives each request of a pool its deadline: the pool's timeout for reading, from now."""

    def _make_request(
        self, conn: Any, method: str, url: str, timeout: Any = None, **options: Any
    ) -> Any:
        seconds = timeout.read_timeout
        _bound(conn, seconds)
        if getattr(conn, "sock", None):
            conn.sock.settimeout(seconds)
        return super()._make_request(conn, method, url, timeout=timeout, **options)  # type: ignore[misc]

    def _prepare_proxy(self, conn: Any) -> None:
        _bound(conn, conn.timeout)
        super()._prepare_proxy(conn)  # type: ignore[misc]


def _bound(conn: Any, seconds: float) -> None:
    conn.response_class = partial(_BoundedResponse, deadline=time.monotonic() + seconds)


class _HttpPool(_BoundedPool, connectionpool.HTTPConnectionPool):  # type: ignore[misc]
    """Of plain HTTP."""


class _HttpsPool(_BoundedPool, connectionpool.HTTPSConnectionPool):  # type: ignore[misc]
    """Of HTTPS."""


_POOLS = {"http": _HttpPool, "https": _HttpsPool}
