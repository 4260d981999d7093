"""The routes under ``/_fake/``: what a test or a person does to the cloud from behind.

JSON over HTTP, for any language. A bad body answers 400 with ``{"error": …}`` that
names the field and what would be right, and changes nothing.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from importlib import metadata
from typing import Any

from pytimeparse2 import parse as parse_duration
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..models import EventCycleStatus, is_instance_id, parse_time
from . import ecs
from .cloud import ACTIONS, Cloud, iso_time
from .codes import Refused
from .faults import ERRORS, Fault
from .journal import Journal
from .lifecycle import start_status
from .store import EventRow, StoreError
from .system_events import SIMULATED_REASON

DEFAULT_REGION = "cn-hangzhou"

Handler = Callable[[Request], Awaitable[Response]]


class BadBody(Exception):
    """A control request cannot be carried out; its text is the answer."""


def routes(cloud: Cloud, journal: Journal) -> Starlette:
    """The control application for one cloud."""
    control = _Control(cloud, journal)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "health", control.health),
        ("GET", "actions", control.actions),
        ("GET", "instances", control.instances),
        ("POST", "instances", control.add_instances),
        ("GET", "events", control.events),
        ("POST", "events", control.inject_events),
        ("GET", "clock", control.clock),
        ("POST", "clock", control.turn_clock),
        ("GET", "faults", control.faults),
        ("POST", "faults", control.add_fault),
        ("DELETE", "faults", control.clear_faults),
        ("GET", "calls", control.calls),
        ("POST", "account", control.change_account),
        ("POST", "reset", control.reset),
    ]
    return Starlette(
        routes=[
            Route(f"/_fake/{path}", handler, methods=[method]) for method, path, handler in table
        ],
        exception_handlers={
            BadBody: _bad_body,
            Refused: _bad_body,
            StoreError: _bad_body,
        },
    )


async def _bad_body(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


class _Control:
    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal

    async def health(self, _request: Request) -> Response:
        store = self._cloud.store
        with self._settled():
            return JSONResponse(
                {
                    "version": metadata.version("simevents"),
                    "pid": os.getpid(),
                    "now": iso_time(self._cloud.now()),
                    "cloud_id": store.cloud_id,
                    "account_id": store.account_id,
                    "instances": store.count("instance"),
                    "open_events": store.count_open_events(),
                    "calls": len(self._journal),
                }
            )

    async def actions(self, _request: Request) -> Response:
        covered = sorted((action.product, action.name) for action in ACTIONS.values())
        return JSONResponse([{"product": product, "action": name} for product, name in covered])

    async def instances(self, _request: Request) -> Response:
        return JSONResponse(
            [
                {
                    "instance_id": instance.id,
                    "region": instance.region,
                    "status": instance.attributes["Status"],
                }
                for instance in self._cloud.store.find("instance")
            ]
        )

    async def add_instances(self, request: Request) -> Response:
        body = await _body(request, {"instance_ids", "count", "region"})
        region = _text(body, "region", DEFAULT_REGION)
        if ("instance_ids" in body) == ("count" in body):
            raise BadBody('give either "instance_ids", a list, or "count", a whole number')
        if "count" in body:
            count = body["count"]
            if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 100_000:
                raise BadBody('"count" must be a whole number from 1 to 100000')
            ids = [self._cloud.new_id("i") for _ in range(count)]
        else:
            ids = _instance_ids(body)
        with self._settled():
            made = ecs.run(self._cloud, region, ids, {})
        return JSONResponse({"instance_ids": [instance.id for instance in made]})

    async def events(self, _request: Request) -> Response:
        with self._settled():
            return JSONResponse([self._event(event) for event in self._cloud.store.events()])

    async def inject_events(self, request: Request) -> Response:
        """Make events without asking the API's rules; by default real ones."""
        body = await _body(
            request,
            {
                "instance_ids",
                "event_type",
                "not_before",
                "status",
                "simulated",
                "reason",
                "region",
            },
        )
        instance_ids = _instance_ids(body)
        event_type = _text(body, "event_type")
        not_before = _moment(body, "not_before").timestamp()
        status = _text(body, "status", start_status(event_type))
        if status not in set(EventCycleStatus):
            raise BadBody(f'"status" must be one of {", ".join(EventCycleStatus)}, not {status!r}')
        simulated = body.get("simulated", False)
        if not isinstance(simulated, bool):
            raise BadBody('"simulated" must be true or false')
        region = _text(body, "region", DEFAULT_REGION)
        made = [
            EventRow(
                event_id=self._cloud.new_id("e"),
                region=region,
                instance_id=instance_id,
                event_type=event_type,
                status=EventCycleStatus(status),
                published_at=self._cloud.now(),
                not_before=not_before,
                finished_at=None,
                simulated=simulated,
                reason=_text(body, "reason", SIMULATED_REASON if simulated else "System"),
            )
            for instance_id in instance_ids
        ]
        with self._settled():
            for event in made:
                self._cloud.store.add_event(event)
        return JSONResponse([self._event(event) for event in made])

    async def clock(self, _request: Request) -> Response:
        return JSONResponse(
            {"now": iso_time(self._cloud.now()), "rate": self._cloud.clock.setting.rate}
        )

    async def turn_clock(self, request: Request) -> Response:
        body = await _body(request, {"advance", "set", "rate", "freeze"})
        if len(body) != 1:
            raise BadBody('give exactly one of "advance", "set", "rate" and "freeze"')
        clock = self._cloud.clock
        if "advance" in body:
            clock.advance(_seconds(body, "advance"))
        elif "set" in body:
            clock.set(_moment(body, "set"))
        elif "rate" in body:
            clock.run_at(_rate(body))
        elif body["freeze"] in (True, False):
            clock.run_at(0 if body["freeze"] else 1)
        else:
            raise BadBody('"freeze" must be true or false')
        with self._settled():
            self._cloud.store.save_clock_setting(clock.setting)
        return await self.clock(request)

    async def faults(self, _request: Request) -> Response:
        return JSONResponse(self._cloud.faults.listed())

    async def add_fault(self, request: Request) -> Response:
        body = await _body(request, {field.name for field in fields(Fault)})
        self._cloud.faults.add(_fault(body))
        return await self.faults(request)

    async def clear_faults(self, request: Request) -> Response:
        self._cloud.faults.clear()
        return await self.faults(request)

    async def calls(self, request: Request) -> Response:
        unexpected_only = request.query_params.get("unexpected", "") not in (
            "",
            "0",
            "false",
        )
        return JSONResponse(self._journal.entries(unexpected_only=unexpected_only))

    async def change_account(self, request: Request) -> Response:
        body = await _body(request, {"id"})
        account_id = _text(body, "id")
        if not account_id.isdecimal():
            raise BadBody('"id" must be an account id: digits only, as a string')
        with self._settled():
            self._cloud.store.set_meta("account_id", account_id)
        return JSONResponse({"id": account_id})

    async def reset(self, request: Request) -> Response:
        """Everything is forgotten; the clock shows real time again, and no fault is in force."""
        with self._cloud.store.transaction():
            self._cloud.store.reset()
        self._cloud.clock.restart()
        self._cloud.faults.clear()
        self._journal.clear()
        return await self.health(request)

    def _event(self, event: EventRow) -> dict[str, Any]:
        return {
            "event_id": event.event_id,
            "region": event.region,
            "instance_id": event.instance_id,
            "event_type": event.event_type,
            "status": event.status.value,
            "publish_time": iso_time(event.published_at),
            "not_before": iso_time(event.not_before),
            "simulated": event.simulated,
            "history": [
                {"at": iso_time(at), "status": status}
                for at, status in self._cloud.store.history(event.event_id)
            ],
        }

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """A transaction in which everything that is due has happened."""
        with self._cloud.store.transaction():
            self._cloud.store.settle(self._cloud.now())
            yield


