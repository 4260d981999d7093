"""The metadata service of an instance, which the fake serves to programs that it is a proxy for."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simevents.fake.control.client import BadControlRequest
from simevents.fake.server import FakeServer
from tests.conftest import REGION, Cloud
from tests.fake.requests import signed

pytestmark = pytest.mark.usefixtures("own_run")

HOST = "http://100.100.100.200"
TTL = "X-aliyun-ecs-metadata-token-ttl-seconds"
TOKEN = "X-aliyun-ecs-metadata-token"
INSTANCE = "i-bp1metadata"


def ask(
    cloud: Cloud, path: str, method: str = "GET", via: str = HOST, **headers: str
) -> tuple[int, str]:
    """Status and text of the answer; the request names the whole URL, as to a proxy."""
    connection = http.client.HTTPConnection(urlsplit(cloud.url).netloc, timeout=10)
    try:
        connection.request(method, f"{via}{path}", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def item(cloud: Cloud, name: str) -> str:
    status, text = ask(cloud, f"/latest/meta-data/{name}")
    assert status == 200, text
    return text


@pytest.fixture
def instance(cloud: Cloud) -> str:
    cloud.post("instances", instance_ids=[INSTANCE])
    cloud.post("metadata", instance_id=INSTANCE)
    return INSTANCE


def api(cloud: Cloud, **parameters: str) -> Any:
    answer = httpx.post(cloud.url, data=signed("POST", **parameters))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_items_are_those_of_the_instance(cloud: Cloud, instance: str) -> None:
    (described,) = api(cloud, Action="DescribeInstances", RegionId=REGION)["Instances"]["Instance"]

    assert {
        "DescribeInstances": {
            "instance-id": described["InstanceId"],
            "region-id": described["RegionId"],
            "zone-id": described["ZoneId"],
            "hostname": described["HostName"],
            "image-id": described["ImageId"],
            "serial-number": described["SerialNumber"],
            "private-ipv4": described["InnerIpAddress"]["IpAddress"][0],
            "instance/instance-type": described["InstanceType"],
            "instance/instance-name": described["InstanceName"],
        }
    } == {
        "DescribeInstances": {
            name: item(cloud, name)
            for name in (
                *("instance-id", "region-id", "zone-id", "hostname", "image-id", "serial-number"),
                *("private-ipv4", "instance/instance-type", "instance/instance-name"),
            )
        }
    }
    assert item(cloud, "owner-account-id") == cloud.get("health")["account_id"]


def test_an_instance_in_a_vpc_has_its_network(cloud: Cloud) -> None:
    vpc = api(
        cloud, Action="CreateVpc", Version="2016-04-28", RegionId=REGION, CidrBlock="10.0.0.0/8"
    )["VpcId"]
    vswitch = api(
        cloud,
        Action="CreateVSwitch",
        Version="2016-04-28",
        RegionId=REGION,
        VpcId=vpc,
        ZoneId=f"{REGION}-b",
        CidrBlock="10.1.0.0/16",
    )["VSwitchId"]
    group = api(cloud, Action="CreateSecurityGroup", RegionId=REGION, VpcId=vpc)["SecurityGroupId"]
    api(
        cloud,
        Action="RunInstances",
        RegionId=REGION,
        SecurityGroupId=group,
        VSwitchId=vswitch,
        InstanceType="ecs.g6.large",
        ImageId="ubuntu_22_04_x64_20G_alibase_20240926.vhd",
        InternetMaxBandwidthOut="5",
        UserData="ZWNobyBoaQ==",
    )
    (described,) = api(cloud, Action="DescribeInstances", RegionId=REGION)["Instances"]["Instance"]
    address = described["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]
    mac = item(cloud, "mac")

    # It is the only instance, so it needs not be chosen.
    names = ("network-type", "private-ipv4", "vpc-id", "vswitch-id", "eipv4", "vpc-cidr-block")
    assert [item(cloud, name) for name in names] == [
        *("vpc", address, vpc, vswitch, described["PublicIpAddress"]["IpAddress"][0], "10.0.0.0/8")
    ]
    interface = f"network/interfaces/macs/{mac}/"
    assert item(cloud, "network/interfaces/macs/") == f"{mac}/"
    assert item(cloud, interface).split() == [
        *("primary-ip-address", "private-ipv4s", "vpc-cidr-block", "vpc-id"),
        *("vswitch-cidr-block", "vswitch-id"),
    ]
    assert json.loads(item(cloud, f"{interface}private-ipv4s")) == [address]
    assert item(cloud, f"{interface}vswitch-cidr-block") == "10.1.0.0/16"
    assert ask(cloud, "/latest/user-data") == (200, "echo hi")


@pytest.mark.parametrize(
    ("path", "listing"),
    [
        ("/", ["2016-01-01", "latest"]),
        ("/latest/", ["dynamic/", "maintenance/", "meta-data/"]),
        ("/latest/meta-data/instance/", ["instance-name", "instance-type"]),
        ("/2016-01-01/meta-data/ram/", ["security-credentials/"]),
        ("/latest/meta-data/ram/security-credentials/", ["EcsRamRole"]),
        (
            "/latest/meta-data",
            [
                *("hostname", "image-id", "instance-id", "instance/", "mac", "network/"),
                *("owner-account-id", "private-ipv4", "ram/", "region-id", "serial-number"),
                "zone-id",
            ],
        ),
    ],
)
def test_a_folder_lists_its_names(
    cloud: Cloud, instance: str, path: str, listing: list[str]
) -> None:
    assert ask(cloud, path) == (200, "\n".join(listing))


@pytest.mark.parametrize(
    "path",
    [
        *("/latest/meta-data/nothing", "/latest/meta-data/instance-id/more", "/1999-01-01/"),
        *("/latest/user-data", "/latest/meta-data/vpc-id", "/latest/meta-data/eipv4"),
        *("/latest/meta-data/instance/spot/termination-time", "/latest/meta-data/ram/a%20b"),
    ],
)
def test_what_the_instance_does_not_have_is_404(cloud: Cloud, instance: str, path: str) -> None:
    assert ask(cloud, path)[0] == 404


def test_the_identity_document(cloud: Cloud, instance: str) -> None:
    status, text = ask(cloud, "/latest/dynamic/instance-identity/document")

    assert (status, json.loads(text)) == (
        200,
        {
            name: item(cloud, name)
            for name in (
                *("zone-id", "serial-number", "instance-id", "region-id", "private-ipv4"),
                *("owner-account-id", "mac", "image-id"),
            )
        }
        | {"instance-type": item(cloud, "instance/instance-type")},
    )


def test_a_token_is_accepted_and_a_wrong_one_is_not(cloud: Cloud, instance: str) -> None:
    status, token = ask(cloud, "/latest/api/token", "PUT", **{TTL: "60"})
    path = "/latest/meta-data/instance-id"

    assert status == 200
    assert ask(cloud, path, **{TOKEN: token}) == (200, instance)
    assert ask(cloud, path, **{TOKEN: f"{token}x"})[0] == 401
    assert ask(cloud, path, **{TOKEN: ""})[0] == 401
    assert ask(cloud, path) == (200, instance)


def test_an_instance_can_require_a_token(cloud: Cloud, instance: str) -> None:
    cloud.post("metadata", token_required=True)
    _, token = ask(cloud, "/latest/api/token", "PUT", **{TTL: "60"})
    path = "/latest/meta-data/instance-id"

    assert ask(cloud, path)[0] == 403
    assert ask(cloud, path, **{TOKEN: token}) == (200, instance)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({TTL: "1"}, 200),
        ({TTL: "21600"}, 200),
        ({TTL: "21601"}, 400),
        ({TTL: "0"}, 400),
        ({TTL: "-1"}, 400),
        ({TTL: "²"}, 400),
        ({TTL: "9" * 5000}, 400),
        ({}, 400),
        ({TTL: "60", "X-Forwarded-For": "10.0.0.1"}, 403),
    ],
)
def test_a_token_needs_a_valid_lifetime_and_no_proxy_before_it(
    cloud: Cloud, headers: dict[str, str], status: int
) -> None:
    encoded: Any = {name: text.encode() for name, text in headers.items()}
    assert ask(cloud, "/latest/api/token", "PUT", **encoded)[0] == status


def test_tokens_and_keys_expire_in_real_time() -> None:
    now = [time.time()]
    with FakeServer(wall=lambda: now[0], as_instance=INSTANCE) as server:
        cloud = Cloud(server.url)
        cloud.post("clock", freeze=True)
        _, token = ask(cloud, "/latest/api/token", "PUT", **{TTL: "60"})
        keys = "ram/security-credentials/web"
        first = json.loads(item(cloud, keys))
        now[0] += 59
        assert ask(cloud, "/latest/meta-data/instance-id", **{TOKEN: token})[0] == 200
        now[0] += 1
        assert ask(cloud, "/latest/meta-data/instance-id", **{TOKEN: token})[0] == 401
        now[0] += 6 * 3600 - 60 - 30 * 60 - 2
        assert json.loads(item(cloud, keys)) == first
        now[0] += 2
        assert json.loads(item(cloud, keys))["AccessKeyId"] != first["AccessKeyId"]
        cloud.close()


def test_the_keys_of_the_role_sign_calls(cloud: Cloud, instance: str) -> None:
    key = json.loads(item(cloud, "ram/security-credentials/web-role"))
    given = {"AccessKeyId": key["AccessKeyId"], "SecurityToken": key["SecurityToken"]}
    identity = {"Action": "GetCallerIdentity", "Version": "2015-04-01"}
    bodies = [
        httpx.post(cloud.url, data=signed("POST", secret, **identity, **given)).json()
        for secret in (key["AccessKeySecret"], "another")
    ]

    assert list(key) == [
        *("AccessKeyId", "AccessKeySecret", "Expiration", "SecurityToken", "LastUpdated", "Code")
    ]
    assert (key["Code"], bodies[0]["Arn"], bodies[1]["Code"]) == (
        "Success",
        f"acs:ram::1000000000000001:assumed-role/web-role/vm-ram-{instance}",
        "SignatureDoesNotMatch",
    )
    journal = str(cloud.get("calls"))
    assert not [name for name in ("AccessKeySecret", "SecurityToken") if key[name] in journal]


def test_with_a_given_role_there_is_no_other(cloud: Cloud, instance: str) -> None:
    cloud.post("metadata", role_name="web-role")

    assert item(cloud, "ram/security-credentials/") == "web-role"
    assert json.loads(item(cloud, "ram/security-credentials/web-role"))["Code"] == "Success"
    assert ask(cloud, "/latest/meta-data/ram/security-credentials/other")[0] == 404


def test_keys_of_before_a_reset_are_not_given_out_again(cloud: Cloud) -> None:
    cloud.post("instances", instance_ids=[INSTANCE])
    before = item(cloud, "ram/security-credentials/web")
    cloud.post("reset")
    cloud.post("instances", instance_ids=[INSTANCE])

    assert item(cloud, "ram/security-credentials/web") != before


def test_a_spot_instance_learns_when_it_is_taken_back(cloud: Cloud, instance: str) -> None:
    cloud.post("metadata", spot_termination_time="2031-05-06T07:08:09Z")

    assert item(cloud, "instance/spot/termination-time") == "2031-05-06T07:08:09Z"
    assert item(cloud, "instance/") == "instance-name\ninstance-type\nspot/"
    cloud.post("metadata", spot_termination_time=None)
    assert ask(cloud, "/latest/meta-data/instance/spot/termination-time")[0] == 404


def test_active_system_events_are_the_open_ones_of_this_instance(
    cloud: Cloud, instance: str
) -> None:
    (other,) = cloud.instances(1)
    cloud.post("switches", executing_seconds=60)
    cloud.post("clock", set="2030-01-01T00:00:00Z")
    cloud.post("clock", freeze=True)
    due = {"event_type": "SystemMaintenance.Reboot", "not_before": "2030-01-01T02:00:00Z"}
    cloud.post("events", instance_ids=[other], **due)
    (mine,) = cloud.post("events", instance_ids=[instance], **due, reason="Host error.")

    def active() -> Any:
        status, text = ask(cloud, "/latest/maintenance/active-system-events")
        assert status == 200
        return json.loads(text)

    entry = {
        "EventId": mine["event_id"],
        "EventType": "SystemMaintenance.Reboot",
        "EventCycleStatus": "Scheduled",
        "EventPublishTime": "2030-01-01T00:00:00Z",
        "NotBefore": "2030-01-01T02:00:00Z",
        "Reason": "Host error.",
    }
    assert active() == [entry]
    cloud.post("clock", advance="2h")
    assert active() == [entry | {"EventCycleStatus": "Executing"}]
    cloud.post("clock", advance="1m")
    assert active() == []


def test_without_a_choice_there_must_be_one_instance(cloud: Cloud) -> None:
    path = "/latest/meta-data/instance-id"
    status, text = ask(cloud, path)
    assert (status, "there is none yet" in text) == (404, True)

    assert ask(cloud, "/")[0] == 404

    (first,) = cloud.instances(1)
    assert ask(cloud, path) == (200, first)

    (second,) = cloud.instances(1)
    status, text = ask(cloud, path)
    assert (status, "there are 2 instances and none is chosen" in text) == (404, True)
    for way in ("simevents fake --as-instance", "ecs_fake.metadata(", "POST /_fake/metadata"):
        assert way in text

    cloud.post("metadata", instance_id=second)
    assert ask(cloud, path) == (200, second)
    cloud.post("metadata", instance_id=None)
    assert ask(cloud, path)[0] == 404


def test_a_deleted_instance_does_not_ask(cloud: Cloud, instance: str) -> None:
    api(cloud, Action="DeleteInstance", InstanceId=instance, Force="true")
    status, text = ask(cloud, "/latest/meta-data/instance-id")

    assert (status, f"{instance}, which was chosen, does not exist any more" in text) == (404, True)


def test_what_is_not_given_stays_unless_another_instance_is_chosen(
    cloud: Cloud, instance: str
) -> None:
    (other,) = cloud.instances(1)
    full = {
        "instance_id": instance,
        "role_name": "web",
        "spot_termination_time": "2031-05-06T07:08:09Z",
        "token_required": True,
    }
    cloud.post("metadata", role_name="web", token_required=True)
    assert cloud.post("metadata", spot_termination_time="2031-05-06T07:08:09Z") == full
    assert cloud.post("metadata", instance_id=instance) == full == cloud.get("metadata")

    assert cloud.post("metadata", instance_id=other) == {
        "instance_id": other,
        "role_name": None,
        "spot_termination_time": None,
        "token_required": False,
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"instance_id": "web"}, '"instance_id" must be an instance id'),
        ({"instance_id": "i-absent"}, "there is no i-absent"),
        ({"role_name": "a b"}, '"role_name" must be the name of a RAM role'),
        ({"spot_termination_time": "soon"}, '"spot_termination_time" must be a UTC time'),
        ({"token_required": 1}, '"token_required" must be true or false'),
        ({"role": "web"}, 'unknown field "role"'),
    ],
)
def test_a_bad_choice_is_refused(cloud: Cloud, body: dict[str, Any], text: str) -> None:
    before = cloud.get("metadata")
    with pytest.raises(BadControlRequest, match=text):
        cloud.post("metadata", **body)
    assert cloud.get("metadata") == before


def test_reads_are_in_the_journal_and_not_unexpected(cloud: Cloud, instance: str) -> None:
    ask(cloud, "/latest/api/token", "PUT", **{TTL: "60"})
    for path in ("", "instance/spot/termination-time", "ram/security-credentials/web"):
        ask(cloud, f"/latest/meta-data/{path}")
    ask(cloud, "/latest/maintenance/active-system-events?x=LTAI5tSecretSecretSecret")
    ask(cloud, "/latest/meta-data/LTAI5tSecretSecretSecret")

    assert [
        (call["action"], call["status"], call["code"], call["is_read"], call["unexpected"])
        for call in cloud.get("calls")
    ] == [
        ("metadata api/token", 200, "", True, False),
        ("metadata meta-data/", 200, "", True, False),
        ("metadata instance/spot/termination-time", 404, "NotFound", True, False),
        ("metadata ram/security-credentials/web", 200, "", True, False),
        ("metadata maintenance/active-system-events", 200, "", True, False),
        ("metadata scrubbed", 404, "NotFound", True, False),
    ]
    assert cloud.get("refusals") == []


@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("DELETE", 405), ("PUT", 405)])
def test_items_are_only_read(cloud: Cloud, instance: str, method: str, status: int) -> None:
    assert ask(cloud, "/latest/meta-data/instance-id", method)[0] == status


@pytest.mark.parametrize("host", ["100.100.100.200:80", "100.100.25800", "[::ffff:6464:64c8]"])
def test_other_spellings_of_the_address(cloud: Cloud, instance: str, host: str) -> None:
    assert ask(cloud, "/latest/meta-data/instance-id", via=f"http://{host}") == (200, instance)


def test_the_host_header_alone_says_that_metadata_is_asked(cloud: Cloud, instance: str) -> None:
    path = "/latest/meta-data/instance-id"

    assert ask(cloud, path, via="", Host="100.100.100.200") == (200, instance)
    assert ask(cloud, "/_fake/health", via="", Host="100.100.100.200")[0] == 403


def test_the_fake_itself_has_the_metadata_too(cloud: Cloud, instance: str) -> None:
    """For ALIBABA_CLOUD_CREDENTIALS_URI, which needs no proxy."""
    path = "/latest/meta-data/instance-id"

    assert ask(cloud, path, via="") == ask(cloud, path, via=cloud.url) == (200, instance)


def test_another_port_of_the_address_is_refused(cloud: Cloud, instance: str) -> None:
    assert ask(cloud, "/latest/", via="http://100.100.100.200:8080")[0] == 403


def test_the_choice_outlives_a_restart(tmp_path: Any) -> None:
    for choice in (INSTANCE, None):
        with FakeServer(data=tmp_path / "cloud.db", as_instance=choice) as server:
            cloud = Cloud(server.url)
            cloud.instances(1)
            assert item(cloud, "instance-id") == INSTANCE
            cloud.close()
