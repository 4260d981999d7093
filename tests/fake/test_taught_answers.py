"""Answers that a test teaches the fake, over its control routes and in a file."""

import base64
import hmac
import json
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from simevents.fake.control.client import BadControlRequest
from simevents.fake.server import FakeServer
from tests.conftest import Cloud
from tests.fake.requests import signed
from tests.fake.test_proxy import raw, refusals

ESS = "2014-08-28"


@pytest.fixture
def taught(cloud: Cloud) -> Cloud:
    """A cloud that knows one answer of another product."""
    cloud.post("answers", call="DetachInstances", members={"ScalingActivityId": "asa-1"})
    return cloud


def rpc(cloud: Cloud, action: str = "DetachInstances", **parameters: str) -> httpx.Response:
    sent = signed("POST", Action=action, Version=ESS, **parameters)
    return httpx.post(cloud.url, data=sent)


def by_path(
    cloud: Cloud,
    method: str = "POST",
    path: str = "/clusters/c1/nodes",
    secret: str = "testsecret",
    body: object = None,
    **query: str,
) -> dict[str, Any]:
    """A call of the vendor's SDK by a path, with its older signature."""
    request = CommonRequest(version="2015-12-15", uri_pattern=path)
    request.set_domain(urlsplit(cloud.url).netloc)
    request.set_method(method)
    for name, value in query.items():
        request.add_query_param(name, value)
    if body is not None:
        request.set_content_type("application/json")
        request.set_content(json.dumps(body).encode())
    client = AcsClient("testid", secret, "cn-hangzhou")
    answer = json.loads(client.do_action_with_exception(request))
    assert isinstance(answer, dict)
    return answer


def through_proxy(cloud: Cloud, url: str) -> int:
    """The status of the answer to a GET of *url*, which is sent to the fake as a proxy."""
    host = urlsplit(url).netloc
    head = f"GET {url} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return int(raw(cloud, head.encode()).split()[1])


def test_an_unknown_action_gets_its_answer(taught: Cloud) -> None:
    answer = rpc(taught, InstanceId="i-web")

    request_id = answer.json()["RequestId"]
    assert answer.json() == {"ScalingActivityId": "asa-1", "RequestId": request_id}
    (entry,) = taught.get("calls")
    del entry["at"]
    assert entry == {
        "action": "DetachInstances",
        "parameters": {"InstanceId": "i-web"},
        "status": 200,
        "code": "",
        "request_id": request_id,
        "unexpected": False,
        "results": None,
        "problem": "",
        "is_read": False,
        "carried_out": True,
        "answered": True,
        "taught": True,
    }


def test_an_answer_is_xml_where_the_call_asks_for_it(cloud: Cloud) -> None:
    members = {"RequestId": "r-1", "Groups": {"Group": [{"Id": "a"}, {"Id": "b"}]}}
    cloud.post("answers", call="DescribeGroups", members=members)

    assert rpc(cloud, "DescribeGroups", Format="XML").text == (
        '<?xml version="1.0" encoding="UTF-8"?><DescribeGroupsResponse><RequestId>r-1</RequestId>'
        "<Groups><Group><Id>a</Id></Group><Group><Id>b</Id></Group></Groups>"
        "</DescribeGroupsResponse>"
    )
    (entry,) = cloud.get("calls")
    assert (entry["is_read"], entry["results"], entry["request_id"]) == (True, 2, "r-1")


def test_an_action_of_ecs_that_is_not_covered_can_be_taught(cloud: Cloud) -> None:
    cloud.post("answers", call="DescribeAutoSnapshotPolicyEx", members={"TotalCount": 0})
    answer = httpx.post(
        cloud.url, data=signed("POST", Action="DescribeAutoSnapshotPolicyEx", Version="2014-05-26")
    )

    assert answer.json()["TotalCount"] == 0


def test_a_wrong_signature_is_refused(taught: Cloud) -> None:
    sent = signed("POST", secret="other", Action="DetachInstances", Version=ESS)
    answer = httpx.post(taught.url, data=sent)

    assert (answer.status_code, answer.json()["Code"]) == (400, "SignatureDoesNotMatch")
    (entry,) = taught.get("calls")
    assert (entry["code"], entry["carried_out"]) == ("SignatureDoesNotMatch", False)


