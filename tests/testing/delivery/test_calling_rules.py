"""On which thread and in which order handlers of a test are called, and what a failure does."""

import itertools
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from simevents.errors import SimulatedEventsError
from simevents.testing import FakeCloud, fake_cloud
from tests.testing.delivery.calls import cancel, reboot

REBOOT = "SystemMaintenance.Reboot"
SCHEDULED = f"Instance:{REBOOT}:Scheduled"

Handler = Callable[[bytes, Any], None]


def status(event: bytes) -> str:
    return str(json.loads(event)["name"].rpartition(":")[2])


@pytest.fixture
def instance(ecs_fake: FakeCloud) -> str:
    return ecs_fake.add_instance("i-web")


def test_a_handler_is_called_on_the_thread_that_has_scheduled(
    ecs_fake: FakeCloud, instance: str
) -> None:
    threads: list[threading.Thread] = []
    ecs_fake.deliver_to(function=lambda *_: threads.append(threading.current_thread()))
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.clock.advance("3h")
    scheduling = threading.Thread(target=ecs_fake.schedule, args=(REBOOT, instance, "+2h"))
    scheduling.start()
    scheduling.join()

    assert threads == [threading.current_thread()] * 3 + [scheduling]


def test_what_others_cause_is_delivered_on_one_worker_thread(
    ecs_fake: FakeCloud, instance: str
) -> None:
    threads: dict[str, set[str]] = {}

    def handler(event: bytes, context: Any) -> None:
        threads.setdefault(status(event), set()).add(threading.current_thread().name)

    names = [SCHEDULED, f"Instance:{REBOOT}:Canceled"]
    subscription = ecs_fake.deliver_to(function=handler, names=names)
    events = [
        ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")[0].event_id for _ in range(3)
    ]
    others = [threading.Thread(target=cancel, args=(event,)) for event in events]
    for other in others:
        other.start()
    for other in others:
        other.join()

    ecs_fake.expect().event_delivered("Canceled", to=subscription, times=3)
    assert threads == {"Scheduled": {"MainThread"}, "Canceled": {"simevents-deliveries"}}


def test_what_another_process_causes_is_delivered_on_the_worker(
    ecs_fake: FakeCloud, instance: str
) -> None:
    told: list[str] = []
    ecs_fake.deliver_to(function=lambda event, _: told.append(status(event)))
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")
    code = "import sys; from tests.testing.delivery.calls import cancel; cancel(sys.argv[1])"
    child = ecs_fake.popen([sys.executable, "-c", code, event.event_id])

    ecs_fake.expect(instance).event_delivered("Canceled", within="30s")
    assert child.wait() == 0
    assert told == ["Scheduled", "Canceled"]


def test_a_handler_may_call_the_fake_and_what_it_causes_follows(
    ecs_fake: FakeCloud, instance: str
) -> None:
    order: list[str] = []

    def handler(event: bytes, context: Any) -> None:
        order.append(f"begin {status(event)}")
        if status(event) == "Scheduled":
            reboot(instance)
            assert [e.event_cycle_status.value for e in ecs_fake.events] == ["Avoided"]
            assert ecs_fake.status(instance)
            assert ecs_fake.deliveries[0].name == SCHEDULED
            ecs_fake.expect(instance).rebooted()
        order.append(f"end {status(event)}")

    ecs_fake.deliver_to(
        function=handler, names=[f"Instance:{REBOOT}:{s}" for s in ("Scheduled", "Avoided")]
    )
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert order == ["begin Scheduled", "end Scheduled", "begin Avoided", "end Avoided"]


def test_a_handler_may_schedule_another_event(ecs_fake: FakeCloud, instance: str) -> None:
    order: list[str] = []

    def handler(event: bytes, context: Any) -> None:
        name = json.loads(event)["name"]
        order.append(name)
        if len(order) < 3:
            ecs_fake.schedule("SystemMaintenance.Redeploy", instance, f"+{len(order)}h")
        order.append("returned")

    ecs_fake.deliver_to(function=handler)
    ecs_fake.schedule(REBOOT, instance, "+20h")

    redeploy = "Instance:SystemMaintenance.Redeploy:Scheduled"
    assert order == [SCHEDULED, "returned", redeploy, "returned"]


def test_a_handler_may_turn_the_clock(ecs_fake: FakeCloud, instance: str) -> None:
    told: list[str] = []

    def handler(event: bytes, context: Any) -> None:
        told.append(status(event))
        if told == ["Scheduled"]:
            ecs_fake.clock.advance("3h")
            told.append("returned")

    ecs_fake.clock.freeze()
    before = ecs_fake.clock.now
    ecs_fake.deliver_to(function=handler)
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert told == ["Scheduled", "returned", "Executing", "Executed"]
    assert (ecs_fake.clock.now - before).total_seconds() == 3 * 3600


