"""The metadata service as a test of a handler uses it: with the vendor's libraries, unchanged."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from datetime import timedelta
from typing import Any

import pytest

from simevents.errors import InvalidInput, OutsideFake
from simevents.testing import FakeCloud, fake_cloud

METADATA = "http://100.100.100.200/latest"
DISABLED = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"
CREDENTIALS_URI = "ALIBABA_CLOUD_CREDENTIALS_URI"

NEWER = """
import sys
from alibabacloud_credentials.client import Client as Credentials
from alibabacloud_credentials.models import Config as CredentialConfig
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config

if sys.argv[1] == "uri":
    chain = Credentials(CredentialConfig(type="credentials_uri"))
else:
    with_token = sys.argv[1] == "token"
    chain = Credentials(CredentialConfig(type="ecs_ram_role", disable_imds_v1=with_token))
client = Client(Config(credential=chain, region_id="cn-hangzhou", protocol="http"))
found = client.describe_instances(models.DescribeInstancesRequest(region_id="cn-hangzhou"))
print(found.body.instances.instance[0].instance_id, chain.get_credential().access_key_id)
"""

OLDER = """
import json, sys
from aliyunsdkcore.auth.credentials import EcsRamRoleCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest

client = AcsClient(region_id="cn-hangzhou", credential=EcsRamRoleCredential("web-role"))
request = DescribeInstancesRequest()
request.set_endpoint("ecs.aliyuncs.com")
found = json.loads(client.do_action_with_exception(request))
print(found["Instances"]["Instance"][0]["InstanceId"], client._signer._session_credential[0])
"""


def ran(code: str, cloud: FakeCloud, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run *code* as a program of its own, with the variables of *cloud* and without its keys."""
    keys = ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")
    without_keys = {f"ALIBABA_CLOUD_{name}" for name in keys}
    env = {name: text for name, text in cloud.env.items() if name not in without_keys}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def metadata_calls(cloud: FakeCloud) -> list[str]:
    return [call.action for call in cloud.calls if call.action.startswith("metadata")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "arguments", "token_required"),
    [
        (NEWER, ["any"], False),
        (NEWER, ["token"], True),
        (NEWER, ["uri"], False),
        (OLDER, [], False),
    ],
    ids=["newer", "newer with tokens", "newer with an address", "older"],
)
def test_another_process_gets_the_keys_of_its_role(
    code: str, arguments: list[str], token_required: bool
) -> None:
    # Not with ecs_fake: that accepts any key, and these must be right.
    from simevents.fake.server import FakeServer
    from simevents.testing.in_process import in_use

    with FakeServer() as server, in_use(FakeCloud(server)) as cloud:
        (instance,) = cloud.run_instances()
        cloud.metadata(instance, role="web-role", token_required=token_required)
        done = ran(code, cloud, *arguments)

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.split()[0] == instance
        assert done.stdout.split()[1].startswith("STS.")
        assert "metadata ram/security-credentials/web-role" in metadata_calls(cloud)
        cloud.expect().called("DescribeInstances")
        cloud.no_unexpected_calls()


@pytest.mark.slow
def test_without_a_choice_the_newer_library_does_not_ask(ecs_fake: FakeCloud) -> None:
    ecs_fake.run_instances()
    done = ran(NEWER, ecs_fake, "any")

    assert "IMDS credentials is disabled" in done.stderr
    assert metadata_calls(ecs_fake) == []


def test_a_shell_script_learns_who_it_is(ecs_fake: FakeCloud) -> None:
    instance, _ = ecs_fake.run_instances(2)
    ecs_fake.metadata(instance)
    code = f'curl -fsS -m 10 "{METADATA}/meta-data/instance-id"'
    env = {"PATH": "/usr/bin:/bin"} | ecs_fake.env
    done = subprocess.run(["sh", "-c", code], env=env, capture_output=True, check=False)

    assert done.stdout.decode() == instance, done.stderr
    assert "handler  metadata instance-id -> done" in ecs_fake.timeline()
    ecs_fake.expect(instance).untouched()


