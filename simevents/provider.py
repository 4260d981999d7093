"""The two Pulumi resource providers: Pulumi's dictionaries on one side, `reconcile` on the other.

The import path of both classes is frozen: stacks keep it in their state, so moving a
class orphans every stack. For the same reason the classes hold nothing. What a call
needs stands in its inputs and outputs, except credentials, which come from the
environment at call time and go nowhere.

How the engine treats such a provider: `diff` gets old outputs; numbers come back as
floats and None vanishes; four calls run at once; an exception's text is all that is
shown of a failure.
"""

import logging
import os
import re
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown

from . import schedule
from .api.client import SystemEvents
from .api.retry import Patience, budget_seconds
from .api.sdk import Sdk, default_chain
from .errors import CloudError, InvalidInput, InvalidSettings
from .models import EventType, format_time, is_instance_id, parse_time
from .reconcile import event_steps, intent_steps
from .reconcile.claims import Claims
from .reconcile.event_steps import Observation
from .reconcile.intended_events import IntendedEvents
from .reconcile.intent import Intent
from .settings import credentials, settings

Properties = dict[str, Any]

REPLACING = ("event_type", "not_before", "region", "endpoint", "triggers")
"""A change of one of these makes a new intent and new events."""

CHECK_SECONDS = 8.0
"""How long a preview may wait for the cloud's clock before it does without."""

_CLAIMS = Claims()

# A plugin's stderr reaches the command line; there is no other channel for a warning.
_log = logging.getLogger("simevents")
if not _log.handlers:
    _handler = logging.StreamHandler(sys.stderr)
    _handler.setFormatter(logging.Formatter("warning: %(message)s"))
    _log.addHandler(_handler)
    _log.propagate = False


class IntentProvider(ResourceProvider):
    """Records which events are wanted, before any is made. Schedules nothing itself."""

    serialize_as_secret_always = False

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        inputs = {name: value for name, value in news.items() if value is not None}
        failures = _check_inputs(inputs)
        is_new = any(olds.get(name) != inputs.get(name) for name in REPLACING)
        if not failures and is_new:
            failures = _check_time(inputs)
        return CheckResult(inputs, failures)

    def diff(self, id: str, olds: Properties, news: Properties) -> DiffResult:
        replaces = [name for name in REPLACING if olds.get(name) != news.get(name)]
        moved = _differ(olds["instance_ids"], news["instance_ids"])
        return DiffResult(
            changes=bool(replaces) or moved,
            replaces=replaces,
            delete_before_replace=True,
        )

    def create(self, props: Properties) -> CreateResult:
        intent_id = f"sse-{secrets.token_hex(8)}"
        with _connect(props) as api:
            intent = intent_steps.declare(
                api,
                _CLAIMS,
                intent_id,
                props["event_type"],
                schedule.parse(props["not_before"]),
                props["instance_ids"],
            )
        return CreateResult(intent_id, _intent_outputs(props, intent))

    def read(self, id: str, props: Properties) -> ReadResult:
        inputs = {name: props[name] for name in (*REPLACING, "instance_ids") if name in props}
        return ReadResult(id, props, inputs)

    def update(self, id: str, olds: Properties, news: Properties) -> UpdateResult:
        old = _intent(id, olds)
        with _connect(news) as api:
            events = IntendedEvents(api, _CLAIMS, old)
            intent = intent_steps.extend(events, news["instance_ids"])
        return UpdateResult(_intent_outputs(news, intent))

    def delete(self, id: str, props: Properties) -> None:
        with _connect(props) as api:
            intent_steps.withdraw(IntendedEvents(api, _CLAIMS, _intent(id, props)))


class EventsProvider(ResourceProvider):
    """The events of one intent: made, looked at, cancelled."""

    serialize_as_secret_always = False

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        return CheckResult({name: value for name, value in news.items() if value is not None}, [])

    def diff(self, id: str, olds: Properties, news: Properties) -> DiffResult:
        # All else comes from the intent and changes with its id, or is unknown in a preview.
        replaces = ["intent"] if olds.get("intent") != news.get("intent") else []
        moved = _differ(olds["instance_ids"], news["instance_ids"])
        # An intent that was updated may have cancelled what this state still lists.
        moved = moved or olds.get("revision") != news.get("revision")
        return DiffResult(
            changes=bool(replaces) or moved,
            replaces=replaces,
            delete_before_replace=True,
        )

    def create(self, props: Properties) -> CreateResult:
        intent = _intent(props["intent"], props)
        with _connect(props) as api:
            created = event_steps.create(IntendedEvents(api, _CLAIMS, intent), _engine_is_there)
        seen = Observation(
            {id: event.event_id for id, event in created.items()},
            {id: event.event_cycle_status.value for id, event in created.items()},
        )
        return CreateResult(f"{props['intent']}-events", _events_outputs(props, seen))

    def read(self, id: str, props: Properties) -> ReadResult:
        intent = _intent(props["intent"], props)
        with _connect(props) as api:
            events = IntendedEvents(api, _CLAIMS, intent)
            seen = event_steps.observe(events, _observation(props))
        if seen is None:
            return ReadResult(None, {})
        outputs = _events_outputs(props, seen) | {
            # In the recorded order: another one would show as a change.
            "instance_ids": [id for id in props["instance_ids"] if id in seen.statuses]
        }
        inputs = {n: v for n, v in outputs.items() if n not in ("event_ids", "statuses")}
        return ReadResult(id, outputs, inputs)

    def update(self, id: str, olds: Properties, news: Properties) -> UpdateResult:
        intent = _intent(news["intent"], news)
        with _connect(news) as api:
            events = IntendedEvents(api, _CLAIMS, intent)
            seen = event_steps.update(events, _observation(olds), _engine_is_there)
        return UpdateResult(_events_outputs(news, seen))

    def delete(self, id: str, props: Properties) -> None:
        intent = _intent(props["intent"], props)
        with _connect(props) as api:
            events = IntendedEvents(api, _CLAIMS, intent)
            event_steps.cancel(events, _observation(props).event_ids.values())


