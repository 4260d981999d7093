"""Which calls a fault affects, and what becomes of them."""

import contextlib
from typing import Any

import httpx
import pytest

from simevents.fake.server import FakeServer
from simevents.fake.state.catalog import REGIONS
from simevents.fake.state.faults import Fault, Faults
from tests.conftest import Cloud
from tests.fake.requests import signed

CREATE = "CreateSimulatedSystemEvents"


def affected(fault: Fault, calls: list[str]) -> list[bool]:
    faults = Faults()
    faults.add(fault)
    return [faults.matching(CREATE, {"InstanceId.1": call}) is not None for call in calls]


def test_the_order_of_calls_does_not_change_the_affected_calls() -> None:
    fault = Fault(CREATE, error="Throttling", probability=0.3, seed=7)
    calls = [f"i-{number}" for number in range(200)]
    forwards = dict(zip(calls, affected(fault, calls), strict=True))
    backwards = dict(zip(calls[::-1], affected(fault, calls[::-1]), strict=True))

    assert forwards == backwards
    assert 30 < sum(forwards.values()) < 90


def test_another_seed_affects_other_calls() -> None:
    calls = [f"i-{number}" for number in range(200)]
    one, two = (Fault(CREATE, cut="after", probability=0.3, seed=seed) for seed in (1, 2))

    assert affected(one, calls) != affected(two, calls)


def test_a_repeated_call_is_a_new_attempt() -> None:
    assert len(set(affected(Fault(CREATE, probability=0.5), ["i-a"] * 50))) == 2


def test_skip_and_times_count_calls() -> None:
    assert affected(Fault(CREATE, skip=1, times=2), ["i-a"] * 5) == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_another_action_is_not_affected() -> None:
    assert affected(Fault("CancelSimulatedSystemEvents"), ["i-a"]) == [False]
    assert affected(Fault("*"), ["i-a"]) == [True]


def call(url: str, action: str, **parameters: str) -> httpx.Response:
    fields = signed("POST", Action=action, RegionId="cn-hangzhou", **parameters)
    return httpx.post(url, data=fields)


@pytest.mark.parametrize(
    ("fault", "code", "status", "carried_out", "answered"),
    [
        ({"cut": "before"}, "", 0, False, False),
        ({"cut": "after"}, "", 0, True, False),
        ({"error": "Throttling"}, "Throttling", 400, False, True),
        ({"error": "Throttling", "cut": "after"}, "Throttling", 0, False, False),
        ({"garbage": True}, "", 502, True, True),
        ({"latency": 0.01}, "", 200, True, True),
    ],
)
def test_the_journal_has_what_was_carried_out_and_answered(
    cloud: Cloud,
    fault: dict[str, Any],
    code: str,
    status: int,
    carried_out: bool,
    answered: bool,
) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("faults", action="RebootInstance", **fault)
    with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
        call(cloud.url, "RebootInstance", InstanceId=instance)
    (entry,) = cloud.get("calls")

    assert (entry["code"], entry["status"]) == (code, status)
    assert (entry["carried_out"], entry["answered"]) == (carried_out, answered)


def test_a_partial_answer_has_half_of_each_list(cloud: Cloud) -> None:
    cloud.instances(5)
    cloud.post("faults", action="*", partial=True)
    listed = call(cloud.url, "DescribeInstances").json()
    regions = call(cloud.url, "DescribeRegions").json()
    vpc = call(cloud.url, "CreateVpc", Version="2016-04-28").json()

    assert (len(listed["Instances"]["Instance"]), listed["TotalCount"]) == (2, 5)
    assert len(regions["Regions"]["Region"]) == len(REGIONS) // 2
    assert vpc.keys() == {"RequestId", "VpcId", "VRouterId", "RouteTableId", "ResourceGroupId"}


def test_a_call_over_ipv6_is_cut() -> None:
    with FakeServer(host="::1") as server:
        cloud = Cloud(server.url)
        cloud.post("faults", action="*", cut="before")
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            call(server.url, "DescribeRegions")
        cloud.close()


def test_a_client_that_leaves_ends_the_wait_for_a_late_answer(cloud: Cloud) -> None:
    cloud.post("faults", action="DescribeRegions", timeout=True)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            cloud.url,
            data=signed("POST", Action="DescribeRegions", RegionId="cn-hangzhou"),
            timeout=0.2,
        )
    (entry,) = cloud.get("calls")

    assert (entry["carried_out"], entry["answered"], entry["status"]) == (True, False, 0)
