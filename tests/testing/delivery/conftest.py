"""Clients of the vendor that a test leaves open."""

import gc
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest


@pytest.fixture
def closed_queue_clients() -> Iterator[None]:
    """Close what `aliyun-mns-sdk` keeps open: Python warns of a socket that nobody closes."""
    yield
    for each in gc.get_objects():
        if isinstance(each, HTTPConnection):
            each.close()
