"""A cloud without a server whose changes go through the rules of EventBridge into the outbox."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from simevents.fake.delivery.notices import notices
from simevents.fake.eventbridge.matching import EventBridgeChannel
from simevents.fake.protocol.wire import Request
from simevents.fake.state.delivery_records import NewDelivery
from simevents.fake.state.occurrences import Occurrence
from tests.fake.requests import signed
from tests.model.inner_cloud import InnerCloud

INSTANCE = "i-bp1fictional000000001"
DEFAULT = {"EventBusName": "default"}


class InnerBus(InnerCloud):
    def __init__(self) -> None:
        super().__init__([INSTANCE])
        self.channel = EventBridgeChannel(self.cloud)
        self.cloud.listen(self._tell)

    def _tell(self, occurrences: Sequence[Occurrence]) -> None:
        self.store.outbox.add(self.channel(notices(self.cloud, occurrences)))

    def call(self, action: str, version: str = "2020-04-01", **parameters: Any) -> Any:
        """The data of a success; values that are no texts are written as JSON."""
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        sent = urlencode(signed("POST", Action=action, Version=version, **texts)).encode()
        answer = json.loads(self.rpc.answer(Request("POST", "/", b"", {}, sent)).body)
        assert answer.get("Code", "Success") == "Success", answer
        return answer.get("Data")

    def rule(self, pattern: Any, *targets: Any, name: str = "rule", bus: str = "default") -> None:
        self.call(
            "CreateRule",
            EventBusName=bus,
            RuleName=name,
            FilterPattern=json.dumps(pattern),
            EventTargets=list(targets),
        )

    def deliveries(self) -> list[NewDelivery]:
        self.clock.advance(0)
        with self.store.transaction():
            self.cloud.settle()
        return [delivery.new for delivery in self.store.outbox.find()]
