"""The actions of Mns-open by both of the vendor's SDKs, on the queues of the data plane."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_mns_open20220119 import models
from alibabacloud_mns_open20220119.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from darabonba.exceptions import ResponseException

from tests.conftest import REGION, Cloud
from tests.fake.mns.data_plane import call, members_of, message
from tests.fake.requests import call as rpc

Ask = Callable[..., dict[str, Any]]

VERSION = "2022-01-19"
DONE = {
    "Code": 200,
    "Status": "Success",
    "Success": True,
    "Message": "operation success",
    "Data": {"Code": 200, "Message": "Success", "Success": True},
}
FRESH = {
    "QueueName": "q1",
    "QueueType": "normal",
    "VisibilityTimeout": 30,
    "MaximumMessageSize": 65_536,
    "MessageRetentionPeriod": 345_600,
    "DelaySeconds": 0,
    "PollingWaitSeconds": 0,
    "LoggingEnabled": False,
    "ActiveMessages": 0,
    "InactiveMessages": 0,
    "DelayMessages": 0,
    "DlqPolicy": {"Enabled": False},
    "Tags": [],
}


class Refused(Exception):
    pass


def newer(cloud: Cloud) -> Ask:
    client = Client(
        Config(
            access_key_id="testid",
            access_key_secret="testsecret",
            endpoint=cloud.url.removeprefix("http://"),
            protocol="http",
            region_id=REGION,
        )
    )

    def ask(action: str, **parameters: Any) -> dict[str, Any]:
        method = "".join(f"_{c.lower()}" if c.isupper() else c for c in action).strip("_")
        request = getattr(models, f"{action}Request")().from_map(parameters)
        try:
            body: dict[str, Any] = getattr(client, method)(request).body.to_map()
        except ResponseException as refused:
            raise Refused(f"{refused.status_code} {refused.code}") from None
        return body

    return ask


def older(cloud: Cloud) -> Ask:
    client = AcsClient("testid", "testsecret", REGION, auto_retry=False)

    def ask(action: str, **parameters: Any) -> dict[str, Any]:
        module = importlib.import_module(f"aliyunsdkmns_open.request.v20220119.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(cloud.url.removeprefix("http://"))
        request.set_protocol_type("http")
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        try:
            body: dict[str, Any] = json.loads(client.do_action_with_exception(request))
        except ServerException as refused:
            code, status = refused.get_error_code(), refused.get_http_status()
            raise Refused(f"{status} {code}") from None
        finally:
            client.session.close()
        return body

    return ask


@pytest.fixture(params=[newer, older])
def ask(request: pytest.FixtureRequest, cloud: Cloud) -> Ask:
    made: Ask = request.param(cloud)
    return made


def refusal(ask: Ask, action: str, **parameters: Any) -> str:
    with pytest.raises(Refused) as refused:
        ask(action, **parameters)
    return str(refused.value)


def without_id(body: dict[str, Any]) -> dict[str, Any]:
    assert body.pop("RequestId")
    return body


def test_a_queue_is_created_read_changed_and_deleted(cloud: Cloud, ask: Ask) -> None:
    made = [ask("CreateQueue", QueueName="q1"), ask("CreateQueue", QueueName="q1")]
    conflict = refusal(ask, "CreateQueue", QueueName="q1", DelaySeconds=5)
    fresh = ask("GetQueueAttributes", QueueName="q1")["Data"]
    changed = ask("SetQueueAttributes", QueueName="q1", DelaySeconds=5, EnableLogging=True)
    after = ask("GetQueueAttributes", QueueName="q1")["Data"]
    deleted = ask("DeleteQueue", QueueName="q1")
    times = {"CreateTime": fresh.pop("CreateTime"), "LastModifyTime": fresh.pop("LastModifyTime")}

    assert [without_id(body) for body in (*made, changed, deleted)] == [DONE] * 4
    assert fresh == FRESH
    assert times["CreateTime"] == times["LastModifyTime"] == after["CreateTime"]
    assert (after["DelaySeconds"], after["LoggingEnabled"]) == (5, True)
    assert conflict == "409 QueueAlreadyExist"
    for action in ("GetQueueAttributes", "SetQueueAttributes", "DeleteQueue"):
        assert refusal(ask, action, QueueName="q1") == "404 QueueNotExist"


def test_both_planes_have_the_same_queues(cloud: Cloud, ask: Ask) -> None:
    ask("CreateQueue", QueueName="by-api", VisibilityTimeout=77)
    call(cloud.url, "PUT", "/queues/by-path")
    call(cloud.url, "POST", "/queues/by-path/messages", message("a"))
    seen = members_of(call(cloud.url, "GET", "/queues/by-api").content)
    listed = ask("ListQueue", PageNum=1, PageSize=20)["Data"]

    assert seen["VisibilityTimeout"] == "77"
    assert [(q["QueueName"], q["ActiveMessages"]) for q in listed["PageData"]] == [
        ("by-api", 0),
        ("by-path", 1),
    ]


def test_queues_are_listed_by_page_and_by_a_part_of_their_names(cloud: Cloud, ask: Ask) -> None:
    for number in range(12):
        ask("CreateQueue", QueueName=f"queue-{number:02}")
    pages = [ask("ListQueue", PageNum=n, PageSize=size)["Data"] for n, size in ((1, 1), (2, 1))]
    part = ask("ListQueue", QueueName="e-1")["Data"]

    # A size below 10 counts as 10, as documented.
    assert [[page[name] for name in ("PageNum", "PageSize", "Pages", "Size", "Total")]
            for page in pages] == [[1, 10, 2, 10, 12], [2, 10, 2, 2, 12]]  # fmt: skip
    assert [queue["QueueName"] for queue in part["PageData"]] == ["queue-10", "queue-11"]


def test_dead_letters_and_tags(cloud: Cloud) -> None:
    ask = newer(cloud)
    policy = {"Enabled": True, "DeadLetterTargetQueue": "dead", "MaxReceiveCount": 2}
    ask("CreateQueue", QueueName="dead")
    ask("CreateQueue", QueueName="q1", DlqPolicy=policy, Tag=[{"Key": "team", "Value": "a"}])
    data = ask("GetQueueAttributes", QueueName="q1")["Data"]
    tagged = ask("ListQueue", Tag=[{"Key": "team", "Value": "a"}])["Data"]
    ask("SetQueueAttributes", QueueName="q1", DlqPolicy={"Enabled": False})
    after = ask("GetQueueAttributes", QueueName="q1")["Data"]

    # The vendor's model of the answer has the number as a text.
    assert data["DlqPolicy"] == policy | {"MaxReceiveCount": "2"}
    assert data["Tags"] == [{"TagKey": "team", "TagValue": "a"}]
    assert [queue["QueueName"] for queue in tagged["PageData"]] == ["q1"]
    assert (after["DlqPolicy"], after["Tags"]) == ({"Enabled": False}, data["Tags"])


def test_a_new_queue_has_no_tags_of_an_old_one_of_its_name(cloud: Cloud) -> None:
    ask = newer(cloud)
    ask("CreateQueue", QueueName="q1", Tag=[{"Key": "team", "Value": "a"}])
    ask("DeleteQueue", QueueName="q1")
    ask("CreateQueue", QueueName="q1")

    assert ask("GetQueueAttributes", QueueName="q1")["Data"]["Tags"] == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "MissingParameter"),
        ({"QueueName": "a_b"}, "InvalidQueueName"),
        ({"QueueName": "q", "VisibilityTimeout": "0"}, "InvalidArgument"),
        ({"QueueName": "q", "MaximumMessageSize": "many"}, "InvalidArgument"),
        ({"QueueName": "q", "EnableLogging": "maybe"}, "InvalidParameter"),
        ({"QueueName": "q", "QueueType": "stack"}, "InvalidParameter"),
        ({"QueueName": "q", "DlqPolicy": "{"}, "InvalidArgument"),
        ({"QueueName": "q", "DlqPolicy": "[]"}, "InvalidArgument"),
        ({"QueueName": "q", "DlqPolicy": '{"Enabled": 1}'}, "InvalidArgument"),
        ({"QueueName": "q", "DlqPolicy": '{"Enabled": true}'}, "InvalidArgument"),
        (
            {
                "QueueName": "q",
                "DlqPolicy": '{"Enabled": true, "DeadLetterTargetQueue": "d", '
                '"MaxReceiveCount": 0}',
            },
            "InvalidArgument",
        ),
    ],
)
def test_bad_attributes_are_refused(cloud: Cloud, parameters: dict[str, str], code: str) -> None:
    assert rpc(cloud, "CreateQueue", VERSION, **parameters)["Code"] == code
    assert rpc(cloud, "ListQueue", VERSION)["Data"]["Total"] == 0


def test_a_fifo_queue_is_refused_and_marked(cloud: Cloud) -> None:
    answer = rpc(cloud, "CreateQueue", VERSION, QueueName="q", QueueType="fifo")
    (marked,) = cloud.get("calls?unexpected=1")
    cloud.post("reset")

    assert answer["Code"] == "UnsupportedOperation"
    assert marked["action"] == "CreateQueue"


def test_a_region_has_queues_of_its_own(cloud: Cloud) -> None:
    for region in (REGION, "cn-beijing"):
        rpc(cloud, "CreateQueue", VERSION, RegionId=region, QueueName="q")
    totals = [
        rpc(cloud, "ListQueue", VERSION, RegionId=region)["Data"]["Total"]
        for region in (REGION, "cn-beijing", "cn-shanghai", "")
    ]

    assert totals == [1, 1, 0, 2]
