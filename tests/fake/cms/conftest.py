"""CloudMonitor of a fresh fake cloud, called with the vendor's SDKs: each test once per SDK."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.fake.cms.clients import CLIENTS, Cms


@pytest.fixture(params=list(CLIENTS))
def cms(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Cms]:
    client = CLIENTS[request.param](cloud.url)
    yield client
    client.close()


@pytest.fixture
def put_rule(cms: Cms) -> Callable[..., None]:
    """Puts a rule for ECS with targets; *pattern* are members of its EventPattern."""

    def put(name: str = "r1", pattern: dict[str, Any] | None = None, **targets: Any) -> None:
        whole = {"Product": "ECS", **(pattern or {})}
        cms.call("PutEventRule", RuleName=name, EventPattern=[whole])
        if targets:
            cms.call("PutEventRuleTargets", RuleName=name, **targets)

    return put