@pytest.mark.parametrize(
    ("error", "status", "code", "message"),
    [
        (["NoGroup", "There is {no} group.", 404], 404, "NoGroup", "There is {no} group."),
        ("Throttling", 400, "Throttling", "Request was denied due to request throttling."),
        ("NoGroup", 400, "NoGroup", "The request was refused by an answer of the test."),
    ],
)
def test_an_error_can_be_taught(
    cloud: Cloud, error: object, status: int, code: str, message: str
) -> None:
    cloud.post("answers", call="DetachInstances", error=error)
    answer = rpc(cloud)

    assert answer.status_code == status
    assert (answer.json()["Code"], answer.json()["Message"]) == (code, message)
    (entry,) = cloud.get("calls")
    assert (entry["code"], entry["carried_out"], entry["unexpected"]) == (code, False, False)


def test_the_newest_answer_wins_until_it_is_used_up() -> None:
    with FakeServer() as server, Cloud(server.url) as cloud:
        cloud.post("answers", call="DetachInstances", members={"Which": "old"}, times=1)
        cloud.post("answers", call="DetachInstances", members={"Which": "new"}, times=2)

        assert [rpc(cloud).json().get("Which") for _ in range(4)] == ["new", "new", "old", None]
        assert [entry["unexpected"] for entry in cloud.get("calls")] == [False] * 3 + [True]
        assert [entry["answered"] for entry in cloud.get("answers")] == [2, 1]


def test_a_call_that_is_refused_does_not_use_an_answer_up(cloud: Cloud) -> None:
    cloud.post("answers", call="DetachInstances", times=1)
    httpx.post(cloud.url, data=signed("POST", "other", Action="DetachInstances", Version=ESS))

    assert rpc(cloud).status_code == 200


@pytest.mark.parametrize(
    ("product", "host", "is_answered"),
    [
        ("Ess", "ess.aliyuncs.com", True),
        ("ess", "ess.cn-hangzhou.aliyuncs.com", True),
        ("Ess", "ess-vpc.cn-hangzhou.aliyuncs.com", True),
        ("Log", "project.cn-hangzhou.log.aliyuncs.com", True),
        ("Slb", "ess.aliyuncs.com", False),
        ("Es", "ess.aliyuncs.com", False),
    ],
)
def test_a_product_narrows_an_answer(
    cloud: Cloud, product: str, host: str, is_answered: bool
) -> None:
    cloud.post("answers", call="DetachInstances", product=product)
    query = httpx.QueryParams(signed("GET", Action="DetachInstances", Version=ESS))

    assert through_proxy(cloud, f"http://{host}/?{query}") == (200 if is_answered else 403)
    assert len(refusals(cloud)) == (0 if is_answered else 1)


def test_an_action_that_the_fake_has_can_be_taught_for_another_product(cloud: Cloud) -> None:
    cloud.post("answers", call="DescribeRegions", product="Slb", members={"Regions": {}})
    of_slb = httpx.post(
        cloud.url, data=signed("POST", Action="DescribeRegions", Version="2014-05-15")
    )
    of_ecs = httpx.post(
        cloud.url, data=signed("POST", Action="DescribeRegions", Version="2014-05-26")
    )

    assert (of_slb.json()["Regions"], bool(of_ecs.json()["Regions"])) == ({}, True)


def test_a_call_by_its_path(cloud: Cloud) -> None:
    cloud.post("answers", call="POST /clusters/c1/nodes", members={"task_id": "t-1"})
    answer = by_path(cloud, body={"nodes": ["i-web"], "count": 3}, Dry="a b/+")

    assert answer["task_id"] == "t-1"
    (entry,) = cloud.get("calls")
    assert (entry["action"], entry["parameters"], entry["taught"]) == (
        "POST /clusters/c1/nodes",
        {"RegionId": "cn-hangzhou", "Dry": "a b/+", "nodes": '["i-web"]', "count": "3"},
        True,
    )


def test_a_call_by_the_shortest_path_is_none_by_an_action(cloud: Cloud) -> None:
    cloud.post("answers", call="GET /", members={"projects": []})
    by_action = httpx.get(
        cloud.url, params=signed("GET", Action="DescribeRegions", Version="2014-05-26")
    )
    of_logs = httpx.get(cloud.url, headers={"Authorization": "LOG testid:x"})

    assert "Regions" in by_action.json()
    assert of_logs.json()["projects"] == []


