"""Cassettes as a user records and replays them: pytest inside pytest, with either SDK family."""

from pathlib import Path

import pytest

# pytester removes modules that are imported during a run. The C part of yaml then fails, and a
# second `redirect` takes the patches of the first for its own.
import simevents.testing.in_process
import simevents.testing.recording.cassettes  # noqa: F401
from simevents.testing.key_shapes import assert_no_keys, found_in

pytestmark = pytest.mark.slow

HANDLER = """
import asyncio, json
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest as History,
)

def older():
    request = History()
    request.set_InstanceEventCycleStatuss(["Scheduled", "Avoided"])
    body = AcsClient("LTAIsomebodysown", "secret", "cn-hangzhou").do_action_with_exception(request)
    found = json.loads(body)["InstanceSystemEventSet"]["InstanceSystemEventType"]
    return [event["EventCycleStatus"]["Name"] for event in found]

def config():
    keys = {"access_key_id": "LTAIsomebodysown", "access_key_secret": "secret"}
    return Config(region_id="cn-hangzhou", **keys)

def asked():
    statuses = ["Scheduled", "Avoided"]
    return models.DescribeInstanceHistoryEventsRequest(
        region_id="cn-hangzhou", instance_event_cycle_status=statuses
    )

def names(answer):
    found = answer.body.instance_system_event_set.instance_system_event_type
    return [event.event_cycle_status.name for event in found]

def newer():
    return names(Client(config()).describe_instance_history_events(asked()))

def newer_async():
    return names(asyncio.run(Client(config()).describe_instance_history_events_async(asked())))

def account():
    config_ = config()
    config_.endpoint = "sts.aliyuncs.com"
    return Sts(config_).get_caller_identity().body.account_id
"""

# Recording needs a backend; a replay has only the cassette.
TEST = """
import os, pytest
import handler

@pytest.fixture
def backend(request):
    return request.getfixturevalue("ecs_fake") if "RECORDING" in os.environ else None

@pytest.mark.ecs_cassette
@pytest.mark.parametrize("look", ["older", "newer", "newer_async"])
def test_it(backend, ecs_cassette, look):
    if backend:
        instance = backend.add_instance("i-web")
        backend.schedule("SystemMaintenance.Reboot", instance)
    seen = getattr(handler, look)()
    if backend:
        backend.happen("SystemMaintenance.Reboot", instance, status="Avoided")
    seen += getattr(handler, look)()
    assert sorted(seen) == ["Avoided", "Scheduled", "Scheduled"]
    assert handler.account().startswith("1000000000")
    print("NOW", ecs_cassette.isoformat())
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(handler=HANDLER, test_it=TEST)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    return pytester


@pytest.fixture
def recorded(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The project after its exchanges have been recorded."""
    monkeypatch.setenv("RECORDING", "yes")
    run(project, "--record-mode=once").assert_outcomes(passed=3)
    monkeypatch.delenv("RECORDING")
    return project


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest("-p", "no:cacheprovider", *options)


def cassettes(project: pytest.Pytester) -> list[Path]:
    return sorted((project.path / "cassettes" / "test_it").iterdir())


def test_a_poll_is_recorded_and_replayed_in_order(recorded: pytest.Pytester) -> None:
    assert [path.name for path in cassettes(recorded)] == [
        "test_it[newer].yaml",
        "test_it[newer_async].yaml",
        "test_it[older].yaml",
    ]
    result = run(recorded, "-s", "--block-network")

    result.assert_outcomes(passed=3)
    text = cassettes(recorded)[0].read_text()
    instant = text.partition("recorded_at: '")[2].partition("Z'")[0]
    result.stdout.fnmatch_lines([f"*NOW {instant}+00:00*"])


def test_no_secret_is_on_the_disk(recorded: pytest.Pytester) -> None:
    assert_no_keys(recorded.path / "cassettes")
    for path in cassettes(recorded):
        text = path.read_text()
        assert "1000000000000001" not in text
        assert "LTAI" not in text
        assert "Nonce" not in text


def test_an_unrecorded_request_is_reported_with_the_differences(recorded: pytest.Pytester) -> None:
    handler = recorded.path / "handler.py"
    handler.write_text(handler.read_text().replace('"Avoided"]', '"Canceled"]'))
    result = run(recorded)

    result.assert_outcomes(failed=3)
    nearest = "InstanceEventCycleStatus.2: 'Avoided' recorded, 'Canceled' asked"
    assert result.stdout.str().count(nearest) >= 3
    assert "SignatureNonce=" not in result.stdout.str()


