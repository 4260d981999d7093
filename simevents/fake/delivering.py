"""Puts the parts of delivery together for one cloud: who asks for messages, and who sends them."""

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Collection

from .cms.matching import CloudMonitorChannel
from .delivery.outbox.dispatcher import Dispatcher
from .delivery.outbox.emitter import Emitter
from .delivery.outbox.functions import FunctionSender
from .delivery.outbox.http_sender import HttpSender
from .delivery.outbox.in_process import InProcess
from .delivery.outbox.push_signing import signed
from .delivery.outbox.strangers import Strangers
from .delivery.outbox.subscriptions import SubscriptionChannel
from .eventbridge.matching import EventBridgeChannel
from .mns.messages import send_message
from .protocol.api_errors import ApiError
from .state.cloud import Cloud
from .state.outbox_table import DELIVERED, FAILED, Delivery, Outcome

log = logging.getLogger(__name__)


class Deliveries:
    """Delivery in one cloud, from its changes to the targets.

    *allowed* are hosts besides this machine that may be called. *own_port* returns the port of
    the fake.
    """

    def __init__(self, cloud: Cloud, allowed: Collection[str], own_port: Callable[[], int]) -> None:
        self._cloud = cloud
        self.in_process = InProcess()
        self._http = HttpSender(Strangers(allowed, own_port), signed)
        functions = FunctionSender(cloud, self._http, self.in_process)
        self.emitter = Emitter(
            cloud,
            [SubscriptionChannel(cloud), CloudMonitorChannel(cloud), EventBridgeChannel(cloud)],
        )
        self.dispatcher = Dispatcher(
            cloud,
            {
                "webhook": self._http.send,
                "http": self._http.send,
                "function": functions.send,
                "in_process": self.in_process.send,
            },
            {"queue": self._place},
            self._bury,
        )
        self.in_process.tell = self.dispatcher.tell

    def start(self) -> None:
        """Begin to send, in the running loop."""
        self.dispatcher.start()

    def stop(self) -> None:
        self.dispatcher.stop()
        self._http.close()

    async def wait(self, seconds: float) -> bool:
        """Wait until no attempt is due or under way, or one is for this process to make.

        At most *seconds* of real time. Whether no attempt is due or under way.
        """
        deadline = time.monotonic() + seconds
        while not (self.dispatcher.is_quiet or self.dispatcher.is_over or len(self.in_process)):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                break
            try:
                # Without a task, which would begin to watch a turn of the loop too late.
                async with asyncio.timeout(remaining):
                    await self.dispatcher.changed()
            except TimeoutError:
                break
        return self.dispatcher.is_quiet

    def _place(self, delivery: Delivery) -> Outcome:
        new = delivery.new
        body = base64.b64encode(new.body) if new.settings.get("base64") else new.body
        region = str(new.settings.get("region", new.region))
        try:
            message_id = send_message(self._cloud, region, new.address, body)
        except ApiError as refused:
            return Outcome(FAILED, refused.status, f"{refused.code}: {refused.text}")
        return Outcome(DELIVERED, 201, message_id, message_id=message_id)

    def _bury(self, delivery: Delivery) -> None:
        """Put the event of a delivery that has failed for good into its dead-letter queue."""
        new = delivery.new
        event = new.settings.get("original")
        body = new.body if event is None else str(event).encode()
        region = str(new.settings.get("dead_letter_region") or new.region)
        try:
            send_message(self._cloud, region, new.dead_letter, body)
        except ApiError as refused:
            log.warning(
                "the dead-letter queue %s took no message: %s", new.dead_letter, refused.code
            )
