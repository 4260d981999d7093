"""A running fake cloud as its owner sees it: its control routes, called from outside.

`Control` says nothing about what the routes do; that is `control`'s business.
"""

import json
from collections.abc import Callable
from typing import Any, Self

import httpx

PATIENCE_SECONDS = 60.0
"""Longest wait for an answer: a hundred thousand instances take a while."""

Send = Callable[[str, str, bytes], tuple[int, bytes]]
"""Method, route and body of a control request to status and body of its answer."""


class ControlError(Exception):
    """The fake cloud cannot be reached, or refused a control request; the text says why."""


class Control:
    """The control routes of the fake cloud at *url*; a context manager that closes its connection.

    *token* is what a fake asks for that does not listen on loopback. *send* takes the place
    of a connection for a fake of this process. All calls raise ControlError.
    """

    def __init__(self, url: str, token: str = "", send: Send | None = None) -> None:
        self.url = url.rstrip("/")
        self._http: httpx.Client | None = None
        if send is None:
            self._http = httpx.Client(
                base_url=f"{self.url}/_fake",
                headers={"Authorization": f"Bearer {token}"} if token else {},
                # A proxy named in the environment has no business between a test and its fake.
                trust_env=False,
                # Reading the certificates of the world takes 30 ms, and loopback shows none.
                verify=self.url.startswith("https:"),
                timeout=PATIENCE_SECONDS,
            )
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
        raise ControlError(
            reason
            or f"{self.url} answered with HTTP {status} and is not a fake cloud; use the URL "
            "that simevents fake printed"
        )
