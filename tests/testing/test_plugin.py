"""The plugin as pytest runs it: pytest inside pytest."""

import pytest

HANDLER = """
import json
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstanceHistoryEventsRequest import (
    DescribeInstanceHistoryEventsRequest,
)
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest

def handle(restart=True):
    client = AcsClient("key", "secret", "cn-hangzhou")
    asked = DescribeInstanceHistoryEventsRequest()
    asked.set_InstanceEventCycleStatuss(["Scheduled"])
    answer = json.loads(client.do_action_with_exception(asked))
    for event in answer["InstanceSystemEventSet"]["InstanceSystemEventType"]:
        if restart:
            request = RebootInstanceRequest()
            request.set_InstanceId(event["InstanceId"])
            client.do_action_with_exception(request)
"""

TEN_LINES = """
from handler import handle

def test_restarts_early(ecs_fake):
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    handle({argument})
    ecs_fake.clock.advance("2h")
    ecs_fake.expect(instance).rebooted().event_avoided()
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a handler; each test adds its test file."""
    pytester.makepyfile(handler=HANDLER)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    return pytester


def run(project: pytest.Pytester, test: str, *options: str) -> pytest.RunResult:
    project.makepyfile(test_it=test)
    return project.runpytest("-p", "no:cacheprovider", *options)


def test_the_ten_line_test_passes(project: pytest.Pytester) -> None:
    run(project, TEN_LINES.format(argument="")).assert_outcomes(passed=1)


def test_a_broken_handler_fails_with_an_explanation(project: pytest.Pytester) -> None:
    result = run(project, TEN_LINES.format(argument="restart=False"))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">   *ecs_fake.expect(instance).rebooted().event_avoided()",
            "E   *AssertionError: i-* was not rebooted.",
            "E   *What happened, in the cloud's time:",
            "E   *cloud    SystemMaintenance.Reboot e-* on i-* in cn-hangzhou: Scheduled, due *Z",
            "E   *handler  DescribeInstanceHistoryEvents in cn-hangzhou *.1=Scheduled* -> 1 result",
            "E   *cloud    SystemMaintenance.Reboot e-* on i-*: Executed",
            "test_it.py:8: AssertionError",
        ]
    )


@pytest.mark.slow
def test_with_xdist(project: pytest.Pytester) -> None:
    test = TEN_LINES.format(argument="").replace(
        "def test_restarts_early(ecs_fake):",
        "import pytest\n@pytest.mark.parametrize('n', range(12))\n"
        "def test_restarts_early(ecs_fake, n):",
    )
    run(project, test, "-n", "2").assert_outcomes(passed=12)


def test_with_asyncio(project: pytest.Pytester) -> None:
    test = """
        import asyncio, pytest
        from alibabacloud_ecs20140526 import models
        from alibabacloud_ecs20140526.client import Client
        from alibabacloud_tea_openapi.utils_models import Config

        @pytest.mark.asyncio
        async def test_it(ecs_fake):
            (instance,) = ecs_fake.run_instances()
            ecs_fake.schedule("SystemMaintenance.Reboot", instance)

            async def handler():
                await asyncio.sleep(0.05)
                keys = {"access_key_id": "a", "access_key_secret": "b"}
                client = Client(Config(region_id="cn-hangzhou", **keys))
                request = models.RebootInstanceRequest(instance_id=instance)
                await client.reboot_instance_async(request)

            running = asyncio.create_task(handler())
            await asyncio.to_thread(ecs_fake.expect(instance).rebooted, "10s")
            await running
    """
    run(project, test).assert_outcomes(passed=1)


def test_each_test_has_a_fresh_cloud(project: pytest.Pytester) -> None:
    test = """
        import pytest

        @pytest.mark.parametrize("n", range(3))
        def test_it(ecs_fake, n):
            assert (ecs_fake.events, ecs_fake.calls) == ([], [])
            ecs_fake.schedule("SystemMaintenance.Reboot", ecs_fake.run_instances(2))
            ecs_fake.clock.advance("1d")
            ecs_fake.faults.add("*", error="Throttling")
    """
    run(project, test).assert_outcomes(passed=3)


