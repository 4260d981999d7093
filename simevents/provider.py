"""The two Pulumi resource providers: Pulumi's dictionaries on one side, `reconcile` on the other.

The import path of both classes is frozen: stacks keep it in their state, so moving a
class orphans every stack. For the same reason the classes hold nothing. What a call
needs is in its inputs and outputs, except credentials, which are read from the
environment at call time and are never stored.

How the engine treats such a provider: `diff` gets old outputs; numbers come back as
floats and None vanishes; four calls run at once; an exception's text is all that is
shown of a failure.
"""

import logging
import os
import secrets
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
from .api.retry import Patience
from .engine_probe import engine_listens
from .errors import CloudError, InvalidInput, InvalidSettings, listed
from .input_checks import check_event_type, check_instance_ids, check_not_before
from .models import format_time, parse_time
from .reconcile import event_steps, intent_steps
from .reconcile.claims import Claims
from .reconcile.event_steps import Observation
from .reconcile.intended_events import IntendedEvents
from .reconcile.intent import Intent
from .settings import stack_settings
from .state_text import from_text, to_text

Properties = dict[str, Any]

REPLACING = ("event_type", "not_before", "region", "endpoint", "triggers")
"""A change of one of these makes a new intent and new events."""

PLACE = ("endpoint", "region")
"""Those of them that say where the instances are."""

CHECK_SECONDS = 8.0
"""How long a preview may wait for the cloud's clock; after that it skips the check."""

MOVE_SECONDS = 60.0
"""How long a preview may wait for the place that a resource moves to, which must answer."""

_CLAIMS = Claims()


class IntentProvider(ResourceProvider):
    """Records which events are desired, before any is created. Schedules nothing itself."""

    serialize_as_secret_always = False

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        inputs = {name: value for name, value in news.items() if value is not None}
        failures = _check_inputs(inputs)
        if not failures:
            failures = _check_move(olds, inputs)
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
    """The events of one intent: creates, reads and cancels them."""

    serialize_as_secret_always = False

    def check(self, olds: Properties, news: Properties) -> CheckResult:
        return CheckResult({name: value for name, value in news.items() if value is not None}, [])

    def diff(self, id: str, olds: Properties, news: Properties) -> DiffResult:
        # Everything else comes from the intent and changes with its id, or is unknown in a preview.
        replaces = ["intent"] if olds.get("intent") != news.get("intent") else []
        moved = _differ(olds["instance_ids"], news["instance_ids"])
        # An updated intent may have cancelled events that this state still lists.
        moved = moved or olds.get("revision") != news.get("revision")
        return DiffResult(
            changes=bool(replaces) or moved,
            replaces=replaces,
            delete_before_replace=True,
        )

    def create(self, props: Properties) -> CreateResult:
        intent = _intent(props["intent"], props)
        with _connect(props) as api:
            created = event_steps.create(IntendedEvents(api, _CLAIMS, intent), _engine_listens)
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
        # In the recorded order and form: another one would show as a change.
        instance_ids = [id for id in from_text(props["instance_ids"]) if id in seen.statuses]
        outputs = _events_outputs(props, seen) | {"instance_ids": to_text(instance_ids)}
        for name in ("instance_ids", "event_ids", "statuses"):
            if not isinstance(props[name], str):
                outputs[name] = from_text(outputs[name])
        inputs = {n: v for n, v in outputs.items() if n not in ("event_ids", "statuses")}
        return ReadResult(id, outputs, inputs)

    def update(self, id: str, olds: Properties, news: Properties) -> UpdateResult:
        intent = _intent(news["intent"], news)
        with _connect(news) as api:
            events = IntendedEvents(api, _CLAIMS, intent)
            seen = event_steps.update(events, _observation(olds), _engine_listens)
        return UpdateResult(_events_outputs(news, seen))

    def delete(self, id: str, props: Properties) -> None:
        intent = _intent(props["intent"], props)
        with _connect(props) as api:
            events = IntendedEvents(api, _CLAIMS, intent)
            event_steps.cancel(events, _observation(props).event_ids.values())


def _connect(props: Mapping[str, Any], patience: Patience | None = None) -> SystemEvents:
    """The API in the resource's own region and endpoint; the environment gives the credentials."""
    _show_warnings()
    target = stack_settings(props["region"], props.get("endpoint"), os.environ)
    return SystemEvents.connect(target, os.environ, patience)


