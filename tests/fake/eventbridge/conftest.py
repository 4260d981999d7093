"""A fresh fake cloud, and clients of EventBridge."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conftest import Cloud
from tests.fake.eventbridge.clients import CLIENTS, BusClient, Newer
from tests.fake.requests import signed

ACCOUNT = "1000000000000001"


@pytest.fixture(params=list(CLIENTS))
def sdk(request: pytest.FixtureRequest, cloud: Cloud) -> BusClient:
    """Each test once per SDK."""
    return CLIENTS[request.param](cloud.url)


@pytest.fixture
def bus(cloud: Cloud) -> BusClient:
    """The newer SDK."""
    return Newer(cloud.url)


@pytest.fixture
def call(cloud: Cloud) -> Callable[..., dict[str, Any]]:
    """A call without an SDK; values that are no texts are written as JSON."""

    def called(action: str, **parameters: Any) -> dict[str, Any]:
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in parameters.items()
        }
        sent = signed("POST", Action=action, Version="2020-04-01", **texts)
        answer = httpx.post(cloud.url, data=sent)
        body: dict[str, Any] = answer.json()
        return body | {"status": answer.status_code}

    return called
