"""What a target of a rule gets for an event: the delivery, with body and address resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..delivery import retries
from ..delivery.eventbridge import json_text, transforms
from ..delivery.eventbridge.transforms import Transform
from ..delivery.notice import Notice
from ..state.clock import Epoch
from ..state.delivery_records import NewDelivery
from . import addresses
from .addresses import Address
from .target_members import FUNCTION, HTTP, QUEUE, STRATEGIES

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is known of an event besides the event itself."""

    notice_id: str
    at: Epoch
    region: str
    name: str
    """The type of the event."""
    instance_id: str = ""
    event_id: str = ""
    status: str = ""


def of_notice(notice: Notice) -> Occasion:
    return Occasion(
        notice_id=notice.id,
        at=notice.at,
        region=notice.region,
        name=notice.bus_type,
        instance_id=notice.instance_id,
        event_id=notice.event_id,
        status=notice.status,
    )


@dataclass(frozen=True, slots=True)
class Target:
    """A target that events can be delivered to."""

    id: str
    type: str
    endpoint: str
    parameters: Mapping[str, Transform]
    """By the key of the parameter in lower case."""
    retry: str
    blocks: bool
    dead_letters: Address

    def resolved(self, name: str, event: Event) -> str | None:
        """What a parameter is for *event*; None if the target does not have it."""
        found = self.parameters.get(name)
        return None if found is None else found.of(event)


def parsed(stored: Mapping[str, Any]) -> Target:
    """The target as it is stored, ready for events."""
    return Target(
        id=stored["Id"],
        type=stored["Type"],
        endpoint=stored["Endpoint"],
        parameters={
            each["ResourceKey"].lower(): transforms.parse(
                each["Form"], each.get("Value", ""), each.get("Template", "")
            )
            for each in stored["ParamList"]
        },
        retry=STRATEGIES.get(stored.get("PushRetryStrategy", ""), retries.BACKOFF),
        blocks=stored.get("ErrorsTolerance") == "NONE",
        dead_letters=addresses.queue(stored.get("DeadLetterQueue", {}).get("Arn", "")),
    )


def delivery(
    bus: str, rule: str, target: Target, event: Event, occasion: Occasion
) -> NewDelivery | None:
    """The delivery of *event* to *target*; None for a target of a type that is only stored."""
    place = _place(target, event, occasion)
    if place is None:
        return None
    original = json_text.write(event)
    resolved = target.resolved("body", event)
    body = original if resolved is None else resolved
    settings = place.settings
    if target.dead_letters.name:
        settings = settings | {"dead_letter_region": target.dead_letters.region}
        if body != original:
            # The dead letter is the event, not what the target would have got.
            settings |= {"original": original}
    return NewDelivery(
        notice_id=occasion.notice_id,
        at=occasion.at,
        region=occasion.region,
        instance_id=occasion.instance_id,
        event_id=occasion.event_id,
        name=occasion.name,
        status=occasion.status,
        via="eventbridge",
        rule=rule,
        target_id=target.id,
        lane=f"eventbridge/{bus}/{rule}/{target.id}",
        kind=place.kind,
        address=place.address,
        body=body.encode(),
        settings=settings,
        retry=target.retry,
        blocks=target.blocks,
        dead_letter=target.dead_letters.name,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Who sends a delivery, and where to."""

    kind: str
    address: str
    settings: dict[str, Any]


def _place(target: Target, event: Event, occasion: Occasion) -> _Place | None:
    if target.type in HTTP:
        url = target.resolved("url", event)
        token = target.resolved("token", event) or ""
        settings = {"region": occasion.region, "token": token, "signed": True}
        return _Place("http", target.endpoint if url is None else url, settings)
    if target.type == QUEUE:
        of_arn = addresses.queue(target.endpoint)
        queue = target.resolved("queue", event) or of_arn.name
        is_base64 = (target.resolved("isbase64encode", event) or "").lower() == "true"
        settings = {"region": of_arn.region or occasion.region, "base64": is_base64}
        return _Place("queue", queue, settings)
    if target.type == FUNCTION:
        named = addresses.function(target.endpoint)
        service = target.resolved("servicename", event) or named.service
        function = target.resolved("functionname", event) or named.name
        settings = {"region": named.region or occasion.region}
        return _Place("function", f"{service.partition('.')[0]}/{function}", settings)
    return None
