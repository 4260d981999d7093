"""`event_delivered`, what an error of it says, and deliveries in the time line."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from mns.account import Account

from simevents.errors import InvalidInput
from simevents.testing import Delivery, FakeCloud, Subscription
from tests.testing.delivery.calls import reboot

REBOOT = "SystemMaintenance.Reboot"
SCHEDULED = f"Instance:{REBOOT}:Scheduled"
pytestmark = pytest.mark.usefixtures("closed_queue_clients")

ENDPOINT = "https://1000000000000001.mns.cn-hangzhou.aliyuncs.com"


@pytest.fixture
def instance(ecs_fake: FakeCloud) -> str:
    return ecs_fake.add_instance("i-web")


def returns(event: bytes, context: Any) -> None:
    pass


def failure(expected: Callable[[], object]) -> str:
    """The first line of the failure."""
    with pytest.raises(AssertionError) as failed:
        expected()
    return str(failed.value).partition("\n")[0]


@pytest.mark.parametrize("via", ["cloudmonitor", "eventbridge"])
def test_a_change_has_one_name_on_both_ways(ecs_fake: FakeCloud, instance: str, via: str) -> None:
    interruption = "Instance:PreemptibleInstanceInterruption"
    ecs_fake.deliver_to(function=returns, via=via)
    ecs_fake.happen(interruption, instance)
    ecs_fake.expect(instance).event_delivered(interruption, times=1)


def test_a_function_that_has_returned_counts(ecs_fake: FakeCloud, instance: str) -> None:
    subscription = ecs_fake.deliver_to(function=returns)
    ecs_fake.schedule(REBOOT, instance, "+2h")

    expect = ecs_fake.expect
    expect(instance).event_delivered("Scheduled").event_delivered("Scheduled", to=subscription)
    expect().event_delivered("Scheduled", to="function-returns", times=1)
    expect(instance).event_delivered(SCHEDULED)
    assert failure(lambda: expect(instance).event_delivered("Scheduled", times=2)) == (
        "Scheduled was delivered for i-web 1 time, not 2."
    )


def test_one_that_raises_does_not_count(ecs_fake: FakeCloud, instance: str) -> None:
    def raises(event: bytes, context: Any) -> None:
        raise LookupError("a secret of the handler")

    subscription = ecs_fake.deliver_to(function=raises, names=[SCHEDULED])
    with pytest.raises(LookupError):
        ecs_fake.schedule(REBOOT, instance, "+2h")

    text = failure(lambda: ecs_fake.expect(instance).event_delivered("Scheduled", subscription))
    assert text == (
        "Scheduled was not delivered to function-raises for i-web. This does not count: "
        f"{SCHEDULED} to function-raises: raised LookupError."
    )


def test_a_message_counts_when_it_is_deleted(ecs_fake: FakeCloud, instance: str) -> None:
    subscription = ecs_fake.deliver_to(queue="alarms", names=[SCHEDULED])
    assert str(subscription) == "queue alarms"
    ecs_fake.schedule(REBOOT, instance, "+2h")
    queue = Account(ENDPOINT, "own-key", "own-secret").get_queue("alarms")
    message = queue.receive_message()

    delivered = ecs_fake.expect(instance).event_delivered
    assert failure(lambda: delivered("Scheduled", to=subscription)) == (
        "Scheduled was not delivered to queue alarms for i-web. This does not count: "
        f"{SCHEDULED} to queue alarms: its message was not deleted."
    )
    queue.delete_message(message.receipt_handle)
    delivered("Scheduled", to=subscription)
    delivered("Scheduled", to="alarms")
    delivered("Scheduled", to="queue alarms")


def test_what_was_delivered_instead_is_said(ecs_fake: FakeCloud, instance: str) -> None:
    assert failure(lambda: ecs_fake.expect(instance).event_delivered("Scheduled")) == (
        "Scheduled was not delivered for i-web. Nothing was delivered about it. Say with "
        "ecs_fake.deliver_to who is told, before the event is scheduled."
    )
    ecs_fake.deliver_to(function=returns, names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert failure(lambda: ecs_fake.expect(instance).event_delivered("Executed")) == (
        "Executed was not delivered for i-web. Sent was: "
        f"{SCHEDULED} to function-returns: acknowledged."
    )
    assert failure(lambda: ecs_fake.expect(instance).event_delivered("Scheduled", "alarms")) == (
        "Scheduled was not delivered to alarms for i-web. Sent was: "
        f"{SCHEDULED} to function-returns: acknowledged."
    )


def test_a_long_list_of_deliveries_is_cut(ecs_fake: FakeCloud) -> None:
    ecs_fake.deliver_to(function=returns, names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(9), "+2h")
    text = failure(lambda: ecs_fake.expect().event_delivered("Executed"))
    assert text.count("acknowledged") == 5
    assert text.endswith("; and 4 more.")


def test_conditions_in_order_with_deliveries(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.clock.freeze()
    ecs_fake.deliver_to(function=returns)
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.clock.advance("1h")
    reboot(instance)

    ecs_fake.expect(instance).event_delivered("Scheduled").then().rebooted()
    assert failure(
        lambda: ecs_fake.expect(instance).rebooted().then().event_delivered("Scheduled")
    ).startswith("Scheduled was delivered for i-web, but not after it was rebooted.")


def test_a_wait_for_a_delivery_ends_with_the_process(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(queue="alarms", names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    consumer = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])

    expected = ecs_fake.expect(instance).within("1h", process=consumer)
    assert "before the process of the handler ended with exit code 3. This does not count" in (
        failure(lambda: expected.event_delivered("Scheduled"))
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("Planned",), "status: 'Planned' is not a valid status; use one of .*Scheduled"),
        ((5,), "status: 5 is not a valid status"),
        (("Scheduled", 5), "to: 5 is not a target; use what deliver_to has returned, a URL or a"),
        (("Scheduled", None, "soon"), "within: 'soon' is not a valid duration"),
    ],
)
def test_bad_input_is_refused(
    ecs_fake: FakeCloud, instance: str, arguments: Any, expected: str
) -> None:
    with pytest.raises(InvalidInput, match=expected):
        ecs_fake.expect(instance).event_delivered(*arguments)


def test_deliveries_are_records(ecs_fake: FakeCloud, instance: str) -> None:
    subscription = ecs_fake.deliver_to(function=returns, names=[SCHEDULED])
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")

    (delivery,) = ecs_fake.deliveries
    assert isinstance(delivery, Delivery)
    assert isinstance(subscription, Subscription)
    (attempt,) = delivery.attempts
    assert (delivery.name, delivery.status, delivery.event_id, delivery.instance_id) == (
        SCHEDULED,
        "Scheduled",
        event.event_id,
        instance,
    )
    assert (delivery.rule, delivery.target, delivery.state, delivery.via, delivery.region) == (
        subscription.name,
        "function-returns",
        "delivered",
        "cloudmonitor",
        "cn-hangzhou",
    )
    assert (attempt.number, attempt.outcome, attempt.http_status, attempt.answer) == (
        1,
        "delivered",
        0,
        "returned",
    )
    assert (attempt.is_repeat, attempt.seconds < 30) == (False, True)


def test_deliveries_are_in_the_time_line_between_events_and_calls(
    ecs_fake: FakeCloud, instance: str
) -> None:
    def handler(event: bytes, context: Any) -> None:
        reboot(instance)

    ecs_fake.clock.freeze()
    names = [SCHEDULED, f"Instance:{REBOOT}:Avoided"]
    ecs_fake.deliver_to(function=handler, names=names[:1])
    ecs_fake.deliver_to(queue="alarms", names=names)
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")

    lines = [re.sub(r"\S+Z", "…", line) for line in ecs_fake.timeline().splitlines()]
    # Those of one change have no order.
    lines[2:4] = sorted(lines[2:4])
    what = f"{REBOOT} {event.event_id} on i-web"
    assert lines == [
        "What happened, in the cloud's time:",
        f"  …  cloud    {what} in cn-hangzhou: Scheduled, due …",
        f"  …  delivery {SCHEDULED} on i-web to function-handler -> returned",
        f"  …  delivery {SCHEDULED} on i-web to queue alarms -> message in the queue",
        "  …  handler  RebootInstance in cn-hangzhou InstanceId=i-web -> done",
        f"  …  cloud    {what}: Avoided",
        f"  …  delivery {names[1]} on i-web to queue alarms -> message in the queue",
    ]
