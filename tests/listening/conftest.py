"""For the tests of listen: a handler, and a run that listens for it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from simevents.api.client import SystemEvents
from simevents.listening.forwarder import Target
from simevents.models import parse_time
from tests.conftest import Cloud
from tests.fake.delivery.receiver import Receiver, Reply
from tests.listening.runs import REBOOT, Connect, Listening, Schedule


@pytest.fixture
def replies() -> list[Reply]:
    """How the handler answers, the first requests first; afterwards with 200."""
    return []


@pytest.fixture
def handler(replies: list[Reply]) -> Iterator[Receiver]:
    with Receiver(lambda number: replies[number] if number < len(replies) else Reply()) as made:
        yield made


@pytest.fixture
def listening(connect: Connect, cloud: Cloud, handler: Receiver, tmp_path: Path) -> Listening:
    cloud.post("clock", freeze=True)
    return Listening(connect, Target(f"{handler.url}/hook"), tmp_path / "cursor.json")


@pytest.fixture
def schedule(api: SystemEvents, cloud: Cloud) -> Schedule:
    def scheduled(instances: Sequence[str], hours: float = 2) -> list[str]:
        now = parse_time(cloud.get("clock")["now"])
        return api.create(REBOOT, now + timedelta(hours=hours), instances)

    return scheduled
