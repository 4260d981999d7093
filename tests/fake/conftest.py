"""Vendor SDK clients, connected directly to a fresh fake cloud: each test once per SDK."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from simevents.models import format_time, parse_time
from tests.conftest import REGION, Cloud
from tests.contract.clients import CLIENTS, VendorClient


@pytest.fixture(params=list(CLIENTS))
def connect(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Callable[..., VendorClient]]:
    """Creates clients of one SDK, for a region."""
    made: list[VendorClient] = []

    def connected(region: str = REGION) -> VendorClient:
        made.append(CLIENTS[request.param](region, cloud.url))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.fixture
def sdk(connect: Callable[..., VendorClient]) -> VendorClient:
    return connect()


@pytest.fixture
def at(cloud: Cloud) -> Callable[..., str]:
    """A time from now, as the API writes it."""

    def written(**span: float) -> str:
        return format_time(parse_time(cloud.get("clock")["now"]) + timedelta(**span))

    return written
