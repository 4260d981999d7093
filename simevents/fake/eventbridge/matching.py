"""Which events go to which targets: changes of the cloud, and events that programs put."""

from collections.abc import Iterable, Iterator, Sequence

from ..delivery.eventbridge.envelopes import DEFAULT_BUS, cloud_event
from ..delivery.notice import Notice
from ..state.cloud import Cloud
from ..state.delivery_records import NewDelivery
from . import deliveries, rule_table
from .deliveries import Event, Occasion


class EventBridgeChannel:
    """The deliveries that the rules of the bus ``default`` ask for."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def has_rules(self) -> bool:
        """Whether there is any rule at all; without one, nothing needs to be told."""
        return rule_table.exist(self._cloud)

    def __call__(self, notices: Sequence[Notice]) -> Iterable[NewDelivery]:
        """The deliveries for *notices*, in their order. Call this within the transaction."""
        rules = rule_table.to_match(self._cloud, DEFAULT_BUS)
        if not rules:
            return
        switches = self._cloud.switches
        for notice in notices:
            if notice.bus_type:
                event = cloud_event(
                    notice,
                    subject_form=switches.eventbridge_subject,
                    time_form=switches.eventbridge_time,
                )
                yield from _matching(rules, event, deliveries.of_notice(notice))


def on_bus(
    cloud: Cloud, bus: str, events: Iterable[tuple[Event, Occasion]]
) -> Iterator[NewDelivery]:
    """The deliveries that the rules of *bus* ask for, in the order of *events*."""
    rules = rule_table.to_match(cloud, bus)
    for event, occasion in events:
        yield from _matching(rules, event, occasion)


def _matching(
    rules: Sequence[rule_table.Rule], event: Event, occasion: Occasion
) -> Iterator[NewDelivery]:
    for rule in rules:
        if rule.pattern.matches(event):
            for target in rule.targets:
                made = deliveries.delivery(rule.bus, rule.name, target, event, occasion)
                if made is not None:
                    yield made
