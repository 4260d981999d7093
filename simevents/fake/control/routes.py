"""The control routes under ``/_fake/``, with which a test or a user controls the cloud.

They use JSON over HTTP, so any language can call them. For a bad body the answer is 400
with ``{"error": …}``: it names the field and the valid values, and nothing is changed.
"""

import math
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

from msgspec import UNSET, UnsetType
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ...models import EventCycleStatus
from ..delivering import Deliveries
from ..delivery.event_names import INTERRUPTION
from ..delivery.eventbridge.patterns import PatternError
from ..ecs import instance_creation, interruptions
from ..protocol.api_errors import ApiError
from ..protocol.authority import Authority
from ..protocol.registry import ACTIONS, CALLS_BY_PATH
from ..state.answers import TooManyAnswers
from ..state.catalog import DEFAULT_REGION
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.database import StoreError
from ..state.event_table import EventRow
from ..state.faults import TooManyFaults
from ..state.journal import Journal
from ..state.lifecycle import FINAL, start_status
from ..state.switches import BadSwitch, Switches
from . import answer_bodies, bodies, delivery_routes, metadata_change
from .changes import Changes
from .reads import Reads

# Read once: a test may replace what reads files.
_VERSION = metadata.version("simevents")

Handler = Callable[[Request], Awaitable[Response]]


def routes(
    cloud: Cloud,
    journal: Journal,
    switches_at_start: Switches,
    authority: Authority,
    way_in: Callable[[], Mapping[str, Any] | None],
    deliveries: Deliveries,
) -> Starlette:
    """The control application for one cloud; a reset restores *switches_at_start*.

    *authority* is the one of its certificates. *way_in* returns how other processes are led
    here, and None when no files were made for that. *deliveries* sends what changes cause.
    """
    reads = Reads(cloud, journal)
    control = _Control(cloud, journal, reads, switches_at_start, authority, way_in)
    changes = Changes(cloud, journal, reads)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "health", control.health),
        ("GET", "actions", control.actions),
        ("GET", "instances", control.instances),
        ("POST", "instances", control.add_instances),
        ("GET", "events", control.events),
        ("POST", "events", control.inject_events),
        ("GET", "changes", changes.answer),
        ("GET", "clock", control.clock),
        ("POST", "clock", control.turn_clock),
        ("GET", "faults", control.faults),
        ("POST", "faults", control.add_fault),
        ("DELETE", "faults", control.clear_faults),
        ("GET", "answers", control.answers),
        ("POST", "answers", control.add_answer),
        ("DELETE", "answers", control.clear_answers),
        ("GET", "switches", control.switches),
        ("POST", "switches", control.set_switches),
        ("GET", "throttle", control.throttle),
        ("POST", "throttle", control.set_throttle),
        ("GET", "calls", control.calls),
        ("GET", "refusals", control.refusals),
        ("GET", "authority", control.certificate),
        ("GET", "way-in", control.way_in),
        ("GET", "metadata", control.metadata),
        ("POST", "metadata", control.set_metadata),
        ("POST", "account", control.change_account),
        ("POST", "reset", control.reset),
        *delivery_routes.table(cloud, deliveries),
    ]
    return Starlette(
        routes=[
            Route(f"/_fake/{path}", handler, methods=[method]) for method, path, handler in table
        ],
        exception_handlers={
            bodies.BadBody: _bad_body,
            BadSwitch: _bad_body,
            ApiError: _bad_body,
            StoreError: _bad_body,
            TooManyFaults: _bad_body,
            TooManyAnswers: _bad_body,
            PatternError: _bad_body,
        },
    )