def test_the_clock_stops_at_each_change_until_it_is_delivered(ecs_fake: FakeCloud) -> None:
    instances = ecs_fake.run_instances(3)
    times: list[tuple[str, str]] = []

    def handler(event: bytes, context: Any) -> None:
        if status(event) == "Executed":
            now = ecs_fake.clock.now
            times.append((json.loads(event)["content"]["instanceId"], now.strftime("%H:%M:%S")))

    ecs_fake.clock.set("2030-01-01T00:00:00Z")
    ecs_fake.clock.freeze()
    for number, each in enumerate(instances, 1):
        ecs_fake.schedule(REBOOT, each, f"2030-01-01T0{number}:00:00Z")
    ecs_fake.deliver_to(function=handler)
    assert ecs_fake.clock.advance("2h").hour == 2
    assert ecs_fake.clock.set("2030-01-01T05:00:00Z").hour == 5

    assert [instance for instance, _ in times] == instances
    assert [time[:2] for _, time in times] == ["01", "02", "03"]


def test_a_handler_that_turns_the_clock_further_is_not_undone(
    ecs_fake: FakeCloud, instance: str
) -> None:
    def handler(event: bytes, context: Any) -> None:
        if status(event) == "Executing":
            ecs_fake.clock.set("2031-01-01T00:00:00Z")

    ecs_fake.clock.set("2030-01-01T00:00:00Z")
    ecs_fake.schedule(REBOOT, instance, "+1h")
    ecs_fake.deliver_to(function=handler)

    assert ecs_fake.clock.set("2030-01-02T00:00:00Z").year == 2031


