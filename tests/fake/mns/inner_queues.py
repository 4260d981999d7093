"""Queues without a server: the clock stands still until a test advances it."""

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, ParamSpec, TypeVar

from simevents.fake.mns import messages, queues
from simevents.fake.mns.messages import Draft
from simevents.fake.state.cloud import Cloud
from simevents.fake.state.queue_table import Counts, Message, Queue
from tests.conftest import REGION
from tests.model.inner_cloud import InnerCloud

P = ParamSpec("P")
T = TypeVar("T")


class InnerQueues(InnerCloud):
    def __init__(self) -> None:
        super().__init__([])

    def do(self, function: Callable[Concatenate[Cloud, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """Call *function* as the service does: in a transaction, after what time does."""
        with self.store.transaction():
            queues.settle(self.cloud)
            return function(self.cloud, *args, **kw)

    def queue(self, name: str = "q", **attributes: Any) -> Queue:
        made, _ = self.do(queues.create, REGION, name, attributes)
        return made

    def send(self, queue: Queue, *bodies: str, **draft: Any) -> None:
        for body in bodies:
            self.do(messages.send, queue, Draft(body, **draft))

    def receive(self, queue: Queue, most: int = 16) -> list[Message]:
        return self.do(messages.receive, queue, most)

    def bodies(self, queue: Queue, most: int = 16) -> list[str]:
        return bodies_of(self.receive(queue, most))

    def counts(self, queue: Queue) -> Counts:
        return self.do(lambda cloud: cloud.store.queues.counts(queue, cloud.now()))


def bodies_of(found: Iterable[Message]) -> list[str]:
    return [message.body for message in found]
