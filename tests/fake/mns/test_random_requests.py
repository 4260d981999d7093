"""Random requests: each is answered with a document, and with no internal error."""

import asyncio
import os
from collections.abc import Iterator, MutableMapping
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simevents.fake.mns.service import QueueService
from simevents.fake.state.journal import Journal
from tests.fake.mns.data_plane import request, xml
from tests.fake.mns.inner_queues import InnerQueues

RUNS = int(os.environ.get("RULES_RUNS", "100"))
VALUES = st.sampled_from(
    ["", "0", "1", "16", "-1", "9" * 30, "true", "x", "١", "1-1-0123456789abcdef", "\x00", "&#0;"]
) | st.text(max_size=20)
NAMES = st.sampled_from(
    ["ReceiptHandle", "VisibilityTimeout", "numOfMessages", "waitseconds", "peekonly", "x"]
)
ELEMENTS = st.sampled_from(
    [
        *("Message", "Messages", "MessageBody", "DelaySeconds", "Priority", "ReceiptHandles"),
        *("ReceiptHandle", "Queue", "VisibilityTimeout", "DlqPolicy", "Enabled", "UserProperties"),
        *("PropertyValue", "MaximumMessageSize", "LoggingEnabled"),
    ]
)
CONTENTS = st.recursive(
    VALUES,
    lambda inner: st.lists(st.tuples(ELEMENTS, inner), max_size=4).map(
        lambda parts: "".join(f"<{name}>{content}</{name}>" for name, content in parts)
    ),
    max_leaves=8,
)
PATHS = st.sampled_from(["/queues", "/queues/q", "/queues/q/messages"]) | st.lists(
    VALUES, max_size=3
).map(lambda parts: quote("/".join(["/queues", *parts])))


@pytest.fixture(scope="module")
def service() -> Iterator[QueueService]:
    inner = InnerQueues()
    inner.queue()
    yield QueueService(inner.cloud, Journal())
    inner.store.close()


async def _leaves() -> MutableMapping[str, Any]:
    # No poll of the test has to end by itself.
    return {"type": "http.disconnect"}


@settings(
    max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"]),
    path=PATHS,
    query=st.lists(st.tuples(NAMES, VALUES), max_size=3),
    root=ELEMENTS,
    content=CONTENTS,
)
def test_a_random_request_is_answered(
    service: QueueService,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    root: str,
    content: str,
) -> None:
    target = "?".join(
        filter(None, [path, "&".join(f"{name}={quote(value)}" for name, value in query)])
    )
    asked = request(method, target, xml(root, content) if method != "GET" else "")
    answer = asyncio.run(service.answer(asked, "http://h/queues", _leaves))

    if answer is not None:
        assert answer.status in (200, 201, 204, 400, 404, 409)
        if answer.body:
            ElementTree.fromstring(answer.body)
