"""The HTTP request that an application in this process gets, as the vendor sends it.

That of CloudMonitor has no signature; that of EventBridge is signed. Sources: the vendor's pages
on callbacks of CloudMonitor and on HTTP targets of EventBridge.
"""

import json
import time
from typing import TYPE_CHECKING

from ...fake.delivery import cloudmonitor_bodies
from ...fake.delivery.eventbridge.push_signature import OF_THIS_PROCESS, certificate_url, sign
from ...fake.state.delivery_records import Delivery
from .targets import Answer

if TYPE_CHECKING:
    import httpx

HOST = "http://localhost"
"""What an application sees as its own address."""

CONTENT_TYPE = "application/json;charset=UTF-8"


def request(delivery: Delivery, path: str) -> "httpx.Request":
    """The request with *delivery* to *path*, which begins with a slash."""
    import httpx

    new, url = delivery.new, f"{HOST}{path}"
    body, signed = new.body, {}
    if new.via == "cloudmonitor":
        body = cloudmonitor_bodies.dumped(cloudmonitor_bodies.webhook_body(json.loads(body)))
    else:
        milliseconds = int(time.time() * 1_000)
        certificate = certificate_url(new.region)
        signed = sign(OF_THIS_PROCESS, url, body, milliseconds, certificate=certificate)
    headers = {"Content-Type": CONTENT_TYPE, "Accept": "*/*", "User-Agent": "simevents-fake"}
    return httpx.Request("POST", url, headers=headers | signed, content=body)


def answer(response: "httpx.Response") -> Answer:
    """What the application has answered; its body has been read."""
    status = response.status_code
    return Answer(200 <= status < 300, status, response.text)
