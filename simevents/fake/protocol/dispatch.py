"""Processes a request and returns the answer.

The order is: protocol, signature, action and parameters, throttling, faults, and then
the action itself, in one transaction. Only this module turns the errors that actions
raise into answers. `wire` parses requests and writes answers.
"""

import logging
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from ...allow_list import shown_name, shown_parameters
from ..ecs import (
    addresses,
    describe_instances,
    disks,
    event_reads,
    instance_creation,
    instance_reads,
    instances,
    power,
    system_events,
    tags,
)
from ..ecs.catalog import images, instance_types, regions
from ..ecs.commands import results, runs
from ..ecs.security import groups, rules
from ..state.access_keys import AccessKey
from ..state.catalog import REGIONS
from ..state.cloud import Cloud
from ..state.faults import Fault
from ..state.journal import Entry, Journal
from ..sts import roles
from ..vpc import network_lists, networks, route_tables

# When a module of actions is imported, it registers its actions.
from . import api_errors, idempotency, wire
from .api_errors import ApiError
from .call import LIST_POSITION, Action, Call
from .member_order import in_order
from .registry import ACTIONS
from .signatures import Verifier
from .wire import Reading, Request, Response

__all__ = ["PRODUCTS", "VERSIONS", "Rpc"]

log = logging.getLogger(__name__)

PRODUCTS = (
    system_events,
    event_reads,
    instance_creation,
    addresses,
    instances,
    describe_instances,
    instance_reads,
    disks,
    power,
    runs,
    results,
    regions,
    instance_types,
    images,
    groups,
    rules,
    tags,
    networks,
    network_lists,
    route_tables,
    roles,
)
"""The modules of actions."""

