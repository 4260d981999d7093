"""For all tests: a clean environment, a closed network, a fresh fake cloud."""

import functools
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from simevents.hosts import is_loopback
from simevents.settings import Settings, find_credentials
from simevents.testing.network import guard

REGION = "cn-hangzhou"

NO_METADATA = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"
CI_NAMES = ("CI", "BUILD_NUMBER")

# The vendor's search for credentials would continue with the metadata address of an instance. Its
# library reads this once, at import, and pytest imports it when it collects the tests.
os.environ[NO_METADATA] = "true"

# The same random cases in every run; --hypothesis-profile=random uses others (make soak).
settings.register_profile("fixed", derandomize=True, database=None)
settings.register_profile("random", print_blob=True, database=None)
settings.load_profile("fixed")

# Ignored in a run by nohup, or in the background of a shell; what is ignored stays so in the
# commands that tests start, and tests send them these signals.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# httpx reads all certificates of the system for each request, which takes 35 ms.
ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]

_connect = socket.socket.connect


@pytest.fixture
def is_live(request: pytest.FixtureRequest) -> bool:
    """Whether this test should reach the account that a person has named."""
    is_meant = request.config.getoption("--ecs-target") == "live"
    return is_meant and "ecs" in request.fixturenames


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, is_live: bool) -> None:
    """No credentials, endpoints or proxies of the person who runs the tests.

    pytest prints longer lines when one of CI_NAMES is set, also where it runs inside of a test.
    """
    if is_live:
        return
    for name in CI_NAMES:
        monkeypatch.delenv(name, raising=False)
    for name in os.environ:
        if name.startswith(("ALIBABA", "ALICLOUD", "SIMEVENTS")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv(NO_METADATA, "true")


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch, is_live: bool) -> None:
    """Only loopback can be reached."""
    if is_live:
        return

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address}")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def own_run() -> Iterator[None]:
    """For a test that names Alibaba's hosts: that an earlier test used ecs_fake does not count."""
    guard.begin_inner_run()
    yield
    guard.end_inner_run()


class Waiting:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


class Cloud(Control):
    """The control routes of a fake cloud, and helpers for tests."""

    def instances(self, count: int) -> list[str]:
        return sorted(self.post("instances", count=count)["instance_ids"])

    def open_events(self) -> list[dict[str, Any]]:
        return [e for e in self.get("events") if e["status"] in ("Scheduled", "Executing")]

    def statuses(self) -> list[str]:
        return sorted(event["status"] for event in self.get("events"))

    def cancel(self, region: str, event_id: str) -> None:
        """Cancel an event as somebody else would, by the API."""
        target = Settings(region, self.url)
        sdk = Sdk(target, find_credentials(target, {}, lambda: None))
        sdk.call("CancelSimulatedSystemEvents", EventIds=[event_id])
        sdk.close()

    def actions(self) -> list[str]:
        return [call["action"] for call in self.get("calls")]


@pytest.fixture(scope="session")
def fake_server() -> Iterator[FakeServer]:
    with FakeServer(seed=0) as server:
        yield server


@pytest.fixture
def cloud(fake_server: FakeServer) -> Iterator[Cloud]:
    """A fresh fake cloud; the test fails if an unknown call has reached it."""
    behind = Cloud(fake_server.url)
    behind.post("reset")
    yield behind
    unexpected = behind.get("calls?unexpected=1")
    behind.close()
    assert unexpected == []


@pytest.fixture
def connect(cloud: Cloud, waiting: Waiting) -> Iterator[Callable[[], SystemEvents]]:
    """Our client on the fake cloud; its waits take no time."""
    made: list[Sdk] = []

    def connected() -> SystemEvents:
        target = Settings(REGION, cloud.url)
        made.append(Sdk(target, find_credentials(target, {}, lambda: None)))
        return SystemEvents(made[-1], target, Patience(sleep=waiting.sleep, clock=waiting.clock))

    yield connected
    for sdk in made:
        sdk.close()


@pytest.fixture
def api(connect: Callable[[], SystemEvents]) -> SystemEvents:
    return connect()
