"""Deliveries by HTTP: their order, their retries, and targets that do not answer."""

import random
from collections.abc import Iterator

import pytest

from simevents.fake.server import FakeServer
from tests.fake.delivery.outbox.subscribers import LIFE, REBOOT, Subscribers
from tests.fake.delivery.receiver import Receiver, Reply


@pytest.fixture
def cloud() -> Iterator[Subscribers]:
    """The clock stands still until a test turns it."""
    with FakeServer(instance_ids=["i-1", "i-2"], seed=1) as fake:
        subscribers = Subscribers(fake)
        subscribers.control.post("clock", freeze=True)
        yield subscribers


def test_each_change_is_delivered_in_order(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        (event,) = cloud.schedule()
        cloud.pass_time("700000h")
        cloud.wait()
        assert receiver.names() == LIFE
        assert [each.json["content"]["eventId"] for each in receiver.received] == [event] * 3
        assert {each.json["content"]["instanceId"] for each in receiver.received} == {"i-1"}


def test_the_request_is_that_of_cloudmonitor(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(f"{receiver.url}/hook?env=t")
        cloud.schedule()
        received = receiver.next()
        assert (received.method, received.path) == ("POST", "/hook?env=t")
        assert received.headers == {
            "host": f"127.0.0.1:{receiver.port}",
            "accept": "*/*",
            "user-agent": "simevents-fake",
            "content-type": "application/json;charset=UTF-8",
            "content-length": str(len(received.body)),
        }


def test_a_retry_does_not_hold_up_later_changes(cloud: Subscribers) -> None:
    with Receiver(lambda number: Reply(500 if number == 0 else 200)) as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule(2)
        cloud.wait()
        assert cloud.outcomes() == [
            ("retrying", [("failed", 500)]),
            ("delivered", [("delivered", 200)]),
        ]
        cloud.pass_time("1s")
        cloud.wait()
        assert cloud.outcomes()[0] == ("delivered", [("failed", 500), ("delivered", 200)])
        repeated = cloud.deliveries()[0]["attempts"]
        assert [attempt["is_repeat"] for attempt in repeated] == [False, True]
        assert receiver.received[0].body == receiver.received[2].body


def test_a_target_that_fails_is_given_up_after_the_retries(cloud: Subscribers) -> None:
    with Receiver(lambda _: Reply(503, b"not now")) as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        for _ in range(5):
            cloud.wait()
            cloud.pass_time("1s")
        cloud.wait()
        (delivery,) = cloud.deliveries()
        assert delivery["state"] == "failed"
        assert [attempt["answer"] for attempt in delivery["attempts"]] == ["not now"] * 4
        assert delivery["acknowledged_at"] is None
        assert len(receiver.received) == 4


def test_a_redirect_is_not_followed(cloud: Subscribers) -> None:
    with (
        Receiver() as elsewhere,
        Receiver(lambda _: Reply(302, headers={"location": elsewhere.url})) as receiver,
    ):
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        assert cloud.outcomes() == [("retrying", [("failed", 302)])]
        assert elsewhere.received == []


def test_a_proxy_of_the_environment_is_ignored(
    cloud: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        assert len(receiver.received) == 1
        assert proxy.received == []


def test_a_target_that_hangs_delays_no_other(cloud: Subscribers) -> None:
    with Receiver(lambda _: Reply(hangs=True)) as hanging, Receiver() as receiver:
        cloud.subscribe(hanging.url)
        cloud.subscribe(receiver.url)
        cloud.schedule(3)
        assert [receiver.next().json["name"] for _ in range(3)] == [LIFE[0]] * 3
        assert hanging.next().json["name"] == LIFE[0]
        assert len(cloud.control.get("events")) == 3


def test_a_target_that_closes_the_connection_has_failed(cloud: Subscribers) -> None:
    with Receiver(lambda number: Reply(closes=number == 0)) as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        (attempt,) = cloud.deliveries()[0]["attempts"]
        assert attempt["outcome"] == "failed"
        assert attempt["answer"].startswith("it closed the connection before the end of its answer")


def test_a_target_that_is_gone_has_failed_and_is_tried_again(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        port = receiver.port
    cloud.subscribe(f"http://127.0.0.1:{port}")
    cloud.schedule()
    cloud.wait()
    (attempt,) = cloud.deliveries()[0]["attempts"]
    assert attempt["answer"] == "no connection: nobody listens there"
    with Receiver(port=port) as back:
        cloud.pass_time("1s")
        assert back.next().json["name"] == LIFE[0]
        cloud.wait()
    assert cloud.deliveries()[0]["state"] == "delivered"


def test_an_idle_fake_delivers_what_becomes_due() -> None:
    """Nobody asks. The clock runs so fast that two days are a fraction of a second."""
    with FakeServer(instance_ids=["i-1"]) as fake, Receiver() as receiver:
        cloud = Subscribers(fake)
        cloud.subscribe(receiver.url)
        cloud.control.post("clock", set="2026-01-01T00:00:00Z")
        cloud.control.post(
            "events",
            instance_ids=["i-1"],
            event_type="SystemMaintenance.Reboot",
            not_before="2026-01-03T00:00:00Z",
        )
        cloud.control.post("clock", rate=1_000_000)
        assert [receiver.next().json["name"] for _ in range(3)] == LIFE


def test_a_thousand_changes_in_one_advance_arrive_in_order(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(receiver.url, names=[f"{REBOOT}:Executed"])
        moments = [
            f"2098-01-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(1_000)
        ]
        shuffled = random.Random(1).sample(moments, len(moments))
        for moment in shuffled:
            cloud.control.post(
                "events",
                instance_ids=["i-1"],
                event_type="SystemMaintenance.Reboot",
                not_before=moment,
            )
        cloud.pass_time("700000h")
        cloud.wait()
        due = [each.json["content"]["notBefore"] for each in receiver.received]
        assert due == moments


def test_shuffled_deliveries_come_in_another_order(cloud: Subscribers) -> None:
    cloud.control.post("switches", delivery_order="shuffled", delivery_delay=60)
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        events = cloud.schedule(20)
        cloud.pass_time("60s")
        cloud.wait()
        arrived = [each.json["content"]["eventId"] for each in receiver.received]
        assert arrived != events
        assert sorted(arrived) == sorted(events)


def test_a_delivery_waits_for_the_delay(cloud: Subscribers) -> None:
    cloud.control.post("switches", delivery_delay=60)
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.pass_time("59s")
        cloud.wait()
        assert receiver.received == []
        cloud.pass_time("1s")
        cloud.wait()
        assert receiver.names() == LIFE[:1]


def test_duplicates_have_the_same_id(cloud: Subscribers) -> None:
    cloud.control.post("switches", delivery_duplicates=2)
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        assert len(receiver.received) == 3
        assert len({each.json["id"] for each in receiver.received}) == 1


def test_a_delivery_is_sent_again_when_asked(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        cloud.control.post("deliveries/1/send")
        cloud.wait()
        assert [each.body for each in receiver.received] == [receiver.received[0].body] * 2
        (delivery,) = cloud.deliveries()
        assert [attempt["is_repeat"] for attempt in delivery["attempts"]] == [False, True]


def test_only_the_names_that_were_asked_for_are_delivered(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(receiver.url, names=[LIFE[1]])
        cloud.schedule()
        cloud.pass_time("700000h")
        cloud.wait()
        assert receiver.names() == [LIFE[1]]


def test_a_removed_subscription_gets_nothing_more(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        name = cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        cloud.control.delete(f"subscriptions/{name}")
        cloud.schedule()
        cloud.wait()
        assert receiver.names() == LIFE[:1]


def test_a_reset_ends_subscriptions_and_deliveries(cloud: Subscribers) -> None:
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        cloud.control.post("reset")
        cloud.control.post("instances", instance_ids=["i-1"])
        cloud.schedule()
        cloud.wait()
        assert cloud.deliveries() == []
        assert cloud.control.get("subscriptions") == []
        assert len(receiver.received) == 1


def test_deliveries_are_bounded(cloud: Subscribers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simevents.fake.state.outbox_table.MOST_FINISHED", 10)
    monkeypatch.setattr("simevents.fake.state.outbox_table._TRIMMED_EVERY", 5)
    with Receiver() as receiver:
        cloud.subscribe(receiver.url)
        events = cloud.schedule(25)
        cloud.wait()
        assert len(receiver.received) == 25
        assert [each["event_id"] for each in cloud.deliveries()] == events[15:]
