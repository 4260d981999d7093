"""A fake cloud with a test instance and subscriptions, as the tests of the outbox use it."""

from typing import Any

from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer

DUE = "2099-01-01T00:00:00Z"
REBOOT = "Instance:SystemMaintenance.Reboot"
LIFE = [f"{REBOOT}:{status}" for status in ("Scheduled", "Executing", "Executed")]


class Subscribers:
    """What a test does with one fake."""

    def __init__(self, fake: FakeServer) -> None:
        self.fake = fake
        self.control = Control(fake.url, send=fake.control)

    def subscribe(self, url: str, **options: Any) -> str:
        made = self.control.post("subscriptions", kind="webhook", address=url, **options)
        return str(made["name"])

    def schedule(self, count: int = 1, instance: str = "i-1") -> list[str]:
        """Schedule *count* reboots, one after the other; their ids."""
        return [
            str(event["event_id"])
            for _ in range(count)
            for event in self.control.post(
                "events",
                instance_ids=[instance],
                event_type="SystemMaintenance.Reboot",
                not_before=DUE,
                simulated=True,
            )
        ]

    def pass_time(self, span: str) -> None:
        self.control.post("clock", advance=span)

    def wait(self) -> None:
        """Wait until nothing is due or under way."""
        assert self.control.post("deliveries/wait", seconds=20)["is_quiet"]

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control.get("deliveries")
        return found

    def outcomes(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """State, and outcome and status of each attempt, of each delivery."""
        return [
            (
                each["state"],
                [(attempt["outcome"], attempt["http_status"]) for attempt in each["attempts"]],
            )
            for each in self.deliveries()
        ]
