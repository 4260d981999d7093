"""The vendor's clients of queues and of EventBridge, unchanged and with their real endpoints."""

import json
import sys
import threading
from typing import Any

import pytest
import requests
from alibabacloud_cms20190101 import models as cms
from alibabacloud_cms20190101.client import Client as Cms
from alibabacloud_eventbridge20200401 import models
from alibabacloud_eventbridge20200401.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from mns.account import Account
from mns.mns_exception import MNSClientNetworkException, MNSServerException

from simevents.testing import FakeCloud
from simevents.testing.network.vendor_calls import EVENT_BUS, MNS, signed_call
from tests.testing.delivery.calls import cancel

REBOOT = "SystemMaintenance.Reboot"
pytestmark = pytest.mark.usefixtures("closed_queue_clients")

ACCOUNT = "1000000000000001"
FUNCTION_ARN = f"acs:fc:cn-hangzhou:{ACCOUNT}:services/orders.LATEST/functions/drain"

CONSUMER = """
import json, sys
from mns.account import Account
queue = Account(sys.argv[1], "own-key", "own-secret").get_queue("alarms")
while True:
    message = queue.receive_message(5)
    name = json.loads(message.message_body)["name"]
    queue.delete_message(message.receipt_handle)
    if name.endswith(":Executed"):
        break
"""


@pytest.fixture
def instance(ecs_fake: FakeCloud) -> str:
    return ecs_fake.add_instance("i-web")


def endpoint(protocol: str, region: str = "cn-hangzhou") -> str:
    return f"{protocol}://{ACCOUNT}.mns.{region}.aliyuncs.com"


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_queues_client_in_this_process(
    ecs_fake: FakeCloud, instance: str, protocol: str
) -> None:
    ecs_fake.deliver_to(queue="alarms")
    ecs_fake.schedule(REBOOT, instance, "+2h")
    queue = Account(endpoint(protocol), "own-key", "own-secret").get_queue("alarms")

    message = queue.receive_message(5)
    body = json.loads(message.message_body)
    assert (body["name"], body["content"]["instanceId"]) == (
        f"Instance:{REBOOT}:Scheduled",
        "i-web",
    )
    queue.delete_message(message.receipt_handle)
    with pytest.raises(MNSServerException, match="Message not exist"):
        queue.receive_message(0)
    ecs_fake.expect(instance).event_delivered("Scheduled")


