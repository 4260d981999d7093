"""Subscriptions of a person or a test: one target, without any rule of the vendor's.

The messages are those of CloudMonitor or EventBridge; what is missing is only their API.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...state.cloud import Cloud
from ...state.delivery_records import NewDelivery
from ...state.store import Resource
from .. import cloudmonitor_bodies, retries
from ..event_names import STATE_CHANGE
from ..eventbridge.envelopes import cloud_event
from ..eventbridge.patterns import Pattern, parse
from ..notice import Notice

CLOUDMONITOR, EVENTBRIDGE = "cloudmonitor", "eventbridge"
CHANNELS = (CLOUDMONITOR, EVENTBRIDGE)
KINDS = ("webhook", "queue", "function", "in_process")

AT_START = "deliver-"
"""The names of the subscriptions that a fake is started with begin so."""

_KIND = "subscription"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to be told of what, and how."""

    name: str
    via: str
    kind: str
    """One of `KINDS`."""
    address: str
    names: Sequence[str] | None = None
    """CloudMonitor's names of changes; None for all."""
    pattern: Mapping[str, Any] | None = None
    """An event pattern of EventBridge; None for all."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    with_states: bool = False
    """Whether the states of instances are told too when neither *names* nor *pattern* is given."""


def save(cloud: Cloud, subscription: Subscription) -> None:
    """Add or replace it; call this within a transaction. Raises PatternError."""
    if subscription.pattern is not None:
        _parsed(json.dumps(subscription.pattern))
    attributes = {
        "via": subscription.via,
        "kind": subscription.kind,
        "address": subscription.address,
        "names": None if subscription.names is None else list(subscription.names),
        "pattern": subscription.pattern,
        "settings": dict(subscription.settings),
        "with_states": subscription.with_states,
    }
    cloud.store.put(Resource(_KIND, subscription.name, "", cloud.now(), attributes))
    cloud.rules_changed()


def remove(cloud: Cloud, name: str) -> bool:
    """Whether there was one of this name; call this within a transaction."""
    if cloud.store.get(_KIND, name) is None:
        return False
    cloud.store.delete(_KIND, name)
    cloud.rules_changed()
    return True


def replace_at_start(cloud: Cloud, subscriptions: Iterable[Subscription]) -> None:
    """Have *subscriptions* in place of those of an earlier start; within a transaction."""
    for each in listed(cloud):
        if each.name.startswith(AT_START):
            remove(cloud, each.name)
    for subscription in subscriptions:
        save(cloud, subscription)


def listed(cloud: Cloud) -> list[Subscription]:
    """All, oldest first."""
    rows = sorted(cloud.store.find(_KIND), key=lambda row: (row.created_at, row.id))
    return [Subscription(name=row.id, **row.attributes) for row in rows]


class SubscriptionChannel:
    """The subscriptions of a cloud as a channel."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def has_rules(self) -> bool:
        return self._cloud.store.count(_KIND) > 0

    def __call__(self, notices: Sequence[Notice]) -> Iterator[NewDelivery]:
        subscriptions = listed(self._cloud)
        for notice in notices:
            for subscription in subscriptions:
                if subscription.via == EVENTBRIDGE:
                    yield from self._on_bus(subscription, notice)
                else:
                    yield from self._by_monitor(subscription, notice)

    def _by_monitor(self, subscription: Subscription, notice: Notice) -> Iterator[NewDelivery]:
        names = subscription.names
        if not notice.name or (names is not None and notice.name not in names):
            return
        if names is None and not _is_wanted(subscription, notice):
            return
        switches = self._cloud.switches
        message = cloudmonitor_bodies.body(
            notice,
            subscription.name,
            form=switches.cloudmonitor_body,
            status_form=switches.cloudmonitor_status,
        )
        if subscription.kind == "webhook":
            message = cloudmonitor_bodies.webhook_body(message)
        settings: dict[str, Any] = dict(subscription.settings)
        if subscription.kind == "queue":
            is_encoded = switches.cloudmonitor_queue_encoding == "base64"
            settings |= {"base64": is_encoded}
        yield _delivery(
            subscription, notice, notice.name, cloudmonitor_bodies.dumped(message), settings
        )

    def _on_bus(self, subscription: Subscription, notice: Notice) -> Iterator[NewDelivery]:
        switches = self._cloud.switches
        event = cloud_event(
            notice,
            subject_form=switches.eventbridge_subject,
            time_form=switches.eventbridge_time,
        )
        pattern = subscription.pattern
        if pattern is None and not _is_wanted(subscription, notice):
            return
        if pattern is not None and not _parsed(json.dumps(pattern)).matches(event):
            return
        settings = {"region": notice.region, "signed": True, **subscription.settings}
        body = cloudmonitor_bodies.dumped(event)
        yield _delivery(subscription, notice, notice.bus_type, body, settings)


def _is_wanted(subscription: Subscription, notice: Notice) -> bool:
    """Whether a change is told to somebody who has not said which ones."""
    return subscription.with_states or notice.name != STATE_CHANGE


def _delivery(
    subscription: Subscription,
    notice: Notice,
    name: str,
    body: bytes,
    settings: Mapping[str, Any],
) -> NewDelivery:
    retry = retries.NONE
    if subscription.kind == "webhook":
        is_on_bus = subscription.via == EVENTBRIDGE
        retry = retries.BACKOFF if is_on_bus else retries.WEBHOOK
    return NewDelivery(
        notice_id=notice.id,
        at=notice.at,
        region=notice.region,
        instance_id=notice.instance_id,
        event_id=notice.event_id,
        name=name,
        status=notice.status,
        via=subscription.via,
        rule=subscription.name,
        target_id="",
        lane=f"subscription/{subscription.name}",
        kind=subscription.kind,
        address=subscription.address,
        body=body,
        settings=settings,
        retry=retry,
    )


@lru_cache(maxsize=100)
def _parsed(pattern: str) -> Pattern:
    return parse(pattern)