def test_another_version_of_the_api_is_reported(recorded: pytest.Pytester) -> None:
    for path in cassettes(recorded):
        path.write_text(path.read_text().replace("Version=2014-05-26", "Version=2013-01-10"))
    result = run(recorded)

    result.assert_outcomes(failed=3)
    assert "Version: '2013-01-10' recorded, '2014-05-26' asked" in result.stdout.str()


def test_a_missing_cassette_is_reported(project: pytest.Pytester) -> None:
    result = run(project)

    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        ["E *InvalidInput: cassette: *test_it[[]older[]].yaml is not there or does not say *"]
    )


@pytest.mark.parametrize("damage", ["interactions: [", "interactions:\n- request: 1\n", "[1, 2]"])
def test_a_damaged_cassette_is_reported(recorded: pytest.Pytester, damage: str) -> None:
    for path in cassettes(recorded):
        path.write_text(damage)
    result = run(recorded)

    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        ["E *InvalidInput: cassette: *test_it[[]older[]].yaml is damaged (*--record-mode=rewrite"]
    )


@pytest.mark.parametrize(
    "call",
    [
        'requests.post("https://cs.aliyuncs.com/clusters", headers={"Authorization": "x"})',
        'requests.get("https://oss-cn-hangzhou.aliyuncs.com/bucket")',
        'httpx.get("https://oss-cn-hangzhou.aliyuncs.com/bucket")',
    ],
)
def test_replay_refuses_every_other_call(recorded: pytest.Pytester, call: str) -> None:
    recorded.makepyfile(
        test_it=f"""
import httpx, pytest, requests
from simevents.errors import Unrecorded

@pytest.mark.ecs_cassette
def test_it():
    with pytest.raises(Unrecorded, match="Page"):
        {call}
"""
    )
    run(recorded).assert_outcomes(passed=1)


def test_a_users_hook_does_not_replace_the_scrubbing(recorded: pytest.Pytester) -> None:
    own = "@pytest.mark.vcr(before_record_request=lambda request: request)"
    test = TEST.replace("@pytest.mark.ecs_cassette", f"@pytest.mark.ecs_cassette\n{own}")
    recorded.makepyfile(test_it=test)
    run(recorded).assert_outcomes(passed=3)


def test_a_replay_without_a_recording_names_the_file(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="def test_it(ecs): ecs.instances(1)")
    result = run(project, "--ecs-target=cassette")

    result.stdout.fnmatch_lines(["*test_it.yaml is not there; record it with --record-mode=once"])


def test_two_recordings_are_not_mixed(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="def test_it(ecs): ecs.instances(1)")
    run(project, "--record-mode=once").assert_outcomes(passed=1)
    run(project, "--record-mode=once").assert_outcomes(passed=1)
    run(project, "--ecs-target=cassette").assert_outcomes(passed=1)
    result = run(project, "--record-mode=all")

    assert "--record-mode=all would mix two recordings" in result.stdout.str()
    run(project, "--record-mode=rewrite").assert_outcomes(passed=1)


def test_the_fixture_without_the_marker_is_an_error(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="def test_it(ecs_cassette): pass")

    assert "needs the marker @pytest.mark.ecs_cassette" in run(project).stdout.str()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("uri: https://x/?AccessKeyId=abc&Action=b", "a parameter that signs"),
        ("LTAI5tAbCdEfGhIjKlMn", "an access key id"),
        ('{"SecurityToken": "CAIS8wF1q6Ft5B2y"}', "a secret"),
        ("authorization: ACS3-HMAC-SHA256 Credential=x", "an Authorization header"),
        ("acs:ram::1234567890123456:role/a", "an account id"),
        ("RoleArn=acs%3Aecs%3Acn-hangzhou%3A1234567890123456%3A", "an account id"),
    ],
)
def test_key_shapes_are_found(tmp_path: Path, text: str, what: str) -> None:
    (tmp_path / "a.yaml").write_text(f"interactions:\n{text}\n")

    assert f"{tmp_path / 'a.yaml'}:2: {what}" in list(found_in(tmp_path))
    with pytest.raises(AssertionError, match="These look like secrets"):
        assert_no_keys(tmp_path)


def test_a_check_of_a_missing_folder_is_an_error() -> None:
    with pytest.raises(AssertionError, match="does not exist, so nothing was checked"):
        assert_no_keys("no-such-folder")


def test_the_cassette_target_only_replays(project: pytest.Pytester) -> None:
    result = run(project, "--ecs-target=cassette", "--record-mode=once")

    assert "--ecs-target=cassette only replays" in result.stderr.str()


