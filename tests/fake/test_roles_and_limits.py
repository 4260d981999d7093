"""Temporary keys, ClientToken, throttling, and access to the control routes."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simevents.fake.server import FakeServer
from tests.conftest import REGION, Cloud
from tests.fake.requests import signed

ROLE = "acs:ram::1000000000000001:role/tester"
IDENTITY = {"Action": "GetCallerIdentity", "Version": "2015-04-01"}
REGIONS = {"Action": "DescribeRegions"}


def ask(cloud: Cloud, secret: str = "testsecret", **parameters: str) -> Any:
    return httpx.post(cloud.url, data=signed("POST", secret, **parameters)).json()


def assume(cloud: Cloud, **parameters: str) -> Any:
    asked = {"RoleArn": ROLE, "RoleSessionName": "session"} | parameters
    return ask(cloud, Action="AssumeRole", Version="2015-04-01", **asked)


def test_temporary_keys_have_the_identity_of_the_role(cloud: Cloud) -> None:
    key = assume(cloud)["Credentials"]
    given = {"AccessKeyId": key["AccessKeyId"], "SecurityToken": key["SecurityToken"]}
    answer = ask(cloud, key["AccessKeySecret"], **IDENTITY, **given)

    assert (answer["IdentityType"], answer["Arn"]) == (
        "AssumedRoleUser",
        "acs:ram::1000000000000001:assumed-role/tester/session",
    )
    assert key["AccessKeyId"].startswith("STS.")
    assert key["SecurityToken"] not in str(cloud.get("calls"))


def test_temporary_keys_need_their_own_token(cloud: Cloud) -> None:
    key = assume(cloud)["Credentials"]
    codes = []
    for token in ({}, {"SecurityToken": "another"}):
        given = {"AccessKeyId": key["AccessKeyId"]} | token
        codes.append(ask(cloud, key["AccessKeySecret"], **IDENTITY, **given)["Code"])

    assert codes == ["MissingSecurityToken", "InvalidSecurityToken.MismatchWithAccessKey"]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"RoleArn": "tester"}, "InvalidParameter.RoleArn"),
        ({"RoleSessionName": "a b"}, "InvalidParameter.RoleSessionName"),
        ({"DurationSeconds": "60"}, "InvalidParameter.DurationSeconds"),
        ({"RoleArn": "acs:ram::2:role/tester"}, "EntityNotExist.Role"),
    ],
)
def test_an_invalid_role_request_is_refused(
    cloud: Cloud, parameters: dict[str, str], code: str
) -> None:
    assert assume(cloud, **parameters)["Code"] == code


def test_temporary_keys_expire_in_real_time() -> None:
    now = [time.time()]
    with FakeServer(wall=lambda: now[0]) as server:
        cloud = Cloud(server.url)
        key = assume(cloud, DurationSeconds="900")["Credentials"]
        given = {"AccessKeyId": key["AccessKeyId"], "SecurityToken": key["SecurityToken"]}
        now[0] += 899
        before = ask(cloud, key["AccessKeySecret"], **IDENTITY, **given)
        now[0] += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now[0]))
        after = ask(cloud, key["AccessKeySecret"], **IDENTITY, **given, Timestamp=stamp)
        cloud.close()

    assert (before["IdentityType"], after["Code"]) == (
        "AssumedRoleUser",
        "InvalidSecurityToken.Expired",
    )


def test_a_repeated_call_with_the_same_client_token_is_executed_once(cloud: Cloud) -> None:
    def create(cidr: str, token: str) -> Any:
        network = {"Version": "2016-04-28", "RegionId": REGION, "CidrBlock": cidr}
        return ask(cloud, Action="CreateVpc", ClientToken=token, **network)

    first, again, other = (create("10.0.0.0/8", token) for token in ("one", "one", "two"))

    assert first["VpcId"] == again["VpcId"] != other["VpcId"]
    assert first["RequestId"] != again["RequestId"]
    assert create("172.16.0.0/12", "one")["Code"] == "IdempotentParameterMismatch"


def test_throttling_counts_by_action_region_and_minute(cloud: Cloud) -> None:
    cloud.post("clock", freeze=True)
    cloud.post("throttle", DescribeInstances=2)

    def describe(region: str = REGION) -> str:
        return str(ask(cloud, Action="DescribeInstances", RegionId=region).get("Code", "ok"))

    assert [describe(), describe(), describe()] == ["ok", "ok", "Throttling.User"]
    assert describe("cn-shanghai") == "ok"
    assert "Code" not in ask(cloud, **REGIONS)
    cloud.post("clock", advance="1m")
    assert describe() == "ok"


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("format", ["JSON", "XML"])
def test_both_digests_and_both_formats_are_accepted(cloud: Cloud, digest: str, format: str) -> None:
    answer = httpx.get(cloud.url, params=signed("GET", digest=digest, Format=format, **REGIONS))

    assert answer.status_code == 200
    assert REGION in answer.text


@pytest.fixture
def open_server() -> Iterator[FakeServer]:
    with FakeServer(host="0.0.0.0") as server:
        yield server


def test_the_control_routes_need_a_token_outside_loopback(open_server: FakeServer) -> None:
    url = open_server.url.replace("0.0.0.0", "127.0.0.1")
    given = {"Authorization": f"Bearer {open_server.control_token}"}
    statuses = [
        httpx.get(f"{url}/_fake/health", headers=headers).status_code
        for headers in ({}, {"Authorization": "Bearer guess"}, given)
    ]
    api = httpx.post(url, data=signed("POST", **REGIONS)).status_code

    assert (statuses, api) == ([403, 403, 200], 200)
    assert len(open_server.control_token) >= 32
