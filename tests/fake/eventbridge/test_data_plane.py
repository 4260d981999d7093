"""EventBridge's data plane without a client: its signature, its errors, odd bodies."""

import base64
import hmac
import json
import os
import time
import uuid
from email.utils import formatdate
from random import Random
from typing import Any

import httpx
import pytest

from simevents.fake.protocol.api_errors import ApiError
from simevents.fake.protocol.signatures import Verifier
from simevents.fake.server import FakeServer
from simevents.fake.state.access_keys import AccessKey
from tests.conftest import Cloud

BATCH = "application/cloudevents-batch+json; charset=utf-8"
JSON = "application/json; charset=utf-8"
ORDER = {"id": "1", "source": "shop", "type": "Created", "aliyuneventbusname": "default"}

VECTOR_AT = 1767323045.0
VECTOR = {
    "authorization": "acs:testid:ccuRBNIGyn3asa8QiPVEWu+8ujg=",
    "content-type": BATCH,
    "date": formatdate(VECTOR_AT, usegmt=True),
    "x-acs-signature-method": "HMAC-SHA1",
    "x-acs-signature-nonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
    "x-acs-signature-version": "1.0",
    "x-eventbridge-version": "2015-06-06",
}


def headers(
    action: str, content_type: str = JSON, secret: str = "testsecret", **changed: str
) -> dict[str, str]:
    found = {
        "content-type": content_type,
        "date": formatdate(time.time(), usegmt=True),
        "x-acs-signature-method": "HMAC-SHA1",
        "x-acs-signature-nonce": str(uuid.uuid4()),
        "x-acs-signature-version": "1.0",
        "x-eventbridge-version": "2015-06-06",
    } | changed
    lines = ["POST", "", content_type, found["date"]]
    lines += [f"{name}:{found[name]}" for name in sorted(found) if name.startswith("x-acs")]
    text = "\n".join([*lines, f"/openapi/{action}"])
    mac = hmac.digest(secret.encode(), text.encode(), "sha1")
    return found | {"authorization": f"acs:testid:{base64.b64encode(mac).decode()}"}


def ask(cloud: Cloud, action: str, body: Any, **options: str) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    url = f"{cloud.url}/openapi/{action}"
    answer = httpx.post(url, content=content, headers=headers(action, **options))
    assert answer.headers["x-acs-request-id"] in answer.text
    members: dict[str, Any] = answer.json()
    return answer.status_code, members


def verify(given: dict[str, str]) -> AccessKey:
    keys = {"testid": AccessKey("testid", "testsecret")}
    return Verifier(keys.get).verify_roa(
        "POST",
        "/openapi/putEvents",
        {},
        given,
        VECTOR_AT,
        scheme="acs:",
        signed=("content-md5", "content-type", "date"),
    )


def test_a_known_signature_is_verified() -> None:
    assert verify(VECTOR).id == "testid"


@pytest.mark.parametrize("name", ["content-type", "x-acs-signature-nonce", "authorization"])
def test_a_changed_request_has_another_signature(name: str) -> None:
    with pytest.raises(ApiError) as raised:
        verify(VECTOR | {name: f"{VECTOR[name]}x"})

    assert raised.value.code == "SignatureDoesNotMatch"