def test_the_clock_may_be_set_back_with_a_handler(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(function=lambda *_: None)
    assert ecs_fake.clock.set("2001-02-03T04:05:06Z").year == 2001
    assert ecs_fake.clock.advance("1h").hour == 5


def test_what_a_handler_raises_is_raised_where_it_was_caused(
    ecs_fake: FakeCloud, instance: str
) -> None:
    def handler(event: bytes, context: Any) -> None:
        raise LookupError(f"no node for {status(event)}")

    ecs_fake.deliver_to(function=handler, names=[SCHEDULED, f"Instance:{REBOOT}:Executing"])
    with pytest.raises(LookupError, match="no node for Scheduled") as raised:
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert raised.traceback[-1].name == "handler"
    assert raised.value.__notes__ == [
        f"Raised by the function handler, which was told of {SCHEDULED} on i-web."
    ]
    with pytest.raises(LookupError, match="no node for Executing"):
        ecs_fake.clock.advance("3h")
    # The clock stays where it is then.
    assert [e.event_cycle_status.value for e in ecs_fake.events] == ["Executed"]
    assert [(d.state, d.attempts[0].answer) for d in ecs_fake.deliveries] == [
        ("failed", "raised LookupError")
    ] * 2


def test_after_a_failure_the_others_are_told(ecs_fake: FakeCloud, instance: str) -> None:
    told: list[str] = []

    def first(event: bytes, context: Any) -> None:
        raise ValueError("first")

    def second(event: bytes, context: Any) -> None:
        told.append("second")
        raise KeyError("second")

    for function in (first, second):
        ecs_fake.deliver_to(function=function, names=[SCHEDULED])
    with pytest.raises((ValueError, KeyError)) as raised:
        ecs_fake.schedule(REBOOT, instance, "+2h")

    assert told == ["second"]
    assert len(raised.value.__notes__) == 2


@pytest.mark.parametrize("error", [pytest.fail.Exception("no"), SystemExit(3)])
def test_what_is_no_exception_of_python_fails_too(
    ecs_fake: FakeCloud, instance: str, error: BaseException
) -> None:
    def handler(event: bytes, context: Any) -> None:
        raise error

    ecs_fake.deliver_to(function=handler, names=[SCHEDULED])
    with pytest.raises(type(error)):
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert [d.state for d in ecs_fake.deliveries] == ["failed"]


def test_an_interrupt_ends_at_once(ecs_fake: FakeCloud, instance: str) -> None:
    def handler(event: bytes, context: Any) -> None:
        raise KeyboardInterrupt

    ecs_fake.deliver_to(function=handler, names=[SCHEDULED])
    with pytest.raises(KeyboardInterrupt):
        ecs_fake.schedule(REBOOT, instance, "+2h")


def test_what_is_raised_on_the_worker_is_raised_at_the_end() -> None:
    def handler(event: bytes, context: Any) -> None:
        if status(event) == "Canceled":
            raise LookupError("no node")

    def block() -> None:
        with fake_cloud() as cloud:
            cloud.deliver_to(function=handler)
            (event,) = cloud.schedule(REBOOT, cloud.add_instance("i-web"), "+2h")
            cancel(event.event_id)

    with pytest.raises(LookupError, match="no node") as raised:
        block()
    assert raised.traceback[-1].name == "handler"


def test_a_handler_may_wait_for_another_thread(ecs_fake: FakeCloud, instance: str) -> None:
    """One that the test holds up: what happens meanwhile is delivered after it."""
    is_told, may_go = threading.Event(), threading.Event()
    told: list[str] = []

    def handler(event: bytes, context: Any) -> None:
        if status(event) == "Canceled":
            is_told.set()
            assert may_go.wait(30)
        told.append(status(event))

    ecs_fake.deliver_to(function=handler)
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")
    cancel(event.event_id)
    assert is_told.wait(30)
    # The API, and the rest of the test, do not wait for it.
    assert [e.event_cycle_status.value for e in ecs_fake.events] == ["Canceled"]
    assert told == ["Scheduled"]
    may_go.set()

    ecs_fake.expect(instance).event_delivered("Canceled", within="30s")
    assert told == ["Scheduled", "Canceled"]


def test_two_threads_that_schedule_are_both_told(ecs_fake: FakeCloud) -> None:
    told: list[str] = []
    ecs_fake.deliver_to(
        function=lambda event, _: told.append(json.loads(event)["content"]["instanceId"]),
        names=[SCHEDULED],
    )
    instances = ecs_fake.run_instances(40)

    def schedule(some: list[str]) -> None:
        for each in some:
            ecs_fake.schedule(REBOOT, each, "+2h")

    threads = [
        threading.Thread(target=schedule, args=(instances[number::2],)) for number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == sorted(instances)
    ecs_fake.expect(*instances).event_delivered("Scheduled", times=1)


def test_1000_changes_in_one_advance_are_delivered_once_each(ecs_fake: FakeCloud) -> None:
    instances = ecs_fake.run_instances(1_000)
    told: list[tuple[str, str]] = []

    def handler(event: bytes, context: Any) -> None:
        message = json.loads(event)["content"]
        told.append((message["instanceId"], message["eventStatus"]))

    ecs_fake.schedule(REBOOT, instances, "+2h")
    ecs_fake.deliver_to(function=handler)
    ecs_fake.clock.advance("3h")

    assert len(told) == 2_000
    assert set(told) == {(each, s) for each in instances for s in ("Executing", "Executed")}


def test_a_handler_that_causes_a_change_each_time_is_stopped(
    ecs_fake: FakeCloud, instance: str
) -> None:
    told: list[bytes] = []

    def handler(event: bytes, context: Any) -> None:
        told.append(event)
        ecs_fake.schedule(REBOOT, instance, f"+{next(hours)}h")

    hours = itertools.count(3)
    ecs_fake.deliver_to(function=handler, names=[SCHEDULED])
    with pytest.raises(SimulatedEventsError, match="told of more than 1000 changes that followed"):
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert len(told) == 1_001

    # Later changes are delivered again.
    ecs_fake.deliver_to(function=lambda *_: told.clear(), names=[f"Instance:{REBOOT}:Executed"])
    ecs_fake.clock.advance("2h")
    assert told == []


def test_a_reset_forgets_who_is_told(ecs_fake: FakeCloud) -> None:
    told: list[bytes] = []
    ecs_fake.deliver_to(function=lambda event, _: told.append(event))
    ecs_fake.reset()
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    assert (told, ecs_fake.deliveries) == ([], [])

    ecs_fake.deliver_to(function=lambda event, _: told.append(event))
    ecs_fake.clock.advance("3h")
    assert len(told) == 2


def test_a_handler_that_never_returns_fails_the_test_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simevents.testing.delivery.calling.SETTLE_SECONDS", 0.3)
    is_told, may_go = threading.Event(), threading.Event()

    def handler(event: bytes, context: Any) -> None:
        if status(event) == "Canceled":
            is_told.set()
            may_go.wait(60)

    def block() -> None:
        with fake_cloud() as cloud:
            cloud.deliver_to(function=handler)
            (event,) = cloud.schedule(REBOOT, cloud.add_instance("i-web"), "+2h")
            cancel(event.event_id)
            assert is_told.wait(30)

    with pytest.raises(SimulatedEventsError, match=r"has not returned 0\.3 s after the end of the"):
        block()
    may_go.set()


def test_a_test_without_subscriptions_pays_nothing(ecs_fake: FakeCloud, instance: str) -> None:
    before = threading.active_count()
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.clock.advance("3h")
    assert threading.active_count() == before
    assert ecs_fake.deliveries == []
