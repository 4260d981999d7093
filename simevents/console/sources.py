"""Where the console reads: the control routes of a fake cloud, or the API of an account."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from ..api.client import SystemEvents
from ..errors import SimulatedEventsError
from ..models import SystemEvent, format_time
from ..settings import Settings
from .model import Entry, Part, Reading

_PARTS = ("events", "calls", "deliveries", "instances", "refusals")
_PATIENCE_SECONDS = 10.0


class NotReached(Exception):
    """Nothing can be read now; the text says why."""


class Source(Protocol):
    """Where a console reads."""

    seconds_between: float
    """Seconds from one reading to the next."""

    async def read(self) -> Reading:
        """What has changed since the last reading. Raises NotReached."""

    async def close(self) -> None: ...


class FakeSource:
    """A fake cloud at *url*; *token* is its control token, if it asks for one."""

    seconds_between = 0.5

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._numbers: dict[str, str] = {}
        self._http = httpx.AsyncClient(
            base_url=f"{url}/_fake",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            trust_env=False,
            timeout=_PATIENCE_SECONDS,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def read(self) -> Reading:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await self._http.get("/changes", params=self._numbers)
        except (httpx.HTTPError, TimeoutError):
            raise NotReached(f"No fake cloud answers at {self._url}; trying again.") from None
        try:
            found = answer.json()
        except ValueError:
            found = None
        if answer.status_code != 200:
            error = found.get("error") if isinstance(found, dict) else None
            reason = error if isinstance(error, str) else f"HTTP {answer.status_code}"
            raise NotReached(f"{self._url} cannot be read: {reason}")
        try:
            reading = _reading(found)
            self._numbers = {part: str(found[part]["number"]) for part in _PARTS}
        except (KeyError, TypeError, AttributeError, ValueError):
            # Another program, which has the port now.
            raise NotReached(f"What answers at {self._url} is no fake cloud.") from None
        self._numbers["run"] = reading.run
        return reading


def _reading(found: Mapping[str, Any]) -> Reading:
    parts = {
        name: Part(found[name]["entries"], bool(found[name]["is_all"]), found[name].get("gone", ()))
        for name in ("events", "calls", "deliveries", "instances")
    }
    return Reading(
        run=str(found["run"]),
        epoch=float(found["epoch"]),
        rate=float(found["rate"]),
        refusals=found["refusals"]["entries"] or None,
        faults=found["faults"],
        switches=found["switches"],
        **parts,
    )


class AccountSource:
    """The events of a region of an account, open ones and those of the last 30 days."""

    seconds_between = 15.0

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ

    async def close(self) -> None:
        """Each reading has closed its connections."""

    async def read(self) -> Reading:
        try:
            return await asyncio.to_thread(self._read)
        except SimulatedEventsError as error:
            raise NotReached(str(error)) from None

    def _read(self) -> Reading:
        with SystemEvents.connect(self._settings, self._environ) as api:
            events = api.find_all()
            now = api.now()
        region = self._settings.region
        found = [_entry(event, region) for event in events]
        instances: dict[str, Entry] = {
            event.instance_id: {
                "instance_id": event.instance_id,
                "region": region,
                "status": "(not read)",
            }
            for event in events
        }
        return Reading(
            run=region,
            epoch=now.timestamp(),
            rate=1.0,
            events=Part(found, is_all=True),
            instances=Part(list(instances.values()), is_all=True),
        )


def _entry(event: SystemEvent, region: str) -> Entry:
    """An event as the control routes show one; its history is what the API tells."""
    published = format_time(event.publish_time)
    status = event.event_cycle_status.value
    history = [{"at": published, "status": status}]
    if event.finish_time is not None:
        # What it was before is not told.
        ended = format_time(event.finish_time)
        history = [{"at": published, "status": ""}, {"at": ended, "status": status}]
    return {
        "event_id": event.event_id,
        "region": region,
        "instance_id": event.instance_id,
        "event_type": event.event_type,
        "status": status,
        "publish_time": published,
        "not_before": format_time(event.not_before),
        # The API does not tell.
        "simulated": None,
        "history": history,
        "reason": "",
    }