def test_a_wrong_signature_of_a_call_by_its_path_is_refused(cloud: Cloud) -> None:
    cloud.post("answers", call="POST /clusters/c1/nodes")
    with pytest.raises(ServerException) as refused:
        by_path(cloud, secret="other")

    assert refused.value.get_http_status() == 400
    assert cloud.get("calls")[0]["code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Authorization": "acs testid"}, "MissingSignature"),
        ({"Date": ""}, "MissingDate"),
        ({"Date": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"Date": "Mon, 01 Jan 0001 00:00:00 -0000"}, "InvalidTimeStamp.Expired"),
        ({"Date": "Sun, 31 Jan 2027 09:30:00 GMT"}, "InvalidTimeStamp.Expired"),
        ({"Authorization": "acs nobody:x"}, "InvalidAccessKeyId.NotFound"),
        ({"x-acs-signature-method": "HMAC-MD5"}, "IncompleteSignature"),
        ({"x-acs-security-token": "other"}, "InvalidSecurityToken.MismatchWithAccessKey"),
        ({}, "SignatureDoesNotMatch"),
    ],
)
def test_what_is_wrong_with_the_older_signature_of_a_path(
    cloud: Cloud, headers: dict[str, str], code: str
) -> None:
    cloud.post("answers", call="GET /clusters")
    right = {"Authorization": "acs testid:x", "Date": formatdate(usegmt=True)}
    answer = httpx.get(f"{cloud.url}/clusters", headers=right | headers)

    assert answer.json()["Code"] == code


