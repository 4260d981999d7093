"""Programs are led to the real cloud within what a person has named. A fake stands for it."""

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
import pytest

from simevents.errors import InvalidInput, WrongAccount
from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from simevents.replaying.live import Live, live
from simevents.replaying.replay import replayed
from simevents.replaying.way_out import WayOut
from simevents.testing.key_shapes import assert_no_keys
from tests.fake.requests import signed
from tests.replaying.programs import ECS, curl, run, run_python

pytestmark = pytest.mark.usefixtures("own_run")

ACCOUNT = "1000000000000001"
KEYS = {"LTAIprogramsown": "secretofprogram"}

Start = Callable[..., AbstractContextManager[Live]]

OLDER = """
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest
request = RebootInstanceRequest()
request.set_InstanceId("i-mine")
client = AcsClient("LTAIprogramsown", "secretofprogram", "cn-hangzhou")
print(client.do_action_with_exception(request).decode())
"""
NEWER = """
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
keys = {"access_key_id": "LTAIprogramsown", "access_key_secret": "secretofprogram"}
client = Client(Config(region_id="cn-hangzhou", protocol="http", **keys))
print(client.reboot_instance(models.RebootInstanceRequest(instance_id="i-mine")).body.request_id)
"""


class RealCloud:
    """What the vendor's hosts are in these tests."""

    def __init__(self, server: FakeServer, control: Control) -> None:
        self.server = server
        self.control = control
        self.connected: list[tuple[str, int]] = []

    def way_out(self) -> WayOut:
        certificate = self.server.authority.certificate.decode()
        return WayOut(ssl.create_default_context(cadata=certificate), _Backend(self))

    def actions(self) -> list[str]:
        return [call["action"] for call in self.control.get("calls")]

    def event_on(self, instance: str) -> str:
        (event,) = self.control.post(
            "events",
            instance_ids=[instance],
            event_type="SystemMaintenance.Reboot",
            not_before="2099-01-01T00:00:00Z",
            simulated=True,
        )
        return str(event["event_id"])


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, cloud: RealCloud) -> None:
        self._cloud = cloud
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        self._cloud.connected.append((host, port))
        place = urlsplit(self._cloud.server.url)
        return await self._real.connect_tcp(str(place.hostname), place.port or 0, *args, **kwargs)

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)


@pytest.fixture
def real_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[RealCloud]:
    with (
        FakeServer(access_keys=KEYS, instance_ids=["i-mine", "i-others"]) as server,
        Control(server.url, send=server.control) as control,
    ):
        monkeypatch.setenv("SIMEVENTS_ENDPOINT", server.url)
        yield RealCloud(server, control)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def start(real_cloud: RealCloud, said: list[str]) -> Start:
    def started(file: Path | None = None, **changed: Any) -> AbstractContextManager[Live]:
        named = {"account": ACCOUNT, "region": "cn-hangzhou", "instances": ["i-mine"]}
        options = {"say": said.append, "way_out": real_cloud.way_out()}
        return live(file, **{**named, **options, **changed})

    return started


def call(host: str = ECS, **parameters: str) -> list[str]:
    sent = {"RegionId": "cn-hangzhou", "Version": "2014-05-26", **parameters}
    fields = signed("POST", "secretofprogram", AccessKeyId="LTAIprogramsown", **sent)
    return curl(f"{host}/", *_data(fields.items()))


def _data(fields: Iterable[tuple[str, str]]) -> list[str]:
    return [word for pair in fields for word in ("--data-urlencode", "=".join(pair))]


@pytest.mark.parametrize("program", [OLDER, NEWER])
def test_the_programs_own_signature_reaches_the_cloud_over_https(
    real_cloud: RealCloud, start: Start, tmp_path: Path, program: str
) -> None:
    with start() as served:
        ended = run_python(served, tmp_path, program)
        assert real_cloud.actions()[-1] == "RebootInstance", ended.stderr
        assert (served.has_failed, served.report()) == (False, [])

    assert ended.returncode == 0
    assert len(real_cloud.connected) == 1
    assert real_cloud.connected[0][1] == 443
    assert real_cloud.connected[0][0].endswith(".aliyuncs.com")


