"""How calls are written: an API is called by parameters (RPC), or by a path with a body of JSON.

A form reads a request into action and parameters, has it verified, and writes the answer. What
lies between is the same for all forms.
"""

from typing import Any, Protocol

from ..state.access_keys import AccessKey
from . import api_errors, wire
from .api_errors import ApiError
from .member_order import in_order
from .signatures import Verifier
from .wire import Reading, Request


class Form(Protocol):
    """One way to write calls."""

    def read(self, request: Request, reading: Reading) -> None:
        """Parse *request* into *reading*. Raises ApiError."""

    def verify(
        self, verifier: Verifier, request: Request, reading: Reading, wall: float
    ) -> AccessKey:
        """The key that signed *request*. Raises ApiError if the signature is not valid."""

    def success(self, answered: dict[str, Any], request_id: str, account_id: str) -> dict[str, Any]:
        """The members of an answer, in order."""

    def refusal(
        self, request: Request, refused: ApiError, request_id: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and members of the answer to a call that was refused."""


class RpcForm:
    """Calls of ``/``, with their action and parameters in the query, a form or headers."""

    def read(self, request: Request, reading: Reading) -> None:
        reading.read(request)
        if request.method not in ("GET", "POST"):
            raise ApiError(api_errors.METHOD_UNSUPPORTED)
        if request.path not in ("/", ""):
            raise ApiError(api_errors.UNKNOWN_PATH)
        for name, value in (("Action", reading.action), ("Version", reading.version)):
            if not value:
                raise ApiError(api_errors.MISSING_COMMON, name=name)

    def verify(
        self, verifier: Verifier, request: Request, reading: Reading, wall: float
    ) -> AccessKey:
        if not reading.by_headers:
            return verifier.verify_query(request.method, reading.parameters, wall)
        return verifier.verify_headers(
            request.method,
            request.path or "/",
            reading.query,
            request.headers,
            request.body,
            wall,
        )

    def success(
        self,
        answered: dict[str, Any],
        request_id: str,
        account_id: str,  # noqa: ARG002 - as the other forms
    ) -> dict[str, Any]:
        members: dict[str, Any] = in_order(answered | {"RequestId": request_id})
        return members

    def refusal(
        self, request: Request, refused: ApiError, request_id: str
    ) -> tuple[int, dict[str, Any]]:
        if refused.status != 200:
            members = wire.error_members(request, request_id, refused.code, refused.text)
            return refused.status, members
        # Some products say in a result that they refuse.
        members = {"Code": refused.code, "Message": refused.text, "Success": False}
        return 200, in_order(members | {"RequestId": request_id})


RPC = RpcForm()
