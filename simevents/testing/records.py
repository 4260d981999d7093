"""Values that the fake's control routes return: an event with its history, a call with its outcome.

Nothing here makes a request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..models import EventCycleStatus, parse_time


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call that reached the fake; secrets are not in its parameters."""

    at: datetime
    """In the cloud's time, UTC."""
    action: str
    parameters: Mapping[str, str]
    status: int
    """Of the answer, as HTTP has it; 0 when an injected fault cut the connection."""
    code: str
    """The error's code; empty when there was no error."""
    request_id: str
    unexpected: bool
    """The fake does not know this action or one of its parameters."""
    results: int | None = None
    """How many entries the list in the answer has; None when the answer has no list."""
    problem: str = ""
    """Why the call is unexpected; empty for other calls."""
    is_read: bool = False
    """The action changes nothing in the account."""
    carried_out: bool = True
    """The action was carried out, whether or not its answer arrived."""
    answered: bool = True
    """An answer was sent; an injected fault can cut the connection instead."""
    taught: bool = False
    """The test has taught the fake the answer."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One system event with its history."""

    event_id: str
    instance_id: str
    event_type: str
    event_cycle_status: EventCycleStatus
    not_before: datetime
    simulated: bool
    history: tuple[tuple[datetime, EventCycleStatus], ...]
    """Each status and when it began, in the cloud's time; the first is the initial one."""
    region: str = ""


@dataclass(frozen=True, slots=True)
class ProxyRefusal:
    """A request for another host that a program sent to the fake as its proxy; it was refused."""

    at: datetime
    """In the cloud's time, UTC."""
    method: str
    host: str
    action: str
    """Of an API call that the fake does not serve, or why TLS failed; else empty."""
    is_alibaba: bool
    """The program wanted the real cloud, which fails the test."""

    def __str__(self) -> str:
        if self.method == "TLS":
            return (
                f"TLS with {self.host or 'the fake'} failed ({self.action}); does the program "
                "trust the certificate in SSL_CERT_FILE?"
            )
        return " ".join(part for part in (self.method, self.host, self.action) if part)


def event(entry: Mapping[str, Any]) -> CloudEvent:
    """An entry of ``/_fake/events``."""
    return CloudEvent(
        event_id=entry["event_id"],
        instance_id=entry["instance_id"],
        event_type=entry["event_type"],
        event_cycle_status=EventCycleStatus(entry["status"]),
        not_before=parse_time(entry["not_before"]),
        simulated=entry["simulated"],
        history=tuple(
            (parse_time(step["at"]), EventCycleStatus(step["status"])) for step in entry["history"]
        ),
        region=entry["region"],
    )


def call(entry: Mapping[str, Any]) -> ApiCall:
    """An entry of ``/_fake/calls``."""
    return ApiCall(
        at=parse_time(entry["at"]),
        action=entry["action"],
        parameters=entry["parameters"],
        status=entry["status"],
        code=entry["code"],
        request_id=entry["request_id"],
        unexpected=entry["unexpected"],
        results=entry["results"],
        problem=entry["problem"],
        is_read=entry["is_read"],
        carried_out=entry["carried_out"],
        answered=entry["answered"],
        taught=entry["taught"],
    )


def proxy_refusal(entry: Mapping[str, Any]) -> ProxyRefusal:
    """An entry of ``/_fake/refusals``."""
    return ProxyRefusal(**dict(entry) | {"at": parse_time(entry["at"])})


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told of changes: what `FakeCloud.deliver_to` and `serve_function` return."""

    name: str
    """Of the subscription, which is the rule in its messages; empty for a function of a rule."""
    kind: str
    """``url``, ``function``, ``wsgi``, ``asgi`` or ``queue``."""
    address: str
    """The URL, the queue, or the name of the target in this process."""

    def __str__(self) -> str:
        return target_text(self.kind, self.address)


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt at a delivery, which has ended."""

    number: int
    at: datetime
    """In the cloud's time, UTC."""
    outcome: str
    """delivered, failed, or refused: the target is on another machine, which nobody has allowed."""
    http_status: int
    """Of the answer; 0 without one, and for a function."""
    answer: str
    """The beginning of the answer, or why there was none."""
    seconds: float
    """Of real time."""
    is_repeat: bool
    """An earlier attempt at the same delivery had begun."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message about one change, for one target, with all attempts."""

    delivery_id: int
    at: datetime
    """When the change came about, in the cloud's time, UTC."""
    name: str
    """CloudMonitor's name of the change, or its type on EventBridge."""
    status: str
    """The status of the event, or the state of the instance, after the change."""
    event_id: str
    """Empty for a change that is none of a system event."""
    instance_id: str
    region: str
    via: str
    """``cloudmonitor`` or ``eventbridge``."""
    rule: str
    """The rule, or the name of the subscription."""
    target_id: str
    kind: str
    """``webhook``, ``http``, ``queue``, ``function`` or ``in_process``."""
    address: str
    state: str
    """waiting, retrying, delivered, failed or refused."""
    acknowledged_at: datetime | None
    """When the target has confirmed it: by an answer 2xx, by returning, by deleting the message."""
    attempts: tuple[DeliveryAttempt, ...]

    @property
    def change(self) -> str:
        """The change, in words: its name, and the status if the name does not have it."""
        is_named = not self.event_id or self.name.endswith(f":{self.status}")
        return self.name if is_named else f"{self.name} ({self.status})"

    @property
    def target(self) -> str:
        """Where it goes, in words."""
        return target_text(self.kind, self.address)


def target_text(kind: str, address: str) -> str:
    """``queue alarms``, ``function orders/drain``; a target in this process says what it is."""
    is_named = kind == "queue" or (kind == "function" and "/" in address)
    return f"{kind} {address}" if is_named else address


def delivery(entry: Mapping[str, Any]) -> Delivery:
    """An entry of ``/_fake/deliveries``."""
    acknowledged_at = entry["acknowledged_at"]
    return Delivery(
        delivery_id=entry["delivery_id"],
        at=parse_time(entry["at"]),
        name=entry["name"],
        status=entry["status"],
        event_id=entry["event_id"],
        instance_id=entry["instance_id"],
        region=entry["region"],
        via=entry["via"],
        rule=entry["rule"],
        target_id=entry["target_id"],
        kind=entry["kind"],
        address=entry["address"],
        state=entry["state"],
        acknowledged_at=None if acknowledged_at is None else parse_time(acknowledged_at),
        attempts=tuple(
            DeliveryAttempt(**dict(attempt) | {"at": parse_time(attempt["at"])})
            for attempt in entry["attempts"]
        ),
    )
