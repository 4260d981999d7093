"""Sends one change to a handler, as CloudMonitor or EventBridge would: by the fake's own parts.

A cloud in memory stands for the one in which the change happened. It makes the message and
sends it, once; whoever asks decides whether it is sent again.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self, cast

from ..fake.delivery.notices import notices
from ..fake.delivery.outbox.http_sender import HttpSender
from ..fake.delivery.outbox.push_signing import signed
from ..fake.delivery.outbox.strangers import Strangers
from ..fake.delivery.outbox.subscriptions import Subscription, SubscriptionChannel, save
from ..fake.state.access_keys import AccessKeys
from ..fake.state.clock import Clock
from ..fake.state.cloud import Cloud
from ..fake.state.delivery_records import DELIVERED, WAITING, Delivery, NewDelivery, Outcome
from ..fake.state.event_table import EventRow
from ..fake.state.occurrences import EventChange, Interruption, Occurrence, StateChange
from ..fake.state.store import Resource, Store
from ..fake.state.switches import Switches, Value
from ..models import EventCycleStatus
from .changes import Change, executing_since

RULE = "forward-to"
"""The name of the rule in the messages of CloudMonitor."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where messages go, and what they look like."""

    url: str
    via: str = "cloudmonitor"
    """``cloudmonitor`` or ``eventbridge``."""
    allowed: Collection[str] = ()
    """Hosts besides this machine that may be called."""
    own_port: int = 0
    """The port on this machine that must not be called: that of the fake which is listened to."""
    switches: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt to forward a change ended."""

    name: str
    """Of the message: CloudMonitor's name, or the type on EventBridge."""
    status: str
    at: float
    """The time of the change in the message, in seconds since 1970, UTC."""
    http_status: int
    """0 where no answer came."""
    text: str
    """The beginning of the answer, or why there was none."""
    seconds: float
    is_acknowledged: bool
    """Whether the answer was 2xx."""


class Forwarder:
    """Sends changes in one region of one account; a context manager."""

    def __init__(
        self,
        target: Target,
        region: str,
        account_id: str = "",
        wall: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        self._target = target
        self.region = region
        self._store = Store(None)
        self.cloud = Cloud(
            self._store,
            Clock(wall),
            random.Random(seed),  # noqa: S311 - ids only
            AccessKeys({}, self._store),
            wall,
            Switches().changed(**target.switches),
        )
        with self._store.transaction():
            if account_id:
                self._store.set_meta("account_id", account_id)
            save(
                self.cloud, Subscription(RULE, target.via, "webhook", target.url, with_states=True)
            )
        self._channel = SubscriptionChannel(self.cloud)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def name_instance(self, instance_id: str, name: str) -> None:
        """Use *name* in messages about this instance."""
        instance = Resource("instance", instance_id, self.region, 0.0, {"InstanceName": name})
        with self._store.transaction():
            self._store.put(instance)

    def forward(self, change: Change) -> Answer | None:
        """Send a change of an event once; None if there is no message for it."""
        return self._send(EventChange(self._row(change), change.at.timestamp()))

    def forward_state(self, instance_id: str, state: str, at: datetime) -> Answer | None:
        """Send that an instance has started, stopped and so on."""
        return self._send(StateChange(instance_id, self.region, state, at.timestamp()))

    def forward_interruption(self, instance_id: str, at: datetime) -> Answer | None:
        """Send that a preemptible instance will be released."""
        return self._send(Interruption(instance_id, self.region, at.timestamp()))

    def _row(self, change: Change) -> EventRow:
        """The event as the cloud in memory has it, whose history then tells when it began."""
        event = change.event
        row = EventRow(
            event.event_id,
            self.region,
            event.instance_id,
            event.event_type,
            # It may be a status that the vendor has added since.
            cast("EventCycleStatus", event.event_cycle_status),
            event.publish_time.timestamp(),
            event.not_before.timestamp(),
            None if event.finish_time is None else event.finish_time.timestamp(),
            simulated=True,
            reason="",
        )
        events = self._store.events
        began = executing_since(change)
        if began is not None and not events.history(event.event_id):
            start = replace(
                row,
                status=EventCycleStatus.EXECUTING,
                published_at=began.timestamp(),
                finished_at=None,
            )
            with self._store.transaction():
                events.add([start], 0.0)
        return row

    def _send(self, occurrence: Occurrence) -> Answer | None:
        made = list(self._channel(notices(self.cloud, [occurrence])))
        if not made:
            return None
        (new,) = made
        outcome = asyncio.run(self._attempt(new))
        return Answer(
            new.name,
            new.status,
            new.at,
            outcome.http_status,
            outcome.answer,
            outcome.seconds,
            outcome.outcome == DELIVERED,
        )

    async def _attempt(self, new: NewDelivery) -> Outcome:
        # A new connection each time: between two changes the handler may have closed the old one.
        strangers = Strangers(self._target.allowed, lambda: self._target.own_port)
        with closing(HttpSender(strangers, signed)) as sender:
            return await sender.send(Delivery(0, new, WAITING, None, 0, "", None))
