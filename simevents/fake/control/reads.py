"""What the control routes show of a cloud, as values of JSON.

It does not need the HTTP framework, whose import takes a tenth of a second.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..ecs.instance_status import status_of
from ..state.clock import iso_time
from ..state.cloud import Cloud
from ..state.event_table import EventRow
from ..state.journal import Journal


class Reads:
    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal

    def of(self, route: str) -> Any:
        """What ``GET /_fake/route`` shows; None for a route that is not read here."""
        routes: dict[str, Callable[[], Any]] = {
            "instances": self.instances,
            "events": self.events,
            "calls": self.calls,
            "refusals": self.refusals,
            "clock": self.clock,
        }
        return routes[route]() if route in routes else None

    def instances(self) -> list[dict[str, Any]]:
        return [
            {
                "instance_id": instance.id,
                "region": instance.region,
                "status": status_of(instance, self._cloud.now()),
            }
            for instance in self._cloud.store.find("instance")
        ]

    def events(self) -> list[dict[str, Any]]:
        with self.settled():
            return [self.event(event) for event in self._cloud.store.events.find()]

    def event(self, event: EventRow) -> dict[str, Any]:
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
                for at, status in self._cloud.store.events.history(event.event_id)
            ],
        }

    def calls(self, *, unexpected_only: bool = False) -> list[dict[str, Any]]:
        return self._journal.entries(unexpected_only=unexpected_only)

    def refusals(self) -> list[dict[str, Any]]:
        return self._journal.refusals.entries()

    def clock(self) -> dict[str, Any]:
        """The time with whole seconds in ``now``, and with fractions in ``epoch``."""
        now = self._cloud.now()
        return {"now": iso_time(now), "epoch": now, "rate": self._cloud.clock.setting.rate}

    @contextmanager
    def settled(self) -> Iterator[None]:
        """A transaction that first applies all event transitions that are due."""
        with self._cloud.store.transaction():
            self._cloud.settle()
            yield