def test_an_unknown_action_fails_at_teardown(project: pytest.Pytester) -> None:
    test = """
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkcore.request import CommonRequest

        def test_it(ecs_fake):
            request = CommonRequest("ecs.aliyuncs.com", "2014-05-26", "CreateSnapshot")
            try:
                AcsClient("key", "secret", "cn-hangzhou").do_action_with_exception(request)
            except Exception:
                pass
    """
    result = run(project, test)

    result.assert_outcomes(passed=1, errors=1)
    # Once, and without the error that it was made from.
    text = "The program under test called what the fake cloud does not know: CreateSnapshot ("
    assert result.stdout.str().count(text) == 1
    assert "During handling" not in result.stdout.str()
    assert (
        "This command prints what it covers: simevents fake --list-actions." in result.stdout.str()
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Colour", "DescribeDisks has no parameter Colour"),
        ("Filter.1.Key", "*does not cover the parameter Filter.N with any of DescribeDisks"),
    ],
)
def test_a_parameter_that_is_not_covered_fails_at_teardown(
    project: pytest.Pytester, name: str, problem: str
) -> None:
    """An unknown one is answered, as the real service does; a filter is refused."""
    test = f"""
        from aliyunsdkcore.acs_exception.exceptions import ServerException
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkcore.request import CommonRequest

        def test_it(ecs_fake):
            request = CommonRequest("ecs.aliyuncs.com", "2014-05-26", "DescribeDisks")
            request.add_query_param("{name}", "any")
            client = AcsClient("key", "secret", "cn-hangzhou")
            try:
                client.do_action_with_exception(request)
            except ServerException as refused:
                assert refused.get_error_code() == "UnsupportedParameter"
                assert "{name}" != "Colour"
            client.session.close()
    """
    result = run(project, test)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [f"The program under test called what the fake cloud does not know: {problem}. *"]
    )


@pytest.mark.parametrize(
    "handler",
    [
        'requests.get("https://oss-cn-hangzhou.aliyuncs.com/bucket")',
        'urllib.request.urlopen("https://ecs.aliyuncs.com/?Action=DescribeRegions")',
        'socket.create_connection(("100.100.100.200", 80), 1)',
        'AcsClient("k", "s", "cn-hangzhou").do_action_with_exception(BALANCERS)',
    ],
)
def test_the_real_cloud_is_refused_even_when_the_handler_catches_the_error(
    project: pytest.Pytester, handler: str
) -> None:
    test = f"""
import requests, socket, urllib.request
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

BALANCERS = CommonRequest("slb.aliyuncs.com", "2014-05-15", "DescribeLoadBalancers")

def test_it(ecs_fake):
    try:
        {handler}
    except Exception:
        pass
"""
    result = run(project, test)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["The program under test called * which the fake cloud does not*"])


def test_a_refused_call_says_why_in_the_handler(project: pytest.Pytester) -> None:
    test = """
        import requests

        def test_it(ecs_fake):
            requests.get("https://oss-cn-hangzhou.aliyuncs.com/bucket")
    """
    result = run(project, test)

    result.stdout.fnmatch_lines(
        [
            "E  *simevents.errors.OutsideFake: The program under test called a page of oss-cn-*",
            "Stopped on the way to the real cloud:",
            "  The program under test called a page of oss-cn-hangzhou.aliyuncs.com, which *",
        ]
    )
    assert "The handler has called nothing" not in result.stdout.str()


def test_a_handler_in_another_process(project: pytest.Pytester) -> None:
    project.makepyfile(
        late="""
        import os, sys, time
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest
        time.sleep(0.2)
        request = RebootInstanceRequest()
        request.set_endpoint(os.environ["SIMEVENTS_ENDPOINT"].removeprefix("http://"))
        request.set_protocol_type("http")
        request.set_InstanceId(sys.argv[1])
        keys = [os.environ[f"ALIBABA_CLOUD_ACCESS_KEY_{n}"] for n in ("ID", "SECRET")]
        AcsClient(*keys, os.environ["ALIBABA_CLOUD_REGION_ID"]).do_action_with_exception(request)
        """
    )
    test = """
        import os, subprocess, sys

        def test_it(ecs_fake):
            (instance,) = ecs_fake.run_instances()
            ecs_fake.schedule("SystemMaintenance.Reboot", instance)
            running = subprocess.Popen(
                [sys.executable, "late.py", instance], env=os.environ | ecs_fake.env
            )
            ecs_fake.expect(instance).rebooted(within="30s").event_avoided()
            assert running.wait() == 0
    """
    run(project, test).assert_outcomes(passed=1)


