"""Drains instances that are about to restart: a consumer of a queue, as the vendor documents it."""

import json
import sys

from mns.account import Account
from mns.mns_exception import MNSExceptionBase

ENDPOINT = "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"


def handle(message: dict) -> None:
    if message["name"] == "Instance:SystemMaintenance.Reboot:Scheduled":
        print("draining", message["content"]["instanceId"], flush=True)


def consume(wait_seconds: int) -> None:
    """Handle what is in the queue; returns when nothing comes for *wait_seconds*."""
    queue = Account(ENDPOINT, "your-key-id", "your-key-secret").get_queue("ecs-events")
    while True:
        try:
            received = queue.receive_message(wait_seconds)
        except MNSExceptionBase as error:
            if error.type != "MessageNotExist":
                raise
            return
        handle(json.loads(received.message_body))
        queue.delete_message(received.receipt_handle)


if __name__ == "__main__":
    while True:
        consume(int(sys.argv[1]) if sys.argv[1:] else 30)
