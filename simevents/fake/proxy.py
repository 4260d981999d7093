"""The fake as a proxy: it answers calls of the API for any host, and refuses everything else.

A program that is led here by the proxy variables must not get past. An API call, over HTTP or
HTTPS, is answered if the fake serves its product or was taught an answer. What goes to a host
that the user has allowed is passed on. All other requests are refused with 403; the reason is in
the status line, because most clients show nothing else of a proxy's answer. The metadata
service of an instance is served at its address, over plain HTTP only.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from ..hosts import is_alibaba, is_loopback, is_metadata
from .eventbridge.data_plane import is_data_plane
from .mns.endpoints import is_queue_host
from .mns.requests import is_queue_request
from .protocol import dispatch, wire
from .protocol.api_errors import ApiError
from .state.answers import Answers, Asked
from .state.refusals import Refusal, Refusals, shortened

_ALLOW = "lets nothing out; allow a host with --allow, or in a test with ecs_allow_hosts"


class Proxy:
    """Decides about requests to other hosts. *now* returns the cloud's time.

    *answers* are those that a test has taught, for calls of any of Alibaba's hosts. *allowed*
    says which hosts outside may be reached.
    """

    def __init__(
        self,
        refusals: Refusals,
        now: Callable[[], float],
        answers: Answers,
        allowed: Callable[[str], bool],
    ) -> None:
        self._refusals = refusals
        self._allowed = allowed
        self._answers = answers
        self._now = now

    def refusal_of_tunnel(self, netloc: str) -> bytes | None:
        """The whole answer to ``CONNECT`` that is refused; None when it may pass.

        *netloc* is host and port. The fake itself serves Alibaba's hosts, over HTTPS but for
        port 80, and the metadata service.
        """
        host = _host(netloc)
        is_https = not netloc.endswith(":80")
        if self.is_allowed(netloc) or (is_alibaba(host) and not (is_metadata(host) and is_https)):
            return None
        how = "serves the metadata service over http only" if is_metadata(host) else _ALLOW
        return raw_refusal(self._refused("CONNECT", netloc, "", how))

    def is_allowed(self, netloc: str) -> bool:
        """Whether *netloc* is a host outside that may be reached through the fake."""
        host = _host(netloc)
        return bool(host) and not is_alibaba(host) and self._allowed(host)

    def handshake_failed(self, netloc: str, reason: str) -> None:
        """A client spoke TLS for *netloc* and broke off, mostly since it trusts no authority of us.

        It shows in the time line only: there is nobody to answer.
        """
        self._refused("TLS", netloc, reason, "")

    def refusal(self, netloc: str, request: wire.Request) -> str | None:
        """Why a request to *netloc* is refused; None for a call that the fake answers."""
        action, version = _call(request)
        if action and version in dispatch.VERSIONS:
            return None
        is_for_queues = is_queue_host(_host(netloc)) and is_alibaba(_host(netloc))
        if is_for_queues and is_queue_request(request.path, request.query):
            return None
        if is_data_plane(request.path) and is_alibaba(_host(netloc)):
            return None
        asked = Asked(request.method, _host(netloc), request.path, action)
        if (action or is_alibaba(asked.host)) and self._answers.find(asked) is not None:
            return None
        if action:
            how = f"does not serve {action} (API version {version})"
        else:
            how = "serves no pages of it" if is_alibaba(_host(netloc)) else _ALLOW
        return self._refused(request.method, netloc, action, how)

    def _refused(self, method: str, netloc: str, action: str, how: str) -> str:
        self._refusals.record(
            Refusal(
                at=self._now(),
                method=method,
                host=shortened(netloc),
                action=shortened(action),
                is_alibaba=bool(action) or is_alibaba(_host(netloc)),
            )
        )
        return shortened(f"{netloc} refused: the simevents fake cloud {how}. Nothing was sent")


def is_own(netloc: str, port: int) -> bool:
    """Whether *netloc* is the fake itself, at *port* of this machine."""
    try:
        parts = urlsplit(f"//{netloc}")
        return is_loopback(parts.hostname or "") and (parts.port or 80) == port
    except ValueError:
        return False


def is_metadata_service(netloc: str) -> bool:
    """Whether *netloc* is the metadata service of an instance."""
    try:
        parts = urlsplit(f"//{netloc}")
        return is_metadata(parts.hostname or "") and parts.port in (None, 80)
    except ValueError:
        return False


def raw_refusal(reason: str) -> bytes:
    """A whole answer with *reason* in its status line."""
    text = "".join(letter if " " <= letter <= "~" else "?" for letter in reason)
    head = (
        f"HTTP/1.1 403 {text}\r\ncontent-type: text/plain\r\nconnection: close\r\n"
        f"content-length: {len(text)}\r\n\r\n"
    )
    return (head + text).encode("ascii")


def _call(request: wire.Request) -> tuple[str, str]:
    """Action and version of a call in one of the vendor's forms; empty for other requests."""
    reading = wire.Reading()
    try:
        reading.read(request)
    except ApiError:
        return "", ""
    is_signed = reading.by_headers or "Signature" in reading.parameters
    return (reading.action, reading.version) if is_signed else ("", "")


def _host(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""
