"""The control routes about deliveries: what was sent, to whom, and who wants to be told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...hosts import without_user
from ..delivering import Deliveries
from ..delivery.outbox import functions, subscriptions
from ..delivery.outbox.functions import Function
from ..delivery.outbox.http_sender import BadTarget, split
from ..delivery.outbox.subscriptions import Subscription
from ..mns.queues import ensure_queue
from ..state.catalog import DEFAULT_REGION
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.delivery_records import Attempt, Delivery
from . import bodies
from .bodies import BadBody
from .delivery_bodies import NewFunction, NewSubscription, Wait

MOST_SUBSCRIPTIONS = 1_000

_LARGEST_ID = 2**63 - 1
"""Of a row in SQLite."""

Handler = Callable[[Request], Awaitable[Response]]


def table(cloud: Cloud, deliveries: Deliveries) -> list[tuple[str, str, Handler]]:
    """Method, path below ``/_fake/`` and handler of each route."""
    control = _Control(cloud, deliveries)
    return [
        ("GET", "deliveries", control.deliveries),
        ("POST", "deliveries/wait", control.wait),
        ("GET", "deliveries/{id:int}", control.delivery),
        ("POST", "deliveries/{id:int}/send", control.send_again),
        ("GET", "subscriptions", control.subscriptions),
        ("POST", "subscriptions", control.subscribe),
        ("DELETE", "subscriptions/{name}", control.unsubscribe),
        ("GET", "functions", control.functions),
        ("POST", "functions", control.serve_function),
        ("DELETE", "functions/{address:path}", control.forget_function),
    ]


def shown(delivery: Delivery, attempts: list[Attempt]) -> dict[str, Any]:
    """A delivery with its attempts, without its body."""
    new, acknowledged_at = delivery.new, delivery.acknowledged_at
    return {
        "delivery_id": delivery.delivery_id,
        "notice_id": new.notice_id,
        "at": iso_time(new.at),
        "name": new.name,
        "status": new.status,
        "event_id": new.event_id,
        "instance_id": new.instance_id,
        "region": new.region,
        "via": new.via,
        "rule": new.rule,
        "target_id": new.target_id,
        "kind": new.kind,
        "address": without_user(new.address),
        "state": delivery.state,
        "message_id": delivery.message_id,
        "acknowledged_at": None if acknowledged_at is None else iso_time(acknowledged_at),
        "next_attempt_at": None if delivery.due_at is None else iso_time(delivery.due_at),
        "attempts": [
            {
                "number": attempt.number,
                "at": iso_time(attempt.at),
                "outcome": attempt.outcome,
                "http_status": attempt.http_status,
                "answer": attempt.answer,
                "seconds": round(attempt.seconds, 6),
                "is_repeat": attempt.is_repeat,
            }
            for attempt in attempts
        ],
    }


def _shown(subscription: Subscription) -> dict[str, Any]:
    return asdict(subscription) | {"address": without_user(subscription.address)}


def _shown_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """*settings* without the token of a target, which only the target may know."""
    return {**settings, "token": "***"} if settings.get("token") else dict(settings)


class _Control:
    def __init__(self, cloud: Cloud, deliveries: Deliveries) -> None:
        self._cloud = cloud
        self._deliveries = deliveries

    async def deliveries(self, request: Request) -> Response:
        """Those after the id in ``after``, oldest first; at most ``limit``; of ``instance``."""
        query = request.query_params
        after, limit = number_in(query, "after", 0), number_in(query, "limit", -1)
        where = "delivery_id > ?"
        values: list[str | int] = [after]
        for name in ("instance_id", "state", "rule"):
            if name in query:
                where += f" AND {name} = ?"
                values.append(query[name])
        found = self._settled(where, *values, limit=limit)
        attempts = {}
        if found:
            first, last = found[0].delivery_id, found[-1].delivery_id
            attempts = self._cloud.store.outbox.attempts(first, last)
        return JSONResponse([shown(each, attempts.get(each.delivery_id, [])) for each in found])

    def _settled(self, where: str, *values: Any, limit: int) -> list[Delivery]:
        with self._cloud.store.transaction():
            self._cloud.settle()
        return self._cloud.store.outbox.find(where, *values, limit=limit)

    async def delivery(self, request: Request) -> Response:
        found = self._found(request)
        id = found.delivery_id
        return JSONResponse(
            {
                **shown(found, self._cloud.store.outbox.attempts(id, id).get(id, [])),
                "body": found.new.body.decode("utf-8", "replace"),
                "settings": _shown_settings(found.new.settings),
            }
        )

    async def send_again(self, request: Request) -> Response:
        found = self._found(request)
        with self._cloud.store.transaction():
            self._cloud.store.outbox.send_again(found.delivery_id, self._cloud.now())
        return await self.delivery(request)

    def _found(self, request: Request) -> Delivery:
        id = request.path_params["id"]
        found = self._cloud.store.outbox.get(id) if id <= _LARGEST_ID else None
        if found is None:
            raise BadBody(
                f"there is no delivery {id}; simevents deliveries, or GET /_fake/deliveries, "
                "lists them"
            )
        return found

    async def wait(self, request: Request) -> Response:
        """Wait until no attempt is due or under way, or one is for the caller's process."""
        body = await bodies.read(request, Wait)
        is_quiet = await self._deliveries.wait(min(body.seconds, 30.0))
        return JSONResponse(
            {
                "is_quiet": is_quiet,
                "in_process": len(self._deliveries.in_process),
                "is_listening": self._deliveries.emitter.is_listening,
                "last_id": self._cloud.store.outbox.last_id(),
            }
        )

    async def subscriptions(self, _request: Request) -> Response:
        return JSONResponse([_shown(each) for each in subscriptions.listed(self._cloud)])

    async def subscribe(self, request: Request) -> Response:
        """Add or replace a subscription; a queue that it names is created if it is missing."""
        body = await bodies.read(request, NewSubscription)
        known = {each.name for each in subscriptions.listed(self._cloud)}
        number = 1 + len(known)
        name = f"subscription-{number}" if body.name is UNSET else body.name
        while body.name is UNSET and name in known:
            number += 1
            name = f"subscription-{number}"
        if len(known) >= MOST_SUBSCRIPTIONS and name not in known:
            raise BadBody(f"there are {MOST_SUBSCRIPTIONS} subscriptions already; remove one")
        region = DEFAULT_REGION if body.region is UNSET else body.region
        made = body.subscription(name, region)
        with self._cloud.store.transaction():
            self._cloud.settle()
            if made.kind == "queue":
                ensure_queue(self._cloud, made.settings["region"], made.address)
            subscriptions.save(self._cloud, made)
        return JSONResponse(_shown(made))

    async def unsubscribe(self, request: Request) -> Response:
        name = request.path_params["name"]
        with self._cloud.store.transaction():
            self._cloud.settle()
            if not subscriptions.remove(self._cloud, name):
                raise BadBody(f"there is no subscription {name!r}")
        return await self.subscriptions(request)

    async def functions(self, _request: Request) -> Response:
        return JSONResponse(
            [
                asdict(each) | {"url": without_user(each.url)}
                for each in functions.listed(self._cloud)
            ]
        )

    async def serve_function(self, request: Request) -> Response:
        body = await bodies.read(request, NewFunction)
        if (body.url is UNSET) == (body.in_process is UNSET):
            raise BadBody('give either "url" or "in_process", the name of a target')
        url = "" if body.url is UNSET else body.url
        if url:
            try:
                split(url)
            except BadTarget as error:
                raise BadBody(f'"url": {error}') from None
        in_process = "" if body.in_process is UNSET else body.in_process
        with self._cloud.store.transaction():
            functions.save(self._cloud, Function(body.service, body.function, url, in_process))
        return await self.functions(request)

    async def forget_function(self, request: Request) -> Response:
        address = request.path_params["address"]
        with self._cloud.store.transaction():
            if not functions.forget(self._cloud, address):
                raise BadBody(f"there is no function {address!r}")
        return await self.functions(request)


def number_in(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 15:
        raise BadBody(f'"{name}" must be a whole number, not {text!r}')
    return int(text)
