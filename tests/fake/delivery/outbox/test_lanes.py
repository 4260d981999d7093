"""Lanes: what is sent again, what a target that was replaced gets, and clocks that are set back."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from simevents.fake.control.client import ControlError
from simevents.fake.delivery.outbox.dispatcher import MOST_LANES_AT_ONCE
from simevents.fake.server import FakeServer
from simevents.fake.state.delivery_records import NewDelivery
from simevents.fake.state.store import Store
from tests.fake.delivery.outbox.subscribers import LIFE, Subscribers
from tests.fake.delivery.outbox.test_hostile_receivers import delivery
from tests.fake.delivery.receiver import Receiver, Reply
from tests.fake.mns.data_plane import call


@pytest.fixture
def cloud() -> Iterator[Subscribers]:
    """The clock stands still until a test turns it."""
    with FakeServer(instance_ids=["i-1"], seed=1) as fake:
        subscribers = Subscribers(fake)
        subscribers.control.post("clock", freeze=True)
        yield subscribers


@pytest.mark.slow
def test_what_is_under_way_is_not_sent_a_second_time_at_once(cloud: Subscribers) -> None:
    with Receiver(lambda number: Reply(hangs=number == 0)) as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule(2)
        receiver.next()
        cloud.control.post("deliveries/1/send")
        cloud.control.post("deliveries/2/send")
        cloud.wait()
        assert cloud.outcomes() == [
            ("retrying", [("failed", 0)]),
            ("delivered", [("delivered", 200)]),
        ]
        assert len(receiver.received) == 2


def test_a_retry_that_is_due_is_made_while_the_lane_is_busy() -> None:
    with (
        FakeServer(instance_ids=["i-1"], seed=1) as fake,
        Receiver(lambda number: Reply(500 if number == 0 else 200, hangs=number == 1)) as receiver,
    ):
        cloud = Subscribers(fake)
        cloud.subscribe(receiver.url)
        begun = time.monotonic()
        first, second = cloud.schedule(2)
        events = [receiver.next().json["content"]["eventId"] for _ in range(3)]
        assert events == [first, second, first]
        # The lane is busy for five seconds.
        assert time.monotonic() - begun < 4


def test_a_target_that_is_replaced_by_one_of_another_kind_gets_its_messages(
    cloud: Subscribers,
) -> None:
    cloud.control.post("switches", delivery_delay=10)
    with Receiver() as receiver:
        for _ in range(2):
            cloud.control.post("subscriptions", kind="queue", address="q1", name="one")
            cloud.schedule()
            cloud.subscribe(receiver.url, name="one")
            cloud.schedule()
        cloud.pass_time("10s")
        cloud.wait()
        assert [(each["kind"], each["state"]) for each in cloud.deliveries()] == [
            ("queue", "delivered"),
            ("webhook", "delivered"),
        ] * 2
        assert receiver.names() == [LIFE[0]] * 2


def test_a_clock_that_is_set_back_keeps_nothing_from_being_sent(cloud: Subscribers) -> None:
    with Receiver(lambda number: Reply(500 if number == 0 else 200)) as receiver:
        cloud.subscribe(receiver.url)
        cloud.schedule()
        cloud.wait()
        cloud.control.post("switches", delivery_delay=60)
        cloud.schedule()
        cloud.control.post("clock", set="2020-01-01T00:00:00Z")
        cloud.pass_time("1s")
        cloud.wait()
        assert [state for state, _ in cloud.outcomes()] == ["delivered", "waiting"]
        cloud.pass_time("59s")
        cloud.wait()
        assert [state for state, _ in cloud.outcomes()] == ["delivered", "delivered"]


@pytest.mark.slow
def test_many_retries_leave_the_api_free(cloud: Subscribers) -> None:
    """Each look at what is due must not read all that is due."""
    cloud.control.post("instances", count=1_000)
    ids = [each["instance_id"] for each in cloud.control.get("instances")]
    with Receiver() as receiver:
        port = receiver.port
    cloud.subscribe(f"http://127.0.0.1:{port}")
    for _ in range(4):
        cloud.control.post(
            "events",
            instance_ids=ids,
            event_type="SystemMaintenance.Reboot",
            not_before="2099-01-01T00:00:00Z",
        )
    cloud.wait()
    rows = 0
    find = cloud.fake._store.outbox._select

    def counted(*arguments: object, **options: object) -> list[object]:
        nonlocal rows
        found = find(*arguments, **options)  # type: ignore[arg-type]
        rows += len(found)
        return list(found)

    cloud.fake._store.outbox._select = counted  # type: ignore[method-assign, assignment]
    cloud.pass_time("1s")
    cloud.wait()
    assert rows == 4 * len(ids)


def test_an_id_that_no_delivery_can_have_is_answered(cloud: Subscribers) -> None:
    with pytest.raises(ControlError, match=f"there is no delivery {2**63}"):
        cloud.control.get(f"deliveries/{2**63}")


def test_more_targets_than_are_begun_at_once_all_get_their_messages(cloud: Subscribers) -> None:
    count = 3 * MOST_LANES_AT_ONCE + 1
    for number in range(count):
        cloud.control.post("subscriptions", kind="queue", address=f"q{number}")
    cloud.schedule()
    cloud.wait()
    assert [state for state, _ in cloud.outcomes()] == ["delivered"] * count


def test_a_change_for_many_targets_is_written_as_it_is_made() -> None:
    """A list of all deliveries would not fit into memory."""
    store = Store(None)
    seen: list[int] = []

    def made() -> Iterator[NewDelivery]:
        for number in range(3):
            seen.append(store.outbox.last_id())
            yield delivery(f"http://127.0.0.1/{number}").new

    with store.transaction():
        store.outbox.add(made())
    assert seen == [0, 1, 2]
    assert store.outbox.take_touched() == ({"l"}, set())
    store.close()


def test_retries_are_found_without_reading_what_waits() -> None:
    store = Store(None)
    queries: list[str] = []
    store._db.set_trace_callback(queries.append)
    store.outbox.retries_due("l", 1.0, 10)
    store.outbox.lanes_to_retry(1.0)
    store.outbox.is_blocked("l")
    store._db.set_trace_callback(None)
    plans = [store._db.execute(f"EXPLAIN QUERY PLAN {query}").fetchall() for query in queries]
    assert len(plans) == 3
    assert all("USING INDEX deliveries_retrying" in plan[0][3] for plan in plans)
    store.close()


def test_retries_on_an_idle_fake_are_made_however_fast_its_clock_runs() -> None:
    """A retry may be due before the timer is set for it."""
    with (
        FakeServer(instance_ids=["i-1"], seed=1) as fake,
        Receiver(lambda _: Reply(500)) as receiver,
    ):
        cloud = Subscribers(fake)
        cloud.subscribe(receiver.url, via="eventbridge")
        cloud.control.post("clock", rate=1_000_000)
        cloud.schedule()
        for _ in range(4):
            receiver.next()


def test_who_waits_for_deliveries_is_answered_when_the_fake_stops() -> None:
    with Receiver(lambda _: Reply(hangs=True)) as hanging:
        fake = FakeServer(instance_ids=["i-1"], seed=1)
        fake.start()
        cloud = Subscribers(fake)
        cloud.subscribe(hanging.url)
        cloud.schedule()
        hanging.next()
        answers: list[int] = []
        wait = f"{fake.url}/_fake/deliveries/wait"
        waiting = threading.Thread(
            target=lambda: answers.append(httpx.post(wait, json={"seconds": 20}).status_code)
        )
        waiting.start()
        deadline = time.monotonic() + 10
        while not fake.deliveries.dispatcher._watchers:
            assert time.monotonic() < deadline
        begun = time.monotonic()
        fake.stop()
        waiting.join()
        assert answers == [200]
        assert time.monotonic() - begun < 1


def test_a_clock_that_is_set_back_hides_no_message(cloud: Subscribers) -> None:
    cloud.control.post("subscriptions", kind="queue", address="q1")
    cloud.schedule()
    cloud.wait()
    cloud.control.post("clock", set="2020-01-01T00:00:00Z")
    received = call(cloud.fake.url, "GET", "/queues/q1/messages")
    assert received.status_code == 200
    assert call(cloud.fake.url, "GET", "/queues/q1/messages").status_code == 404
