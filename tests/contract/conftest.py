"""For the contract suite: each test runs once per vendor SDK, on the backend of --ecs-target."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from simevents.models import format_time
from simevents.testing.live.targets import Target
from tests.contract.clients import CLIENTS, VendorClient


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
