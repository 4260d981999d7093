"""EventBridge's data plane: calls by a path below ``/openapi/``, with a body of JSON.

They have the same meaning as the calls by parameters; the answers are flat, and a refusal is an
HTTP error. Source: the vendor's client alibabacloud-eventbridge 1.3.8.
"""

from typing import Any

from ..delivery.eventbridge import json_text
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.signatures import Verifier
from ..protocol.wire import MOST_PARAMETERS, Reading, Request
from ..state.access_keys import AccessKey
from . import errors
from .answers import PRODUCT

PREFIX = "/openapi/"

_SCHEME = "acs:"
_SIGNED = ("content-md5", "content-type", "date")
_BATCH = "application/cloudevents-batch+json"
_SINGLE = "application/cloudevents+json"
_CREATED = "CreatedTimestamp"
_REFUSED = 409
"""The HTTP status of a refusal that RPC calls get in a result."""

_NAMES = {"createTargets": "PutTargets"}
"""Actions with another name than their first letter in upper case."""


def is_data_plane(path: str) -> bool:
    return path.startswith(PREFIX)


class DataPlaneForm:
    """Calls of ``/openapi/ACTION``."""

    def read(self, request: Request, reading: Reading) -> None:
        reading.as_json = True
        name = request.path.removeprefix(PREFIX)
        reading.action, reading.version = _NAMES.get(name, name[:1].upper() + name[1:]), PRODUCT[1]
        if request.method != "POST":
            raise ApiError(api_errors.METHOD_UNSUPPORTED)
        if request.query:
            raise ApiError(api_errors.UNKNOWN_PATH)
        if not request.headers.get("authorization", "").startswith(_SCHEME):
            raise ApiError(api_errors.MISSING_COMMON, name="Authorization")
        reading.parameters = _parameters(request, reading.action)
        region = request.headers.get("x-eventbridge-regionid", "")
        if region:
            reading.parameters.setdefault("RegionId", region)

    def verify(
        self, verifier: Verifier, request: Request, reading: Reading, wall: float
    ) -> AccessKey:
        return verifier.verify_roa(
            request.method,
            request.path,
            reading.query,
            request.headers,
            wall,
            scheme=_SCHEME,
            signed=_SIGNED,
        )

    def success(self, answered: dict[str, Any], request_id: str, account_id: str) -> dict[str, Any]:
        data = answered.get("Data")
        members = _renamed(data) if isinstance(data, dict) else {}
        if "Rules" in members:
            members["Rules"] = [_renamed(rule) for rule in members["Rules"]]
        return members | {"RequestId": request_id, "ResourceOwnerAccountId": account_id}

    def refusal(
        self,
        request: Request,  # noqa: ARG002 - as the other forms
        refused: ApiError,
        request_id: str,
    ) -> tuple[int, dict[str, Any]]:
        status = _REFUSED if refused.status == 200 else refused.status
        members = {"code": refused.code, "message": refused.text, "requestId": request_id}
        return status, members


DATA_PLANE = DataPlaneForm()


def _renamed(members: dict[str, Any]) -> dict[str, Any]:
    """*members*, with the names that the data plane has for the times of a rule."""
    others = {name: value for name, value in members.items() if name != _CREATED}
    if _CREATED not in members:
        return others
    return others | {"Ctime": members[_CREATED], "Mtime": members[_CREATED]}


def _parameters(request: Request, action: str) -> dict[str, str]:
    """The members of the body as parameters: other values than texts are JSON."""
    try:
        body = json_text.read(request.body) if request.body else {}
    except json_text.BadJson as bad:
        raise ApiError(errors.JSON_INVALID, member="body", reason=str(bad)) from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (_BATCH, _SINGLE):
        # The text itself, in which numbers are as they were written.
        text = request.body.decode()
        return {"EventList": text if isinstance(body, list) else f"[{text}]"}
    if not isinstance(body, dict):
        raise ApiError(errors.JSON_INVALID, member="body", reason="it isn't an object")
    if len(body) > MOST_PARAMETERS:
        raise ApiError(api_errors.TOO_MANY_PARAMETERS)
    if action == "CreateRule" and "Targets" in body:
        body["EventTargets"] = body.pop("Targets")
    return {
        name: value if isinstance(value, str) else json_text.write(value)
        for name, value in body.items()
        if value is not None
    }
