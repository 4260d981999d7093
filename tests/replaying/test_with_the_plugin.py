"""A cassette that another process recorded replays in a test, and the other way round."""

from pathlib import Path

import pytest

# pytester removes modules that are imported during a run; see tests/testing/test_recording.py.
import simevents.testing.in_process
import simevents.testing.recording.cassettes  # noqa: F401
from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from simevents.replaying.record import recorded
from simevents.replaying.replay import replayed
from tests.fake.requests import signed
from tests.replaying.programs import ECS, Led, curl, run, run_python

pytestmark = pytest.mark.slow

PROGRAM = """
import json
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest,
)

def statuses():
    request = DescribeInstanceHistoryEventsRequest()
    request.set_InstanceEventCycleStatuss(["Scheduled"])
    client = AcsClient("LTAIsomebodysown", "secret", "cn-hangzhou")
    found = json.loads(client.do_action_with_exception(request))["InstanceSystemEventSet"]
    return [event["EventCycleStatus"]["Name"] for event in found["InstanceSystemEventType"]]

if __name__ == "__main__":
    print(statuses())
"""

# Recording needs a backend; a replay has only the cassette.
TEST = """
import os, pytest
from program import statuses

@pytest.fixture
def backend(request):
    return request.getfixturevalue("ecs_fake") if "RECORDING" in os.environ else None

@pytest.mark.ecs_cassette
def test_it(backend, ecs_cassette):
    if backend:
        backend.schedule("SystemMaintenance.Reboot", backend.add_instance("i-web"))
    assert statuses() == ["Scheduled"]
    print("NOW", ecs_cassette.isoformat())
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(program=PROGRAM, test_it=TEST)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    return pytester


def cassette(project: pytest.Pytester) -> Path:
    return project.path / "cassettes" / "test_it" / "test_it.yaml"


def raw_client() -> list[str]:
    fields = signed(
        "POST",
        Action="DescribeInstanceHistoryEvents",
        RegionId="cn-hangzhou",
        Version="2014-05-26",
        **{"InstanceEventCycleStatus.1": "Scheduled"},
    )
    data = [word for pair in fields.items() for word in ("--data-urlencode", "=".join(pair))]
    return curl(f"{ECS}/", *data)


@pytest.mark.parametrize("is_raw", [True, False])
def test_a_cassette_of_another_process_replays_in_a_test(
    project: pytest.Pytester, is_raw: bool
) -> None:
    with (
        FakeServer(accept_any_key=True, instance_ids=["i-web"]) as server,
        Control(server.url, send=server.control) as control,
    ):
        control.post("clock", freeze=True)
        control.post("clock", set="2020-02-29T12:00:00Z")
        control.post(
            "events",
            instance_ids=["i-web"],
            event_type="SystemMaintenance.Reboot",
            not_before="2020-03-01T00:00:00Z",
        )
        led = Led(server.url, server.authority.certificate)
        with recorded(cassette(project), server, say=print):
            if is_raw:
                ended = run(led, project.path, raw_client())
            else:
                ended = run_python(led, project.path, project.path / "program.py")
    assert "Scheduled" in ended.stdout
    result = project.runpytest("-p", "no:cacheprovider", "-s", "--block-network")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*NOW 2020-02-29T12:00:00+00:00*"])


def test_a_cassette_of_a_test_replays_in_another_process(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDING", "yes")
    project.runpytest("-p", "no:cacheprovider", "--record-mode=once").assert_outcomes(passed=1)
    for command in (["python"], raw_client()):
        with replayed(cassette(project), say=print) as served:
            if command == ["python"]:
                ended = run_python(served, project.path, project.path / "program.py")
            else:
                ended = run(served, project.path, command)
        assert "Scheduled" in ended.stdout
        assert (served.report(), served.has_failed) == ([], False)
