"""Acknowledged writes survive a kill, and no write of many parallel clients is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.conftest import REGION, Cloud
from tests.contract.clients import OlderSdk
from tests.fake.requests import signed

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "50"))
CREATE = {
    "Action": "CreateSimulatedSystemEvents",
    "RegionId": REGION,
    "EventType": "SystemMaintenance.Reboot",
    "NotBefore": "2099-01-01T00:00:00Z",
}


def start_fake(data: Path) -> tuple["subprocess.Popen[str]", str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "simevents", "fake", "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def write_until_killed(url: str, acknowledged: list[str]) -> None:
    with httpx.Client(trust_env=False) as http:
        while True:
            try:
                answer = http.post(url, data=signed("POST", **CREATE, **{"InstanceId.1": "i-1"}))
            except httpx.HTTPError:
                return
            acknowledged += answer.json()["EventIdSet"]["EventId"]


def test_no_acknowledged_event_is_lost_when_the_fake_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    chance = random.Random(0)
    acknowledged: list[str] = []
    with FakeServer(data=data, instance_ids=["i-1"]):
        pass
    for _ in range(KILLS):
        process, url = start_fake(data)
        writer = threading.Thread(target=write_until_killed, args=(url, acknowledged))
        writer.start()
        # Killed while it writes, after a random number of writes.
        enough = len(acknowledged) + chance.randrange(1, 12)
        while len(acknowledged) < enough:
            writer.join(0.001)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        writer.join()

    with FakeServer(data=data) as server:
        kept = Cloud(server.url)
        found = [event["event_id"] for event in kept.get("events")]
        kept.close()
    assert len(acknowledged) >= KILLS
    assert set(acknowledged) <= set(found)
    # Each kill can leave at most one call that was executed but not answered.
    assert len(set(found) - set(acknowledged)) <= KILLS


def test_no_event_is_lost_with_many_parallel_clients(cloud: Cloud) -> None:
    clients, calls = 16, 20
    instances = cloud.instances(clients)
    made: list[str] = []

    def schedule(instance: str) -> None:
        sdk = OlderSdk(REGION, cloud.url)
        for _ in range(calls):
            answer = sdk.call(
                CREATE["Action"],
                EventType=CREATE["EventType"],
                NotBefore=CREATE["NotBefore"],
                InstanceId=[instance],
            )
            made.extend(answer["EventIdSet"]["EventId"])
        sdk.close()

    threads = [threading.Thread(target=schedule, args=(instance,)) for instance in instances]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == clients * calls
    assert sorted(event["event_id"] for event in cloud.get("events")) == sorted(made)


def test_after_sigterm_the_data_file_alone_has_every_event(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data, instance_ids=["i-1"]):
        pass
    process, url = start_fake(data)
    acknowledged: list[str] = []
    with httpx.Client(trust_env=False) as http:
        for _ in range(50):
            answer = http.post(url, data=signed("POST", **CREATE, **{"InstanceId.1": "i-1"}))
            acknowledged += answer.json()["EventIdSet"]["EventId"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    alone = tmp_path / "alone.db"
    alone.write_bytes(data.read_bytes())

    with FakeServer(data=alone) as server:
        kept = Cloud(server.url)
        found = [event["event_id"] for event in kept.get("events")]
        kept.close()
    assert sorted(found) == sorted(acknowledged)
    assert not data.with_name("cloud.db-wal").exists()


def test_a_full_disk_fails_writes_and_neither_reads_nor_the_log(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data, instance_ids=["i-1"]):
        pass
    # In units of 512 bytes; what is written beyond fails as on a full disk.
    command = f"ulimit -f 1000; exec {sys.executable} -m simevents fake --port 0 --data {data}"
    process = subprocess.Popen(
        ["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    statuses: list[int] = []
    with httpx.Client(trust_env=False) as http:
        while statuses.count(500) < 300:
            fields = signed("POST", **CREATE, **{"InstanceId.1": "i-1"})
            statuses.append(http.post(url, data=fields).status_code)
            assert len(statuses) < 5_000
        kept = http.get(f"{url}/_fake/health").json()["open_events"]
    process.terminate()
    _, log = process.communicate(timeout=20)

    assert set(statuses) == {200, 500}
    assert kept == statuses.count(200)
    assert len(log.splitlines()) == 100
