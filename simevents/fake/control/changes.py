"""``GET /_fake/changes``: what has changed since the last look, for whoever watches the cloud.

The caller sends back the numbers of the last answer. Each part has either the changed entries,
or all of them (``is_all``): at the first look, after a reset, and after very many changes.
"""

import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from ..ecs.instance_status import status_of
from ..state.cloud import Cloud
from ..state.delivery_records import Delivery
from ..state.event_table import EventFilter
from ..state.journal import Journal
from .delivery_routes import number_in, shown
from .reads import Reads

_IN_ONE_QUERY = 500

_MOST_EVENTS = 20_000
"""The newest events, which the first look shows; the answer takes about half a second then."""

_LOOKED_BACK = 2_000
"""Calls and deliveries that the first look shows; a page that shows more is not readable."""


class Changes:
    """The route; it needs no work from the cloud's data while nothing changes."""

    def __init__(self, cloud: Cloud, journal: Journal, reads: Reads) -> None:
        self._cloud = cloud
        self._journal = journal
        self._reads = reads
        self._process = uuid.uuid4().hex
        self._settling: dict[str, float] = {}
        """Instances in a transition, and when it ends, in the cloud's time."""
        cloud.clock.on_turn(cloud.store.changed_resources.forget)

    async def answer(self, request: Request) -> Response:
        query = request.query_params
        run = f"{self._process}-{self._cloud.store.cloud_id}"
        is_known = query.get("run") == run
        since = {
            part: number_in(query, part, -1) if is_known else -1
            for part in ("events", "calls", "deliveries", "instances", "refusals")
        }
        with self._reads.settled():
            found = self._found(since)
        now = self._cloud.now()
        found |= {"run": run, "epoch": now, "rate": self._cloud.clock.setting.rate}
        return Response(orjson.dumps(found), media_type="application/json")

    def _found(self, since: Mapping[str, int]) -> dict[str, Any]:
        journal = self._journal
        refusals = journal.refusals.recorded
        return {
            "events": self._events(since["events"]),
            "calls": {
                "number": journal.recorded,
                "is_all": since["calls"] < 0,
                "entries": self._calls(since["calls"]),
            },
            "refusals": {
                "number": refusals,
                "is_all": True,
                "entries": [] if since["refusals"] == refusals else self._reads.refusals(),
            },
            "deliveries": self._deliveries(since["deliveries"]),
            "instances": self._instances(since["instances"]),
            "faults": self._cloud.faults.listed(),
            "switches": self._cloud.switches.differing(),
        }

    def _calls(self, since: int) -> list[dict[str, Any]]:
        if since < 0:
            since = max(self._journal.recorded - _LOOKED_BACK, 0)
        return self._journal.since(since)

    def _events(self, since: int) -> dict[str, Any]:
        log = self._cloud.store.events.changed
        ids = log.since(since)
        table = self._cloud.store.events
        if ids is None:
            found = table.find(limit=_MOST_EVENTS)[::-1]
        else:
            found = [
                event
                for part in _parts(ids)
                for event in table.find(EventFilter(event_ids=part), newest_first=False)
            ]
        entries = [self._reads.event(event) | {"reason": event.reason} for event in found]
        return {"number": log.number, "is_all": ids is None, "entries": entries}

    def _deliveries(self, since: int) -> dict[str, Any]:
        outbox = self._cloud.store.outbox
        ids = outbox.changes.since(since)
        found: list[Delivery] = []
        if ids is None:
            found = outbox.newest(_LOOKED_BACK)
        else:
            for part in _parts(ids):
                marks = ", ".join("?" * len(part))
                found += outbox.find(f"delivery_id IN ({marks})", *map(int, part))
        entries = []
        for each in found:
            attempts = outbox.attempts(each.delivery_id, each.delivery_id)
            entries.append(shown(each, attempts.get(each.delivery_id, [])))
        return {"number": outbox.changes.number, "is_all": ids is None, "entries": entries}

    def _instances(self, since: int) -> dict[str, Any]:
        store, now = self._cloud.store, self._cloud.now()
        log = store.changed_resources
        settled = [id for id, ends_at in self._settling.items() if ends_at <= now]
        for id in settled:
            del self._settling[id]
        log.note(settled)
        ids = log.since(since)
        if ids is None:
            found = store.find("instance")
        else:
            found = [each for part in _parts(ids) for each in store.get_all("instance", part)]
        for each in found:
            ends_at = float(each.attributes.get("SettlesAt", 0))
            if ends_at > now:
                self._settling[each.id] = ends_at
        existing = {each.id for each in found}
        return {
            "number": log.number,
            "is_all": ids is None,
            "entries": [
                {"instance_id": each.id, "region": each.region, "status": status_of(each, now)}
                for each in found
            ],
            "gone": [id for id in ids or () if id.startswith("i-") and id not in existing],
        }


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + _IN_ONE_QUERY] for start in range(0, len(ids), _IN_ONE_QUERY)]
