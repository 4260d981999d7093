"""Which messages the pattern of an event rule fits. Source: the API page of PutEventRule."""

from dataclasses import replace
from typing import Any

import pytest

from simevents.fake.delivery.cloudmonitor_rules import BadPattern, EventPattern, matcher
from tests.fake.delivery.messages import WHOLE

EXECUTED = WHOLE | {
    "name": "Instance:SystemMaintenance.Reboot:Executed",
    "content": WHOLE["content"] | {"eventStatus": "Executed"},
}
OF_ANOTHER_PRODUCT = {
    "product": "CloudMonitor",
    "name": "Agent_Status_Stopped",
    "level": "CRITICAL",
    "status": "stopped",
}


def fits(message: dict[str, Any], **members: Any) -> bool:
    return matcher(EventPattern(**({"product": "ECS"} | members))).matches(message)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"product": "ecs"},
        {"event_types": ["Maintenance"]},
        {"event_types": ["Exception", "Maintenance"]},
        {"event_types": ["*"]},
        {"levels": ["CRITICAL"]},
        {"levels": ["critical"]},
        {"levels": ["*", "INFO"]},
        {"names": ["Instance:SystemMaintenance.Reboot:Scheduled"]},
        {"names": ["Instance:StateChange", "Instance:SystemMaintenance.Reboot:Scheduled"]},
        {"names": ["*"]},
        {"statuses": ["Normal"]},
        {"statuses": ["normal"]},
        {"statuses": ["Scheduled"]},
        {"statuses": ["Failed", "Scheduled"]},
        {"keywords": ["i-bp1web", "absent"], "relation": "OR"},
        {"keywords": ["absent"], "relation": "NOT"},
        {"keywords": ["i-bp1web", "Scheduled"], "relation": "AND"},
        {"sql_filter": "i-bp1web00000000000001 and Scheduled"},
        {"custom_filters": "bp1web"},
        {
            "event_types": ["Maintenance"],
            "levels": ["CRITICAL"],
            "names": ["Instance:SystemMaintenance.Reboot:Scheduled"],
            "sql_filter": "not Executed",
        },
    ],
)
def test_a_pattern_that_fits(members: dict[str, Any]) -> None:
    assert fits(WHOLE, **members)


@pytest.mark.parametrize(
    "members",
    [
        {"product": "RDS"},
        {"event_types": ["Exception"]},
        {"levels": ["WARN", "INFO"]},
        {"names": ["Instance:SystemMaintenance.Reboot"]},
        {"names": ["Instance:SystemMaintenance.Reboot:Executed"]},
        {"statuses": ["Failed"]},
        {"keywords": ["absent"], "relation": "OR"},
        {"keywords": ["i-bp1web"], "relation": "NOT"},
        {"keywords": ["i-bp1web", "absent"], "relation": "AND"},
        {"sql_filter": "Executed"},
        {"custom_filters": "absent"},
        # One member that does not fit is enough.
        {"levels": ["CRITICAL"], "event_types": ["Exception"]},
    ],
)
def test_a_pattern_that_does_not_fit(members: dict[str, Any]) -> None:
    assert not fits(WHOLE, **members)


def test_the_content_decides_about_the_filters() -> None:
    assert fits(EXECUTED, sql_filter="Executed")
    assert not fits(WHOLE | {"instanceName": "Executed"}, sql_filter="Executed")


def test_a_message_without_content_or_class_is_compared_too() -> None:
    assert fits(OF_ANOTHER_PRODUCT, product="cloudmonitor", statuses=["Stopped"])
    assert not fits(OF_ANOTHER_PRODUCT, product="cloudmonitor", event_types=["Maintenance"])
    assert not fits(
        OF_ANOTHER_PRODUCT | {"content": "text"}, product="CloudMonitor", keywords=["a"]
    )


@pytest.mark.parametrize(
    ("members", "field", "reason"),
    [
        ({"product": ""}, "Product", "it is mandatory"),
        (
            {"event_types": ["Maintenance", "Repair"]},
            "EventTypeList.2",
            "use one of StatusNotification, Exception, Maintenance, *",
        ),
        ({"levels": ["HIGH"]}, "LevelList.1", "use one of CRITICAL, WARN, INFO, *"),
        ({"names": ["a"] * 51}, "NameList.N", "more than 50 values"),
        (
            {"keywords": ["a"], "relation": "XOR"},
            "KeywordFilter.Relation",
            "'XOR' is not a relation; use OR, AND or NOT",
        ),
        ({"sql_filter": "a and"}, "SQLFilter", "it ends where a word is expected"),
    ],
)
def test_a_bad_pattern_names_its_parameter(
    members: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(BadPattern) as caught:
        matcher(replace(EventPattern("ECS"), **members), "EventPattern.3")

    assert (caught.value.field, caught.value.reason) == (f"EventPattern.3.{field}", reason)
    assert str(caught.value) == f"EventPattern.3.{field} is not valid: {reason}"