def test_a_handler_sees_the_notice_of_a_spot_instance(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    ecs_fake.clock.set("2030-01-01T00:00:00Z")
    ecs_fake.clock.freeze()
    ecs_fake.metadata(instance, spot_termination_time="+5m")
    url = f"{METADATA}/meta-data/instance/spot/termination-time"
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"2030-01-01T00:05:00Z"

    ecs_fake.metadata(instance, spot_termination_time=timedelta(minutes=2))
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"2030-01-01T00:02:00Z"


def test_a_planned_event_is_in_the_metadata(ecs_fake: FakeCloud) -> None:
    (instance,) = ecs_fake.run_instances()
    (event,) = ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    with urllib.request.urlopen(f"{METADATA}/maintenance/active-system-events") as answer:
        (shown,) = json.loads(answer.read())

    assert (shown["EventId"], shown["EventType"]) == (event.event_id, event.event_type)


def test_requests_in_this_process_is_led_to_the_fake(ecs_fake: FakeCloud) -> None:
    import requests

    (instance,) = ecs_fake.run_instances()
    session = requests.Session()
    session.trust_env = False
    url = f"{METADATA}/meta-data/instance-id"
    assert session.get(url, timeout=10).text == instance
    assert requests.get(url, timeout=10).text == instance


def test_aiohttp_in_this_process_is_led_to_the_fake(ecs_fake: FakeCloud) -> None:
    import aiohttp

    async def asked() -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{METADATA}/meta-data/instance-id") as answer,
        ):
            return await answer.text()

    (instance,) = ecs_fake.run_instances()
    assert asyncio.run(asked()) == instance


def test_the_newer_library_in_this_process(
    ecs_fake: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alibabacloud_credentials.provider import EcsRamRoleCredentialsProvider
    from alibabacloud_credentials.utils import auth_util

    (instance,) = ecs_fake.run_instances()
    ecs_fake.metadata(instance)
    # The library has read the variable at import.
    monkeypatch.setattr(auth_util, "environment_ecs_metadata_disabled", "")
    provider = EcsRamRoleCredentialsProvider(async_update_enabled=False)
    for keys in (provider.get_credentials(), asyncio.run(provider.get_credentials_async())):
        assert keys.get_access_key_id().startswith("STS.")


def test_a_direct_connection_stays_refused() -> None:
    import socket

    with fake_cloud() as cloud:
        cloud.run_instances()
        cloud.metadata(None)
        with pytest.raises(
            OutsideFake, match=r"does not serve to a direct connection\. .* proxy in http_proxy"
        ):
            socket.create_connection(("100.100.100.200", 80), timeout=1)
        cloud.refused.clear()


def test_the_variables_allow_metadata_after_the_choice(ecs_fake: FakeCloud) -> None:
    import os

    def seen() -> list[Any]:
        names = (DISABLED, CREDENTIALS_URI)
        return [source[name] for name in names for source in (ecs_fake.env, os.environ)]

    (instance,) = ecs_fake.run_instances()
    found = [seen()]
    ecs_fake.metadata(instance)
    found.append(seen())
    ecs_fake.metadata(None)
    found.append(seen())
    ecs_fake.metadata(instance)
    ecs_fake.reset()
    found.append(seen())

    uri = f"{ecs_fake.url}/latest/meta-data/ram/security-credentials/EcsRamRole"
    on, off = ["false", "false", uri, uri], ["true", "true", "", ""]
    assert found == [off, on, off, off]
    assert "100.100.100.200" not in ecs_fake.env["NO_PROXY"]


@pytest.mark.parametrize("instance", ["i-absent", "web"])
def test_an_instance_that_does_not_exist_cannot_be_chosen(
    ecs_fake: FakeCloud, instance: str
) -> None:
    with pytest.raises(InvalidInput, match="instance_id"):
        ecs_fake.metadata(instance)
    assert ecs_fake.env[DISABLED] == "true"
