"""What an expectation looks at: what the cloud carried out, not what was asked for or answered."""

import contextlib
from collections.abc import Iterator

import httpx
import pytest

from simevents.fake.server import FakeServer
from simevents.testing.cloud import FakeCloud
from tests.fake.requests import signed


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeServer() as server:
        yield FakeCloud(server)


def call(cloud: FakeCloud, action: str, version: str = "2014-05-26", **parameters: str) -> None:
    fields = signed("POST", Action=action, Version=version, **parameters)
    with contextlib.suppress(httpx.RemoteProtocolError, httpx.ReadError):
        httpx.post(cloud.url, data=fields)


def test_a_call_that_was_cut_before_it_was_carried_out_did_nothing(cloud: FakeCloud) -> None:
    (instance,) = cloud.run_instances()
    cloud.faults.add("RebootInstance", cut="before")
    call(cloud, "RebootInstance", InstanceId=instance)

    with pytest.raises(AssertionError, match=f"{instance} was not rebooted") as failed:
        cloud.expect(instance).rebooted()
    assert "-> not carried out, connection cut without an answer" in str(failed.value)
    with pytest.raises(AssertionError, match="was not named in a successful RebootInstance"):
        cloud.expect(instance).called("RebootInstance")


def test_a_call_whose_answer_was_cut_was_carried_out(cloud: FakeCloud) -> None:
    (instance,) = cloud.run_instances()
    cloud.faults.add("RebootInstance", cut="after")
    call(cloud, "RebootInstance", InstanceId=instance)

    cloud.expect(instance).rebooted()
    (made,) = cloud.calls
    assert (made.carried_out, made.answered, made.status) == (True, False, 0)


def test_reads_and_the_role_of_the_caller_leave_the_cloud_untouched(cloud: FakeCloud) -> None:
    (instance,) = cloud.run_instances()
    role = "acs:ram::1000000000000001:role/handler"
    call(cloud, "AssumeRole", "2015-04-01", RoleArn=role, RoleSessionName="test")
    call(cloud, "GetCallerIdentity", "2015-04-01")
    call(cloud, "DescribeInstances", RegionId="cn-hangzhou")

    assert [made.is_read for made in cloud.calls] == [True, True, True]
    cloud.expect(instance).untouched()
    cloud.expect().untouched()


def test_a_refused_change_is_still_one_that_was_asked_for(cloud: FakeCloud) -> None:
    (instance,) = cloud.run_instances()
    call(cloud, "StartInstance", InstanceId=instance)

    with pytest.raises(AssertionError, match="was not left untouched: StartInstance"):
        cloud.expect(instance).untouched()
