"""From a rule that the vendor's SDK has made to the target, with retries and dead letters."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from mns.account import Account
from mns.queue import Queue, QueueMeta

from tests.conftest import Cloud
from tests.fake.delivery.receiver import Receiver, Reply
from tests.fake.eventbridge.clients import BusClient

SIGNED = ("timestamp", "hash-method", "version", "url", "token")
CERTIFICATE = "/x509_public_certificate_2021012501.pem"


def rule(bus: BusClient, url: str, pattern: str = "{}", **members: Any) -> None:
    target = {"Id": "hook", "Type": "http", "Endpoint": url, "ParamList": []} | members
    created = bus(
        "CreateRule",
        EventBusName="default",
        RuleName="r",
        FilterPattern=pattern,
        EventTargets=[target],
    )
    assert created["Code"] == "Success"


def schedule(cloud: Cloud) -> None:
    cloud.post(
        "events",
        instance_ids=cloud.instances(1),
        event_type="SystemMaintenance.Reboot",
        not_before="2099-01-01T00:00:00Z",
    )


def wait(cloud: Cloud) -> list[dict[str, Any]]:
    assert cloud.post("deliveries/wait", seconds=20)["is_quiet"]
    found: list[dict[str, Any]] = cloud.get("deliveries")
    return found


@contextmanager
def queue(cloud: Cloud, name: str) -> Iterator[Queue]:
    """A new queue, by the vendor's client; its messages are read as they are."""
    account = Account(cloud.url, "testid", "testsecret")
    found = account.get_queue(name)
    found.create(QueueMeta())
    found.set_encoding(False)
    yield found
    account.mns_client.close_connection()


def attempts(delivery: dict[str, Any]) -> list[tuple[str, int]]:
    return [(attempt["outcome"], attempt["http_status"]) for attempt in delivery["attempts"]]


def test_a_receiver_gets_the_event_and_can_verify_who_sent_it(cloud: Cloud, bus: BusClient) -> None:
    token = {"ResourceKey": "Token", "Form": "CONSTANT", "Value": "tok"}
    with Receiver() as receiver:
        url = f"{receiver.url}/hook?env=t"
        rule(bus, url, '{"data":{"eventStatus":["Scheduled"]}}', ParamList=[token])
        schedule(cloud)
        received = receiver.next()
        (delivery,) = wait(cloud)
    pem = httpx.get(cloud.url + CERTIFICATE).content
    key = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, RSAPublicKey)
    lines = [url]
    for name in SIGNED:
        header = (
            f"x-eventbridge-{name}" if name == "hash-method" else f"x-eventbridge-signature-{name}"
        )
        lines.append(f"{header}: {received.headers[header]}")
    signature = base64.b64decode(received.headers["x-eventbridge-signature-v2"])
    key.verify(signature, "\n".join(lines).encode() + b"\n" + received.body, PKCS1v15(), SHA256())

    assert (received.method, received.path) == ("POST", "/hook?env=t")
    assert received.headers["x-eventbridge-signature-token"] == "tok"
    assert received.json["type"] == "ecs:Instance:SystemMaintenance.Reboot"
    assert received.json["data"]["eventStatus"] == "Scheduled"
    assert (delivery["state"], attempts(delivery)) == ("delivered", [("delivered", 200)])


def test_a_failed_push_is_tried_again_three_times_and_then_buried(
    cloud: Cloud, bus: BusClient
) -> None:
    with queue(cloud, "dead") as dead, Receiver(lambda _: Reply(500)) as receiver:
        rule(
            bus,
            receiver.url,
            '{"data":{"eventStatus":["Scheduled"]}}',
            DeadLetterQueue={"Arn": "acs:mns:cn-hangzhou:1000000000000001:/queues/dead"},
            ParamList=[{"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.id"}],
        )
        schedule(cloud)
        for _ in range(4):
            wait(cloud)
            cloud.post("clock", advance="20s")
        (delivery,) = wait(cloud)
        event = json.loads(dead.receive_message().message_body)

    assert delivery["state"] == "failed"
    assert attempts(delivery) == [("failed", 500)] * 4
    (id,) = {each.body.decode() for each in receiver.received}
    assert (event["id"], event["source"]) == (id, "acs.ecs")


@pytest.mark.parametrize("address", ["http://192.0.2.1/hook", "https://example.com/hook"])
def test_a_target_on_another_machine_is_stored_and_never_called(
    cloud: Cloud, bus: BusClient, address: str
) -> None:
    rule(bus, address, '{"data":{"eventStatus":["Scheduled"]}}')
    schedule(cloud)
    (delivery,) = wait(cloud)

    assert (delivery["address"], delivery["state"]) == (address, "refused")


def test_nothing_is_told_before_there_is_a_rule_or_after_the_last(
    cloud: Cloud, bus: BusClient
) -> None:
    schedule(cloud)
    with Receiver() as receiver:
        rule(bus, receiver.url)
        bus("DeleteRule", EventBusName="default", RuleName="r")
        schedule(cloud)

    assert wait(cloud) == []


@pytest.mark.parametrize("is_encoded", ["false", "true", None])
def test_a_queue_gets_the_event_as_text_unless_the_target_wants_base64(
    cloud: Cloud, bus: BusClient, is_encoded: str | None
) -> None:
    listed = [{"ResourceKey": "IsBase64Encode", "Form": "CONSTANT", "Value": is_encoded}]
    with queue(cloud, "events") as events:
        rule(
            bus,
            "acs:mns:cn-hangzhou:1000000000000001:queues/events",
            '{"data":{"eventStatus":["Scheduled"]}}',
            Type="acs.mns.queue",
            ParamList=listed if is_encoded else [],
        )
        schedule(cloud)
        wait(cloud)
        body = events.receive_message().message_body
    text = base64.b64decode(body) if is_encoded == "true" else body

    assert json.loads(text)["type"] == "ecs:Instance:SystemMaintenance.Reboot"


def test_a_message_that_a_queue_refuses_holds_up_the_next_one_where_errors_are_not_tolerated(
    cloud: Cloud, bus: BusClient
) -> None:
    cloud.post("clock", freeze=True)
    body = {"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.data"}
    target: dict[str, Any] = {
        "Id": "queue",
        "Type": "acs.mns.queue",
        "Endpoint": "acs:mns:cn-hangzhou:1000000000000001:queues/small",
        "ErrorsTolerance": "NONE",
        "ParamList": [body],
    }
    with queue(cloud, "small"):
        rule(bus, "", **target)
        events = [
            {"Id": id, "Source": "mine", "Type": "t", "SpecVersion": "1.0", "Data": text}
            | {"DataContentType": "text/plain"}
            for id, text in (("1", "x" * 70_000), ("2", "small"))
        ]
        bus("PutEvents", EventBusName="default", EventList=events)
        assert [each["state"] for each in wait(cloud)] == ["retrying", "waiting"]
        for _ in range(3):
            cloud.post("clock", advance="20s")
            wait(cloud)
        assert [each["state"] for each in wait(cloud)] == ["failed", "delivered"]