def test_what_is_let_through_is_said_before_anything_is_sent(
    real_cloud: RealCloud, start: Start, said: list[str], tmp_path: Path
) -> None:
    before: list[list[str]] = []

    def say(line: str) -> None:
        said.append(line)
        before.append(real_cloud.actions())

    file = tmp_path / "live.yaml"
    with start(file, say=say):
        pass

    assert said == [
        f"LIVE: this is the real cloud, account {ACCOUNT}, region cn-hangzhou",
        "let through: calls of ecs, sts and vpc in cn-hangzhou that change nothing",
        "let through: changes of i-mine, of any kind: restarts, stops, releases, events on them",
        "refused: everything else",
        f"recording to {file}",
    ]
    assert before == [[]] * 5


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ({"account": None}, "--account is missing"),
        ({"region": ""}, "--region is missing"),
        ({"instances": []}, "--instance is missing"),
        ({"account": "", "instances": None}, "--account and --instance are missing"),
    ],
)
def test_all_that_makes_it_deliberate_is_needed(
    start: Start, said: list[str], missing: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidInput, match=f"--live: the real cloud needs .*{text}"):
        start(**missing).__enter__()
    assert said == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"account": "my-account"}, "--account: 'my-account' is not a valid account id"),
        ({"region": "evil.com/"}, "region: 'evil.com/' is not a valid region"),
        ({"instances": ["i mine"]}, "--instance: 'i mine' is not a valid instance id"),
        ({"instances": ["i-mine", "i-gone"]}, f"--instance: account {ACCOUNT} has no i-gone"),
        ({"way_out": None}, "--live: SIMEVENTS_ENDPOINT is set"),
    ],
)
def test_what_is_wrong_is_refused_before_a_program_runs(
    start: Start, wrong: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidInput, match=text):
        start(**wrong).__enter__()


def test_another_account_than_the_one_named_is_refused(real_cloud: RealCloud, start: Start) -> None:
    real_cloud.control.post("account", id="1234567890123456")
    with pytest.raises(WrongAccount, match=f"{ACCOUNT}, but the credentials are those of 1234"):
        start().__enter__()


CREATE = {
    "Action": "CreateSimulatedSystemEvents",
    "EventType": "SystemMaintenance.Reboot",
    "NotBefore": "2099-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (call(Action="RebootInstance", InstanceId="i-others"), "RebootInstance changes i-others"),
        (
            call(**CREATE, **{"InstanceId.1": "i-mine", "InstanceId.2": "i-others"}),
            "CreateSimulatedSystemEvents changes i-others, which was not named",
        ),
        (call(Action="CreateSecurityGroup"), "CreateSecurityGroup is a change that names no inst"),
        (
            call("https://vpc.aliyuncs.com", Action="CreateVpc", Version="2016-04-28"),
            "CreateVpc is a change that names no instance",
        ),
        (
            call(Action="AttachDisk", InstanceId="i-mine", DiskId="d-1"),
            "simevents does not know AttachDisk of ecs.cn-hangzhou.aliyuncs.com, so it counts as",
        ),
        (
            call(**CREATE, **{"InstanceId.1": "i-mine"}, TriggerRealOps="true"),
            "TriggerRealOps=true really stops",
        ),
        (
            call(Action="JoinSecurityGroup", InstanceId="i-mine", NetworkInterfaceId="eni-1"),
            "JoinSecurityGroup by NetworkInterfaceId changes what was not named",
        ),
        (
            call(Action="TagResources", ResourceType="disk", **{"ResourceId.1": "i-mine"}),
            "TagResources is a change that names no instance",
        ),
        (
            call(Action="RebootInstance", InstanceId="i-mine", instanceid="i-others"),
            "it has instanceid more than once",
        ),
        (call(Action="StopInstance", InstanceId="i-mine", Other="x"), "has a parameter Other"),
        (
            call(Action="RebootInstance", InstanceId="i-mine", RegionId="cn-beijing"),
            "RebootInstance is for another region than cn-hangzhou",
        ),
        (
            call("https://ecs.cn-beijing.aliyuncs.com", Action="DescribeInstances"),
            "ecs.cn-beijing.aliyuncs.com is no host of ecs, sts or vpc in cn-hangzhou",
        ),
        (curl("https://oss-cn-hangzhou.aliyuncs.com/bucket"), "oss-cn-hangzhou.aliyuncs.com is no"),
        (curl("http://100.100.100.200/latest/meta-data/instance-id"), "100.100.100.200 is no host"),
        (curl("https://ecs.cn-hangzhou.aliyuncs.com:8443/"), "8443 is no host"),
        (
            curl(
                f"{ECS}/?Action=DescribeInstances&Version=2014-05-26", "-d", "Action=StopInstance"
            ),
            "it has Action more than once",
        ),
        (
            curl(
                f"{ECS}/?Action=DescribeInstances&Version=2014-05-26",
                *("-H", "x-acs-action: StopInstance"),
            ),
            "it has Action more than once",
        ),
        (
            curl(
                f"{ECS}/?Action=DescribeInstances&Version=2014-05-26",
                *("-d", '{"Action": "StopInstance"}', "-H", "Content-Type: application/json"),
            ),
            "its body is no form",
        ),
        (
            curl(
                f"{ECS}/?Action=DescribeInstances&Version=2014-05-26",
                "-H",
                "Host: evil.aliyuncs.com",
            ),
            "evil.aliyuncs.com is no host",
        ),
        (
            curl(f"{ECS}/?Action=DescribeInstances&Action%5B%5D=StopInstance&Version=2014-05-26"),
            "is no name of a parameter",
        ),
        (
            curl(
                f"{ECS}/?Action=DescribeInstances&Version=2014-05-26",
                *("-d", "Action=StopInstance", "-H"),
                "Content-Type: multipart/form-data; x=application/x-www-form-urlencoded",
            ),
            "its body is no form",
        ),
        (curl(f"{ECS}/path?Action=DescribeInstances"), "GET at this path is no call"),
        (curl(f"{ECS}/?Action=DescribeInstances", "-X", "PUT"), "PUT at this path is no call"),
    ],
)
def test_everything_else_stays_here(
    real_cloud: RealCloud, start: Start, tmp_path: Path, command: list[str], why: str
) -> None:
    with start() as served:
        before = real_cloud.actions()
        ended = run(served, tmp_path, command)
        assert served.has_failed
        assert [why in line for line in served.report()] == [True]

    assert why in ended.stdout
    assert "NotLetThrough" in ended.stdout
    assert (real_cloud.connected, real_cloud.actions()) == (
        [],
        [*before, "DescribeInstanceHistoryEvents"],
    )


