"""Users, passwords and tokens of targets: they are sent where they belong and shown nowhere."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.fake.delivery.outbox.subscribers import Subscribers
from tests.fake.delivery.receiver import Receiver
from tests.fake.requests import signed

PASSWORD, TOKEN = "Pa55wOrd-of-a-hook", "T0ken-of-a-hook"


@pytest.fixture
def cloud() -> Iterator[Subscribers]:
    with FakeServer(instance_ids=["i-1"], seed=1) as fake:
        yield Subscribers(fake)


def everything(cloud: Subscribers) -> str:
    """All that the control routes show of deliveries and calls."""
    routes = ["deliveries", "subscriptions", "functions", "calls"]
    routes += [f"deliveries/{each['delivery_id']}" for each in cloud.deliveries()]
    return json.dumps([cloud.control.get(route) for route in routes])


def call(cloud: Subscribers, version: str, **parameters: str) -> None:
    answer = httpx.post(cloud.fake.url, data=signed("POST", Version=version, **parameters))
    assert answer.status_code == 200, answer.text


def by_subscription(cloud: Subscribers, url: str) -> None:
    cloud.subscribe(url)


def by_function(cloud: Subscribers, url: str) -> None:
    cloud.control.post("functions", service="ops", function="drain", url=url)
    cloud.control.post("subscriptions", kind="function", address="ops/drain")


def by_monitor(cloud: Subscribers, url: str) -> None:
    pattern = {"EventPattern.1.Product": "ECS", "RuleName": "r"}
    call(cloud, "2019-01-01", Action="PutEventRule", **pattern)
    target = {f"WebhookParameters.1.{name}": value for name, value in (("Id", "1"), ("Url", url))}
    target |= {"WebhookParameters.1.Protocol": "http", "WebhookParameters.1.Method": "POST"}
    call(cloud, "2019-01-01", Action="PutEventRuleTargets", RuleName="r", **target)


def by_bus(cloud: Subscribers, url: str) -> None:
    token = {"ResourceKey": "Token", "Form": "CONSTANT", "Value": TOKEN}
    target: dict[str, Any] = {"Id": "1", "Type": "http", "Endpoint": url, "ParamList": [token]}
    call(
        cloud,
        "2020-04-01",
        Action="CreateRule",
        EventBusName="default",
        RuleName="r",
        FilterPattern="{}",
        EventTargets=json.dumps([target]),
    )


@pytest.mark.parametrize("subscribe", [by_subscription, by_function, by_monitor, by_bus])
def test_a_password_in_the_url_of_a_target_is_masked(
    cloud: Subscribers, subscribe: Callable[[Subscribers, str], None]
) -> None:
    with Receiver() as receiver:
        subscribe(cloud, f"http://someone:{PASSWORD}@127.0.0.1:{receiver.port}/hook?to=a@b")
        cloud.schedule()
        received = receiver.next()
        cloud.wait()
        assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert received.path == "/hook?to=a@b"
        shown = everything(cloud)
        assert PASSWORD not in shown
        assert TOKEN not in shown
        assert f"http://***@127.0.0.1:{receiver.port}/hook?to=a@b" in shown


def test_the_token_of_a_target_reaches_the_target_only(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        by_bus(cloud, receiver.url)
        cloud.schedule()
        assert receiver.next().headers["x-eventbridge-signature-token"] == TOKEN
        cloud.wait()
        assert cloud.control.get("deliveries/1")["settings"]["token"] == "***"


def test_an_address_that_is_not_valid_is_told_without_its_password(cloud: Subscribers) -> None:
    value = {"ResourceKey": "url", "Form": "JSONPATH", "Value": "$.data.eventId"}
    target = {"Id": "1", "Type": "http", "Endpoint": "http://127.0.0.1", "ParamList": [value]}
    call(
        cloud,
        "2020-04-01",
        Action="CreateRule",
        EventBusName="default",
        RuleName="r",
        FilterPattern="{}",
        EventTargets=json.dumps([target]),
    )
    event = {"Id": "1", "Source": "mine", "Type": "t", "SpecVersion": "1.0"}
    for url in (f"someone:{PASSWORD}@127.0.0.1", f"http://u:{PASSWORD}/x@127.0.0.1", "x" * 70_000):
        sent = json.dumps([event | {"Data": json.dumps({"eventId": url})}])
        call(cloud, "2020-04-01", Action="PutEvents", EventBusName="default", EventList=sent)
    cloud.wait()
    answers = [each["attempts"][0]["answer"] for each in cloud.deliveries()]
    assert answers == [
        (
            "'***@127.0.0.1' is not a valid URL of a target; use one such as "
            "http://127.0.0.1:9000/hook"
        ),
    ] * 2 + ["the URL of the target has more than 65536 characters"]
