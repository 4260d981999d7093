"""A running fake cloud as its owner sees it: its control routes, called over HTTP.

`Control` says nothing about what the routes do; that is `control`'s business.
"""

from typing import Any, Self

import httpx

PATIENCE_SECONDS = 60.0
"""Longest wait for an answer: a hundred thousand instances take a while."""


class ControlError(Exception):
    """The fake cloud cannot be reached, or refused a control request; the text says why."""


class Control:
    """The control routes of the fake cloud at *url*; a context manager that closes its connection.

    *token* is what a fake asks for that does not listen on loopback. All calls raise
    ControlError.
    """

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # A proxy named in the environment has no business between a test and its fake.
        self._http = httpx.Client(
            base_url=f"{self.url}/_fake",
            headers=headers,
            trust_env=False,
            timeout=PATIENCE_SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, route: str) -> Any:
        return self._call("GET", route, None)

    def post(self, route: str, **body: Any) -> Any:
        return self._call("POST", route, body)

    def delete(self, route: str) -> Any:
        return self._call("DELETE", route, None)

    def _call(self, method: str, route: str, body: dict[str, Any] | None) -> Any:
        try:
            answer = self._http.request(method, f"/{route}", json=body)
        except httpx.HTTPError as error:
            raise ControlError(
                f"No fake cloud answers at {self.url} ({type(error).__name__}); start one with: "
                "simevents fake"
            ) from None
        try:
            members = answer.json()
        except ValueError:
            members = None
        if answer.is_success and members is not None:
            return members
        reason = members.get("error") if isinstance(members, dict) else None
        raise ControlError(
            reason
            or f"{self.url} answered with HTTP {answer.status_code} and is not a fake cloud of ours"
        )
