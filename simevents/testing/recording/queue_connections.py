"""The connections of the queues' client, aliyun-mns-sdk: its own subclasses of Python's."""

from typing import Any

from vcr.stubs import VCRConnection

from ..network.hooks import is_installed


class _NoSocket:
    """Of a connection that has sent nothing: the client sets an option of its socket."""

    def setsockopt(self, *_: Any) -> None:
        pass

    def close(self) -> None:
        pass


class _QueueConnection(VCRConnection):  # type: ignore[misc]
    @property
    def sock(self) -> Any:
        return self.real_connection.sock or _NoSocket()


def queue_patches() -> tuple[tuple[Any, str, type], ...]:
    """What `vcr.VCR` has to replace, as its option ``custom_patches``; nothing without the client.

    A client that was made before a cassette began keeps its connection and is not recorded.
    """
    if not is_installed("mns"):
        return ()
    from mns import mns_http

    class Http(_QueueConnection):
        _baseclass = mns_http.MNSHTTPConnection
        _protocol = "http"

    class Https(_QueueConnection):
        _baseclass = mns_http.MNSHTTPSConnection
        _protocol = "https"

    return ((mns_http, "MNSHTTPConnection", Http), (mns_http, "MNSHTTPSConnection", Https))
