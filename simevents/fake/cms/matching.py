"""Which messages the event rules ask for: from notices to deliveries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..delivery import cloudmonitor_bodies, cloudmonitor_rules
from ..delivery.cloudmonitor_rules import Matcher
from ..delivery.notice import Notice
from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.delivery_records import NewDelivery
from . import rule_rows
from .rule_rows import ENABLED, Rule, Target
from .targets import is_called

VIA = "cloudmonitor"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is about, as far as a delivery has it."""

    notice_id: str
    at: Epoch
    region: str
    instance_id: str
    event_id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class _Ready:
    """An enabled rule with targets to deliver to."""

    rule: Rule
    matchers: Sequence[Matcher]

    def matches(self, message: Mapping[str, Any]) -> bool:
        return any(each.matches(message) for each in self.matchers)


_Subject = tuple[str, str, str]
"""Names of a rule and an event, and an instance."""


class CloudMonitorChannel:
    """The event rules of *cloud*. Their parsed form is kept until a rule changes."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._version: str | None = None
        self._ready: list[_Ready] = []

    def __call__(self, notices: Sequence[Notice]) -> Iterator[NewDelivery]:
        """The deliveries that the rules ask for, in the order of *notices*."""
        status_form = self._cloud.switches.cloudmonitor_status
        told: dict[_Subject, Epoch] = {}
        for notice in notices if self.has_rules() else ():
            if notice.name:
                occasion = Occasion(
                    notice.id,
                    notice.at,
                    notice.region,
                    notice.instance_id,
                    notice.event_id,
                    notice.name,
                    notice.status,
                )
                yield from self.deliveries(
                    cloudmonitor_bodies.body(notice, status_form=status_form), occasion, told
                )

    def has_rules(self) -> bool:
        """Whether a change can lead to a delivery at all."""
        return bool(self._rules())

    def deliveries(
        self,
        message: dict[str, Any],
        occasion: Occasion,
        told: dict[_Subject, Epoch] | None = None,
    ) -> Iterator[NewDelivery]:
        """The deliveries of *message*, a whole body without the name of a rule.

        *told* is when a rule told something for the last time, as far as it is not stored yet.
        """
        told = {} if told is None else told
        for ready in self._rules():
            rule = ready.rule
            if ready.matches(message) and not self._is_silenced(rule, occasion, told):
                named = message | {"ruleName": rule.name}
                if rule.group_id:
                    named["groupId"] = rule.group_id
                yield from self._to_targets(rule, named, occasion)

    def _rules(self) -> list[_Ready]:
        version = rule_rows.version(self._cloud)
        if version != self._version:
            self._ready = [
                _Ready(rule, [cloudmonitor_rules.matcher(pattern) for pattern in rule.patterns])
                for rule in rule_rows.all_rules(self._cloud)
                if _is_in_use(rule)
            ]
            self._version = version
        return self._ready

    def _is_silenced(self, rule: Rule, occasion: Occasion, told: dict[_Subject, Epoch]) -> bool:
        """Whether the rule has told the same of the same resource within its SilenceTime."""
        if self._cloud.switches.silence_time != "suppress":
            return False
        subject = (rule.name, occasion.name, occasion.instance_id)
        if subject in told and told[subject] > occasion.at - rule.silence_time:
            return True
        earlier = self._cloud.store.outbox.find(
            "via = ? AND rule = ? AND name = ? AND instance_id = ? AND notice_id <> ? AND at > ?",
            *(VIA, rule.name, occasion.name, occasion.instance_id, occasion.notice_id),
            occasion.at - rule.silence_time,
            limit=1,
        )
        if not earlier:
            told[subject] = occasion.at
        return bool(earlier)

    def _to_targets(
        self, rule: Rule, message: dict[str, Any], occasion: Occasion
    ) -> Iterator[NewDelivery]:
        if self._cloud.switches.cloudmonitor_body == "documented":
            message = cloudmonitor_bodies.documented_body(message)
        plain = cloudmonitor_bodies.dumped(message)
        is_encoded = self._cloud.switches.cloudmonitor_queue_encoding == "base64"
        for target in _called(rule, "MnsParameters"):
            settings = {"region": target["Region"], "base64": is_encoded}
            address = target["Queue"]
            yield _delivery(rule, target, occasion, "queue", address, plain, settings)
        for target in _called(rule, "WebhookParameters"):
            body = cloudmonitor_bodies.dumped(cloudmonitor_bodies.webhook_body(message))
            settings = {"method": target["Method"]}
            yield _delivery(
                rule, target, occasion, "webhook", target["Url"], body, settings, retry="webhook"
            )
        for target in _called(rule, "FcParameters"):
            address = f"{target['ServiceName']}/{target['FunctionName']}"
            settings = {"region": target["Region"]}
            yield _delivery(rule, target, occasion, "function", address, plain, settings)


def _is_in_use(rule: Rule) -> bool:
    is_for_system_events = rule.state == ENABLED and rule.event_type == "SYSTEM"
    return is_for_system_events and any(
        _called(rule, kind) for kind in ("MnsParameters", "WebhookParameters", "FcParameters")
    )


def _called(rule: Rule, kind: str) -> list[Target]:
    """The targets of *kind* that get messages; topics and tests of connections do not."""
    targets: Iterable[Target] = rule.targets.get(kind, ())
    if kind == "MnsParameters":
        return [target for target in targets if target["Queue"]]
    if kind == "WebhookParameters":
        return [target for target in targets if is_called(target["Protocol"])]
    return list(targets)


def _delivery(
    rule: Rule,
    target: Target,
    occasion: Occasion,
    kind: str,
    address: str,
    body: bytes,
    settings: Mapping[str, Any],
    retry: str = "none",
) -> NewDelivery:
    return NewDelivery(
        notice_id=occasion.notice_id,
        at=occasion.at,
        region=occasion.region,
        instance_id=occasion.instance_id,
        event_id=occasion.event_id,
        name=occasion.name,
        status=occasion.status,
        via=VIA,
        rule=rule.name,
        target_id=target["Id"],
        lane=f"cms/{rule.name}/{kind}/{target['Id']}",
        kind=kind,
        address=address,
        body=body,
        settings=settings,
        retry=retry,
    )