def test_a_recording_of_an_unknown_action_fails_and_says_how_to_allow_it(
    project: pytest.Pytester,
) -> None:
    test = """
@pytest.mark.ecs_cassette
def test_it(ecs_cassette, answering):
    asked = {"Action": "DescribeScalingGroups", "Version": "2014-08-28", "Secret": "hush"}
    assert httpx.post(answering, params=asked).json()["Groups"][0]["Id"] == "asg-1"
"""
    project.makeconftest(ANSWERING)
    project.makepyfile(test_it=f"import httpx, pytest\n{test}")
    result = run(project, "--record-mode=once")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*DescribeScalingGroups (API version 2014-08-28), an action that the allow list does *"]
    )
    assert not (project.path / "cassettes").exists()
    allow = ["DescribeScalingGroups.Id", "DescribeScalingGroups.Secret"]
    project.makepyfile(
        test_it="import httpx, pytest\n"
        + test.replace("ecs_cassette\ndef", f"ecs_cassette(allow={allow})\ndef")
    )
    run(project, "--record-mode=once").assert_outcomes(passed=1)
    text = cassettes(project)[0].read_text()

    assert 'string: \'{"Groups":[{"Id":"asg-1"}]}\'' in text
    assert "Secret=hush" in text
    run(project).assert_outcomes(passed=1)
    assert list(found_in(project.path / "cassettes", allow)) == []
    assert list(found_in(project.path / "cassettes")) != []


ANSWERING = """
import http.server, threading, pytest

class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = b'{"Groups":[{"Id":"asg-1","Name":"hush"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass

@pytest.fixture
def answering():
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()
"""


def test_the_configuration_and_the_marker_allow(project: pytest.Pytester) -> None:
    project.makeini(
        "[pytest]\necs_cassette_allow =\n    *.Colour\n    DescribeInstances.Password\n"
        "asyncio_default_fixture_loop_scope = function"
    )
    project.makepyfile(
        test_it="""
import pytest
from simevents.testing.markers import allowed_in_cassette

CONFIGURED = ["*.Colour", "DescribeInstances.Password"]

@pytest.mark.ecs_cassette(allow=["*.Size"])
def test_it(request):
    assert allowed_in_cassette(request.node) == [*CONFIGURED, "*.Size"]

def test_other(request):
    assert allowed_in_cassette(request.node) == CONFIGURED
"""
    )

    run(project).assert_outcomes(passed=2)


@pytest.mark.parametrize("entry", ["", "a b", "*", "http://", "x.", "Action=b"])
def test_a_wrong_entry_is_an_error(project: pytest.Pytester, entry: str) -> None:
    project.makepyfile(
        test_it=f"""
import pytest

@pytest.mark.ecs_cassette(allow=[{entry!r}])
def test_it(): pass
"""
    )

    assert f"ecs_cassette_allow: {entry!r} is not a valid entry; use" in run(project).stderr.str()


@pytest.mark.parametrize("argument", ['allow="*.Size"', "permit=[]"])
def test_another_argument_of_the_marker_is_an_error(
    project: pytest.Pytester, argument: str
) -> None:
    project.makepyfile(
        test_it=f"""
import pytest

@pytest.mark.ecs_cassette({argument})
def test_it(): pass
"""
    )

    assert "is not valid; use allow=" in run(project).stderr.str()


@pytest.mark.parametrize("options", [(), ("--record-mode=once",)])
def test_a_fake_beside_a_cassette_is_refused(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    project.makepyfile(
        test_it="""
import pytest

@pytest.mark.ecs_cassette
def test_it(ecs_fake): pass
"""
    )
    result = run(project, *options)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a test has the fixture ecs_fake or the marker ecs_cassette,*"])


def test_replay_without_the_fixture_refuses_other_ways_too(recorded: pytest.Pytester) -> None:
    recorded.makepyfile(
        test_it="""
import pytest, socket
from simevents.errors import OutsideFake

@pytest.mark.ecs_cassette
def test_it():
    with pytest.raises(OutsideFake):
        socket.gethostbyname("ecs.aliyuncs.com")
"""
    )
    run(recorded).assert_outcomes(passed=1)


def test_the_real_cloud_is_not_recorded_in_a_run_that_has_used_a_fake(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        test_it="""
import pytest
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest

def test_a(ecs_fake):
    pass

@pytest.mark.ecs_cassette
def test_b():
    client = AcsClient("own-key", "own-secret", "cn-hangzhou")
    client.do_action_with_exception(DescribeInstancesRequest())
"""
    )
    result = project.runpytest_subprocess("-p", "no:randomly", "--record-mode=once")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*Run what uses the real cloud, or records it, in a separate run*"]
    )
