"""When an event finished, as far as the history tells."""

from datetime import UTC, datetime

import pytest

from simevents.api.answer_members import event_in
from simevents.api.sdk import Answer

MOMENT = datetime(2018, 8, 20, 8, tzinfo=UTC)
ENTRY = {
    "EventId": "e-1",
    "InstanceId": "i-1",
    "EventType": {"Name": "SystemMaintenance.Reboot"},
    "EventCycleStatus": {"Name": "Avoided"},
    "NotBefore": "2018-08-20T10:00:00Z",
    "EventPublishTime": "2018-08-20T08:00:00Z",
}


@pytest.mark.parametrize(
    ("told", "finish_time"),
    [
        ({"EventFinishTime": "2018-08-20T09:00:00Z"}, datetime(2018, 8, 20, 9, tzinfo=UTC)),
        *(({"EventFinishTime": odd}, None) for odd in ("", None, 7, "soon", ["x"])),
        ({}, None),
    ],
)
def test_a_finish_time_is_read_and_one_that_is_none_is_left_out(
    told: dict[str, object], finish_time: datetime | None
) -> None:
    answer = Answer("DescribeInstanceHistoryEvents", {}, "r-1", MOMENT)

    assert event_in(answer, {**ENTRY, **told}).finish_time == finish_time