async def _bad_body(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


class _Control:
    def __init__(
        self,
        cloud: Cloud,
        journal: Journal,
        reads: Reads,
        switches_at_start: Switches,
        authority: Authority,
        way_in: Callable[[], Mapping[str, Any] | None],
    ) -> None:
        self._cloud = cloud
        self._journal = journal
        self._reads = reads
        self._switches_at_start = switches_at_start
        self._authority = authority
        self._way_in = way_in

    async def health(self, _request: Request) -> Response:
        store = self._cloud.store
        with self._reads.settled():
            return JSONResponse(
                {
                    "version": _VERSION,
                    "pid": os.getpid(),
                    "data": str(store.path.absolute()) if store.path else None,
                    "now": iso_time(self._cloud.now()),
                    "cloud_id": store.cloud_id,
                    "account_id": store.account_id,
                    "instances": store.count("instance"),
                    "open_events": store.events.count_open(),
                    "calls": len(self._journal),
                }
            )

    async def actions(self, _request: Request) -> Response:
        actions = [(action.product, action.name) for action in ACTIONS.values()]
        by_path = [(product, name) for product, names in CALLS_BY_PATH.items() for name in names]
        covered = sorted(actions + by_path)
        return JSONResponse([{"product": product, "action": name} for product, name in covered])

    async def instances(self, _request: Request) -> Response:
        return JSONResponse(self._reads.instances())

    async def add_instances(self, request: Request) -> Response:
        body = await bodies.read(request, bodies.Instances)
        region = self._region(body.region)
        if (body.instance_ids is UNSET) == (body.count is UNSET):
            raise bodies.BadBody('give either "instance_ids", a list, or "count", a whole number')
        ids: Sequence[str]
        if body.instance_ids is not UNSET:
            ids = body.instance_ids
        else:
            assert body.count is not UNSET
            ids = [self._cloud.new_id("i") for _ in range(body.count)]
        with self._reads.settled():
            made = instance_creation.create(self._cloud, region, ids, {})
        return JSONResponse({"instance_ids": [instance.id for instance in made]})

    async def events(self, _request: Request) -> Response:
        return JSONResponse(self._reads.events())

    async def inject_events(self, request: Request) -> Response:
        """Create events in any status, without the checks of the API; by default real events.

        An interruption of preemptible instances is told, but creates no event.
        """
        body = await bodies.read(request, bodies.InjectedEvents)
        if body.event_type == INTERRUPTION:
            with self._reads.settled():
                region, released_at = self._region(body.region), body.not_before.timestamp()
                interruptions.interrupt(self._cloud, region, body.instance_ids, released_at)
            return JSONResponse([])
        status = start_status(body.event_type) if body.status is UNSET else body.status
        now = self._cloud.now()
        published_at = now if body.publish_time is UNSET else body.publish_time.timestamp()
        finished_at = None
        if status in FINAL:
            finished_at = now if body.finish_time is UNSET else body.finish_time.timestamp()
        reason = self._cloud.switches.simulated_reason if body.simulated else ""
        made = [
            EventRow(
                event_id=self._cloud.new_id("e"),
                region=self._region(body.region),
                instance_id=instance_id,
                event_type=body.event_type,
                status=EventCycleStatus(status),
                published_at=published_at,
                not_before=body.not_before.timestamp(),
                finished_at=finished_at,
                simulated=body.simulated,
                reason=reason if body.reason is UNSET else body.reason,
                details=body.details(),
            )
            for instance_id in body.instance_ids
        ]
        with self._reads.settled():
            self._cloud.store.events.add(made, self._cloud.switches.executing_seconds)
        return JSONResponse([self._reads.event(event) for event in made])

    async def clock(self, _request: Request) -> Response:
        return JSONResponse(self._reads.clock())

    async def turn_clock(self, request: Request) -> Response:
        body = await bodies.read(request, bodies.ClockChange)
        changes = (body.advance, body.set, body.rate, body.freeze, body.next)
        if sum(change is not UNSET for change in changes) != 1:
            raise bodies.BadBody(
                'give exactly one of "advance", "set", "rate", "freeze" and "next"'
            )
        clock, before = self._cloud.clock, self._cloud.now()
        remaining = 0.0
        if body.advance is not UNSET:
            step = self._to_next_change(body.advance) if body.stop_at_change else body.advance
            remaining = body.advance - step
            clock.advance(step)
        elif body.set is not UNSET:
            clock.set(body.set)
        elif body.rate is not UNSET:
            clock.run_at(body.rate)
        elif body.next is not UNSET:
            step = self._to_next_change(math.inf)
            if math.isinf(step):
                raise bodies.BadBody('"next" is not possible: no change and no delivery is due')
            clock.advance(step)
        else:
            clock.run_at(0 if body.freeze else 1)
        with self._reads.settled():
            self._cloud.store.save_clock_setting(clock.setting)
            self._cloud.set_back(before - clock.now())
        return JSONResponse({**self._reads.clock(), "remaining": remaining})

    def _to_next_change(self, seconds: float) -> float:
        """The seconds until the next change or delivery that comes by itself, at most *seconds*."""
        now = self._cloud.now()
        due = (self._cloud.next_due(), self._cloud.store.outbox.next_due(now))
        moments = [moment for moment in due if moment is not None]
        return min(seconds, max(min(moments) - now, 0.0)) if moments else seconds

    async def faults(self, _request: Request) -> Response:
        return JSONResponse(self._cloud.faults.listed())

    async def add_fault(self, request: Request) -> Response:
        body = await bodies.read(request, bodies.NewFault)
        self._cloud.faults.add(body.fault())
        return await self.faults(request)

    async def clear_faults(self, request: Request) -> Response:
        self._cloud.faults.clear()
        return await self.faults(request)

    async def answers(self, _request: Request) -> Response:
        return JSONResponse(self._cloud.answers.listed())

    async def add_answer(self, request: Request) -> Response:
        body = await bodies.read(request, answer_bodies.NewAnswer)
        self._cloud.answers.add(body.answer())
        return await self.answers(request)

    async def clear_answers(self, request: Request) -> Response:
        self._cloud.answers.clear()
        return await self.answers(request)

    async def switches(self, _request: Request) -> Response:
        return JSONResponse(asdict(self._cloud.switches))

    async def set_switches(self, request: Request) -> Response:
        """Set the given switches and keep the others. They are saved with the cloud's data."""
        body = bodies.plain_values(await bodies.read_object(request))
        self._cloud.switches = self._cloud.switches.changed(**body)
        with self._reads.settled():
            self._cloud.store.save_switches(self._cloud.switches.differing())
        return await self.switches(request)

    async def throttle(self, _request: Request) -> Response:
        return JSONResponse(self._cloud.throttle.limits)

    async def set_throttle(self, request: Request) -> Response:
        """Replace all limits; ``{}`` removes them."""
        self._cloud.throttle.set(bodies.limits(await bodies.read_object(request)))
        return await self.throttle(request)

    async def calls(self, request: Request) -> Response:
        unexpected_only = request.query_params.get("unexpected", "") not in (
            "",
            "0",
            "false",
        )
        return JSONResponse(self._reads.calls(unexpected_only=unexpected_only))

    async def refusals(self, _request: Request) -> Response:
        return JSONResponse(self._reads.refusals())

    async def certificate(self, _request: Request) -> Response:
        """The certificate that a program has to trust which speaks TLS to this fake."""
        return JSONResponse({"certificate": self._authority.certificate.decode()})

    async def way_in(self, _request: Request) -> Response:
        found = self._way_in()
        if found is None:
            raise bodies.BadBody(
                "this fake cloud has no files for other programs to trust; start it with: "
                "simevents fake --proxy"
            )
        return JSONResponse(dict(found))

    async def metadata(self, _request: Request) -> Response:
        return JSONResponse(metadata_change.shown(self._cloud))

    async def set_metadata(self, request: Request) -> Response:
        """Choose the instance that the metadata service speaks for; null undoes it all."""
        body = await bodies.read(request, bodies.MetadataChange)
        with self._reads.settled():
            metadata_change.apply(self._cloud, body)
        return await self.metadata(request)

    async def change_account(self, request: Request) -> Response:
        body = await bodies.read(request, bodies.Account)
        with self._reads.settled():
            self._cloud.store.set_meta("account_id", body.id)
        return JSONResponse({"id": body.id})

    async def reset(self, request: Request) -> Response:
        """Restore the initial state: no data, real time, no faults, no limits.

        Switches and taught answers are those of the start.
        """
        with self._cloud.store.transaction():
            self._cloud.store.reset()
            # Within the transaction, which saves the time.
            self._cloud.clock.restart()
            self._cloud.rules_changed()
        self._cloud.faults.clear()
        self._cloud.answers.restart()
        self._cloud.throttle.set({})
        self._cloud.switches = self._switches_at_start
        self._journal.clear()
        return await self.health(request)

    def _region(self, name: str | UnsetType) -> str:
        is_any = self._cloud.switches.unknown_region == "accept"
        return bodies.region(name, DEFAULT_REGION, is_any=is_any)
