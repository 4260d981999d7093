"""Functions that rules call, where a person says that their runtime listens."""

from collections.abc import Iterator

import pytest

from simevents.fake.server import FakeServer
from tests.fake.delivery.outbox.subscribers import LIFE, Subscribers
from tests.fake.delivery.receiver import Receiver, Reply


@pytest.fixture
def cloud() -> Iterator[Subscribers]:
    with FakeServer(instance_ids=["i-1"], seed=1) as fake:
        subscribers = Subscribers(fake)
        subscribers.control.post("clock", freeze=True)
        yield subscribers


def test_a_function_is_called_where_it_is_served(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.control.post(
            "functions", service="ops", function="drain", url=f"{receiver.url}/invoke"
        )
        cloud.control.post("subscriptions", kind="function", address="ops/drain")
        cloud.schedule()
        received = receiver.next()
        cloud.wait()
        assert received.path == "/invoke"
        assert len(received.headers["x-fc-request-id"]) == 36
        assert {n: v for n, v in received.headers.items() if n.startswith("x-fc-")} == {
            "x-fc-request-id": received.headers["x-fc-request-id"],
            "x-fc-control-path": "/invoke",
            "x-fc-region": "cn-hangzhou",
            "x-fc-account-id": "1000000000000001",
            "x-fc-service-name": "ops",
            "x-fc-function-name": "drain",
        }
        assert received.json["name"] == LIFE[0]
        assert cloud.outcomes() == [("delivered", [("delivered", 200)])]


@pytest.mark.parametrize(
    ("kind", "attempt"),
    [
        ("function", ("failed", 200, "the function has failed, x-fc-status 404: panic")),
        ("webhook", ("delivered", 200, "panic")),
    ],
)
def test_a_runtime_says_that_its_function_has_failed(
    cloud: Subscribers, kind: str, attempt: tuple[str, int, str]
) -> None:
    panic = Reply(body=b"panic", headers={"X-Fc-Status": "404"})
    with Receiver(lambda _: panic) as receiver:
        cloud.control.post("functions", service="ops", function="drain", url=receiver.url)
        address = "ops/drain" if kind == "function" else receiver.url
        cloud.control.post("subscriptions", kind=kind, address=address)
        cloud.schedule()
        receiver.next()
        cloud.wait()
        first = cloud.deliveries()[0]["attempts"][0]
        assert (first["outcome"], first["http_status"], first["answer"]) == attempt


def test_a_function_that_nobody_serves_has_failed(cloud: Subscribers) -> None:
    cloud.control.post("subscriptions", kind="function", address="ops/drain")
    cloud.schedule()
    cloud.wait()
    (attempt,) = cloud.deliveries()[0]["attempts"]
    assert attempt["answer"] == (
        "nobody serves the function ops/drain; say where it is with --function ops/drain=URL, or "
        "in a test with serve_function"
    )
