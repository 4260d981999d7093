"""Buses, with both SDKs."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.fake.eventbridge.clients import BusClient
from tests.fake.requests import call as call_product

ARN = "acs:eventbridge:cn-hangzhou:1000000000000001:eventbus/"


def data(answer: dict[str, Any]) -> Any:
    assert (answer["Code"], answer["Message"], answer["Success"]) == ("Success", "success", True)
    assert len(answer["RequestId"]) == 36
    return answer.get("Data")


def test_the_default_bus_always_exists(sdk: BusClient) -> None:
    assert data(sdk("GetEventBus", EventBusName="default")) == {
        "EventBusName": "default",
        "EventBusARN": f"{ARN}default",
        "Description": "",
        "CreateTimestamp": 0,
    }
    assert data(sdk("ListEventBuses"))["Total"] == 1


def test_a_bus_is_created_described_changed_and_deleted(sdk: BusClient, cloud: Cloud) -> None:
    cloud.post("clock", freeze=True)
    cloud.post("clock", set="2026-01-02T03:04:05Z")
    created = data(sdk("CreateEventBus", EventBusName="orders", Description="of the shop"))
    described = data(sdk("GetEventBus", EventBusName="orders"))
    data(sdk("UpdateEventBus", EventBusName="orders", Description="of all shops"))
    changed = data(sdk("GetEventBus", EventBusName="orders"))["Description"]
    data(sdk("DeleteEventBus", EventBusName="orders"))

    assert created == {"EventBusARN": f"{ARN}orders"}
    assert described == {
        "EventBusName": "orders",
        "EventBusARN": f"{ARN}orders",
        "Description": "of the shop",
        "CreateTimestamp": 1767323045000,
    }
    assert changed == "of all shops"
    assert sdk("GetEventBus", EventBusName="orders")["Code"] == "EventBusNotExist"


def test_the_default_bus_can_be_described_but_not_deleted(sdk: BusClient) -> None:
    data(sdk("UpdateEventBus", EventBusName="default", Description="all products"))
    refused = sdk("DeleteEventBus", EventBusName="default")

    assert data(sdk("GetEventBus", EventBusName="default"))["Description"] == "all products"
    assert (refused["Code"], refused["Success"]) == ("OperationDenied", False)
    assert data(sdk("ListEventBuses"))["Total"] == 1


def test_buses_are_listed_by_name_in_pages(bus: BusClient) -> None:
    for name in ("b2", "a1", "b1", "b3"):
        bus("CreateEventBus", EventBusName=name)
    pages: list[list[str]] = []
    token = ""
    while token or not pages:
        page = data(bus("ListEventBuses", NamePrefix="b", Limit=2, NextToken=token))
        pages.append([entry["EventBusName"] for entry in page["EventBuses"]])
        token = page["NextToken"]

    assert pages == [["b1", "b2"], ["b3"]]
    assert [e["EventBusName"] for e in data(bus("ListEventBuses"))["EventBuses"]] == [
        *("a1", "b1", "b2", "b3", "default"),
    ]


def test_a_bus_with_rules_is_not_deleted(bus: BusClient) -> None:
    bus("CreateEventBus", EventBusName="orders")
    bus("CreateRule", EventBusName="orders", RuleName="all", FilterPattern="{}")
    refused = bus("DeleteEventBus", EventBusName="orders")
    bus("DeleteRule", EventBusName="orders", RuleName="all")

    assert (refused["Code"], refused["Message"]) == (
        "EventBusRuleNotEmptyForDelete",
        "The rules of eventbus [orders] exist, please delete them before delete event bus.",
    )
    assert data(bus("DeleteEventBus", EventBusName="orders")) is True


REFUSED = [
    ("GetEventBus", {"EventBusName": "x"}, "EventBusNotExist", "The event bus [x] not existed!"),
    ("UpdateEventBus", {"EventBusName": "x"}, "EventBusNotExist", "The event bus [x] not existed!"),
    ("DeleteEventBus", {"EventBusName": "x"}, "EventBusNotExist", "The event bus [x] not existed!"),
    (
        "CreateEventBus",
        {"EventBusName": "default"},
        "EventBusAlreadyExist",
        "The event bus [default] already existed!",
    ),
    (
        "CreateEventBus",
        {"EventBusName": "a/b"},
        "EventBusNameInvalid",
        "The event bus name [a/b] is invalid!",
    ),
    (
        "ListEventBuses",
        {"Limit": 101},
        "LimitSizeInvalid",
        "The limit size of page is invalid, which must greater than 0 and less than [100].",
    ),
]


@pytest.mark.parametrize(("action", "parameters", "code", "message"), REFUSED)
def test_a_refusal_is_a_result_without_success(
    call: Callable[..., dict[str, Any]],
    action: str,
    parameters: dict[str, Any],
    code: str,
    message: str,
) -> None:
    answer = call(action, **parameters)
    request_id = answer.pop("RequestId")

    assert len(request_id) == 36
    assert answer == {"Code": code, "Message": message, "Success": False, "status": 200}


def test_a_missing_name_is_an_error_of_the_gateway(call: Callable[..., dict[str, Any]]) -> None:
    answer = call("GetEventBus")

    assert (answer["status"], answer["Code"]) == (400, "MissingParameter")


def test_a_refused_call_is_in_the_journal_with_its_code(cloud: Cloud, bus: BusClient) -> None:
    bus("GetEventBus", EventBusName="nobody")
    (entry,) = cloud.get("calls")

    assert (entry["action"], entry["status"], entry["code"]) == (
        "GetEventBus",
        200,
        "EventBusNotExist",
    )


def test_a_repeated_token_creates_one_bus(call: Callable[..., dict[str, Any]]) -> None:
    first = call("CreateEventBus", EventBusName="orders", ClientToken="t")
    again = call("CreateEventBus", EventBusName="orders", ClientToken="t")
    other = call("CreateEventBus", EventBusName="orders", ClientToken="u")

    assert first["Data"] == again["Data"] == {"EventBusARN": f"{ARN}orders"}
    assert other["Code"] == "EventBusAlreadyExist"


def test_the_arn_has_the_region_of_the_call(cloud: Cloud) -> None:
    named = call_product(
        cloud, "GetEventBus", "2020-04-01", EventBusName="default", RegionId="cn-beijing"
    )

    assert named["Data"]["EventBusARN"] == (
        "acs:eventbridge:cn-beijing:1000000000000001:eventbus/default"
    )
