"""Passes requests on to the real cloud over HTTPS, with signature, host and body as they are."""

import ssl

import httpcore

from ..fake.protocol.wire import Response
from .gate import host_of
from .serving import Asked

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0

_BETWEEN_HOPS = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te"),
        *(b"transfer-encoding", b"upgrade", b"expect", b"content-length", b"trailer"),
    }
)
"""Headers of one connection; the lengths are written anew."""

_TIMES = {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}
_TIMES |= {"read": READ_SECONDS, "write": READ_SECONDS}


class NoAnswerFromCloud(Exception):
    """The cloud could not be reached, or did not answer; the text says which."""


class WayOut:
    """Connections to the vendor's hosts, whose certificates are checked against *trusted*.

    *backend* makes the connections; a test leads them to a cloud of its own.
    """

    def __init__(
        self,
        trusted: ssl.SSLContext | None = None,
        backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trusted or ssl.create_default_context(),
            network_backend=backend,
            max_connections=50,
            # Kept ones would have to be closed where they were opened, when the run ends.
            max_keepalive_connections=0,
        )

    async def send(self, asked: Asked) -> Response:
        """The cloud's answer, as it is. Raises NoAnswerFromCloud."""
        host = host_of(asked.netloc)
        headers = [(name, value) for name, value in asked.headers if name not in _BETWEEN_HOPS]
        body = asked.request.body
        if body or asked.request.method == "POST":
            headers.append((b"content-length", str(len(body)).encode()))
        url = httpcore.URL(scheme=b"https", host=host.encode(), port=443, target=asked.target)
        try:
            answer = await self._pool.request(
                asked.request.method,
                url,
                headers=headers,
                content=body,
                extensions={"timeout": _TIMES},
            )
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            raise NoAnswerFromCloud(
                f"{host} cannot be reached ({type(error).__name__}). Nothing was sent"
            ) from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NoAnswerFromCloud(
                f"{host} gave no answer ({type(error).__name__}). Whether the call was carried out "
                "is not known"
            ) from None
        kept = [(n.lower(), v) for n, v in answer.headers if n.lower() not in _BETWEEN_HOPS]
        return Response(answer.status, kept, answer.content)
