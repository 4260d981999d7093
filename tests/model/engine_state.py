"""A model of the engine's state for one drill, around the real provider classes.

It repeats what the real engine does. A resource is recorded when its create returns and
removed when its delete returns. A failed update leaves the old outputs. A replacement
deletes the dependents first, then the resource, and creates them again. A failed step
ends the run. `diff` gets old outputs. Refresh changes inputs and outputs. Values pass
through the engine's encoding, as in the servicer.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pulumi.dynamic import ResourceProvider
from pulumi.runtime import rpc

from simevents.provider import EventsProvider, IntentProvider
from simevents.state_text import from_text, to_text

Properties = dict[str, Any]

_HANDED_ON = (
    "event_type",
    "not_before_at",
    "instance_ids",
    "region",
    "endpoint",
    "account_id",
    "declared_at",
    "revision",
)


class Rejected(Exception):
    """A check failed: the run ends before anything is done."""


@dataclass
class Recorded:
    """One resource in the state."""

    id: str
    inputs: Properties
    outputs: Properties
    is_deleted: bool = False
    """Deleted for a replacement that did not happen; the next run deletes it again."""

    def mapping(self, name: str) -> dict[str, str]:
        """An output of the events that the component hands to programs as a mapping."""
        return dict(from_text(self.outputs[name]))


@dataclass
class EngineState:
    """The two resources of a drill. Each method is one command of the engine."""

    intent: Recorded | None = None
    events: Recorded | None = None
    _intents: IntentProvider = field(default_factory=IntentProvider)
    _events: EventsProvider = field(default_factory=EventsProvider)

    def up(
        self, program: Properties, *, replace: str | None = None, intent_only: bool = False
    ) -> None:
        """``pulumi up``; *replace* is the resource named with ``--replace``."""
        self._up_intent(program, forced=replace == "intent")
        if not intent_only:
            self._up_events(forced=replace == "events")

    def refresh(self) -> None:
        for name, provider in (("intent", self._intents), ("events", self._events)):
            recorded: Recorded | None = getattr(self, name)
            if recorded is None or recorded.is_deleted:
                continue
            read = provider.read(recorded.id, through_engine(recorded.outputs))
            if read.id is None or not read.id:
                setattr(self, name, None)
            else:
                recorded.outputs = through_engine(read.outs)
                recorded.inputs = through_engine(read.inputs)

    def destroy(self) -> None:
        self._delete_events()
        self._delete_intent()

    def _up_intent(self, program: Properties, *, forced: bool) -> None:
        old = self.intent
        inputs = self._checked(self._intents, old, program)
        if old is not None:
            diff = self._intents.diff(old.id, through_engine(old.outputs), through_engine(inputs))
            if diff.replaces or forced or old.is_deleted:
                self._delete_events(for_replacement=True)
                self._delete_intent(for_replacement=True)
                old = None
            elif diff.changes:
                updated = self._intents.update(
                    old.id, through_engine(old.outputs), through_engine(inputs)
                )
                self.intent = Recorded(old.id, inputs, through_engine(updated.outs))
        if old is None:
            made = self._intents.create(through_engine(inputs))
            self.intent = Recorded(made.id, inputs, through_engine(made.outs))

    def _up_events(self, *, forced: bool) -> None:
        assert self.intent is not None
        handed = {n: self.intent.outputs[n] for n in _HANDED_ON} | {
            "intent": self.intent.id,
            "instance_ids": to_text(self.intent.outputs["instance_ids"]),
        }
        old = self.events
        inputs = self._checked(self._events, old, handed)
        if old is not None:
            diff = self._events.diff(old.id, through_engine(old.outputs), through_engine(inputs))
            if diff.replaces or forced or old.is_deleted:
                self._delete_events(for_replacement=True)
                old = None
            elif diff.changes:
                updated = self._events.update(
                    old.id, through_engine(old.outputs), through_engine(inputs)
                )
                self.events = Recorded(old.id, inputs, through_engine(updated.outs))
        if old is None:
            made = self._events.create(through_engine(inputs))
            self.events = Recorded(made.id, inputs, through_engine(made.outs))

    def _checked(
        self, provider: ResourceProvider, old: Recorded | None, news: Properties
    ) -> Properties:
        checked = provider.check(through_engine(old.inputs if old else {}), through_engine(news))
        if checked.failures:
            raise Rejected("; ".join(f"{f.property}: {f.reason}" for f in checked.failures))
        return checked.inputs

    def _delete_events(self, *, for_replacement: bool = False) -> None:
        if self.events is None:
            return
        self._events.delete(self.events.id, through_engine(self.events.outputs))
        self.events.is_deleted = True
        if not for_replacement:
            self.events = None

    def _delete_intent(self, *, for_replacement: bool = False) -> None:
        if self.intent is None:
            return
        self._intents.delete(self.intent.id, through_engine(self.intent.outputs))
        self.intent.is_deleted = True
        if not for_replacement:
            self.intent = None


def through_engine(properties: Properties | None) -> Properties:
    """*properties* as a provider gets them: encoded, and decoded again."""
    loop = asyncio.new_event_loop()
    try:
        encoded = loop.run_until_complete(rpc.serialize_properties(dict(properties or {}), {}))
    finally:
        loop.close()
    return dict(rpc.deserialize_properties(encoded))