def test_other_hosts_are_refused(real_cloud: RealCloud, start: Start, tmp_path: Path) -> None:
    with start() as served:
        assert run(served, tmp_path, curl("https://example.com/")).returncode == 56
        assert "example.com:443 refused by simevents run --live" in served.report()[0]
    assert real_cloud.connected == []


def test_reads_are_let_through_at_the_central_hosts_too(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    with start() as served:
        seen = run(served, tmp_path, call("https://ecs.aliyuncs.com", Action="DescribeInstances"))
        sts = call("https://sts.aliyuncs.com", Action="GetCallerIdentity", Version="2015-04-01")
        whose = run(served, tmp_path, sts)

    assert "i-others" in seen.stdout
    assert ACCOUNT in whose.stdout
    assert real_cloud.connected == [("ecs.aliyuncs.com", 443), ("sts.aliyuncs.com", 443)]


def test_events_may_be_cancelled_on_named_instances_only(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    mine, others = real_cloud.event_on("i-mine"), real_cloud.event_on("i-others")
    cancel = "CancelSimulatedSystemEvents"
    with start() as served:
        run(served, tmp_path, call(Action=cancel, **{"EventId.1": mine}))
        assert not served.has_failed
        run(served, tmp_path, call(Action=cancel, **{"EventId.1": others}))
        run(served, tmp_path, call(Action=cancel, **{"EventId.1": "e-gone"}))
        report = served.report()

    assert "a change of an event changes i-others, which was not named" in report[0]
    assert "the instance of event e-gone is not known" in report[1]
    assert real_cloud.connected == [("ecs.cn-hangzhou.aliyuncs.com", 443)]


def test_events_that_are_left_open_are_named(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    real_cloud.event_on("i-mine")
    with start() as served:
        run(
            served,
            tmp_path,
            call(**CREATE | {"EventType": "SystemMaintenance.Stop"}, **{"InstanceId.1": "i-mine"}),
        )
        (line,) = served.report()

    assert line.startswith("events are left open: e-")
    assert "simevents sweep" in line


def test_what_is_exchanged_is_recorded_and_replays(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "cassettes" / "live.yaml"
    with start(file) as served:
        first = run_python(served, tmp_path, OLDER)
        run(served, tmp_path, call(Action="RebootInstance", InstanceId="i-others"))
        assert not file.exists()
    assert_no_keys(file)
    text = file.read_text()
    assert ("program" in text, "i-others" in text) == (False, False)
    with replayed(file, say=print) as again:
        second = run_python(again, tmp_path, OLDER)
    assert second.stdout == first.stdout
    with pytest.raises(InvalidInput, match=r"live\.yaml exists; add --rewrite"):
        start(file).__enter__()


def test_a_run_that_is_ended_is_recorded(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "live.yaml"
    running = start(file)
    served = running.__enter__()
    run_python(served, tmp_path, OLDER)
    assert not running.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert "Action=RebootInstance" in file.read_text()


def test_a_cloud_that_cannot_be_reached_is_an_error_of_the_api(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    with start() as served:
        # Nobody listens at the cloud's address any more.
        real_cloud.server.url = "http://127.0.0.1:1"
        ended = run(served, tmp_path, call(Action="DescribeInstances"))

    assert "NoAnswerFromCloud" in ended.stdout
    assert "cannot be reached (ConnectError). Nothing was sent." in ended.stdout


def test_a_cloud_with_another_certificate_is_not_trusted(
    real_cloud: RealCloud, start: Start, tmp_path: Path
) -> None:
    way_out = WayOut(ssl.create_default_context(), _Backend(real_cloud))
    with start(way_out=way_out) as served:
        ended = run(served, tmp_path, call(Action="DescribeInstances"))

    assert "cannot be reached (ConnectError)" in ended.stdout
