"""The control routes about deliveries: what they refuse, and what a restart keeps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simevents.fake.control.client import BadControlRequest
from simevents.fake.server import FakeServer
from tests.fake.delivery.outbox.subscribers import LIFE, Subscribers
from tests.fake.delivery.receiver import Receiver, Reply

HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def cloud() -> Iterator[Subscribers]:
    with FakeServer(instance_ids=["i-1"]) as fake:
        subscribers = Subscribers(fake)
        subscribers.control.post("clock", freeze=True)
        yield subscribers


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"address": HOOK}, '"kind" must be'),
        ({"kind": "pigeon", "address": HOOK}, '"kind" must be'),
        ({"kind": "webhook"}, '"address" must be'),
        ({"kind": "webhook", "address": "127.0.0.1:9"}, '"address": '),
        ({"kind": "webhook", "address": "ftp://127.0.0.1/"}, '"address": '),
        ({"kind": "webhook", "address": "http://127.0.0.1:9/a b"}, '"address": '),
        ({"kind": "webhook", "address": HOOK, "via": "post"}, '"via" must be'),
        ({"kind": "webhook", "address": HOOK, "names": []}, '"names" must be'),
        (
            {"kind": "webhook", "address": HOOK, "via": "eventbridge", "names": LIFE},
            '"names" are those of CloudMonitor; with "eventbridge" use "pattern"',
        ),
        (
            {"kind": "webhook", "address": HOOK, "pattern": {"source": ["acs.ecs"]}},
            '"pattern" is one of EventBridge; with "cloudmonitor" use "names"',
        ),
        (
            {"kind": "webhook", "address": HOOK, "via": "eventbridge", "pattern": {"sauce": ["x"]}},
            "Event pattern is not valid, reason: ",
        ),
        ({"kind": "queue", "address": "no queue!"}, "InvalidQueueName: "),
        ({"kind": "webhook", "address": HOOK, "colour": "red"}, 'unknown field "colour"'),
    ],
)
def test_a_bad_subscription_is_refused_and_nothing_is_kept(
    cloud: Subscribers, body: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadControlRequest) as raised:
        cloud.control.post("subscriptions", **body)
    assert str(raised.value).startswith(reason)
    assert cloud.control.get("subscriptions") == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"service": "ops"}, '"function" must be'),
        ({"service": "ops", "function": "a/b", "url": HOOK}, '"function" must be'),
        (
            {"service": "ops", "function": "drain"},
            'give either "url" or "in_process", the name of a target',
        ),
        ({"service": "ops", "function": "drain", "url": "hook"}, '"url": '),
    ],
)
def test_a_bad_function_is_refused(cloud: Subscribers, body: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadControlRequest) as raised:
        cloud.control.post("functions", **body)
    assert str(raised.value).startswith(reason)
    assert cloud.control.get("functions") == []


def test_an_unknown_delivery_subscription_or_function_is_named(cloud: Subscribers) -> None:
    with pytest.raises(BadControlRequest, match="there is no delivery 7"):
        cloud.control.get("deliveries/7")
    with pytest.raises(BadControlRequest, match="there is no delivery 7"):
        cloud.control.post("deliveries/7/send")
    with pytest.raises(BadControlRequest, match="there is no subscription 'x'"):
        cloud.control.delete("subscriptions/x")
    with pytest.raises(BadControlRequest, match="there is no function 'ops/drain'"):
        cloud.control.delete("functions/ops/drain")


def test_deliveries_are_listed_by_page_instance_state_and_rule(cloud: Subscribers) -> None:
    with Receiver(lambda number: Reply(200 if number else 500)) as receiver:
        name = cloud.subscribe(receiver.url)
        cloud.control.post("instances", instance_ids=["i-2"])
        cloud.schedule(2)
        cloud.schedule(1, instance="i-2")
        cloud.wait()

        def listed(query: str) -> list[int]:
            return [each["delivery_id"] for each in cloud.control.get(f"deliveries?{query}")]

        scheduled = [each["delivery_id"] for each in cloud.deliveries() if each["event_id"]]
        first, second, third = scheduled[-3:]
        assert listed(f"after={first}") == [second, third]
        assert listed(f"after={first}&limit=1") == [second]
        assert third in listed("instance_id=i-2")
        assert first not in listed("instance_id=i-2")
        assert listed("state=waiting") == []
        assert listed(f"rule={name}") == [each["delivery_id"] for each in cloud.deliveries()]
        assert listed("rule=another") == []
        with pytest.raises(BadControlRequest, match='"limit" must be a whole number'):
            listed("limit=-1")


def test_time_stops_at_the_next_change(cloud: Subscribers) -> None:
    cloud.control.post("clock", set="2098-12-31T00:00:00Z")
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        stopped = cloud.control.post("clock", advance="48h", stop_at_change=True)
        assert stopped["now"] == "2099-01-01T00:00:00Z"
        assert stopped["remaining"] == 24 * 3600
        cloud.wait()
        assert receiver.names() == LIFE
        ended = cloud.control.post("clock", advance="24h", stop_at_change=True)
        assert (ended["now"], ended["remaining"]) == ("2099-01-02T00:00:00Z", 0)


def test_a_retry_that_is_due_is_made_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with Receiver(lambda number: Reply(503 if number == 0 else 200)) as receiver:
        with FakeServer(data=data, instance_ids=["i-1"]) as fake:
            cloud = Subscribers(fake)
            cloud.control.post("clock", freeze=True)
            cloud.subscribe(receiver.url)
            (event,) = cloud.schedule()
            cloud.wait()
            assert cloud.deliveries()[-1]["state"] == "retrying"
        with FakeServer(data=data) as fake:
            cloud = Subscribers(fake)
            cloud.pass_time("1s")
            cloud.wait()
            (delivery,) = [each for each in cloud.deliveries() if each["event_id"] == event]
        assert delivery["state"] == "delivered"
        assert [attempt["is_repeat"] for attempt in delivery["attempts"]] == [False, True]


def test_what_waits_when_the_fake_ends_is_sent_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with Receiver(lambda number: Reply(hangs=number == 0)) as receiver:
        with FakeServer(data=data, instance_ids=["i-1"]) as fake:
            cloud = Subscribers(fake)
            cloud.subscribe(receiver.url)
            first, second = cloud.schedule(2)
            assert receiver.next().json["content"]["eventId"] == first
        with FakeServer(data=data) as fake:
            Subscribers(fake).wait()
            arrived = [each.json["content"]["eventId"] for each in receiver.received]
        assert arrived == [first, first, second]