def _show_warnings() -> None:
    """A plugin's stderr reaches the command line; there is no other channel for a warning.

    Called by the provider's operations only: a user's program imports this module too, and
    its logging is not ours.
    """
    log = logging.getLogger("simevents")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("warning: %(message)s"))
        log.addHandler(handler)
        log.propagate = False


def _engine_listens() -> bool:
    return engine_listens(sys.argv[1:])


def _check_inputs(inputs: Properties) -> list[CheckFailure]:
    """Check what needs no call to the cloud. Values that are not known yet pass."""
    checks: dict[str, Callable[[Any], object]] = {
        "event_type": check_event_type,
        "not_before": check_not_before,
        "instance_ids": _check_instance_ids,
        "region": lambda region: stack_settings(region, None, {}),
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
            stack_settings(inputs["region"], inputs.get("endpoint"), os.environ)
        except InvalidSettings as invalid:
            failures.append(CheckFailure(invalid.field, invalid.reason))
    return failures


def _check_instance_ids(values: Any) -> None:
    if not isinstance(values, list) or not values:
        raise InvalidInput("instance_ids", "no instance is given; name at least one, i-…")
    check_instance_ids([value for value in values if not _unknown(value)])


def _check_move(olds: Properties, inputs: Properties) -> list[CheckFailure]:
    """Whether the new place of an existing resource can take it, before the old events go.

    Its account must answer, and the instances that are known must exist there. Another
    account is right when the endpoint changes; within one endpoint the deletion of the old
    events requires the recorded account before it cancels anything.
    """
    places = [(olds.get(name), inputs.get(name)) for name in PLACE]
    if "region" not in olds or any(_unknown(value) for pair in places for value in pair):
        return []
    changed = [name for name, (old, new) in zip(PLACE, places, strict=True) if old != new]
    if not changed:
        return []
    ids = inputs["instance_ids"]
    known = [] if _unknown(ids) else [id for id in ids if not _unknown(id)]
    try:
        with _connect(inputs, Patience(budget_seconds=MOVE_SECONDS)) as api:
            account_id = api.account_id()
            existing = api.existing(known)
    except (CloudError, InvalidSettings) as error:
        problem = str(error)
    else:
        absent = [id for id in known if id not in existing]
        if not absent:
            return []
        problem = (
            f"{len(absent)} of {len(known)} instances do not exist in {_place(inputs)}, account "
            f"{account_id}: {listed(absent)}. Use instances that exist there."
        )
    return [
        CheckFailure(
            changed[0],
            f"the events cannot move from {_place(olds)} to {_place(inputs)}: {problem} The events "
            f"of {_place(olds)} stay until this is corrected; or change {changed[0]} back",
        )
    ]


def _place(inputs: Properties) -> str:
    return f"{inputs['region']} of {inputs.get('endpoint') or 'Alibaba Cloud'}"


def _check_time(inputs: Properties) -> list[CheckFailure]:
    """Whether an absolute time has passed by the cloud's clock; without an answer, no failure."""
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
    if _unknown(old) or _unknown(new):
        return True
    ids = from_text(new)
    return any(_unknown(id) for id in ids) or set(from_text(old)) != set(ids)


def _intent(intent_id: str, props: Mapping[str, Any]) -> Intent:
    return Intent(
        id=intent_id,
        account_id=props["account_id"],
        region=props["region"],
        event_type=props["event_type"],
        not_before=parse_time(props["not_before_at"]),
        instance_ids=tuple(from_text(props["instance_ids"])),
        declared_at=parse_time(props["declared_at"]),
    )


def _intent_outputs(inputs: Properties, intent: Intent) -> Properties:
    return inputs | {
        "account_id": intent.account_id,
        "not_before_at": format_time(intent.not_before),
        "declared_at": format_time(intent.declared_at),
        # Different after each create and update, so that the events are compared again.
        "revision": secrets.token_hex(4),
    }


def _observation(props: Mapping[str, Any]) -> Observation:
    return Observation(from_text(props["event_ids"]), from_text(props["statuses"]))


def _events_outputs(inputs: Properties, seen: Observation) -> Properties:
    return inputs | {"event_ids": to_text(seen.event_ids), "statuses": to_text(seen.statuses)}