def test_a_client_from_before_the_test_reaches_the_fake(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(queue="alarms")
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert b"i-web" in EARLY.get_queue("alarms").peek_message().message_body


EARLY = Account(endpoint("https"), "own-key", "own-secret")


def test_a_poll_in_a_thread_is_woken(ecs_fake: FakeCloud, instance: str) -> None:
    bodies: list[bytes] = []
    ecs_fake.deliver_to(queue="alarms")
    queue = Account(endpoint("http"), "own-key", "own-secret").get_queue("alarms")
    polling = threading.Thread(target=lambda: bodies.append(queue.receive_message(30).message_body))
    polling.start()
    ecs_fake.schedule(REBOOT, instance, "+2h")
    polling.join(10)
    assert len(bodies) == 1


@pytest.mark.parametrize("protocol", ["http", "https"])
def test_the_queues_client_in_another_process(
    ecs_fake: FakeCloud, instance: str, protocol: str
) -> None:
    ecs_fake.deliver_to(queue="alarms")
    consumer = ecs_fake.popen([sys.executable, "-c", CONSUMER, endpoint(protocol)])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.clock.advance("3h")

    assert consumer.wait(timeout=60) == 0
    ecs_fake.expect(instance).event_delivered("Executed").event_delivered("Scheduled")


def test_a_queue_is_one_of_the_clouds_region(ecs_fake: FakeCloud) -> None:
    ecs_fake.region = "cn-beijing"
    ecs_fake.deliver_to(queue="alarms")
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    queue = Account(endpoint("http", "cn-beijing"), "own-key", "own-secret").get_queue("alarms")
    assert b"cn-beijing" in queue.receive_message(0).message_body


def test_a_queue_that_exists_keeps_its_messages(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(queue="alarms")
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.deliver_to(queue="alarms", via="eventbridge")
    ecs_fake.schedule(REBOOT, instance, "+3h")
    queue = Account(endpoint("http"), "own-key", "own-secret").get_queue("alarms")
    queue.set_encoding(False)
    bodies = [message.message_body for message in queue.batch_receive_message(16)]
    assert len(bodies) == 3
    # EventBridge's are not Base64.
    assert sum(body.startswith("{") for body in bodies) == 1


def test_a_client_that_outlived_its_redirect_reaches_nothing(
    ecs_fake: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simevents.testing.network.redirect._targets", [])
    with pytest.raises((MNSClientNetworkException, OSError)):
        Account(endpoint("http"), "own-key", "own-secret").get_queue("alarms").receive_message(0)
    ecs_fake.refused.clear()


def eventbridge() -> Client:
    return Client(Config("own-key", "own-secret", region_id="cn-hangzhou"))


def make_rule(pattern: dict[str, Any], target: dict[str, Any]) -> None:
    eventbridge().create_rule(
        models.CreateRuleRequest(
            event_bus_name="default",
            rule_name="maintenance",
            filter_pattern=json.dumps(pattern),
            event_targets=[models.CreateRuleRequestEventTargets(**target)],
        )
    )


def parameter(key: str, form: str, value: str) -> models.CreateRuleRequestEventTargetsParamList:
    return models.CreateRuleRequestEventTargetsParamList(resource_key=key, form=form, value=value)


def test_the_function_of_a_rule_is_served_in_the_test(ecs_fake: FakeCloud, instance: str) -> None:
    told: list[tuple[str, str, str]] = []

    def drain(event: bytes, context: Any) -> None:
        told.append((event.decode(), context.service.name, context.function.name))

    served = ecs_fake.serve_function("orders", "drain", drain)
    parameters = [
        parameter("serviceName", "CONSTANT", "orders"),
        parameter("functionName", "CONSTANT", "drain"),
        parameter("Body", "JSONPATH", "$.data.eventStatus"),
    ]
    make_rule(
        {"source": ["acs.ecs"], "data": {"eventStatus": ["Scheduled"]}},
        {
            "id": "1",
            "type": "acs.fc.function",
            "endpoint": FUNCTION_ARN,
            "param_list": parameters,
        },
    )
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert told == [("Scheduled", "orders", "drain")]
    ecs_fake.expect(instance).event_delivered("Scheduled", to=served)
    ecs_fake.expect(instance).event_delivered("Scheduled", to="orders/drain")
    ecs_fake.expect(instance).event_delivered("Scheduled", to="function orders/drain")
    assert "to function orders/drain -> returned" in ecs_fake.timeline()


def test_the_function_of_a_rule_of_cloudmonitor_is_served_in_the_test(
    ecs_fake: FakeCloud, instance: str
) -> None:
    told: list[str] = []

    def drain(event: bytes, context: Any) -> None:
        told.append(json.loads(event)["ruleName"])

    served = ecs_fake.serve_function("orders", "drain", drain)
    client = Cms(Config("own-key", "own-secret", region_id="cn-hangzhou"))
    name = f"Instance:{REBOOT}:Scheduled"
    client.put_event_rule(
        cms.PutEventRuleRequest(
            rule_name="maintenance",
            event_pattern=[cms.PutEventRuleRequestEventPattern(product="ECS", name_list=[name])],
        )
    )
    target = cms.PutEventRuleTargetsRequestFcParameters(
        id="1", region="cn-hangzhou", service_name="orders", function_name="drain"
    )
    client.put_event_rule_targets(
        cms.PutEventRuleTargetsRequest(rule_name="maintenance", fc_parameters=[target])
    )
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert told == ["maintenance"]
    ecs_fake.expect(instance).event_delivered("Scheduled", to=served)
    ecs_fake.expect(instance).event_delivered("Scheduled", to="maintenance")


def test_a_function_that_nobody_serves_is_told_in_the_error(
    ecs_fake: FakeCloud, instance: str
) -> None:
    make_rule(
        {"source": ["acs.ecs"]},
        {
            "id": "1",
            "type": "acs.fc.function",
            "endpoint": FUNCTION_ARN,
            "param_list": [
                parameter("serviceName", "CONSTANT", "orders"),
                parameter("functionName", "CONSTANT", "drain"),
                parameter("Body", "ORIGINAL", ""),
            ],
        },
    )
    ecs_fake.schedule(REBOOT, instance, "+2h")
    with pytest.raises(AssertionError, match="nobody serves the function orders/drain"):
        ecs_fake.expect(instance).event_delivered("Scheduled")


def test_both_generations_reach_eventbridge(ecs_fake: FakeCloud) -> None:
    request = CommonRequest(
        "eventbridge-console.cn-hangzhou.aliyuncs.com", "2020-04-01", "ListEventBuses"
    )
    older = json.loads(
        AcsClient("own-key", "own-secret", "cn-hangzhou").do_action_with_exception(request)
    )
    newer = eventbridge().list_event_buses(models.ListEventBusesRequest()).body
    assert [bus["EventBusName"] for bus in older["Data"]["EventBuses"]] == ["default"]
    assert [bus.event_bus_name for bus in newer.data.event_buses] == ["default"]


def test_an_event_of_the_worker_is_cancelled_by_a_client(
    ecs_fake: FakeCloud, instance: str
) -> None:
    ecs_fake.deliver_to(queue="alarms", names=[f"Instance:{REBOOT}:Canceled"])
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")
    cancel(event.event_id)
    queue = Account(endpoint("http"), "own-key", "own-secret").get_queue("alarms")
    assert event.event_id.encode() in queue.receive_message(5).message_body


def test_the_certificate_of_eventbridge_is_that_of_the_fake(ecs_fake: FakeCloud) -> None:
    host = "https://cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com"
    answer = requests.get(f"{host}/x509_public_certificate_2021012501.pem", timeout=10)
    assert answer.text.startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    ("path", "query", "headers", "body", "expected"),
    [
        ("/queues/q/messages", "", {"x-mns-version": "1"}, b"", ("GET /queues/q/messages", MNS)),
        ("/", "", {"Authorization": "MNS id:sig"}, b"", ("GET /", MNS)),
        (
            "/openapi/putEvents",
            "",
            {"X-EventBridge-Version": "2015-06-06"},
            b"",
            ("GET /openapi/putEvents", EVENT_BUS),
        ),
        ("/elsewhere", "", {"x-eventbridge-version": "2015-06-06"}, b"", ("", "")),
        (
            "/",
            "",
            {"x-acs-action": b"PutEventRule", "x-acs-version": "v"},
            b"",
            ("PutEventRule", "v"),
        ),
        ("/", "Action=A&Version=v&Signature=s", {}, None, ("A", "v")),
        ("/", "Signature=s", {}, "Action=A&Version=v", ("A", "v")),
        ("/", "Action=A&Version=v", {}, b"", ("", "")),
        ("/", "", {"Authorization": "Bearer x"}, b"{}", ("", "")),
    ],
)
def test_what_is_a_call_of_the_vendor(
    path: str, query: str, headers: Any, body: Any, expected: tuple[str, str]
) -> None:
    assert signed_call("get", path, query, headers, body) == expected
