"""Signs the deliveries that EventBridge would sign, in real time."""

import asyncio
import time

from ...state.delivery_records import Delivery
from ..eventbridge.push_signature import OF_THIS_PROCESS, certificate_url, sign
from .http_sender import Headers


async def signed(delivery: Delivery, url: str, body: bytes) -> Headers:
    """The headers that sign *body* for *url*; none if the settings do not ask for it."""
    new = delivery.new
    if not new.settings.get("signed"):
        return {}
    region = str(new.settings.get("region", new.region))
    token = str(new.settings.get("token", ""))
    milliseconds = int(time.time() * 1_000)
    # In a thread: the first signature needs a key, which takes a third of a second to make.
    return await asyncio.to_thread(
        sign, OF_THIS_PROCESS, url, body, milliseconds, token, certificate_url(region)
    )
