"""`ecs_fake.answer`: a handler calls other products beside ECS, here or in another process."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
import requests
from alibabacloud_tea_openapi import models as tea
from alibabacloud_tea_openapi.client import Client as TeaClient
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from darabonba.runtime import RuntimeOptions

from simevents.errors import InvalidInput, OutsideFake
from simevents.testing import FakeCloud, TaughtCall
from tests.testing.test_expectations import failure

ESS, CS = "2014-08-28", "2015-12-15"


def detach(domain: str = "ess.aliyuncs.com", **parameters: str) -> dict[str, Any]:
    """A handler takes an instance out of its scaling group."""
    request = CommonRequest(domain, ESS, "DetachInstances")
    request.set_protocol_type("https")
    for name, value in parameters.items():
        request.add_query_param(name.replace("_", "."), value)
    return sent(request)


def remove_nodes(path: str = "/clusters/c1/nodes", **body: object) -> dict[str, Any]:
    """A handler takes nodes out of a cluster, which is a call by its path."""
    request = CommonRequest("cs.cn-hangzhou.aliyuncs.com", CS, uri_pattern=path)
    request.set_method("POST")
    request.set_content_type("application/json")
    request.set_content(json.dumps(body).encode())
    return sent(request)


def sent(request: CommonRequest) -> dict[str, Any]:
    answer = json.loads(AcsClient("key", "secret", "cn-hangzhou").do_action_with_exception(request))
    assert isinstance(answer, dict)
    return answer


def tea_client(host: str) -> TeaClient:
    return TeaClient(tea.Config("key", "secret", region_id="cn-hangzhou", endpoint=host))


def tea_params(action: str, version: str, style: str, method: str, path: str) -> tea.Params:
    return tea.Params(
        action=action,
        version=version,
        protocol="HTTPS",
        pathname=path,
        method=method,
        auth_type="AK",
        style=style,
        req_body_type="json",
        body_type="json",
    )


def test_a_call_of_another_product_is_answered_and_can_be_expected(ecs_fake: FakeCloud) -> None:
    web, other = ecs_fake.run_instances(2)
    ecs_fake.answer("DetachInstances", {"ScalingActivityId": "asa-1"})
    answer = detach(ScalingGroupId="asg-1", InstanceId_1=web)

    assert answer["ScalingActivityId"] == "asa-1"
    (call,) = ecs_fake.calls
    assert (call.action, call.taught, call.unexpected) == ("DetachInstances", True, False)
    assert f"DetachInstances in cn-hangzhou ScalingGroupId=asg-1 InstanceId.1={web} -> done" in (
        ecs_fake.timeline()
    )
    ecs_fake.expect(web).called("DetachInstances", times=1, ScalingGroupId="asg-1")
    ecs_fake.expect().called("DetachInstances", times=1, InstanceId=web)
    ecs_fake.expect().called("DetachInstances", times=0, ScalingGroupId="asg-2")
    assert failure(lambda: ecs_fake.expect().called("DetachInstances", ScalingGroupId="asg-2")) == (
        "DetachInstances with ScalingGroupId=asg-2 was not called with success."
    )
    assert failure(lambda: ecs_fake.expect(other).called("DetachInstances")) == (
        f"{other} was not named in a successful DetachInstances."
    )
    assert failure(ecs_fake.expect(web).untouched) == (
        f"{web} was not left untouched: DetachInstances."
    )
    ecs_fake.expect(other).untouched()


def test_a_call_by_its_path_is_answered(ecs_fake: FakeCloud) -> None:
    (web,) = ecs_fake.run_instances()
    ecs_fake.answer("POST /clusters/c1/nodes", {"task_id": "t-1"})
    answer = remove_nodes(nodes=[web], release_node=True, count=1)

    assert answer["task_id"] == "t-1"
    expected = ecs_fake.expect(web)
    expected.called("POST /clusters/c1/nodes", nodes=[web], release_node=True, count=1)
    expected.called("POST /clusters/c1/nodes", nodes=f'["{web}"]', times=1)
    assert failure(lambda: expected.called("POST /clusters/c1/nodes", count=True)) == (
        f"{web} was not named in a successful POST /clusters/c1/nodes with count=True."
    )


@pytest.mark.parametrize("is_async", [False, True])
def test_the_newer_generation_of_the_sdk_is_answered(ecs_fake: FakeCloud, is_async: bool) -> None:
    ecs_fake.answer("DetachInstances", {"ScalingActivityId": "asa-1"}, product="Ess")
    ecs_fake.answer("POST /clusters/c%201/nodes", {"task_id": "t-1"}, product="cs")
    calls = [
        ("ess.aliyuncs.com", tea_params("DetachInstances", ESS, "RPC", "POST", "/"), "asa-1"),
        (
            "cs.cn-hangzhou.aliyuncs.com",
            tea_params("RemoveNodes", CS, "ROA", "POST", "/clusters/c%201/nodes"),
            "t-1",
        ),
    ]
    for host, params, expected in calls:
        client, request = tea_client(host), tea.OpenApiRequest(body={"nodes": ["i-web"]})
        if is_async:
            answer = asyncio.run(client.call_api_async(params, request, RuntimeOptions()))
        else:
            answer = client.call_api(params, request, RuntimeOptions())
        assert expected in answer["body"].values()

    assert [call.action for call in ecs_fake.calls] == [
        "DetachInstances",
        "POST /clusters/c%201/nodes",
    ]


def test_a_function_answers_from_what_was_asked(ecs_fake: FakeCloud) -> None:
    asked: list[TaughtCall] = []

    def members(call: TaughtCall) -> dict[str, Any]:
        asked.append(call)
        # The fake itself may be asked meanwhile.
        return {"At": str(ecs_fake.clock.now), "Group": call.parameters["ScalingGroupId"]}

    ecs_fake.answer("DetachInstances", members)
    ecs_fake.answer("POST /clusters/c1/nodes", lambda call: {"count": len(call.body["nodes"])})

    assert detach(ScalingGroupId="asg-1")["Group"] == "asg-1"
    assert remove_nodes(nodes=["i-a", "i-b"])["count"] == 2
    (call,) = asked
    assert (call.action, call.method, call.path, call.host, call.body) == (
        "DetachInstances",
        "GET",
        "/",
        "ess.aliyuncs.com",
        None,
    )
    assert dict(call.parameters) == {"RegionId": "cn-hangzhou", "ScalingGroupId": "asg-1"}
    with pytest.raises(TypeError):
        call.parameters["other"] = "x"  # type: ignore[index]


def test_a_function_that_fails_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from aliyunsdkcore.client import AcsClient
        from aliyunsdkcore.request import CommonRequest

        def answer(call):
            raise KeyError("no {such} group")

        def fails(call):
            pytest.fail("not in this order")

        FUNCTIONS = [answer, fails, lambda call: [1], lambda call: {"a": {1}}]

        @pytest.mark.parametrize("members", FUNCTIONS)
        def test_it(ecs_fake, members):
            ecs_fake.answer("DetachInstances", members)
            request = CommonRequest("ess.aliyuncs.com", "2014-08-28", "DetachInstances")
            client = AcsClient("key", "secret", "cn-hangzhou", auto_retry=False)
            try:
                client.do_action_with_exception(request)
            except Exception as error:
                print("handler got", error.get_http_status(), error.get_error_msg())
        """
    )
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest("-rP", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=4, errors=4)
    text = "The answer that the test has taught for DetachInstances failed:"
    result.stdout.fnmatch_lines_random(
        [
            f"{text} KeyError: 'no {{such}} group'.",
            f"{text} Failed: not in this order.",
            f"{text} TypeError: list is not a valid answer; use a dict of members.",
            f"{text} TypeError: Type is not JSON serializable: set.",
            f"handler got 500 {text} KeyError: 'no {{such}} group'.",
            f"handler got 500 {text} Failed: not in this order.",
        ]
    )


