"""The tests that run in `world`: each way out, with the fixture and without it."""

import contextlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

# This file runs as a copy, in a folder with that of `ways`.
from ways import OTHER, WAYS  # type: ignore[import-not-found]

RECORD = Path(os.environ["RECORD_OF_ARRIVALS"])


def arrivals() -> list[str]:
    return RECORD.read_text().splitlines()[1:]


@pytest.fixture(autouse=True)
def listening() -> None:
    deadline = time.monotonic() + 10
    while not (RECORD.exists() and RECORD.read_text()):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("name", list(WAYS)[:: int(os.environ["EVERY_NTH_WAY"])])
def test_guarded(ecs_fake: Any, name: str) -> None:
    has_failed = False
    try:
        WAYS[name]()
    except Exception:  # noqa: BLE001 - each way has errors of its own
        has_failed = True
    assert arrivals() == []
    # Some clients send in the background, or take the answer of the fake for that of the cloud.
    at_fake = [*ecs_fake.other_hosts_refused(), *ecs_fake.proxy_refusals, *ecs_fake.calls]
    assert has_failed or at_fake
    ecs_fake.reset()


@pytest.mark.parametrize("name", list(WAYS)[:: int(os.environ["EVERY_NTH_WAY"])])
def test_unguarded(name: str) -> None:
    before = len(arrivals())
    with contextlib.suppress(Exception):
        WAYS[name]()
    deadline = time.monotonic() + 10
    while len(arrivals()) == before:
        assert time.monotonic() < deadline, "nothing has arrived without the guard either"


@pytest.mark.ecs_fake(allow_hosts=["stats.example.com"])
def test_allowed(ecs_fake: Any) -> None:
    before = len(arrivals())
    WAYS["urllib_other"]()
    WAYS["aiohttp_other_on_uvloop"]()
    WAYS["child_urllib"]()
    WAYS["socket_sendto"]()
    deadline = time.monotonic() + 10
    while len(arrivals()) < before + 4:
        assert time.monotonic() < deadline, arrivals()
    assert arrivals()[before:] == [
        *[f"connection at {OTHER}:80"] * 3,
        f"datagram at {OTHER}:53",
    ]
    with pytest.raises(Exception, match="Nothing was sent"):
        WAYS["urllib_http"]()
    ecs_fake.reset()


def test_other_hosts_are_refused_with_the_way_to_allow_them(ecs_fake: Any) -> None:
    with pytest.raises(ConnectionError, match=r'allow_hosts=\["stats.example.com"\]'):
        WAYS["http_client_other"]()


def test_after_a_fake_was_used_other_hosts_are_open() -> None:
    before = len(arrivals())
    WAYS["urllib_other"]()
    with pytest.raises(Exception, match="Nothing was sent"):
        WAYS["urllib_http"]()
    assert arrivals()[before:] == [f"connection at {OTHER}:80"]
