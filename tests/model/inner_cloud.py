"""A fake cloud without a server: the same rules and records, in the process of the test."""

import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aliyunsdkcore.vendored.requests.structures import CaseInsensitiveDict

from simevents.api.sdk import Answer, Sdk
from simevents.errors import NoAnswer
from simevents.fake.ecs import instance_creation
from simevents.fake.protocol.dispatch import Rpc
from simevents.fake.protocol.wire import Request
from simevents.fake.state.access_keys import AccessKeys
from simevents.fake.state.clock import Clock
from simevents.fake.state.cloud import Cloud
from simevents.fake.state.event_table import EventRow
from simevents.fake.state.faults import Fault
from simevents.fake.state.journal import Journal
from simevents.fake.state.lifecycle import start_status
from simevents.fake.state.store import Store
from simevents.models import EventCycleStatus, parse_time
from tests.conftest import REGION

START = "2026-01-01T00:00:00Z"


class InnerCloud:
    """A fake cloud whose clock moves only when a test advances it."""

    def __init__(self, instance_ids: list[str]) -> None:
        self.store = Store(None)
        self.clock = Clock(lambda: 0.0)
        self.clock.set(parse_time(START))
        # Signatures use the real time; everything else uses the clock of the cloud.
        keys = AccessKeys({"testid": "testsecret"}, self.store)
        self.cloud = Cloud(self.store, self.clock, random.Random(0), keys, time.time)
        self.rpc = Rpc(self.cloud, Journal())
        instance_creation.create(self.cloud, REGION, instance_ids, {})

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def fault(self, **fault: Any) -> None:
        self.cloud.faults.add(Fault(**fault))

    def clear_faults(self) -> None:
        self.cloud.faults.clear()

    def events(self) -> list[EventRow]:
        self.cloud.settle()
        return self.store.events.find()

    def cancel(self, event_id: str) -> None:
        self.store.events.move([event_id], EventCycleStatus.CANCELED, self.clock.now())

    def schedule(
        self, instance_id: str, event_type: str, not_before: float, *, simulated: bool
    ) -> str:
        """Create an event as somebody else would."""
        event = EventRow(
            event_id=self.cloud.new_id("e"),
            region=REGION,
            instance_id=instance_id,
            event_type=event_type,
            status=start_status(event_type),
            published_at=self.clock.now(),
            not_before=not_before,
            finished_at=None,
            simulated=simulated,
            reason="somebody else's",
        )
        self.store.events.add([event], executing_seconds=0)
        return event.event_id


class Killed(BaseException):
    """The process is gone: nothing runs after this, not even clean-up."""


class KillableSdk(Sdk):
    """Dies at a chosen call, before or after the cloud has executed it.

    Its requests are signed as usual, but go directly to the cloud in this process.
    """

    calls_to_live = -1
    dies_after = False
    cloud: InnerCloud

    def call(
        self, action: str, *, seconds: float | None = None, **parameters: str | int | list[str]
    ) -> Answer:
        kind = type(self)
        if kind.calls_to_live == 0 and not kind.dies_after:
            raise Killed
        answer = super().call(action, seconds=seconds, **parameters)
        if kind.calls_to_live == 0:
            raise Killed
        kind.calls_to_live -= 1
        return answer

    def _send(self, request: Any) -> tuple[int, Mapping[str, str], bytes]:
        headers, url = self._client._signer.sign(REGION, request)
        answer = self.cloud.rpc.answer(
            Request(
                method="POST",
                path="/",
                query=urlsplit(url).query.encode(),
                headers={name.lower(): value for name, value in headers.items()},
                body=b"",
            )
        )
        if answer.is_cut:
            raise NoAnswer(request.get_action_name(), "the fake", "it was cut")
        answered = {name.decode(): value.decode() for name, value in answer.headers}
        return answer.status, CaseInsensitiveDict(answered), answer.body