async def _body(request: Request, known: set[str]) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise BadBody("the body must be a JSON object") from None
    if not isinstance(body, dict):
        raise BadBody("the body must be a JSON object")
    unknown = sorted(set(body) - known)
    if unknown:
        raise BadBody(f'unknown field "{unknown[0]}"; known are {", ".join(sorted(known))}')
    return body


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise BadBody(f'"{name}" must be given, as a string')
    return value


def _instance_ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("instance_ids")
    if not isinstance(ids, list) or not ids:
        raise BadBody('"instance_ids" must be a list of instance ids')
    for id in ids:
        if not isinstance(id, str) or not is_instance_id(id):
            raise BadBody(f'"instance_ids" holds {id!r}, which is no instance id (i-…)')
    return ids


def _moment(body: dict[str, Any], name: str) -> datetime:
    text = _text(body, name)
    try:
        return parse_time(text)
    except ValueError:
        raise BadBody(
            f'"{name}" must be a UTC time such as 2026-01-02T03:04:05Z, not {text!r}'
        ) from None


def _seconds(body: dict[str, Any], name: str) -> float:
    text = _text(body, name)
    seconds = parse_duration(text)
    if not isinstance(seconds, int | float):
        raise BadBody(f'"{name}" must be a length of time such as 30s, 15m or 2h, not {text!r}')
    if seconds < 0:
        raise BadBody(f'"{name}" must not be negative: time in the cloud runs forward (use "set")')
    return float(seconds)


def _fault(body: dict[str, Any]) -> Fault:
    action = _text(body, "action")
    known = {covered.name for covered in ACTIONS.values()}
    if action not in known | {"*"}:
        raise BadBody(f'"action" must be "*" or an action of /_fake/actions, not {action!r}')
    if body.get("error") is not None and body["error"] not in ERRORS:
        raise BadBody(f'"error" must be one of {", ".join(ERRORS)}, not {body["error"]!r}')
    if body.get("cut") not in (None, "before", "after"):
        raise BadBody('"cut" must be "before" or "after"')
    numbers = {"latency", "visibility_delay", "probability", "skip", "times", "seed"}
    for name in numbers & set(body):
        value = body[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadBody(f'"{name}" must be a number, 0 or more')
    for name in {"timeout", "garbage", "partial"} & set(body):
        if not isinstance(body[name], bool):
            raise BadBody(f'"{name}" must be true or false')
    return Fault(**body)


def _rate(body: dict[str, Any]) -> float:
    rate = body["rate"]
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1e6:
        raise BadBody('"rate" must be a number from 0 (frozen) to 1000000')
    return float(rate)
