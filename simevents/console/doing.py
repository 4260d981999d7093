"""What a person can do on the page, and the words that tell how it ended.

Events are scheduled, cancelled and accepted by calls of the API, as a stack does; the rest is
done by the control routes, which only a fake cloud has.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..api.client import SystemEvents
from ..errors import SimulatedEventsError
from ..fake.control.client import Control, ControlError
from ..models import EventType, is_event_id, is_instance_id
from ..reconcile.claims import Claims
from ..reconcile.event_steps import create
from ..reconcile.intended_events import IntendedEvents
from ..reconcile.intent_steps import declare
from ..schedule import parse
from ..settings import Settings
from . import commands

ONLY_FAKE = "Only a fake cloud can do this; Alibaba Cloud has no such call."

_MOST_SECONDS = 60.0


class NotDone(Exception):
    """Something was refused, or is not valid; the text says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended, and the command that does the same."""

    text: str
    command: str
    is_done: bool = True


class Doing(Protocol):
    """The actions of a console. Each of them returns, whatever happens."""

    where: str
    """What is acted on, in words."""
    endpoint: str
    """Of the fake cloud; empty for an account."""
    region: str
    """Of the account; empty for a fake cloud, which has all regions."""

    async def schedule(
        self, region: str, event_type: str, not_before: str, instance_ids: Sequence[str]
    ) -> Outcome: ...

    async def cancel(self, region: str, event_id: str) -> Outcome: ...

    async def accept(self, region: str, event_id: str) -> Outcome: ...

    async def control(
        self, line: str, done: str, method: str, route: str, body: Mapping[str, Any]
    ) -> Outcome: ...


class _ByApi(ABC):
    """Acts by calls of the API; what differs by cloud is where they go."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    @abstractmethod
    def _settings(self, region: str) -> Settings:
        """Region, endpoint and keys of the calls."""

    @abstractmethod
    def _place(self, region: str) -> list[commands.Option]:
        """The options with which a command goes to the same cloud."""

    def _connect(self, region: str) -> SystemEvents:
        api = SystemEvents.connect(self._settings(region), self._environ)
        return api.within(_MOST_SECONDS)

    async def schedule(
        self, region: str, event_type: str, not_before: str, instance_ids: Sequence[str]
    ) -> Outcome:
        ids = list(dict.fromkeys(instance_ids))
        line = commands.schedule(self._place(region), event_type, not_before, ids)

        def work() -> str:
            _check(event_type, ids)
            moment = parse(not_before)
            with self._connect(region) as api:
                claims = Claims()
                intent = declare(api, claims, "console", event_type, moment, ids)
                made = create(IntendedEvents(api, claims, intent))
            return f"Scheduled {event_type} on {_counted(len(made), 'instance')}."

        return await _done(line, work)

    async def cancel(self, region: str, event_id: str) -> Outcome:
        line = commands.command("cancel", event_id, options=self._place(region))

        def work() -> str:
            _check_event(event_id)
            with self._connect(region) as api:
                outcome = api.cancel([event_id])
            if outcome.real:
                raise NotDone(
                    "CannotCancelSystemEvent.NotSimulated: it is a real event, which cannot be "
                    "cancelled."
                )
            if outcome.unknown:
                raise NotDone(f"InvalidEventId.NotFound: {region} knows no event {event_id}.")
            return f"Cancelled {event_id}."

        return await _done(line, work)

    async def accept(self, region: str, event_id: str) -> Outcome:
        line = commands.command("accept", event_id, options=self._place(region))

        def work() -> str:
            _check_event(event_id)
            with self._connect(region) as api:
                api.accept(event_id)
            return f"Accepted {event_id}."

        return await _done(line, work)


class FakeDoing(_ByApi):
    """Acts on the fake cloud at *endpoint*; *token* is its control token."""

    def __init__(self, endpoint: str, token: str) -> None:
        # The published pair of keys: those of the person are not sent to a fake.
        super().__init__({})
        self.where = f"fake cloud at {endpoint}"
        self.endpoint = endpoint
        self.region = ""
        self._token = token

    def _settings(self, region: str) -> Settings:
        return Settings(region, self.endpoint)

    def _place(self, region: str) -> list[commands.Option]:
        return [("--endpoint", self.endpoint), ("--region", region)]

    async def control(
        self, line: str, done: str, method: str, route: str, body: Mapping[str, Any]
    ) -> Outcome:
        def work() -> str:
            with Control(self.endpoint, self._token) as cloud:
                if method == "DELETE":
                    cloud.delete(route)
                else:
                    cloud.post(route, **body)
            return done

        return await _done(line, work)


class AccountDoing(_ByApi):
    """Acts on a region of an account."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self._of_account = settings
        self.where = f"Alibaba Cloud, {settings.region}"
        self.endpoint = ""
        self.region = settings.region

    def _settings(self, region: str) -> Settings:  # noqa: ARG002 - a console has one region
        return self._of_account

    def _place(self, region: str) -> list[commands.Option]:  # noqa: ARG002
        return [("--region", self.region)]

    async def control(
        self,
        line: str,
        done: str,  # noqa: ARG002 - nothing is done
        method: str,  # noqa: ARG002
        route: str,  # noqa: ARG002
        body: Mapping[str, Any],  # noqa: ARG002
    ) -> Outcome:
        return Outcome(ONLY_FAKE, line, is_done=False)


async def _done(line: str, work: Callable[[], str]) -> Outcome:
    try:
        return Outcome(await asyncio.to_thread(work), line)
    except (SimulatedEventsError, ControlError, NotDone) as error:
        return Outcome(str(error), line, is_done=False)


def _check(event_type: str, instance_ids: Sequence[str]) -> None:
    if event_type not in set(EventType):
        raise NotDone(f"Type: {event_type!r} is not an event type that can be simulated.")
    if not instance_ids:
        raise NotDone("Instances: none is chosen; choose at least one.")
    for id in instance_ids:
        if not is_instance_id(id):
            raise NotDone(
                f"Instances: {id!r} is not a valid instance id; use one such as i-bp1a2b3c4d5e."
            )


def _check_event(event_id: str) -> None:
    if not is_event_id(event_id):
        raise NotDone(f"{event_id!r} is not a valid event id.")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
