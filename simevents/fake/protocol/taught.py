"""Answers a call with what a test has taught the fake.

The signature is verified as for other calls: that of the query, that of the headers
(ACS3-HMAC-SHA256), and the older one of calls by their path (``acs``). Other schemes, such as
those of Log Service and OSS, are not verified. The fake's own actions cannot be taught.
"""

import asyncio
import json
from types import MappingProxyType
from typing import Any

from ...allow_list import shown_taught_parameters
from ..state.answers import Answer, Asked, Members, TaughtCall
from ..state.cloud import Cloud
from ..state.journal import Entry, Journal
from . import api_errors, journalled, wire
from .api_errors import ApiError, Code
from .registry import ACTIONS, is_read_name
from .signatures import ROA_SCHEME, Verifier
from .wire import COMMON_PARAMETERS, Reading, Request, Response


class TaughtCalls:
    """Answers requests for *cloud* with its taught answers."""

    def __init__(self, cloud: Cloud, journal: Journal, verifier: Verifier) -> None:
        self._cloud = cloud
        self._journal = journal
        self._verifier = verifier

    async def answer(self, request: Request) -> Response | None:
        """The answer to *request*; None if nothing was taught for it."""
        if not self._cloud.answers:
            return None
        reading = Reading()
        try:
            reading.read(request)
        except ApiError:
            return None
        if (reading.version, reading.action.lower()) in ACTIONS:
            return None
        host = request.headers.get("host", "")
        taught = self._cloud.answers.find(Asked(request.method, host, request.path, reading.action))
        if taught is None:
            return None
        return await self._answer(request, reading, taught)

    async def _answer(self, request: Request, reading: Reading, taught: Answer) -> Response:
        request_id = self._cloud.new_request_id()
        body = _json_body(request)
        status, code = 200, ""
        try:
            self._verify(request, reading, taught)
            # Before the function of the test runs, during which other calls arrive.
            self._cloud.answers.use(taught)
            members = {"RequestId": request_id} | await _members(request, reading, taught, body)
        except ApiError as refused:
            status, code = refused.status, refused.code
            members = wire.error_members(request, request_id, code, refused.text)
        now = self._cloud.now()
        is_json = reading.as_json
        if taught.is_for_path and "Format" not in reading.parameters:
            is_json = "xml" not in request.headers.get("accept", "").lower()
        root = "Response" if taught.is_for_path else f"{taught.call}Response"
        answer = wire.render(status, "Error" if code else root, members, as_json=is_json, now=now)
        self._journal.record(
            Entry(
                at=now,
                action=taught.call,
                parameters=shown_taught_parameters(_business(reading) | _as_parameters(body)),
                status=status,
                code=code,
                request_id=members["RequestId"],
                unexpected=False,
                results=None if code else journalled.results(members),
                is_read=_is_read(taught),
                carried_out=not code,
                taught=True,
            )
        )
        return answer

    def _verify(self, request: Request, reading: Reading, taught: Answer) -> None:
        wall = self._cloud.wall()
        if reading.by_headers:
            self._verifier.verify_headers(
                request.method,
                wire.encoded_path(request.path),
                reading.query,
                request.headers,
                request.body,
                wall,
            )
        elif request.headers.get("authorization", "").startswith(ROA_SCHEME):
            self._verifier.verify_roa(
                request.method, request.path, reading.query, request.headers, wall
            )
        elif not taught.is_for_path:
            self._verifier.verify_query(request.method, reading.parameters, wall)


async def _members(request: Request, reading: Reading, taught: Answer, body: Any) -> Members:
    """The members of a success. Raises ApiError."""
    if taught.error is not None:
        error = taught.error
        # Without fields, nothing in the text is replaced.
        raise ApiError(Code(error.code, error.status, error.message))
    if not callable(taught.members):
        return taught.members
    call = TaughtCall(
        action=taught.call,
        method=request.method,
        host=request.headers.get("host", ""),
        path=request.path,
        parameters=MappingProxyType(_business(reading)),
        body=body,
    )
    try:
        # In a thread of its own, so that the function may ask this fake.
        return await asyncio.to_thread(taught.members, call)
    except Exception as error:  # noqa: BLE001 - whatever the function of the test raises
        raise ApiError(
            api_errors.TAUGHT_ANSWER_FAILED, call=taught.call, reason=str(error)
        ) from None


def _is_read(taught: Answer) -> bool:
    return taught.call.startswith(("GET ", "HEAD ")) or is_read_name(taught.call)


def _business(reading: Reading) -> dict[str, str]:
    return {
        name: value for name, value in reading.parameters.items() if name not in COMMON_PARAMETERS
    }


def _json_body(request: Request) -> Any:
    if not request.body.lstrip().startswith((b"{", b"[")):
        return None
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def _as_parameters(body: Any) -> dict[str, str]:
    """The members of a body of JSON as texts, as the journal has parameters."""
    if body is None:
        return {}
    members = body if isinstance(body, dict) else {"body": body}
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in members.items()
    }
