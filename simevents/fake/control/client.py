"""The client of the control routes of a running fake cloud.

`Control` only sends requests; `control.routes` defines what each route does.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import httpx

PATIENCE_SECONDS = 60.0
"""Timeout for an answer; creating 100,000 instances takes some time."""

Send = Callable[[str, str, bytes], tuple[int, bytes]]
"""Takes method, route and body of a control request; returns status and body of the answer."""


class ControlError(Exception):
    """The fake cloud cannot be reached, or it refused a request; the text gives the reason."""


class BadControlRequest(ControlError):
    """A request has a bad value; the text names the field. Nothing was changed."""


class NoSuchRoute(ControlError):
    """The fake, of another version, has no such route, or no such thing there."""


class Control:
    """The control routes of the fake cloud at *url*; a context manager that closes its connection.

    *token* is the control token; a fake that does not listen on loopback requires it. For a
    fake in this process, *send* replaces the connection. All calls can raise ControlError.
    """

    def __init__(self, url: str, token: str = "", send: Send | None = None) -> None:
        self.url = url.rstrip("/")
        # Who controls a fake in its own process does not pay for the import of the client.
        self._http = _client(self.url, token) if send is None else None
        self._send = send or self._send_by_http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def get(self, route: str) -> Any:
        return self._call("GET", route, b"")

    def post(self, route: str, **body: Any) -> Any:
        return self._call("POST", route, json.dumps(body).encode())

    def delete(self, route: str) -> Any:
        return self._call("DELETE", route, b"")

    def _send_by_http(self, method: str, route: str, body: bytes) -> tuple[int, bytes]:
        import httpx

        assert self._http is not None
        try:
            answer = self._http.request(method, f"/{route}", content=body)
        except httpx.HTTPError as error:
            raise ControlError(
                f"No fake cloud answers at {self.url} ({type(error).__name__}); start one with: "
                "simevents fake"
            ) from None
        return answer.status_code, answer.content

    def _call(self, method: str, route: str, body: bytes) -> Any:
        status, content = self._send(method, route, body)
        try:
            members = json.loads(content)
        except ValueError:
            members = None
        if status == 200 and members is not None:
            return members
        reason = members.get("error") if isinstance(members, dict) else None
        if status == 400 and reason:
            raise BadControlRequest(reason)
        kind = NoSuchRoute if status == 404 else ControlError
        raise kind(
            reason
            or f"{self.url} answered with HTTP {status} and is not a fake cloud; use the URL "
            "that simevents fake printed"
        )


def _client(url: str, token: str) -> "httpx.Client":
    import httpx

    return httpx.Client(
        base_url=f"{url}/_fake",
        headers={"Authorization": f"Bearer {token}"} if token else {},
        # Ignore proxies in the environment: a test connects directly to its fake.
        trust_env=False,
        # Loading the CA certificates takes 30 ms, and plain HTTP does not need them.
        verify=url.startswith("https:"),
        timeout=PATIENCE_SECONDS,
    )