COMMON_PARAMETERS = frozenset(
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
VERSIONS = frozenset(version for version, _ in ACTIONS)
"""The API versions of the products that the fake serves."""

LONGEST_NAME = 200
"""The limit for a parameter name; no documented name is as long."""

TIMEOUT_SECONDS = 3600.0
"""Time until a call with the fault "timeout" is closed; every client times out earlier."""


@dataclass(slots=True)
class _Progress:
    """What is known about a request so far; an error answer uses what is known."""

    reading: Reading = field(default_factory=Reading)
    action: str = ""
    """The name in the spelling of the API."""
    unexpected: bool = False
    problem: str = ""
    """Why the call is unexpected, if its error code does not say it."""
    fault: Fault | None = None


class Rpc:
    """Answers requests for *cloud*."""

    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal
        self._verifier = Verifier(
            cloud.access_keys.find, lambda: cloud.switches.unknown_access_key_status
        )

    def answer(self, request: Request) -> Response:
        request_id = self._cloud.new_request_id()
        progress = _Progress()
        try:
            answered = self._run(request, progress)
            members = in_order(answered | {"RequestId": request_id})
            status, code = 200, ""
        except ApiError as refused:
            status, code = refused.status, refused.code
            if refused.is_gap:
                progress.unexpected = True
                progress.problem = refused.text if progress.action else ""
            members = {
                "RequestId": request_id,
                "HostId": request.headers.get("host", ""),
                "Code": code,
                "Message": refused.text,
                "Recommend": "https://api.aliyun.com/troubleshoot"
                f"?q={code}&product=Ecs&requestId={request_id}",
            }
        reading, now = progress.reading, self._cloud.now()
        action = progress.action or reading.action
        self._journal.record(
            Entry(
                at=now,
                action=action,
                parameters=_journalled(reading.parameters),
                status=status,
                code=code,
                request_id=request_id,
                unexpected=progress.unexpected,
                results=None if code else _results(members),
                problem=progress.problem[:LONGEST_NAME],
            )
        )
        if progress.unexpected:
            why = progress.problem or code
            log.warning("unexpected call: %s (%s)", action or "no action", why)
        answer = wire.render(
            status,
            "Error" if code else f"{action}Response",
            members,
            as_json=reading.as_json,
            now=now,
        )
        return answer if progress.fault is None else _spoiled(answer, progress.fault)

    def _run(self, request: Request, progress: _Progress) -> dict[str, Any]:
        reading = progress.reading
        reading.read(request)
        if request.method not in ("GET", "POST"):
            raise ApiError(api_errors.METHOD_UNSUPPORTED)
        if request.path not in ("/", ""):
            raise ApiError(api_errors.UNKNOWN_PATH)
        for name, value in (("Action", reading.action), ("Version", reading.version)):
            if not value:
                raise ApiError(api_errors.MISSING_COMMON, name=name)
        caller = self._verify(request, reading)
        action = _find(progress)
        self._check_parameters(progress, action)
        region = reading.parameters.get("RegionId", "")
        if region and region not in REGIONS and self._cloud.switches.unknown_region == "refuse":
            raise ApiError(api_errors.REGION_UNKNOWN)
        if not self._cloud.throttle.admits(action.name, region, self._cloud.now()):
            raise ApiError(api_errors.THROTTLED)
        business = _business_parameters(reading.parameters)
        fault = progress.fault = self._cloud.faults.matching(action.name, business)
        if fault is not None and fault.error is not None:
            raise ApiError(api_errors.FAULT_ERRORS[fault.error])
        if fault is not None and fault.cut == "before":
            return {}
        delay = self._cloud.switches.visibility_delay
        if fault is not None:
            delay = max(delay, fault.visibility_delay)
        members = self._carry_out(Call(action, reading.parameters, caller, delay), business)
        return _halved(members) if fault is not None and fault.partial else members

    def _check_parameters(self, progress: _Progress, action: Action) -> None:
        """Mark a call with a parameter that the API does not document, or refuse it.

        A documented parameter that the fake cannot honour is always refused.
        """
        for name, value in progress.reading.parameters.items():
            if name in COMMON_PARAMETERS:
                continue
            plain = _plain(name) if len(name) <= LONGEST_NAME else ""
            if plain not in action.documented:
                unknown = ApiError(
                    api_errors.UNKNOWN_PARAMETER, action=action.name, parameter=shown_name(name)
                )
                if self._cloud.switches.unknown_parameter == "refuse":
                    raise unknown
                progress.unexpected, progress.problem = True, unknown.text
            elif value and plain in action.refused:
                raise ApiError(api_errors.NOT_COVERED, action=action.name, parameter=name)

    def _verify(self, request: Request, reading: Reading) -> AccessKey:
        if not reading.by_headers:
            return self._verifier.verify_query(
                request.method, reading.parameters, self._cloud.wall()
            )
        return self._verifier.verify_headers(
            request.method,
            request.path or "/",
            reading.query,
            request.headers,
            request.body,
            self._cloud.wall(),
        )

    def _carry_out(self, call: Call, business: dict[str, str]) -> dict[str, Any]:
        with self._cloud.store.transaction():
            self._cloud.settle()
            try:
                return self._once(call, business)
            except ApiError as refused:
                if not refused.keeps_changes:
                    raise
                kept = refused
        raise kept

    def _once(self, call: Call, business: dict[str, str]) -> dict[str, Any]:
        action, store, now = call.action, self._cloud.store, self._cloud.now()
        if not action.is_idempotent:
            return action.implementation(self._cloud, call)
        members = idempotency.remembered(store, action.name, business, now)
        if members is None:
            members = action.implementation(self._cloud, call)
            idempotency.remember(store, action.name, business, now, members)
        return members


def _find(progress: _Progress) -> Action:
    """The requested action. Raises ApiError (HTTP 400) if it is not covered."""
    reading = progress.reading
    if reading.version not in VERSIONS:
        raise ApiError(api_errors.UNKNOWN_VERSION, version=reading.version)
    action = ACTIONS.get((reading.version, reading.action.lower()))
    if action is None:
        raise ApiError(api_errors.UNKNOWN_ACTION, action=f"{reading.action} ({reading.version})")
    progress.action = action.name
    return action


@lru_cache(maxsize=4_096)
def _plain(name: str) -> str:
    return LIST_POSITION.sub("", name)


def _business_parameters(parameters: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in parameters.items()
        if name not in COMMON_PARAMETERS and name not in _SECRET_PARAMETERS
    }


def _results(members: dict[str, Any]) -> int | None:
    """The length of the one list in an answer, as ``{"Instances": {"Instance": […]}}`` has it."""
    parts = [part for part in members.values() if isinstance(part, dict) and len(part) == 1]
    lists = [entries for part in parts for entries in part.values() if isinstance(entries, list)]
    return len(lists[0]) if len(lists) == 1 else None


def _journalled(parameters: dict[str, str]) -> dict[str, str]:
    """The parameters as they may be shown: names that are not on the list have no value."""
    return shown_parameters({n: v for n, v in parameters.items() if n not in COMMON_PARAMETERS})


def _halved(members: dict[str, Any]) -> dict[str, Any]:
    """Half of the event ids in a create answer, rounded down."""
    ids = members.get("EventIdSet", {}).get("EventId", [])
    return {"EventIdSet": {"EventId": ids[: len(ids) // 2]}}


def _spoiled(answer: Response, fault: Fault) -> Response:
    if fault.cut is not None:
        return replace(answer, is_cut=True)
    if fault.timeout:
        return replace(answer, delay_seconds=TIMEOUT_SECONDS, is_cut=True)
    if fault.garbage:
        body = b"<html><head><title>502 Bad Gateway</title></head></html>"
        return Response(502, [(b"content-type", b"text/html")], body)
    return replace(answer, delay_seconds=fault.latency)
