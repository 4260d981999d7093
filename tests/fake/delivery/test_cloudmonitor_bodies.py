"""The messages of CloudMonitor, member by member.

Sources: the message that barryoo/aliyun-ops has captured, the page "Instance event notification" of
ECS, the page "Configure callbacks for system event-triggered alerts" of CloudMonitor.
"""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from simevents.fake.delivery import cloudmonitor_bodies
from simevents.fake.state.clock import END_OF_TIME, START_OF_TIME
from tests.fake.delivery.messages import CONTENT, NOTICE, WHOLE


def test_the_whole_message_has_the_captured_members_in_their_order() -> None:
    message = cloudmonitor_bodies.body(NOTICE, "r1")

    assert message == WHOLE
    assert list(message) == list(WHOLE)


def test_the_short_message_has_the_documented_members_in_their_order() -> None:
    message = cloudmonitor_bodies.body(NOTICE, "r1", form="documented")

    assert cloudmonitor_bodies.dumped(message).decode() == (
        '{"ver":"1.0","id":"6c8ae11f-5f0e-4c0e-9a51-6a1d8b7f0001","product":"ECS",'
        '"resourceId":"acs:ecs:cn-hangzhou:1000000000000001:instance/i-bp1web00000000000001",'
        '"level":"CRITICAL","name":"Instance:SystemMaintenance.Reboot:Scheduled",'
        '"userId":"1000000000000001","eventTime":"20260102T110405.118+0800",'
        '"regionId":"cn-hangzhou","content":{"eventId":"e-bp1evt00000000000001",'
        '"publishTime":"2026-01-02T03:04:05Z","notBefore":"2026-01-02T04:00:00Z",'
        '"instanceId":"i-bp1web00000000000001","eventType":"SystemMaintenance.Reboot",'
        '"eventStatus":"Scheduled"}}'
    )


def test_the_status_can_be_the_one_of_the_list() -> None:
    assert cloudmonitor_bodies.body(NOTICE, status_form="event")["status"] == "Scheduled"


def test_a_webhook_also_gets_the_id_for_troubleshooting_first() -> None:
    message = cloudmonitor_bodies.webhook_body(WHOLE)

    assert message == {"traceId": WHOLE["id"], **WHOLE}
    assert next(iter(message)) == "traceId"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://127.0.0.1:8080/hook", "http://127.0.0.1:8080/hook"),
        ("http://127.0.0.1:8080/hook?env=t", "http://127.0.0.1:8080/hook?env=t&"),
        ("http://127.0.0.1:8080/hook?env=t#part", "http://127.0.0.1:8080/hook?env=t&"),
    ],
)
def test_a_callback_by_get_has_the_members_as_parameters(url: str, address: str) -> None:
    made = cloudmonitor_bodies.get_address(url, cloudmonitor_bodies.dumped(WHOLE))
    parameters = dict(parse_qsl(urlsplit(made).query, keep_blank_values=True))

    assert made.startswith(address)
    assert json.loads(parameters.pop("content")) == CONTENT
    parameters.pop("env", None)
    assert parameters == {name: value for name, value in WHOLE.items() if name != "content"}


def test_a_time_is_the_one_in_china_with_milliseconds() -> None:
    assert cloudmonitor_bodies.event_time(1_767_283_199.9999) == "20260101T235959.999+0800"


@pytest.mark.parametrize(
    ("moment", "written"),
    [(START_OF_TIME, "00010102T080000.000+0800"), (END_OF_TIME, "99991231T075959.000+0800")],
)
def test_a_time_at_the_ends_of_the_calendar_is_written(moment: float, written: str) -> None:
    assert cloudmonitor_bodies.event_time(moment) == written
