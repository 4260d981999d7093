"""For the contract suite: each test runs once per vendor SDK, on the backend of --ecs-target."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from mns.account import Account

from simevents.models import format_time
from simevents.testing.live.targets import Target
from tests.contract.clients import CLIENTS, GENERATIONS, VendorClient

NOT_CLEANED_UP = pytest.StashKey[int]()
"""How many tests are left out of a live run."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of live runs what makes rules, queues and buses.

    The process that cleans up after a killed run cancels events; it cannot delete these.
    """
    if config.getoption("--ecs-target") != "live":
        return
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if item.path.is_relative_to(here) and "name" in getattr(item, "fixturenames", ())
    ]
    if left_out:
        config.stash[NOT_CLEANED_UP] = len(left_out)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    count = config.stash.get(NOT_CLEANED_UP, 0)
    if count:
        terminalreporter.write_line(
            f"{count} tests of event rules, queues and buses are not run live: after a killed run "
            "nothing would delete what they make."
        )


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    module: Path = request.node.path
    return str(request.config.rootpath / "cassettes" / "contract" / module.stem)


@pytest.fixture(params=list(CLIENTS))
def connect(request: pytest.FixtureRequest, ecs: Target) -> Iterator[Callable[..., VendorClient]]:
    """Creates clients of one SDK, for a region."""
    made: list[VendorClient] = []

    def connected(region: str = ecs.region) -> VendorClient:
        url = ecs.endpoint.replace(ecs.region, region)
        keys = (ecs.access_key_id, ecs.access_key_secret, ecs.security_token)
        made.append(CLIENTS[request.param](region, url, *keys))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.fixture
def sdk(connect: Callable[..., VendorClient]) -> VendorClient:
    return connect()


@pytest.fixture
def at(ecs: Target) -> Callable[..., str]:
    """A time from now, as the API writes it."""

    def written(**span: float) -> str:
        return format_time(ecs.now + timedelta(**span))

    return written


@pytest.fixture
def name(ecs: Target) -> Callable[[str], str]:
    """Names of the test's own for what it makes; the same in a replay."""
    began = f"{int(ecs.now.timestamp()):x}"
    return lambda kind: f"simevents-contract-{kind}-{began}"


@pytest.fixture(params=list(GENERATIONS))
def of_product(
    request: pytest.FixtureRequest, ecs: Target, name: Callable[[str], str]
) -> Iterator[Callable[[str], VendorClient]]:
    """Makes clients of one generation, by the first part of the product's host."""
    made: list[VendorClient] = []

    def connected(product: str) -> VendorClient:
        url = f"https://{product}.{ecs.region}.aliyuncs.com"
        keys = (ecs.access_key_id, ecs.access_key_secret, ecs.security_token)
        made.append(GENERATIONS[request.param][product](ecs.region, url, *keys))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.fixture
def compute(of_product: Callable[[str], VendorClient]) -> VendorClient:
    return of_product("ecs")


@pytest.fixture
def cms(of_product: Callable[[str], VendorClient]) -> VendorClient:
    return of_product("metrics")


@pytest.fixture
def mns_open(of_product: Callable[[str], VendorClient]) -> VendorClient:
    return of_product("mns-open")


@pytest.fixture
def buses(of_product: Callable[[str], VendorClient]) -> VendorClient:
    return of_product("eventbridge-console")


@pytest.fixture
def queues(ecs: Target, name: Callable[[str], str]) -> Iterator[Account]:
    """The client of the queues' data plane, aliyun-mns-sdk."""
    host = f"https://1000000000000001.mns.{ecs.region}.aliyuncs.com"
    account = Account(host, ecs.access_key_id, ecs.access_key_secret, ecs.security_token or "")
    yield account
    account.mns_client.close_connection()