def test_a_missed_deadline_is_reported(project: pytest.Pytester) -> None:
    test = """
        def test_it(ecs_fake):
            ecs_fake.expect(ecs_fake.add_instance("i-web")).stopped(within="0.1s")
    """
    result = run(project, test)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E  *AssertionError: i-web was not stopped within 0.1 s.",
            "E  *The handler has called nothing: is it running, and does it reach this cloud?",
            "test_it.py:2: AssertionError",
        ]
    )


def test_a_failed_assertion_shows_the_timeline(project: pytest.Pytester) -> None:
    test = """
        def test_it(ecs_fake):
            ecs_fake.schedule("SystemFailure.Stop", ecs_fake.add_instance("i-web"))
            assert [] == ["drained"]
    """
    run(project, test).stdout.fnmatch_lines(
        ["*the fake cloud*", "What happened, in the cloud's time:", "*SystemFailure.Stop e-*"]
    )


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("'cn-beijing'", "takes its arguments by name: region, frozen, redirect, switches"),
        ("regions='cn-beijing'", "has no argument 'regions'; it takes region, frozen,"),
        ("frozen='yes'", "'yes' is not a valid value of frozen; use True or False"),
        ("switches={'page_size': 1}", "page_size"),
        ("region='mars-1'", '"region" must be a region of Alibaba Cloud'),
    ],
)
def test_a_marker_with_wrong_arguments_is_refused(
    project: pytest.Pytester, marker: str, expected: str
) -> None:
    test = f"""
import pytest

@pytest.mark.ecs_fake({marker})
def test_it(ecs_fake):
    ecs_fake.run_instances()
"""
    result = run(project, test)

    assert expected in result.stdout.str()
    assert result.parseoutcomes().get("passed") is None


def test_a_marker_with_valid_arguments_is_accepted(project: pytest.Pytester) -> None:
    test = """
        import pytest

        @pytest.mark.ecs_fake(region="cn-beijing", frozen=True, switches={"stop_avoids": True})
        def test_it(ecs_fake):
            assert ecs_fake.region == ecs_fake.env["ALIBABA_CLOUD_REGION_ID"] == "cn-beijing"
            assert ecs_fake.clock.advance("1h") == ecs_fake.clock.now
    """
    run(project, test).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'ecs_fake.schedule("Reboot", "i-web")',
            "InvalidInput: event_type: 'Reboot' is not a valid",
        ),
        ('ecs_fake.schedule(REBOOT, "i-no")', "InvalidInput: instances: there is no i-no in the"),
        ('ecs_fake.schedule(REBOOT, "i-web", "soon")', "InvalidInput: not_before: 'soon' is no"),
        ('ecs_fake.schedule(REBOOT, "i-web", "2018-09-01T00:00:00Z")', "has passed (it is"),
        ('ecs_fake.clock.advance("later")', 'InvalidInput: span: "advance" must be a duration'),
        (
            "ecs_fake.clock.advance(60)",
            "InvalidInput: span: 60 is not a valid duration; use a text",
        ),
        ('ecs_fake.expect("i-web").rebooted("x")', "InvalidInput: within: 'x' is not a valid"),
        (
            'ecs_fake.expect("i-web").event_is("Done")',
            "InvalidInput: status: 'Done' is not a valid",
        ),
        (
            'ecs_fake.add_instance("web")',
            "InvalidInput: instance_id: 'web' is not a valid instance",
        ),
        ('ecs_fake.faults.add("*", error="Boom")', 'InvalidInput: fault: "error" must be one of'),
    ],
)
def test_bad_input_is_reported_on_the_users_line(
    project: pytest.Pytester, line: str, expected: str
) -> None:
    test = f"""
REBOOT = "SystemMaintenance.Reboot"

def test_it(ecs_fake):
    ecs_fake.add_instance("i-web")
    {line}
"""
    result = run(project, test)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f">   *{line[:20].replace('[', '?')}*", "test_it.py:5: *"])
    assert expected in result.stdout.str()


