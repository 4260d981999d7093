"""How long a create over many instances takes, on a bad day: throttling and lost answers.

One resource over COUNT instances against the fake, as a process of its own, with one
call in a hundred throttled and one answer in a hundred lost; beside it the same
without faults. Prints a table; at the end it makes sure that there is exactly one
event per instance, in the answer and in the fake.

    python benchmarks/ten_thousand.py [COUNT]
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.fake import daemon
from simevents.reconcile import event_steps, intent_steps
from simevents.reconcile.claims import Claims
from simevents.reconcile.intended_events import IntendedEvents
from simevents.schedule import parse
from simevents.settings import Settings, find_credentials

FAULTS: list[dict[str, Any]] = [
    {"action": "*", "error": "Throttling.User", "probability": 0.01, "seed": 1},
    {"action": "*", "cut": "after", "probability": 0.01, "seed": 2},
]


def run(url: str, count: int, faults: list[dict[str, Any]]) -> tuple[float, float]:
    """Seconds for a create and for a delete of *count* events."""
    control = httpx.Client(base_url=f"{url}/_fake", trust_env=False, timeout=60)
    control.post("/reset")
    instances = control.post("/instances", json={"count": count}).json()["instance_ids"]
    for fault in faults:
        control.post("/faults", json=fault).raise_for_status()
    target = Settings("cn-hangzhou", url)

    def connect() -> SystemEvents:
        sdk = Sdk(target, find_credentials(target, os.environ, lambda: None))
        return SystemEvents(sdk, target, Patience())

    claims = Claims()
    with connect() as api:
        started = time.monotonic()
        intent = intent_steps.declare(
            api, claims, "sse-benchmark", "SystemMaintenance.Reboot", parse("+2h"), instances
        )
        made = event_steps.create(IntendedEvents(api, claims, intent))
        created = time.monotonic() - started
    open_ids = {
        event["event_id"]
        for event in control.get("/events").json()
        if event["status"] in ("Scheduled", "Executing")
    }
    if open_ids != {event.event_id for event in made.values()} or len(open_ids) != count:
        sys.exit(f"{len(open_ids)} events are open and {len(made)} are known, not {count}")
    with connect() as api:
        started = time.monotonic()
        event_steps.cancel(
            IntendedEvents(api, claims, intent), [event.event_id for event in made.values()]
        )
        deleted = time.monotonic() - started
    if control.get("/health").json()["open_events"]:
        sys.exit("events are left open")
    control.close()
    return created, deleted


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    table = Table("events", "faults", "create (s)", "delete (s)")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "cloud.db"
        url = daemon.start(data, 0).url
        try:
            for name, faults in (("none", []), ("1 % throttled, 1 % lost", FAULTS)):
                created, deleted = run(url, count, faults)
                table.add_row(str(count), name, f"{created:.1f}", f"{deleted:.1f}")
        finally:
            daemon.stop(data)
    Console().print(table)


if __name__ == "__main__":
    main()
