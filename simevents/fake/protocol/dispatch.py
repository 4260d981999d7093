"""Processes a request and returns the answer.

The order is: protocol, signature, action and parameters, throttling, faults, and then
the action itself, in one transaction. Only this module turns the errors that actions
raise into answers. `wire` parses requests and writes answers.
"""

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...allow_list import load, shown_action, shown_name
from ..cms import dry_run, rule_reads, targets
from ..cms import rules as event_rules
from ..cms import system_events as monitored_events
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
from ..eventbridge import buses, events
from ..eventbridge import rules as bus_rules
from ..eventbridge import targets as bus_targets
from ..eventbridge.data_plane import DATA_PLANE, is_data_plane
from ..mns import control_plane, queue_tags
from ..state.catalog import REGIONS
from ..state.cloud import Cloud
from ..state.faults import Fault
from ..state.journal import LONGEST_NAME, Entry, Journal, shortened
from ..sts import roles
from ..vpc import network_lists, networks, route_tables

# When a module of actions is imported, it registers its actions.
from . import api_errors, idempotency, journalled, wire
from .api_errors import ApiError
from .call import LIST_POSITION, Action, Call
from .forms import RPC, Form
from .registry import ACTIONS
from .signatures import Verifier
from .spoiling import halved, spoiled
from .taught import TaughtCalls
from .wire import COMMON_PARAMETERS, Reading, Request, Response

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
    event_rules,
    targets,
    rule_reads,
    monitored_events,
    dry_run,
    control_plane,
    queue_tags,
    buses,
    bus_rules,
    bus_targets,
    events,
)
"""The modules of actions."""

_SECRET_PARAMETERS = frozenset({"Password", "UserData"})
VERSIONS = frozenset(version for version, _ in ACTIONS)
"""The API versions of the products that the fake serves."""

MOST_LOG_LINES = 1_000
"""The limit for logged unexpected calls; the journal has the others."""


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
        # Before the first call: the test around it may replace what reads files.
        load()
        self._cloud = cloud
        self._journal = journal
        self._logged = 0
        self._verifier = Verifier(
            cloud.access_keys.find, lambda: cloud.switches.unknown_access_key_status
        )
        self.taught = TaughtCalls(cloud, journal, self._verifier)

    def answer(self, request: Request) -> Response:
        form: Form = DATA_PLANE if is_data_plane(request.path) else RPC
        request_id = self._cloud.new_request_id()
        progress = _Progress()
        try:
            answered = self._run(form, request, progress)
            members = form.success(answered, request_id, self._cloud.store.account_id)
            status, code = 200, ""
        except ApiError as refused:
            code = refused.code
            status, members = form.refusal(request, refused, request_id)
            if refused.is_gap:
                progress.unexpected = True
                progress.problem = refused.text if progress.action else ""
        reading, fault, now = progress.reading, progress.fault, self._cloud.now()
        action = progress.action or shown_action(reading.action)
        answer = wire.render(
            status,
            "Error" if code else f"{action}Response",
            members,
            as_json=reading.as_json,
            now=now,
            request_id=request_id,
        )
        if fault is not None:
            answer = spoiled(answer, fault)
        carried_out = not code and (fault is None or fault.cut != "before")
        self._journal.record(
            Entry(
                at=now,
                action=action,
                parameters=journalled.parameters(reading),
                status=0 if answer.is_cut else answer.status,
                code=code,
                request_id=request_id,
                unexpected=progress.unexpected,
                results=journalled.results(members) if carried_out else None,
                problem=shortened(progress.problem, LONGEST_NAME),
                is_read=journalled.is_read(reading),
                carried_out=carried_out,
                answered=not answer.is_cut,
            )
        )
        if progress.unexpected:
            self._log_unexpected(action, progress.problem or code)
        return answer

    def _log_unexpected(self, action: str, why: str) -> None:
        if self._logged < MOST_LOG_LINES:
            name = ascii(action) if action else "no action"
            log.warning("unexpected call: %s (%s)", name, ascii(shortened(why, LONGEST_NAME))[1:-1])
        elif self._logged == MOST_LOG_LINES:
            log.warning("no further unexpected calls are logged; see /_fake/calls?unexpected=1")
        self._logged += 1

    def _run(self, form: Form, request: Request, progress: _Progress) -> dict[str, Any]:
        reading = progress.reading
        form.read(request, reading)
        caller = form.verify(self._verifier, request, reading, self._cloud.wall())
        action = _find(progress)
        self._check_parameters(progress, action)
        region = reading.parameters.get("RegionId", "")
        if region not in REGIONS and self._is_refused(region):
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
        host = request.headers.get("host", "")
        call = Call(action, reading.parameters, caller, delay, host)
        members = self._carry_out(call, business)
        return halved(members) if fault is not None and fault.partial else members

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
                    api_errors.UNKNOWN_PARAMETER,
                    action=action.name,
                    parameter=shown_name(name),
                )
                if self._cloud.switches.unknown_parameter == "refuse":
                    raise unknown
                progress.unexpected, progress.problem = True, unknown.text
            elif value and plain in action.refused:
                raise ApiError(api_errors.NOT_COVERED, action=action.name, parameter=name)

    def _is_refused(self, unknown_region: str) -> bool:
        is_long = len(unknown_region) > LONGEST_NAME
        switch = self._cloud.switches.unknown_region
        return bool(unknown_region) and (is_long or switch == "refuse")

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
        version = shortened(reading.version, LONGEST_NAME)
        raise ApiError(api_errors.UNKNOWN_VERSION, version=version)
    action = ACTIONS.get((reading.version, reading.action.lower()))
    if action is None:
        named = f"{shown_action(reading.action)} ({reading.version})"
        raise ApiError(api_errors.UNKNOWN_ACTION, action=named)
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