def test_a_nonce_of_a_call_by_its_path_is_used_once(cloud: Cloud) -> None:
    cloud.post("answers", call="GET /clusters")
    date = formatdate(usegmt=True)
    text = f"GET\n*/*\n\n\n{date}\nx-acs-signature-nonce:n-{date}\n/clusters?a&b=1"
    mac = base64.b64encode(hmac.digest(b"testsecret", text.encode(), "sha1")).decode()
    headers = {
        "Accept": "*/*",
        "Authorization": f"acs testid:{mac}",
        "Date": date,
        "x-acs-signature-nonce": f"n-{date}",
    }
    answers = [httpx.get(f"{cloud.url}/clusters?b=1&a=", headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()["Code"] == "SignatureNonceUsed"


def test_a_call_by_a_path_needs_that_method_and_path() -> None:
    with FakeServer() as server, Cloud(server.url) as cloud:
        cloud.post("answers", call="POST /clusters/c1/nodes")
        for method, path in (("GET", "/clusters/c1/nodes"), ("POST", "/clusters/c2/nodes")):
            with pytest.raises(ServerException):
                by_path(cloud, method, path)

        assert [entry["taught"] for entry in cloud.get("calls")] == [False, False]


def test_a_page_of_another_host_is_not_answered_by_a_path(cloud: Cloud) -> None:
    cloud.post("answers", call="GET /status")

    assert through_proxy(cloud, "http://stats.example.com/status") == 403
    assert through_proxy(cloud, "http://project.cn-hangzhou.log.aliyuncs.com/status") == 200


def test_secrets_are_not_in_the_journal(cloud: Cloud) -> None:
    cloud.post("answers", call="DetachInstances")
    cloud.post("answers", call="POST /clusters/c1/nodes")
    hidden = {"Password": "hidden", "Server": [{"login_password": "hidden", "Id": "i-web"}]}
    rpc(cloud, DbPassword="hidden", Owner="1234567890123456", Servers=json.dumps(hidden))
    by_path(cloud, body=hidden | {"Name": "LTAI5tHidden1234"})

    rpc_entry, path_entry = cloud.get("calls")
    assert rpc_entry["parameters"] == {
        "DbPassword": "scrubbed",
        "Owner": "1000000000000000",
        "Servers": json.dumps(
            {"Password": "scrubbed", "Server": [{"login_password": "scrubbed", "Id": "i-web"}]}
        ),
    }
    assert path_entry["parameters"] == {
        "RegionId": "cn-hangzhou",
        "Password": "scrubbed",
        "Server": '[{"login_password": "scrubbed", "Id": "i-web"}]',
        "Name": "scrubbed",
    }


def test_answers_are_listed_and_cleared(taught: Cloud) -> None:
    taught.post("answers", call="GET /x", product="cs", error=["A", "b", 403], times=2)

    assert taught.get("answers") == [
        {
            "call": "GET /x",
            "product": "cs",
            "members": {},
            "error": ["A", "b", 403],
            "times": 2,
            "answered": 0,
        },
        {
            "call": "DetachInstances",
            "product": None,
            "members": {"ScalingActivityId": "asa-1"},
            "error": None,
            "times": None,
            "answered": 0,
        },
    ]
    assert taught.delete("answers") == []


def test_a_reset_forgets_answers_but_those_of_the_start(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text('[{"call": "DetachInstances", "times": 1}]')
    from simevents.fake.control import answer_bodies

    with FakeServer(answers=answer_bodies.read_file(file)) as server, Cloud(server.url) as cloud:
        cloud.post("answers", call="AttachInstances")
        rpc(cloud)
        cloud.post("reset")

        assert [(e["call"], e["answered"]) for e in cloud.get("answers")] == [
            ("DetachInstances", 0)
        ]


NO_CALL = '"call" must be an action such as DetachInstances, or a method and a path such as '
OWN = '"call" must be one that the fake does not answer itself, not '
NO_ERROR = '"error" must be an error code, or code, message and HTTP status (400 to 599), such as '
BAD: list[tuple[dict[str, Any], str]] = [
    ({}, '"call" must be given, as a text of 1 to 2000 characters; it is missing'),
    ({"call": "POST clusters"}, f"{NO_CALL}POST /clusters/c1/nodes, not 'POST clusters'"),
    ({"call": "POST clusters"}, f"{NO_CALL}POST /clusters/c1/nodes, not 'POST clusters'"),
    ({"call": "rebootinstance"}, f"{OWN}'rebootinstance'; for an action of this name in another"),
    ({"call": "RebootInstance", "product": "Ecs"}, f"{OWN}'RebootInstance'; for an action of "),
    ({"call": "X", "times": 0}, '"times" must be a whole number from 1 to 1000000000, not 0'),
    ({"call": "X", "members": []}, '"members" must be an object with the members of the answer, '),
    ({"call": "X", "members": {"RequestId": 1}}, '"members" must be an object of JSON: RequestId'),
    ({"call": "X", "error": ["A", "b"]}, NO_ERROR),
    ({"call": "X", "error": ["A", "b", 200]}, NO_ERROR),
    ({"call": "X", "error": "A", "members": {"B": 1}}, '"members" and "error" exclude each other'),
    ({"call": "X", "product": "a.b"}, '"product" must be a product or the first part of its host'),
    ({"call": "X", "tmes": 1}, 'unknown field "tmes"; known are call, error, members, product, '),
]


@pytest.mark.parametrize(("given", "text"), BAD)
def test_a_bad_answer_is_refused_with_its_field(
    cloud: Cloud, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(BadControlRequest) as refused:
        cloud.post("answers", **given)

    assert str(refused.value).startswith(text)
    assert cloud.get("answers") == []


def fake(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "simevents", "fake", "--port", "0", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('[{"call": "A"}, {"call": "B", "times": -1}]', 'entry 2: "times" must be a whole number '),
        ('[{"call": "A"}, "B"]', "entry 2 must be an object"),
        ('{"call": "A"}', 'must have a list, such as [{"call": "DetachInstances"}]'),
        ("[", "is not JSON: "),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_bad_file_of_answers_is_refused(tmp_path: Path, content: str | None, text: str) -> None:
    file = tmp_path / "answers.json"
    if content is not None:
        file.write_text(content)
    ended = fake("--answers", str(file))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"--answers: {file}" in ended.stderr.replace("\n", " ")
    assert text in ended.stderr


def test_the_command_serves_a_file_of_answers_also_when_it_is_detached(tmp_path: Path) -> None:
    file, data = tmp_path / "answers.json", str(tmp_path / "cloud.db")
    file.write_text('[{"call": "DetachInstances", "members": {"ScalingActivityId": "asa-1"}}]')
    started = fake("--answers", str(file), "--data", data, "--detach")
    try:
        with Cloud(started.stdout.strip()) as cloud:
            assert rpc(cloud).json()["ScalingActivityId"] == "asa-1"
    finally:
        fake("--stop", "--data", data)
