"""Events that programs put on a bus, and patterns that they try."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import REGION
from tests.fake.eventbridge.clients import BusClient
from tests.fake.eventbridge.inner_bus import InnerBus
from tests.fake.eventbridge.test_buses import data
from tests.fake.eventbridge.test_matching import HOOK

ORDER = {
    "Id": "1",
    "Source": "shop.orders",
    "Type": "order:Created",
    "Subject": "order/7",
    "Time": "2026-01-01T08:00:00+08:00",
    "DataContentType": "application/json",
    "DataSchema": "http://127.0.0.1/schema",
    "Data": {"amount": 3},
}


def put(*events: Any, bus_name: str = "orders") -> tuple[Any, list[Any]]:
    """The answer, and the deliveries by the rule that matches all events with an amount."""
    bus = InnerBus()
    bus.call("CreateEventBus", EventBusName="orders")
    bus.rule({"data": {"amount": [{"exists": True}]}}, HOOK, bus="orders")
    answered = bus.call("PutEvents", EventBusName=bus_name, EventList=list(events))
    return answered, bus.deliveries()


def test_an_event_goes_to_the_targets_of_the_rules_of_its_bus() -> None:
    answered, (delivery,) = put(ORDER)

    assert answered["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in answered["EntryList"]] == ["1"]
    assert (delivery.notice_id, delivery.name, delivery.region) == ("1", "order:Created", REGION)
    assert (delivery.instance_id, delivery.event_id, delivery.status) == ("", "", "")
    assert delivery.lane == "eventbridge/orders/rule/hook"
    assert delivery.body.decode() == json.dumps(
        {
            "id": "1",
            "source": "shop.orders",
            "specversion": "1.0",
            "type": "order:Created",
            "subject": "order/7",
            "time": "2026-01-01T08:00:00+08:00",
            "datacontenttype": "application/json",
            "dataschema": "http://127.0.0.1/schema",
            "aliyunaccountid": "1000000000000001",
            "aliyunpublishtime": "2026-01-01T00:00:00Z",
            "aliyuneventbusname": "orders",
            "aliyunregionid": REGION,
            "aliyunpublishaddr": "172.25.0.1",
            "data": {"amount": 3},
        },
        separators=(",", ":"),
    )


def test_an_event_on_another_bus_is_not_matched() -> None:
    answered, deliveries = put(ORDER, bus_name="default")

    assert (answered["FailedEntryCount"], deliveries) == (0, [])


def test_attributes_that_are_not_given_have_their_defaults() -> None:
    _, (delivery,) = put({"Id": "1", "Source": "a", "Type": "b", "Data": {"amount": 1}})
    event = json.loads(delivery.body)

    assert (event["specversion"], event["time"], event["datacontenttype"]) == (
        "1.0",
        "2026-01-01T08:00:00+08:00",
        "application/json;charset=utf-8",
    )
    assert "subject" not in event


def test_data_in_a_text_or_in_base64_is_the_json_that_it_describes() -> None:
    text = json.dumps({"amount": 3})
    in_base64 = {
        "id": "2",
        "source": "a",
        "type": "b",
        "datacontenttype": "application/json; charset=utf-8",
        "data_base64": base64.b64encode(text.encode()).decode(),
    }
    _, deliveries = put(ORDER | {"Data": text}, in_base64)

    assert [json.loads(delivery.body)["data"] for delivery in deliveries] == [{"amount": 3}] * 2


def test_data_of_another_type_stays_a_text() -> None:
    bus = InnerBus()
    bus.rule({"source": ["shop.orders"]}, HOOK)
    plain = ORDER | {"DataContentType": "text/plain", "Data": '{"amount": 3}'}
    bus.call("PutEvents", EventBusName="default", EventList=[plain, ORDER | {"Data": "{"}])

    assert [json.loads(each.body)["data"] for each in bus.deliveries()] == ['{"amount": 3}', "{"]


def test_own_attributes_of_an_event_are_kept_and_those_of_the_bus_are_its_own() -> None:
    _, (delivery,) = put(ORDER | {"tenant": "t1", "aliyunaccountid": "7"})
    event = json.loads(delivery.body)

    assert (event["tenant"], event["aliyunaccountid"]) == ("t1", "1000000000000001")


@pytest.mark.parametrize(
    ("event", "id", "reason"),
    [
        ("x", "", "an event must be an object"),
        ({"Source": "a", "Type": "b"}, "", "the attribute id is mandatory"),
        ({"Id": "2", "Type": "b"}, "2", "the attribute source is mandatory"),
        ({"Id": "2", "Source": "a", "Type": ""}, "2", "the attribute type is mandatory"),
        (ORDER | {"Subject": ["a"]}, "1", "the attribute subject must be a text"),
        (ORDER | {"Type": "x" * 2_000}, "1", "the attribute type has more than 1024 characters"),
        (ORDER | {"data_base64": "?"}, "1", "the attribute data_base64 must be Base64 of a text"),
    ],
)
def test_an_event_that_is_not_valid_is_named_and_the_others_are_taken(
    event: Any, id: str, reason: str
) -> None:
    answered, deliveries = put(event, ORDER | {"Id": "good"})
    refused, taken = answered["EntryList"]

    assert answered["FailedEntryCount"] == 1
    assert refused == {
        "EventId": id,
        "ErrorCode": "JsonAttributeInvalid",
        "ErrorMessage": f"The Json attribute [EventList] is invalid: {reason}",
    }
    assert taken["EventId"] == "good"
    assert [delivery.notice_id for delivery in deliveries] == ["good"]


def test_the_sdk_puts_events(bus: BusClient) -> None:
    answered = data(bus("PutEvents", EventBusName="default", EventList=[ORDER]))
    (entry,) = answered["EntryList"]

    assert answered["FailedEntryCount"] == 0
    assert entry.keys() == {"EventId", "TraceId"}


def test_a_put_without_a_bus_or_to_none_is_refused(call: Callable[..., dict[str, Any]]) -> None:
    nowhere = call("PutEvents", EventBusName="x", EventList=[ORDER])
    unnamed = call("PutEvents", EventList=[ORDER])
    several = call(
        "PutEvents",
        EventList=[ORDER | {"aliyuneventbusname": name} for name in ("default", "other")],
    )

    assert [(answer["status"], answer["Code"]) for answer in (nowhere, unnamed, several)] == [
        (200, "EventBusNotExist"),
        (400, "MissingParameter"),
        (200, "PutEventsRequestMoreThanOneEventBus"),
    ]


EVENT = json.dumps({"id": "1", "source": "acs.ecs", "type": "x", "data": {"count": 5}})


@pytest.mark.parametrize(
    ("pattern", "result"),
    [
        ('{"source":["acs.ecs"],"data":{"count":[{"numeric":[">",4]}]}}', True),
        ('{"source":["acs.oss"]}', False),
        ('{"data":{"count":[5.0]}}', False),
    ],
)
def test_a_pattern_can_be_tried(sdk: BusClient, pattern: str, result: bool) -> None:
    answer = sdk("TestEventPattern", Event=EVENT, EventPattern=pattern)

    assert data(answer) == {"Result": result}


@pytest.mark.parametrize(
    ("event", "pattern", "code"),
    [
        ("{", "{}", "JsonAttributeInvalid"),
        ("[]", "{}", "JsonAttributeInvalid"),
        ("[" * 300_000, "{}", "JsonAttributeInvalid"),
        (EVENT, '{"source":"x"}', "EventRuleFilterPatternSchemaError"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    call: Callable[..., dict[str, Any]], event: str, pattern: str, code: str
) -> None:
    answer = call("TestEventPattern", Event=event, EventPattern=pattern)

    assert (answer["status"], answer["Code"]) == (200, code)