def test_events_are_put_in_a_batch(cloud: Cloud) -> None:
    status, answer = ask(cloud, "putEvents", [ORDER, ORDER | {"id": "2"}], content_type=BATCH)

    assert status == 200
    assert answer["ResourceOwnerAccountId"] == "1000000000000001"
    assert answer["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in answer["EntryList"]] == ["1", "2"]
    (entry,) = cloud.get("calls")
    assert (entry["action"], entry["status"], entry["unexpected"]) == ("PutEvents", 200, False)


def test_numbers_of_a_batch_are_matched_as_they_were_written(cloud: Cloud) -> None:
    hook = {"Id": "hook", "Type": "http", "Endpoint": "http://127.0.0.1:9/"}
    rule = {"EventBusName": "default", "RuleName": "r", "Targets": [hook]}
    ask(cloud, "createRule", rule | {"FilterPattern": '{"data":{"n":[3e2]}}'})
    for number in ("300", "300.0", "3e2"):
        event = json.dumps(ORDER | {"id": number, "data": {"n": 7}}).replace("7", number)
        ask(cloud, "putEvents", f"[{event}]", content_type=BATCH)

    (delivery,) = cloud.get("deliveries")
    assert cloud.get(f"deliveries/{delivery['delivery_id']}")["body"].startswith('{"id":"3e2"')


@pytest.mark.parametrize(
    ("action", "body", "status", "code"),
    [
        ("getEventBus", {"EventBusName": "x"}, 409, "EventBusNotExist"),
        ("createEventBus", {"EventBusName": "a/b"}, 409, "EventBusNameInvalid"),
        ("getEventBus", {}, 400, "MissingParameter"),
        ("getEventBus", [], 409, "JsonAttributeInvalid"),
        ("getEventBus", "{", 409, "JsonAttributeInvalid"),
        ("getEventBus", b"\xff\xfe", 409, "JsonAttributeInvalid"),
        ("getEventBus", "[" * 500_000, 409, "JsonAttributeInvalid"),
        ("getEventBus", {f"n{n}": 1 for n in range(3_000)}, 400, "InvalidParameter"),
        ("createRule", {"EventBusName": "default", "RuleName": "r"}, 400, "MissingParameter"),
    ],
)
def test_an_error_has_a_status_and_members_in_lower_case(
    cloud: Cloud, action: str, body: Any, status: int, code: str
) -> None:
    answered, members = ask(cloud, action, body)

    assert (answered, members["code"]) == (status, code)
    assert members.keys() == {"code", "message", "requestId"}
    assert members["message"]


def test_a_call_without_a_good_signature_is_refused(cloud: Cloud) -> None:
    url = f"{cloud.url}/openapi/getEventBus"
    body = b'{"EventBusName":"default"}'
    signed = headers("getEventBus")
    given = [
        {},
        headers("getEventBus", secret="wrong"),
        headers("getEventBus", date=formatdate(time.time() - 3_600, usegmt=True)),
        signed | {"authorization": signed["authorization"].replace("testid", "nobody")},
        headers("deleteEventBus"),
    ]
    codes = [httpx.post(url, content=body, headers=each).json()["code"] for each in given]
    first = httpx.post(url, content=body, headers=signed).status_code
    again = httpx.post(url, content=body, headers=signed).json()["code"]

    assert codes == [
        "MissingAuthorization",
        "SignatureDoesNotMatch",
        "InvalidTimeStamp.Expired",
        "InvalidAccessKeyId.NotFound",
        "SignatureDoesNotMatch",
    ]
    assert (first, again) == (200, "SignatureNonceUsed")


def test_a_key_of_a_program_is_accepted_where_any_is() -> None:
    with FakeServer(accept_any_key=True) as server:
        behind = Cloud(server.url)
        signed = headers("getEventBus", secret="own-secret")
        signed["authorization"] = signed["authorization"].replace("testid", "LTAI5tOwnKeyOfProgram")
        answer = httpx.post(
            f"{server.url}/openapi/getEventBus",
            content=b'{"EventBusName":"default"}',
            headers=signed,
        )
        behind.close()

    assert answer.json()["EventBusName"] == "default"


def test_an_action_that_is_not_covered_is_marked(cloud: Cloud) -> None:
    status, members = ask(cloud, "queryEvents", {"EventBusName": "default"})
    (entry,) = cloud.get("calls?unexpected=1")
    # The fixture would fail the test too; the reset prevents this, because the call is intended.
    cloud.post("reset")

    assert (status, members["code"]) == (400, "UnsupportedOperation")
    assert (entry["action"], entry["code"]) == ("QueryEvents", "UnsupportedOperation")


def test_another_method_is_refused(cloud: Cloud) -> None:
    answer = httpx.get(f"{cloud.url}/openapi/getEventBus", headers=headers("getEventBus"))

    assert (answer.status_code, answer.json()["code"]) == (400, "UnsupportedHTTPMethod")


def test_the_certificate_of_pushed_requests_can_be_fetched(cloud: Cloud) -> None:
    path = "/x509_public_certificate_2021012501.pem"
    host = {"host": "cn-hangzhou-eventbridge.oss-accelerate.aliyuncs.com"}
    answer = httpx.get(cloud.url + path, headers=host)

    assert answer.status_code == 200
    assert answer.text.startswith("-----BEGIN CERTIFICATE-----\n")


SCALARS: list[Any] = [None, True, 0, -1, 1e300, "", "default", "x" * 5_000, "\x00", "{}", "[]"]
NAMES = [
    *("EventBusName", "RuleName", "FilterPattern", "EventTargets", "Targets", "TargetIds", "Event"),
    *("EventPattern", "EventList", "Limit", "NextToken", "Status", "Description", "ParamList"),
    *("Id", "Type", "Endpoint", "Form", "Value", "Template", "ResourceKey", "DeadLetterQueue"),
    *("Arn", "data", "source", "id", "type", "data_base64", "exists", "numeric", "anything-but"),
]
ACTIONS = [
    *("createEventBus", "getEventBus", "listEventBuses", "deleteEventBus", "createRule", "getRule"),
    *("listRules", "updateRule", "deleteRule", "enableRule", "disableRule", "createTargets"),
    *("deleteTargets", "listTargets", "putEvents", "testEventPattern", "updateEventBus", ""),
]


def value(random: Random, levels: int) -> Any:
    kind = random.random()
    if levels and kind < 0.3:
        return {random.choice(NAMES): value(random, levels - 1) for _ in range(random.randrange(5))}
    if levels and kind < 0.5:
        return [value(random, levels - 1) for _ in range(random.randrange(4))]
    if levels and kind < 0.6:
        return json.dumps(value(random, levels - 1))
    return random.choice(SCALARS)


def test_odd_bodies_are_answered(cloud: Cloud) -> None:
    random = Random(int(os.environ.get("FUZZ_SEED", "7")))
    statuses = set()
    for _ in range(int(os.environ.get("FUZZ_RUNS", "300"))):
        body = {random.choice(NAMES): value(random, 4) for _ in range(random.randrange(6))}
        body |= {"EventBusName": "default", "RuleName": "r"} if random.random() < 0.7 else {}
        content_type = BATCH if random.random() < 0.1 else JSON
        status, members = ask(cloud, random.choice(ACTIONS), body, content_type=content_type)
        statuses.add(status)
        assert status in (200, 400, 409), members
    cloud.post("reset")

    assert {200, 400, 409} == statuses