def test_an_error_is_answered_as_the_vendor_has_it(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("DetachInstances", error=("IncorrectGroup", "The group is busy.", 403))
    with pytest.raises(ServerException) as refused:
        detach()

    error = refused.value
    assert (error.get_error_code(), error.get_error_msg(), error.get_http_status()) == (
        "IncorrectGroup",
        "The group is busy.",
        403,
    )
    assert failure(lambda: ecs_fake.expect().called("DetachInstances")) == (
        "DetachInstances was not called with success."
    )


def test_an_answer_that_is_used_up_leaves_the_call_refused(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("DetachInstances", times=1)
    detach()
    with pytest.raises(OutsideFake, match="called DetachInstances"):
        detach()

    assert len(ecs_fake.refused) == 1
    ecs_fake.refused.clear()


def test_what_was_not_taught_stays_refused(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("DetachInstances", product="Slb")
    ecs_fake.answer("POST /clusters/c1/nodes")
    with pytest.raises(OutsideFake):
        detach()
    with pytest.raises(OutsideFake):
        remove_nodes("/clusters/c2/nodes")

    assert ecs_fake.calls == []
    ecs_fake.refused.clear()


def test_a_stub_of_the_tests_own_keeps_its_calls(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("DetachInstances")
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9/?Action=DetachInstances&Signature=x", timeout=5)

    assert ecs_fake.calls == []


def test_a_page_with_a_signature_of_its_own_is_answered(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("GET /logstores/app", {"shardCount": 2}, product="Log")
    answer = requests.get(
        "https://project.cn-hangzhou.log.aliyuncs.com/logstores/app",
        headers={"Authorization": "LOG key:signature"},
        timeout=5,
    )

    assert answer.json()["shardCount"] == 2


HANDLER = """
import json
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

client = AcsClient("testid", "testsecret", "cn-hangzhou")
rpc = CommonRequest("ess.aliyuncs.com", "2014-08-28", "DetachInstances")
rpc.add_query_param("InstanceId.1", "i-web")
roa = CommonRequest("cs.cn-hangzhou.aliyuncs.com", "2015-12-15", uri_pattern="/clusters/c1/nodes")
roa.set_method("POST")
roa.set_content_type("application/json")
roa.set_content(b'{"nodes": ["i-web"]}')
for request in (rpc, roa):
    print(json.loads(client.do_action_with_exception(request))["Which"])
"""


def test_a_handler_in_another_process_is_answered(ecs_fake: FakeCloud) -> None:
    web = ecs_fake.add_instance("i-web")
    ecs_fake.answer("DetachInstances", lambda call: {"Which": call.parameters["InstanceId.1"]})
    ecs_fake.answer("POST /clusters/c1/nodes", {"Which": "nodes"}, product="cs")
    handler = subprocess.run(
        [sys.executable, "-c", HANDLER],
        env=ecs_fake.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (handler.stdout, handler.stderr) == ("i-web\nnodes\n", "")
    expected = ecs_fake.expect(web).called("DetachInstances", InstanceId="i-web")
    expected.then().called("POST /clusters/c1/nodes", nodes=["i-web"])
    assert ecs_fake.proxy_refusals == []


def test_a_bad_answer_is_refused(ecs_fake: FakeCloud) -> None:
    with pytest.raises(InvalidInput, match=r'answer: "times" must be a whole number from 1'):
        ecs_fake.answer("DetachInstances", times=0)
    with pytest.raises(InvalidInput, match=r'answer: "members" must be an object'):
        ecs_fake.answer("DetachInstances", {"Members": {1}})
    with pytest.raises(InvalidInput, match="answer: a function and an error exclude each other"):
        ecs_fake.answer("DetachInstances", lambda call: {}, error="NoGroup")
    with pytest.raises(InvalidInput, match='answer: "call" must be one that the fake does not'):
        ecs_fake.answer("RebootInstance")


def test_a_reset_forgets_what_was_taught(ecs_fake: FakeCloud) -> None:
    ecs_fake.answer("DetachInstances")
    ecs_fake.reset()
    with pytest.raises(OutsideFake):
        detach()

    ecs_fake.refused.clear()
