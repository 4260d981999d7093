"""The part of a test's cloud that is about deliveries: who is told, and what came of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...fake.control.client import Control
from ...fake.delivery.outbox.in_process import InProcess
from ..records import Delivery, Subscription
from .asgi import AsgiLoop
from .calling import Calls
from .function_compute import Handler
from .subscribing import Subscriptions

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


class DeliveringCloud:
    """A cloud whose events are delivered to handlers; `FakeCloud` has the rest of it."""

    region: str

    def __init__(self, control: Control, in_process: InProcess) -> None:
        asgi = AsgiLoop()
        self._calls = Calls(control, in_process, asgi)
        self._subscriptions = Subscriptions(control, self._calls, asgi)

    def deliver_to(
        self,
        *,
        url: str | None = None,
        function: Handler | None = None,
        wsgi: Any = None,
        asgi: Any = None,
        queue: str | None = None,
        via: str = "cloudmonitor",
        names: Iterable[str] | None = None,
        pattern: Mapping[str, Any] | None = None,
        path: str = "/",
    ) -> Subscription:
        """Let events be delivered to exactly one target, as the vendor delivers them.

        *url* is a webhook on this machine. *function* is a handler of Function Compute, called as
        ``handler(event: bytes, context)``. *wsgi* and *asgi* are applications, which get a POST
        to *path*. These three are called in this process: on the thread that has called
        `schedule`, `advance` and the like, before that returns; what they raise is raised there.
        What other programs cause reaches them on one worker thread; what they raise then fails
        the test at its end. *queue* is a queue of SMQ, which is made if it is missing.

        The message is CloudMonitor's, for the changes of *names* or for all; or *via*
        ``"eventbridge"`` the CloudEvent, for the events that *pattern* matches or for all.
        Raises InvalidInput.
        """
        given = {"url": url, "function": function, "wsgi": wsgi, "asgi": asgi, "queue": queue}
        return self._subscriptions.deliver_to(self.region, given, via, names, pattern, path)

    def serve_function(self, service: str, function: str, handler: Handler) -> Subscription:
        """Serve the function that a rule of CloudMonitor or EventBridge has as its target.

        *handler* is called as one of `deliver_to` is. Raises InvalidInput.
        """
        return self._subscriptions.serve_function(service, function, handler)

    @property
    def deliveries(self) -> list[Delivery]:
        """What was sent to whom, with all attempts, in the order of the changes."""
        self.settle_deliveries()
        return self._subscriptions.deliveries()

    def settle_deliveries(self) -> None:
        """Wait a little until handlers in this process have been told of what others caused."""
        self._calls.settle()

    def end_deliveries(self) -> list[BaseException]:
        """At the end of the test: call no handler any more; what they raised on the worker."""
        return self._calls.end()
