"""The single call that wraps the vendor's SDK."""

import pytest

from simevents.api.sdk import Sdk
from simevents.errors import NoAnswer
from simevents.settings import Credentials, Settings
from tests.conftest import REGION, Cloud

KEYS = Credentials("testid", "testsecret")


@pytest.mark.parametrize(
    ("endpoint", "product", "expected"),
    [
        (None, "Ecs", ("ecs.cn-hangzhou.aliyuncs.com", "https")),
        (None, "Sts", ("sts.cn-hangzhou.aliyuncs.com", "https")),
        ("http://127.0.0.1:8086", "Ecs", ("127.0.0.1:8086", "http")),
        ("http://127.0.0.1:8086", "Sts", ("127.0.0.1:8086", "http")),
        ("https://ecs-vpc.cn-x.aliyuncs.com", "Ecs", ("ecs-vpc.cn-x.aliyuncs.com", "https")),
        ("https://ecs-vpc.cn-x.aliyuncs.com", "Sts", ("sts.cn-hangzhou.aliyuncs.com", "https")),
    ],
)
def test_the_address_of_a_request(
    endpoint: str | None, product: str, expected: tuple[str, str]
) -> None:
    sdk = Sdk(Settings(REGION, endpoint), KEYS)

    assert sdk._address(product) == expected


def test_certificates_are_verified_and_nothing_is_repeated_by_the_sdk() -> None:
    client = Sdk(Settings(REGION), KEYS)._client

    # None means the default of the SDK, which is to verify.
    assert client.get_verify() is None
    assert not client.is_auto_retry()


def test_a_missing_answer_ends_in_a_timeout(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", timeout=True, times=1)
    sdk = Sdk(Settings(REGION, cloud.url, read_seconds=0.2), KEYS)
    with pytest.raises(NoAnswer, match="the connection broke or timed out") as caught:
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert caught.value.sent


def test_a_slow_answer_is_accepted(cloud: Cloud) -> None:
    cloud.post("faults", action="GetCallerIdentity", latency=0.05)
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)

    assert sdk.call("GetCallerIdentity").body["AccountId"]
    sdk.close()


def test_the_date_of_an_error_answer_is_kept(cloud: Cloud) -> None:
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    cloud.post("faults", action="*", error="Forbidden.RAM")
    sdk = Sdk(Settings(REGION, cloud.url), KEYS)
    with pytest.raises(Exception, match="Forbidden"):
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert sdk.last_date is not None
    assert sdk.last_date.year == 2018
