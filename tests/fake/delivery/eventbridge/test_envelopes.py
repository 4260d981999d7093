"""The CloudEvent of a change, with each attribute and their order."""

import json
from dataclasses import replace
from typing import Any

from simevents.fake.delivery.eventbridge.envelopes import cloud_event, time_text
from simevents.fake.delivery.notice import Notice
from simevents.fake.state.clock import END_OF_TIME, START_OF_TIME

CONTENT: dict[str, Any] = {
    "eventId": "e-bp1fictional000000001",
    "publishTime": "2026-01-02T03:04:05Z",
    "notBefore": "2026-01-02T05:00:00Z",
    "instanceId": "i-bp1fictional000000001",
    "eventType": "SystemMaintenance.Reboot",
    "eventStatus": "Scheduled",
}
NOTICE = Notice(
    id="7f6d2c1e-0000-4000-8000-000000000001",
    at=1767323045.75,
    region="cn-hangzhou",
    account_id="1000000000000001",
    instance_id="i-bp1fictional000000001",
    instance_name="web",
    event_id="e-bp1fictional000000001",
    name="Instance:SystemMaintenance.Reboot:Scheduled",
    level="CRITICAL",
    event_class="Maintenance",
    title="",
    bus_type="ecs:Instance:SystemMaintenance.Reboot",
    status="Scheduled",
    content=CONTENT,
)


def test_the_event_of_a_planned_restart() -> None:
    assert json.dumps(cloud_event(NOTICE)) == json.dumps(
        {
            "id": "7f6d2c1e-0000-4000-8000-000000000001",
            "source": "acs.ecs",
            "specversion": "1.0",
            "type": "ecs:Instance:SystemMaintenance.Reboot",
            "subject": "acs.ecs:cn-hangzhou:1000000000000001:i-bp1fictional000000001",
            "time": "2026-01-02T11:04:05+08:00",
            "datacontenttype": "application/json;charset=utf-8",
            "aliyunaccountid": "1000000000000001",
            "aliyunpublishtime": "2026-01-02T03:04:05Z",
            "aliyuneventbusname": "default",
            "aliyunregionid": "cn-hangzhou",
            "aliyunpublishaddr": "172.25.0.1",
            "data": CONTENT,
        }
    )


def test_the_forms_of_subject_and_time_can_be_chosen() -> None:
    event = cloud_event(NOTICE, subject_form="arn", time_form="utc")

    assert (event["subject"], event["time"]) == (
        "acs:ecs:cn-hangzhou:1000000000000001:instance/i-bp1fictional000000001",
        "2026-01-02T03:04:05Z",
    )


def test_the_status_is_in_the_data_and_not_in_the_type() -> None:
    cancelled = replace(NOTICE, status="Canceled", content=CONTENT | {"eventStatus": "Canceled"})
    event = cloud_event(cancelled)

    assert event["type"] == "ecs:Instance:SystemMaintenance.Reboot"
    assert event["data"]["eventStatus"] == "Canceled"


def test_the_first_and_the_last_moments_of_the_clock_can_be_written() -> None:
    assert time_text(START_OF_TIME) == "0001-01-01T08:00:00+08:00"
    assert time_text(END_OF_TIME) == "9999-12-31T23:59:59+08:00"