def test_expect_with_a_list_and_without_instances(project: pytest.Pytester) -> None:
    test = """
        import pytest
        from handler import handle

        def test_it(ecs_fake):
            instances = ecs_fake.run_instances(2)
            ecs_fake.expect(instances).untouched()
            ecs_fake.expect().untouched()
            ecs_fake.schedule("SystemMaintenance.Reboot", instances)
            handle()
            ecs_fake.expect(instances).rebooted()
            for expectation in (ecs_fake.expect(instances), ecs_fake.expect()):
                with pytest.raises(AssertionError, match="not left untouched: RebootInstance"):
                    expectation.untouched()
            with pytest.raises(Exception, match="there is no i-nobody in the fake cloud"):
                ecs_fake.expect("i-nobody")
    """
    run(project, test).assert_outcomes(passed=1)


def test_a_users_vcr_marker_beside_the_fixture(project: pytest.Pytester) -> None:
    test = """
        import pytest
        from handler import handle

        @pytest.mark.vcr
        def test_it(ecs_fake):
            (instance,) = ecs_fake.run_instances()
    """
    run(project, test).assert_outcomes(passed=1)


def test_one_cloud_at_a_time(project: pytest.Pytester) -> None:
    test = """
        import pytest
        from simevents.testing import fake_cloud

        def test_it(ecs_fake):
            with pytest.raises(RuntimeError, match="led to a fake cloud already"):
                with fake_cloud():
                    pass
            with fake_cloud(redirect=False) as other:
                assert other.url != ecs_fake.url
    """
    run(project, test).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://ecs.aliyuncs.com/", {"passed": 1, "errors": 1}),
        ("http://100.100.100.200:81/latest/meta-data/", {"passed": 1, "errors": 1}),
        ("https://stats.example.com/", {"passed": 1}),
    ],
)
def test_another_process_ends_at_the_fake(
    project: pytest.Pytester, url: str, outcome: dict[str, int]
) -> None:
    test = f"""
import subprocess, sys

CODE = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"

def test_it(ecs_fake):
    done = subprocess.run([sys.executable, "-c", CODE, {url!r}], capture_output=True, text=True)
    assert "Nothing was sent" in done.stderr
"""
    result = run(project, test)

    result.assert_outcomes(**outcome)
    assert ("reached for the real cloud" in result.stdout.str()) == ("errors" in outcome)


@pytest.mark.parametrize(
    "host",
    [
        "ecs.aliyuncs.com",
        "100.100.100.200",
        "https://example.com",
        "",
        "com",
        ".com",
        "..com",
        "a..example",
        "a.example|b.example",
        "a.example,b.example",
    ],
)
def test_a_host_that_cannot_be_allowed_is_an_error(project: pytest.Pytester, host: str) -> None:
    test = f"""
import pytest

@pytest.mark.ecs_fake(allow_hosts=[{host!r}])
def test_it(ecs_fake):
    pass
"""
    result = run(project, test)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["@pytest.mark.ecs_fake, ecs_allow_hosts: allow_hosts: *"])


def test_hosts_are_allowed_in_the_configuration(project: pytest.Pytester) -> None:
    project.makeini(
        "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
        "ecs_allow_hosts = stats.example.com 192.0.2.7\n"
    )
    test = """
        import os

        def test_it(ecs_fake):
            assert ecs_fake.allowed_hosts.names == ("stats.example.com", "192.0.2.7")
            assert os.environ["NO_PROXY"].endswith("0.0.0.0,stats.example.com,192.0.2.7")
            assert ecs_fake.env["https_proxy"] == os.environ["HTTPS_PROXY"] == ecs_fake.url
    """
    run(project, test).assert_outcomes(passed=1)
