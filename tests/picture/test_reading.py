"""A drill from what the control routes answer, and from the events of an account."""

from datetime import timedelta
from typing import Any

import pytest

from simevents.models import EventCycleStatus, SystemEvent, event_status
from simevents.picture.drill import Attempt, Call, Delivery, Event, Instance, Step
from simevents.picture.reading import Entries, drill, public_address, real_events
from tests.picture.drills import START, at, seen

EVENT: dict[str, Any] = {
    "event_id": "e-1",
    "region": "cn-hangzhou",
    "instance_id": "i-web",
    "event_type": "SystemMaintenance.Reboot",
    "status": "Avoided",
    "publish_time": "2027-01-31T09:30:00Z",
    "not_before": "2027-01-31T11:30:00Z",
    "simulated": True,
    "history": [
        {"at": "2027-01-31T09:30:00Z", "status": "Scheduled"},
        {"at": "2027-01-31T09:30:03Z", "status": "Avoided"},
    ],
}
CALL: dict[str, Any] = {
    "at": "2027-01-31T09:30:02Z",
    "action": "RebootInstance",
    "parameters": {"InstanceId": "i-web"},
    "status": 200,
    "code": "",
    "request_id": "r-1",
    "unexpected": False,
    "later_member": 1,
}
DELIVERY: dict[str, Any] = {
    "delivery_id": 1,
    "at": "2027-01-31T09:30:00Z",
    "name": "Instance:SystemMaintenance.Reboot:Scheduled",
    "status": "Scheduled",
    "event_id": "e-1",
    "instance_id": "i-web",
    "region": "cn-hangzhou",
    "via": "cloudmonitor",
    "rule": "r",
    "target_id": "1",
    "kind": "webhook",
    "address": "http://user:pass@127.0.0.1:8000/hook?token=x",
    "state": "delivered",
    "acknowledged_at": "2027-01-31T09:30:01Z",
    "attempts": [
        {
            "number": 1,
            "at": "2027-01-31T09:30:01Z",
            "outcome": "delivered",
            "http_status": 200,
            "answer": "ok",
            "seconds": 0.1,
            "is_repeat": False,
        }
    ],
}
REFUSAL = {
    "at": "2027-01-31T09:30:01Z",
    "method": "CONNECT",
    "host": "example.com",
    "action": "",
    "is_alibaba": False,
}


def test_all_that_the_routes_tell() -> None:
    found = drill(
        Entries(
            now="2027-01-31T09:31:00Z",
            events=[EVENT],
            calls=[CALL],
            refusals=[REFUSAL],
            deliveries=[DELIVERY],
            instances=[{"instance_id": "i-web", "region": "cn-hangzhou", "status": "Running"}],
        ),
        "a title",
    )

    assert (found.now, found.title, found.notes) == (at(60), "a title", ())
    history = (Step(at(0), "Scheduled"), Step(at(3), "Avoided"))
    assert found.events == (
        Event(
            *("e-1", "i-web", "SystemMaintenance.Reboot", at(0), at(7200), history),
            region="cn-hangzhou",
        ),
    )
    refused = Call(
        at(1), "CONNECT example.com", code="refused, nothing was sent", carried_out=False
    )
    assert found.calls == (refused, Call(at(2), "RebootInstance", {"InstanceId": "i-web"}))
    assert found.deliveries == (
        Delivery(
            *(1, at(0), "Instance:SystemMaintenance.Reboot:Scheduled", "Scheduled", "delivered"),
            *("i-web", "e-1", "cn-hangzhou", "cloudmonitor", "r", "1", "webhook"),
            address="http://127.0.0.1:8000/hook?…",
            acknowledged_at=at(1),
            attempts=(Attempt(1, at(1), "delivered", 200, "ok"),),
        ),
    )
    assert found.instances == (Instance("i-web", "cn-hangzhou", "Running"),)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1/a", "http://127.0.0.1/a"),
        ("https://u:p@host:1/a?b=c#d", "https://host:1/a?…"),
        (
            "https://hooks.example/services/T00000000/abcdEFGH1234ijklMNOP5678",
            "https://hooks.example/services/T00000000/…",
        ),
        (
            "https://open.example/bot/v2/hook/0a1b2c3d-1111-2222-3333-444455556666",
            "https://open.example/bot/v2/hook/…",
        ),
        ("https://h/aB3_dE-fGh1jKlMnOpQr?k=v", "https://h/…?…"),
        (
            "https://x.fcapp.run/2016-08-15/proxy/handler-for-system-events-v2",
            "https://x.fcapp.run/2016-08-15/proxy/handler-for-system-events-v2",
        ),
        ("events", "events"),
        ("service/function", "service/function"),
        ("http://[", "(an address that cannot be read)"),
    ],
)
def test_addresses_are_shown_without_what_may_be_secret(address: str, shown: str) -> None:
    assert public_address(address) == shown


def test_events_of_an_account_have_the_last_status_and_when_they_finished() -> None:
    values = ("i-web", "SystemMaintenance.Reboot")
    due = START + timedelta(hours=2)
    finished = SystemEvent("e-1", *values, EventCycleStatus.EXECUTED, due, START, due)
    still_open = SystemEvent("e-2", *values, EventCycleStatus.SCHEDULED, due, START)
    new = SystemEvent("e-3", *values, event_status("Postponed"), due, START)
    found = real_events([new, still_open, finished], "cn-hangzhou", at(9000), "events")

    assert [event.history for event in found.events] == [
        (Step(at(0), ""), Step(at(7200), "Executed")),
        (Step(at(0), "Scheduled"),),
        (Step(at(0), "Postponed"),),
    ]
    assert sorted(seen(found).events) == [
        *(("i-web", "Executed"), ("i-web", "Postponed"), ("i-web", "Scheduled")),
    ]
