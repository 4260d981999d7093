"""A run of listen in this process, between whose looks a test lets things happen."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from simevents.api.client import SystemEvents
from simevents.errors import CloudError
from simevents.listening import cursor as cursors
from simevents.listening.changes import Change, Unseen
from simevents.listening.cursor import Cursor
from simevents.listening.forwarder import Answer, Forwarder, Target
from simevents.listening.listener import Counts, Listener
from simevents.models import EventType, SystemEvent
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
ACCOUNT = "1000000000000001"

Connect = Callable[[], SystemEvents]
Step = Callable[[], object]
Schedule = Callable[..., list[str]]


@dataclass
class Told:
    """Takes a note of what is reported."""

    lines: list[str] = field(default_factory=list)

    def began(self, cursor: Cursor, resumed_after: datetime | None) -> None:
        self.lines.append("began" if resumed_after is None else "resumed")

    def forwarded(self, change: Change, answer: Answer | None, attempt: int) -> None:
        status = "no message" if answer is None else answer.http_status
        self.lines.append(f"{change.event.instance_id} {change.status} {status} {attempt}")

    def missed(self, unseen: Unseen) -> None:
        self.lines.append(f"{unseen.event.instance_id} {unseen.status} missed")

    def lost(self, event: SystemEvent) -> None:
        self.lines.append(f"{event.instance_id} lost")

    def look_failed(self, error: CloudError) -> None:
        self.lines.append(f"failed {type(error).__name__}")


@dataclass
class Listening:
    """Listens once for each run; between two looks it lets the steps of a test happen."""

    connect: Connect
    target: Target
    file: Path
    told: Told = field(default_factory=Told)
    reading: Callable[[], AbstractContextManager[None]] = nullcontext
    save: Callable[[Cursor], None] | None = None

    def run(self, *steps: Step, since: datetime | None = None) -> Counts:
        remaining = iter(steps)

        def wait(seconds: float) -> bool:
            if not seconds:
                return False
            step = next(remaining, None)
            if step is not None:
                step()
            return step is None

        with Forwarder(self.target, REGION, ACCOUNT) as forwarder:
            listener = Listener(
                self.connect(), forwarder, self.told, self.save or self._keep, wait, self.reading
            )
            listener.run(cursors.read(self.file), ACCOUNT, since, 10.0)
        return listener.counts

    def _keep(self, cursor: Cursor) -> None:
        cursors.write(self.file, cursor)


def advance(cloud: Cloud, span: str) -> Step:
    return lambda: cloud.post("clock", advance=span)


def statuses(handler: Receiver) -> list[str]:
    return [each.json["content"]["eventStatus"] for each in handler.received]
