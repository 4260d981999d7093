"""`fake_cloud` for unittest, notebooks and scripts."""

import contextlib
import os
import socket

import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from simevents.testing import fake_cloud
from tests.contract.clients import NewerSdk


def test_the_redirect_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128")
    before = (os.environ["HTTPS_PROXY"], socket.getaddrinfo, socket.socket.connect)
    with fake_cloud(region="cn-beijing") as cloud:
        (instance,) = cloud.run_instances()
        assert os.environ["HTTPS_PROXY"] == cloud.url
        sdk = NewerSdk("cn-beijing", "http://ecs.cn-beijing.aliyuncs.com")
        answer = sdk.call("DescribeInstances")
        found = [entry["InstanceId"] for entry in answer["Instances"]["Instance"]]

    assert found == [instance]
    assert (os.environ["HTTPS_PROXY"], socket.getaddrinfo, socket.socket.connect) == before
    assert "SIMEVENTS_ENDPOINT" not in os.environ
    assert os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "testid"


def test_an_unknown_call_is_reported_at_the_end() -> None:
    def calling() -> None:
        unknown = CommonRequest("ecs.aliyuncs.com", "2014-05-26", "CreateSnapshot")
        client = AcsClient("key", "secret", "cn-hangzhou")
        with fake_cloud(), contextlib.suppress(ServerException), contextlib.closing(client.session):
            client.do_action_with_exception(unknown)

    with pytest.raises(AssertionError, match="CreateSnapshot"):
        calling()


def test_nothing_is_patched_without_the_redirect() -> None:
    before = socket.getaddrinfo
    with fake_cloud(redirect=False) as cloud:
        assert socket.getaddrinfo is before
        assert cloud.url.startswith("http://127.0.0.1:")
