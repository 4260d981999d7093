"""What two looks at an event tell, and what they cannot."""

from datetime import datetime

import pytest

from simevents.listening.changes import (
    Change,
    executing_since,
    first_change,
    next_change,
    passed_by,
)
from tests.listening.events import HOUR, MINUTE, PUBLISHED, REBOOT, event


@pytest.mark.parametrize(
    ("event_type", "before", "now", "unseen"),
    [
        (REBOOT, None, "Scheduled", []),
        (REBOOT, None, "Executing", ["Scheduled"]),
        (REBOOT, None, "Executed", ["Scheduled", "Executing"]),
        (REBOOT, None, "Canceled", ["Scheduled"]),
        (REBOOT, None, "Inquiring", []),
        (REBOOT, "Inquiring", "Executing", ["Scheduled"]),
        (REBOOT, "Inquiring", "Scheduled", []),
        (REBOOT, "Scheduled", "Executing", []),
        (REBOOT, "Scheduled", "Executed", ["Executing"]),
        (REBOOT, "Scheduled", "Failed", ["Executing"]),
        (REBOOT, "Scheduled", "Avoided", []),
        (REBOOT, "Scheduled", "Canceled", []),
        (REBOOT, "Executing", "Executed", []),
        (REBOOT, "Executing", "Canceled", []),
        (REBOOT, "Scheduled", "Postponed", []),
        (REBOOT, "Postponed", "Executed", []),
        ("SystemFailure.Reboot", None, "Executing", []),
        ("SystemFailure.Reboot", None, "Executed", ["Executing"]),
        ("SystemFailure.Reboot", None, "Canceled", ["Executing"]),
        ("SystemFailure.Redeploy", None, "Executed", ["Scheduled", "Executing"]),
        ("InstanceExpiration.Stop", "Scheduled", "Executed", ["Executing"]),
    ],
)
def test_statuses_that_no_look_has_seen(
    event_type: str, before: str | None, now: str, unseen: list[str]
) -> None:
    known = None if before is None else event(before, event_type)
    found = passed_by(known, event(now, event_type))

    assert [each.status for each in found] == unseen


@pytest.mark.parametrize(
    ("event_type", "status", "finished", "since"),
    [
        (REBOOT, "Scheduled", None, PUBLISHED),
        (REBOOT, "Executing", None, PUBLISHED + 2 * HOUR),
        ("SystemFailure.Reboot", "Executing", None, PUBLISHED),
        (REBOOT, "Avoided", PUBLISHED + HOUR, PUBLISHED + HOUR),
        (REBOOT, "Avoided", None, None),
    ],
)
def test_since_when_an_event_has_the_status_in_which_it_is_first_seen(
    event_type: str, status: str, finished: datetime | None, since: datetime | None
) -> None:
    seen = event(status, event_type, finished=finished)

    assert first_change(seen, PUBLISHED + 3 * HOUR) == since


def test_an_event_that_executes_before_its_time_does_so_since_it_was_published() -> None:
    seen = event("Executing", "SystemFailure.Redeploy")

    assert first_change(seen, PUBLISHED + HOUR) == PUBLISHED


@pytest.mark.parametrize(
    ("status", "finished", "since"),
    [
        ("Executing", None, PUBLISHED + 2 * HOUR),
        ("Executed", PUBLISHED + 2 * HOUR + MINUTE, PUBLISHED + 2 * HOUR + MINUTE),
        ("Executed", None, PUBLISHED + 3 * HOUR),
        ("Scheduled", None, PUBLISHED + 3 * HOUR),
    ],
)
def test_since_when_an_event_has_a_new_status(
    status: str, finished: datetime | None, since: datetime
) -> None:
    looks = (PUBLISHED + HOUR, PUBLISHED + 3 * HOUR)

    assert next_change(event(status, finished=finished), *looks) == since


def test_a_change_is_not_before_the_look_before_nor_after_this_one() -> None:
    late = (PUBLISHED + 2 * HOUR + MINUTE, PUBLISHED + 3 * HOUR)
    early = (PUBLISHED, PUBLISHED + MINUTE)

    assert next_change(event("Executing"), *late) == late[0]
    assert next_change(event("Executing"), *early) == early[1]


@pytest.mark.parametrize(
    ("event_type", "status", "since"),
    [
        (REBOOT, "Executing", PUBLISHED + 3 * HOUR),
        (REBOOT, "Executed", PUBLISHED + 2 * HOUR),
        (REBOOT, "Avoided", None),
        (REBOOT, "Scheduled", None),
        ("SystemFailure.Reboot", "Canceled", PUBLISHED),
    ],
)
def test_since_when_an_event_was_executing(
    event_type: str, status: str, since: datetime | None
) -> None:
    change = Change(event(status, event_type), PUBLISHED + 3 * HOUR)

    assert executing_since(change) == since
