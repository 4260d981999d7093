"""From bytes to an action and back: the one place that knows how the API is written.

Requests come as GET or POST, parameters in the query, in a form body or in both,
signed in the query or in headers. Answers are JSON or XML. Errors that actions
raise become answers here and nowhere else.
"""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

# The modules of actions register themselves when they are imported.
from . import codes, ecs, faults, security_groups, sts, system_events, tags, vpc  # noqa: F401
from .cloud import ACTIONS, Action, Call, Cloud, iso_time
from .codes import Refused
from .faults import Fault
from .journal import Entry, Journal
from .signatures import V3_SCHEME, Verifier

log = logging.getLogger(__name__)

_COMMON_PARAMETERS = frozenset(
    {
        "Action",
        "Version",
        "Format",
        "AccessKeyId",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
    }
)
_SECRET_PARAMETERS = frozenset({"Password", "UserData"})

TIMEOUT_SECONDS = 3600.0
"""How long an answer is held back that is never to come; every client gives up earlier."""

_LIST_POSITION = re.compile(r"\.\d+(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    query: bytes
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    delay_seconds: float = 0.0
    """Real time to wait before it is sent."""
    is_cut: bool = False
    """It is not sent at all: the connection is closed."""


@dataclass(slots=True)
class _Read:
    """What has been read off a request so far; a refusal reports what there is."""

    action: str = ""
    version: str = ""
    as_json: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    unexpected: bool = False
    fault: Fault | None = None


class Rpc:
    """Answers requests for *cloud*; *wall* tells real time, for signatures."""

    def __init__(self, cloud: Cloud, journal: Journal, wall: Callable[[], float]) -> None:
        self._cloud = cloud
        self._journal = journal
        self._wall = wall
        self._verifier = Verifier(cloud.access_keys)

    def answer(self, request: Request) -> Answer:
        request_id = self._cloud.new_request_id()
        read = _Read()
        try:
            members = self._run(request, read)
            status, code = 200, ""
        except Refused as refused:
            status, code = refused.status, refused.code
            members = {
                "HostId": request.headers.get("host", ""),
                "Code": code,
                "Message": refused.text,
                "Recommend": "https://api.aliyun.com/troubleshoot"
                f"?q={code}&product=Ecs&requestId={request_id}",
            }
        self._journal.record(
            Entry(
                at=iso_time(self._cloud.now()),
                action=read.action,
                parameters=_business_parameters(read.parameters),
                status=status,
                code=code,
                request_id=request_id,
                unexpected=read.unexpected,
            )
        )
        if read.unexpected:
            log.warning("unexpected call: %s (%s)", read.action or "no action", code)
        root = "Error" if code else f"{read.action}Response"
        answer = self._render(status, root, {"RequestId": request_id} | members, read.as_json)
        return answer if read.fault is None else _spoiled(answer, read.fault)

    def _run(self, request: Request, read: _Read) -> dict[str, Any]:
        query, form = _parameters(request)
        read.parameters = query | form
        by_headers = request.headers.get("authorization", "").startswith(V3_SCHEME)
        if by_headers:
            read.action = request.headers.get("x-acs-action", "")
            read.version = request.headers.get("x-acs-version", "")
            read.as_json = "xml" not in request.headers.get("accept", "")
        else:
            read.action = read.parameters.get("Action", "")
            read.version = read.parameters.get("Version", "")
            read.as_json = read.parameters.get("Format", "XML").upper() == "JSON"
        if request.method not in ("GET", "POST"):
            raise Refused(codes.METHOD_UNSUPPORTED)
        for name, value in (("Action", read.action), ("Version", read.version)):
            if not value:
                raise Refused(codes.MISSING_COMMON, name=name)
        if by_headers:
            self._verifier.verify_headers(
                request.method,
                request.path,
                query,
                request.headers,
                request.body,
                self._wall(),
            )
        else:
            self._verifier.verify_query(request.method, read.parameters, self._wall())
        action = _find(read)
        business = _business_parameters(read.parameters)
        fault = read.fault = self._cloud.faults.striking(action.name, business)
        if fault is not None and fault.error is not None:
            raise Refused(faults.ERRORS[fault.error])
        if fault is not None and fault.cut == "before":
            return {}
        call = Call(
            action.name,
            read.parameters,
            action.missing,
            action.invalid,
            visibility_delay=fault.visibility_delay if fault is not None else 0.0,
        )
        with self._cloud.store.transaction():
            self._cloud.store.settle(self._cloud.now())
            members = action.answer(self._cloud, call)
        return _halved(members) if fault is not None and fault.partial else members

    def _render(self, status: int, root: str, members: dict[str, Any], as_json: bool) -> Answer:
        if as_json:
            body = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
            content_type = "application/json;charset=utf-8"
        else:
            body = f'<?xml version="1.0" encoding="UTF-8"?>{_xml(root, members)}'
            content_type = "text/xml;charset=utf-8"
        headers = [
            ("content-type", content_type),
            # The cloud's own time, so that clients see the same "now" as the events do.
            ("date", formatdate(self._cloud.now(), usegmt=True)),
            ("x-acs-request-id", members["RequestId"]),
        ]
        return Answer(status, headers, body.encode("utf-8", "surrogatepass"))


def _parameters(request: Request) -> tuple[dict[str, str], dict[str, str]]:
    """Those of the query and those of the form body; empty values count."""
    query = dict(parse_qsl(request.query.decode("ascii", "replace"), keep_blank_values=True))
    content_type = request.headers.get("content-type", "")
    if not request.body or "form" not in content_type:
        return query, {}
    text = request.body.decode("utf-8", "replace")
    return query, dict(parse_qsl(text, keep_blank_values=True))


def _find(read: _Read) -> Action:
    """The action asked for. What is not covered is loud: 400, and marked in the journal."""
    action = ACTIONS.get((read.version, read.action.lower()))
    if action is None:
        read.unexpected = True
        raise Refused(codes.UNKNOWN_ACTION, action=f"{read.action} ({read.version})")
    read.action = action.name
    for name in read.parameters:
        plain = _LIST_POSITION.sub("", name)
        if plain not in action.parameters and name not in _COMMON_PARAMETERS:
            read.unexpected = True
            raise Refused(codes.UNKNOWN_PARAMETER, action=action.name, parameter=name)
    return action


def _business_parameters(parameters: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in parameters.items()
        if name not in _COMMON_PARAMETERS and name not in _SECRET_PARAMETERS
    }


def _halved(members: dict[str, Any]) -> dict[str, Any]:
    """Half of the ids of a Create, rounded down."""
    ids = members.get("EventIdSet", {}).get("EventId", [])
    return {"EventIdSet": {"EventId": ids[: len(ids) // 2]}}


def _spoiled(answer: Answer, fault: Fault) -> Answer:
    if fault.cut is not None:
        return replace(answer, is_cut=True)
    if fault.timeout:
        return replace(answer, delay_seconds=TIMEOUT_SECONDS, is_cut=True)
    if fault.garbage:
        body = b"<html><head><title>502 Bad Gateway</title></head></html>"
        return Answer(502, [("content-type", "text/html")], body)
    return replace(answer, delay_seconds=fault.latency)


def _xml(name: str, value: Any) -> str:
    """A list repeats its element; a boolean is written in small letters."""
    if isinstance(value, dict):
        inner = "".join(_xml(key, member) for key, member in value.items())
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, list):
        return "".join(_xml(name, item) for item in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"
