"""What a target of a rule gets for an event: the delivery, with body and address resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..delivery import retries
from ..delivery.eventbridge import json_text, transforms
from ..delivery.notice import Notice
from ..state.clock import Epoch
from ..state.outbox_table import NewDelivery
from . import addresses
from .rule_table import Rule
from .target_members import FUNCTION, HTTP, QUEUE, STRATEGIES, parameter

Members = Mapping[str, Any]


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


def delivery(rule: Rule, target: Members, event: Members, occasion: Occasion) -> NewDelivery | None:
    """The delivery of *event* to *target*; None for a target of a type that is only stored."""
    place = _place(target, event, occasion)
    if place is None:
        return None
    body = _resolved(target, event, "Body", "body")
    original = json_text.write(event)
    settings = place.settings
    dead_letters = addresses.queue(target.get("DeadLetterQueue", {}).get("Arn", ""))
    if dead_letters.name:
        settings = settings | {"dead_letter_region": dead_letters.region or occasion.region}
        if body not in (None, original):
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
        rule=rule.name,
        target_id=target["Id"],
        lane=f"eventbridge/{rule.bus}/{rule.name}/{target['Id']}",
        kind=place.kind,
        address=place.address,
        body=(original if body is None else body).encode(),
        settings=settings,
        retry=STRATEGIES.get(target.get("PushRetryStrategy", ""), retries.BACKOFF),
        blocks=target.get("ErrorsTolerance") == "NONE",
        dead_letter=dead_letters.name,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Who sends a delivery, and where to."""

    kind: str
    address: str
    settings: dict[str, Any]


def _place(target: Members, event: Members, occasion: Occasion) -> _Place | None:
    endpoint = target["Endpoint"]
    if target["Type"] in HTTP:
        url = _resolved(target, event, "url")
        token = _resolved(target, event, "Token") or ""
        settings = {"region": occasion.region, "token": token, "signed": True}
        return _Place("http", endpoint if url is None else url, settings)
    if target["Type"] == QUEUE:
        of_arn = addresses.queue(endpoint)
        queue = _resolved(target, event, "queue") or of_arn.name
        is_base64 = (_resolved(target, event, "IsBase64Encode") or "").lower() == "true"
        settings = {"region": of_arn.region or occasion.region, "base64": is_base64}
        return _Place("queue", queue, settings)
    if target["Type"] == FUNCTION:
        named = addresses.function(endpoint)
        service = _resolved(target, event, "serviceName") or named.service
        function = _resolved(target, event, "functionName") or named.name
        settings = {"region": named.region or occasion.region}
        return _Place("function", f"{service.partition('.')[0]}/{function}", settings)
    return None


def _resolved(target: Members, event: Members, *keys: str) -> str | None:
    """What a parameter of *target* is for *event*; None if the target does not have it."""
    found = parameter(target, *keys)
    if found is None:
        return None
    members = (found["Form"], found.get("Value", ""), found.get("Template", ""))
    return transforms.parse(*members).of(event)