def _connect(props: Mapping[str, Any], patience: Patience | None = None) -> SystemEvents:
    """The API as the resource's own region and endpoint have it; the environment only signs."""
    target = settings(props["region"], props.get("endpoint"), os.environ)
    sdk = Sdk(target, credentials(target, os.environ, default_chain))
    return SystemEvents(sdk, target, patience or Patience(budget_seconds(os.environ)))


_ENGINE = re.compile(r"127\.0\.0\.1:(\d+)")


def _engine_is_there() -> bool:
    """Whether the engine that started this plugin still listens: a killed one leaves it running.

    The engine's address is the plugin's argument; without one, nobody's end is noticed.
    """
    addresses = [match for word in sys.argv[1:] if (match := _ENGINE.fullmatch(word))]
    if not addresses:
        return True
    try:
        socket.create_connection(("127.0.0.1", int(addresses[0][1])), timeout=2).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True


def _check_inputs(inputs: Properties) -> list[CheckFailure]:
    """What can be told without the cloud. Values that are not known yet pass."""
    checks: dict[str, Callable[[Any], object]] = {
        "event_type": _check_event_type,
        "not_before": _check_not_before,
        "instance_ids": _check_instance_ids,
        "region": lambda region: settings(region, None, {}),
    }
    failures = []
    for name, check in checks.items():
        try:
            if not _unknown(inputs.get(name)):
                check(inputs.get(name))
        except InvalidInput as invalid:
            failures.append(CheckFailure(name, invalid.reason))
    if not failures and not _unknown(inputs["region"]) and not _unknown(inputs.get("endpoint")):
        try:
            settings(inputs["region"], inputs.get("endpoint"), os.environ)
        except InvalidSettings as invalid:
            failures.append(CheckFailure(invalid.field, invalid.reason))
    return failures


def _check_event_type(value: Any) -> None:
    if value not in set(EventType):
        raise InvalidInput(
            "event_type",
            f"{value!r} is no event type; write one of {', '.join(EventType)}",
        )


def _check_not_before(value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidInput("not_before", f"{value!r} is no text; {schedule.EXPECTED}")
    schedule.parse(value)


def _check_instance_ids(values: Any) -> None:
    if not isinstance(values, list) or not values:
        raise InvalidInput("instance_ids", "no instance is given; name at least one, i-…")
    known = [value for value in values if not _unknown(value)]
    malformed = [v for v in known if not isinstance(v, str) or not is_instance_id(v)]
    if malformed:
        raise InvalidInput(
            "instance_ids",
            f"{malformed[0]!r} is no instance id; an id is i- and small letters and digits, such "
            "as i-bp1a2b3c4d5e6f7g8h9j",
        )
    twice = sorted({value for value in known if known.count(value) > 1})
    if twice:
        raise InvalidInput("instance_ids", f"{twice[0]} is named more than once; name it once")


def _check_time(inputs: Properties) -> list[CheckFailure]:
    """Whether an absolute time has passed by the cloud's clock; no answer, no verdict."""
    needed = (inputs["not_before"], inputs["region"], inputs.get("endpoint"))
    if any(_unknown(value) for value in needed):
        return []
    instant = schedule.parse(inputs["not_before"]).instant
    if instant is None:
        return []
    try:
        with _connect(inputs, Patience(budget_seconds=CHECK_SECONDS)) as api:
            now = api.now()
    except (CloudError, InvalidSettings):
        return []
    if instant > now:
        return []
    return [CheckFailure("not_before", intent_steps.passed_reason(instant, now))]


def _unknown(value: Any) -> bool:
    return isinstance(value, Unknown)


def _differ(old: Any, new: Any) -> bool:
    """Whether two lists of ids name different sets; an unknown id is a difference."""
    if _unknown(old) or _unknown(new) or any(_unknown(id) for id in new):
        return True
    return set(old) != set(new)


def _intent(intent_id: str, props: Mapping[str, Any]) -> Intent:
    return Intent(
        id=intent_id,
        account_id=props["account_id"],
        region=props["region"],
        event_type=props["event_type"],
        not_before=parse_time(props["not_before_at"]),
        instance_ids=tuple(props["instance_ids"]),
        declared_at=parse_time(props["declared_at"]),
    )


def _intent_outputs(inputs: Properties, intent: Intent) -> Properties:
    return inputs | {
        "account_id": intent.account_id,
        "not_before_at": format_time(intent.not_before),
        "declared_at": format_time(intent.declared_at),
        # Another one with each create and update: the events must look again.
        "revision": secrets.token_hex(4),
    }


def _observation(props: Mapping[str, Any]) -> Observation:
    return Observation(dict(props["event_ids"]), dict(props["statuses"]))


def _events_outputs(inputs: Properties, seen: Observation) -> Properties:
    return inputs | {"event_ids": seen.event_ids, "statuses": seen.statuses}
