"""What a test may expect: numbers, order, the end of a process, and the texts of a failure."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from simevents.errors import InvalidInput, OutsideFake
from simevents.testing import FakeCloud

REBOOT = "SystemMaintenance.Reboot"

Call = Callable[..., None]


@pytest.fixture
def call(ecs_fake: FakeCloud) -> Call:
    """One call of a handler."""

    def called(action: str, region: str = "cn-hangzhou", **parameters: str) -> None:
        request = CommonRequest("ecs.aliyuncs.com", "2014-05-26", action)
        for name, value in parameters.items():
            request.add_query_param(name, value)
        client = AcsClient("key", "secret", region)
        with suppress(ServerException):
            client.do_action_with_exception(request)

    return called


def failure(expected: Callable[[], object]) -> str:
    """The first line of the failure."""
    with pytest.raises(AssertionError) as failed:
        expected()
    return str(failed.value).partition("\n")[0]


def test_a_number_of_calls(ecs_fake: FakeCloud, call: Call) -> None:
    once, twice, never = ecs_fake.run_instances(3)
    for instance in (once, twice, twice):
        call("RebootInstance", InstanceId=instance)

    ecs_fake.expect(once).rebooted(times=1).called("RebootInstance", times=1)
    ecs_fake.expect(twice).rebooted(times=2).rebooted()
    ecs_fake.expect(never).rebooted(times=0)
    ecs_fake.expect().rebooted(times=3)
    expect = ecs_fake.expect
    assert (
        failure(lambda: expect(twice).rebooted(times=1)) == f"{twice} was rebooted 2 times, not 1."
    )
    assert failure(lambda: expect(once).rebooted(times=2)) == f"{once} was rebooted 1 time, not 2."
    assert failure(lambda: expect(never).rebooted(times=1)) == f"{never} was not rebooted."
    assert failure(lambda: expect(never, twice).rebooted(times=1)) == (
        f"{never} was not rebooted; {twice} was rebooted 2 times, not 1."
    )
    # Too many calls do not become fewer: nobody waits for that.
    assert failure(lambda: expect(twice).rebooted("1h", times=1)) == (
        f"{twice} was rebooted 2 times, not 1."
    )


@pytest.mark.parametrize("times", [-1, True, "2"])
def test_a_number_that_is_none_is_refused(ecs_fake: FakeCloud, times: int) -> None:
    with pytest.raises(InvalidInput, match=r"times: .* is not a valid number; use a whole number"):
        ecs_fake.expect(ecs_fake.add_instance("i-web")).rebooted(times=times)


def test_calls_in_order(ecs_fake: FakeCloud, call: Call) -> None:
    right, wrong = ecs_fake.run_instances(2)
    call("RebootInstance", InstanceId=right)
    call("StopInstance", InstanceId=wrong)
    call("StopInstance", InstanceId=right)
    call("StartInstance", InstanceId=wrong)
    call("RebootInstance", InstanceId=wrong)

    expect = ecs_fake.expect
    # Each instance by itself, or one after all others.
    expect(right).rebooted().then().stopped().then().untouched()
    expect(right, wrong).stopped().then(wrong).rebooted()
    expect().called("StopInstance").then().called("StartInstance").then().rebooted()
    assert failure(lambda: expect(right, wrong).rebooted().then().stopped()) == (
        f"{wrong} was stopped, but not after it was rebooted."
    )
    assert failure(lambda: expect(right, wrong).stopped().then(right).rebooted()) == (
        f"{right} was rebooted, but not after {right}, {wrong} was stopped."
    )
    assert failure(lambda: expect(wrong).stopped().then().untouched()) == (
        f"{wrong} was not left untouched after it was stopped: RebootInstance, StartInstance."
    )
    assert failure(lambda: expect().rebooted(times=2).then().called("RunInstances")) == (
        "RunInstances was not called with success."
    )
    assert failure(lambda: expect().called("StartInstance").then().called("StopInstance")) == (
        "StopInstance was called, but not after StartInstance was called."
    )


def test_an_earlier_call_is_ruled_out_by_its_number(ecs_fake: FakeCloud, call: Call) -> None:
    instance = ecs_fake.add_instance("i-web")
    for action in ("RebootInstance", "StopInstance", "StartInstance", "RebootInstance"):
        call(action, InstanceId=instance)

    ecs_fake.expect(instance).stopped().then().rebooted().then().untouched()
    assert failure(lambda: ecs_fake.expect(instance).stopped().then().rebooted(times=1)) == (
        "i-web was rebooted 2 times, not 1."
    )


def test_calls_and_events_in_order(ecs_fake: FakeCloud, call: Call) -> None:
    early, late = ecs_fake.run_instances(2)
    ecs_fake.clock.freeze()
    ecs_fake.schedule(REBOOT, [early, late], "+2h")
    call("StopInstance", InstanceId=early)
    ecs_fake.clock.advance("3h")
    call("StopInstance", InstanceId=late)

    ecs_fake.expect(early).stopped().then().event_executed()
    ecs_fake.expect(late).event_executed().then().stopped()
    assert failure(lambda: ecs_fake.expect(early, late).stopped().then().event_executed()) == (
        f"{late} has an event that is Executed, but not after it was stopped."
    )


def test_a_call_in_the_second_of_an_event_counts_as_in_order(
    ecs_fake: FakeCloud, call: Call
) -> None:
    instance = ecs_fake.add_instance("i-web")
    ecs_fake.clock.freeze()
    ecs_fake.schedule(REBOOT, instance, "+2h")
    call("RebootInstance", InstanceId=instance)

    ecs_fake.expect(instance).rebooted().then().event_avoided()
    ecs_fake.expect(instance).event_avoided().then().rebooted()


def test_then_needs_a_condition_before_it(ecs_fake: FakeCloud) -> None:
    with pytest.raises(InvalidInput, match="then: no condition stands before it"):
        ecs_fake.expect(ecs_fake.add_instance("i-web")).untouched().then()


def test_a_wait_ends_with_the_process(ecs_fake: FakeCloud) -> None:
    instance = ecs_fake.add_instance("i-web")
    handler = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])

    expected = ecs_fake.expect(instance).within("1h", process=handler)
    assert failure(expected.rebooted) == (
        "i-web was not rebooted before the process of the handler ended with exit code 3."
    )
    # What had been done before the end counts, and a wait of a condition's own is its own.
    ecs_fake.schedule(REBOOT, instance, "+1h")
    ecs_fake.clock.advance("1h")
    expected.event_executed().then().untouched()
    assert failure(lambda: ecs_fake.expect(instance).within("1h").rebooted(0)) == (
        "i-web was not rebooted."
    )


def test_processes_of_asyncio_end_a_wait_too(ecs_fake: FakeCloud) -> None:
    instance = ecs_fake.add_instance("i-web")

    async def handled() -> None:
        handler = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
        expected = ecs_fake.expect(instance).within("1h", handler)
        await asyncio.to_thread(expected.rebooted)

    assert "ended with exit code 0" in failure(lambda: asyncio.run(handled()))


def test_something_else_than_a_process_is_refused(ecs_fake: FakeCloud) -> None:
    with pytest.raises(InvalidInput, match="process: 4711 is not a process; use what subprocess"):
        ecs_fake.expect().within("1s", process=4711)  # type: ignore[arg-type]


def test_the_texts_for_the_cloud_as_a_whole(ecs_fake: FakeCloud, call: Call) -> None:
    expect = ecs_fake.expect
    assert failure(lambda: expect().rebooted()) == "No instance was rebooted."
    assert failure(lambda: expect().called("DescribeInstances")) == (
        "DescribeInstances was not called with success."
    )
    assert failure(lambda: expect().event_avoided()) == "There is no event that is Avoided."
    call("StopInstance", InstanceId=ecs_fake.add_instance("i-web"))
    assert failure(lambda: expect().untouched()) == (
        "The cloud was not left untouched: StopInstance."
    )
    assert failure(lambda: expect().stopped(times=2)) == "An instance was stopped 1 time, not 2."


def test_a_handler_in_the_wrong_region_is_visible(ecs_fake: FakeCloud, call: Call) -> None:
    (event,) = ecs_fake.schedule(REBOOT, ecs_fake.add_instance("i-web"), "+2h")
    call("DescribeInstancesFullStatus", "cn-beijing", Status="Running")
    call("DescribeInstancesFullStatus")
    call("DescribeInstanceAttribute", InstanceId="i-web")
    call("RebootInstance", InstanceId="i-no")

    lines = [re.sub(r"\S+Z", "…", line) for line in ecs_fake.timeline().splitlines()]
    assert lines == [
        "What happened, in the cloud's time:",
        f"  …  cloud    {REBOOT} {event.event_id} on i-web in cn-hangzhou: Scheduled, due …",
        "  …  handler  DescribeInstancesFullStatus in cn-beijing Status=Running -> 0 results",
        "  …  handler  DescribeInstancesFullStatus in cn-hangzhou -> 1 result",
        "  …  handler  DescribeInstanceAttribute in cn-hangzhou InstanceId=i-web -> done",
        "  …  handler  RebootInstance in cn-hangzhou InstanceId=i-no -> InvalidInstanceId.NotFound",
    ]


def test_a_refused_call_is_shown_and_not_that_nothing_was_called(ecs_fake: FakeCloud) -> None:
    ecs_fake.refused.append(OutsideFake("a page", "oss-cn-hangzhou.aliyuncs.com"))
    shown = ecs_fake.timeline()
    assert shown.splitlines()[1] == "Stopped on the way to the real cloud:"
    assert shown.endswith(
        "a page of oss-cn-hangzhou.aliyuncs.com, which the fake cloud does not serve."
    )
    assert "nothing" not in shown
    ecs_fake.refused.clear()
    assert ecs_fake.timeline().splitlines()[1:] == [
        "The handler has called nothing: is it running, and does it reach this cloud?"
    ]
