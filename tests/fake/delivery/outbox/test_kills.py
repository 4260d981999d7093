"""A fake that is killed between a change and its delivery delivers it after the restart."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest

from simevents.fake.control.client import Control
from tests.fake.delivery.receiver import Receiver
from tests.fake.requests import signed

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "50"))
CREATE = {
    "Action": "CreateSimulatedSystemEvents",
    "RegionId": "cn-hangzhou",
    "EventType": "SystemMaintenance.Reboot",
    "NotBefore": "2099-01-01T00:00:00Z",
    "InstanceId.1": "i-1",
}


def start_fake(data: Path) -> tuple["subprocess.Popen[str]", str]:
    words = ["fake", "--port", "0", "--data", str(data), "--instance", "i-1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def create_until_killed(url: str, acknowledged: list[str]) -> None:
    with httpx.Client(trust_env=False) as http:
        while True:
            try:
                answer = http.post(url, data=signed("POST", **CREATE))
            except httpx.HTTPError:
                return
            acknowledged += answer.json()["EventIdSet"]["EventId"]


def test_each_change_is_delivered_at_least_once_and_repeats_are_marked(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    chance = random.Random(0)
    acknowledged: list[str] = []
    with Receiver() as receiver:
        process, url = start_fake(data)
        with Control(url) as control:
            control.post("subscriptions", kind="webhook", address=receiver.url)
        for kill in range(KILLS):
            if kill:
                process, url = start_fake(data)
            writer = threading.Thread(target=create_until_killed, args=(url, acknowledged))
            writer.start()
            # Killed while it delivers, after a random number of deliveries.
            for _ in range(chance.randint(1, 30)):
                receiver.next()
            process.send_signal(signal.SIGKILL)
            process.wait()
            writer.join()
            assert process.stdout is not None
            process.stdout.close()
        process, url = start_fake(data)
        with Control(url) as control:
            assert control.post("deliveries/wait", seconds=30)["is_quiet"]
            deliveries = control.get("deliveries")
            events = control.get("events")
        process.send_signal(signal.SIGINT)
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    arrived = Counter(each.json["content"]["eventId"] for each in receiver.received)
    known = {event["event_id"] for event in events}
    assert known >= set(acknowledged)
    assert set(arrived) == known
    assert {each["event_id"]: each["state"] for each in deliveries} == dict.fromkeys(
        known, "delivered"
    )
    # The answer of an attempt that a kill has cut is not known: the next attempt is a repeat.
    marked = {each["event_id"] for each in deliveries if each["attempts"][-1]["is_repeat"]}
    assert {event for event, times in arrived.items() if times > 1} <= marked
