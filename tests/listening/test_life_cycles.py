"""The types and statuses that trigger takes, and the times of a course."""

import pytest

from simevents.errors import InvalidInput
from simevents.listening.life_cycles import LifeCycle, course, parse, types
from simevents.models import EventType
from tests.listening.events import HOUR, MINUTE, PUBLISHED


@pytest.mark.parametrize(
    ("text", "event_type", "statuses"),
    [
        ("SystemMaintenance.Reboot", "", ("Scheduled", "Executing", "Executed")),
        ("SystemFailure.Reboot", "", ("Executing", "Executed")),
        ("SystemMaintenance.IsolateErrorDisk", "", ("Inquiring", "Executing", "Executed")),
        ("SystemMaintenance.Stop:Avoided", "SystemMaintenance.Stop", ("Avoided",)),
        (
            "Instance:SystemMaintenance.Stop:Scheduled, Canceled",
            "SystemMaintenance.Stop",
            ("Scheduled", "Canceled"),
        ),
        ("Instance:StateChange:Stopped", "Instance:StateChange", ("Stopped",)),
        ("Instance:PreemptibleInstanceInterruption", "", ()),
    ],
)
def test_a_type_with_its_statuses(text: str, event_type: str, statuses: tuple[str, ...]) -> None:
    assert parse(text, "cloudmonitor") == LifeCycle(event_type or text, statuses)


def test_every_type_that_can_be_simulated_has_a_course() -> None:
    assert types()[:7] == [type.value for type in EventType]
    assert all(parse(type, "cloudmonitor").statuses for type in types()[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SystemMaintenance.Rebot", "TYPE: 'SystemMaintenance.Rebot' is not a valid type; did you"),
        ("Nothing", "TYPE: 'Nothing' is not a valid type; use one of SystemMaintenance.Reboot, "),
        ("", "TYPE: '' is not a valid type; use one of "),
        (
            "SystemFailure.Reboot:Cancelled",
            (
                "TYPE: 'Cancelled' is not a status of SystemFailure.Reboot; valid are Executing, "
                "Executed, Failed"
            ),
        ),
        (
            "SystemFailure.Reboot:Canceled",
            (
                "TYPE: 'Canceled' has no message on CloudMonitor for SystemFailure.Reboot, but on "
                "EventBridge: --via eventbridge; valid are Executing, Executed, Failed"
            ),
        ),
        ("SystemMaintenance.Reboot:", "TYPE: '' is not a status of SystemMaintenance.Reboot; "),
        ("SystemMaintenance.Reboot:Scheduled,", "TYPE: '' is not a status of SystemMaint"),
        (
            "Instance:StateChange:Gone",
            "TYPE: 'Gone' is not a status of Instance:StateChange; valid are Created, Starting, ",
        ),
        (
            "Instance:PreemptibleInstanceInterruption:Now",
            "TYPE: Instance:PreemptibleInstanceInterruption has no status; leave 'Now' out",
        ),
    ],
)
def test_what_is_not_valid_is_named(text: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(text, "cloudmonitor")

    assert str(refused.value).startswith(expected)


def test_eventbridge_has_a_message_for_a_cancelled_failure() -> None:
    assert parse("SystemFailure.Reboot:Canceled", "eventbridge").statuses == ("Canceled",)


def test_the_times_of_a_planned_event() -> None:
    life = parse("SystemMaintenance.Reboot", "cloudmonitor")
    changes = course(life, "i-a", "e-1", PUBLISHED)

    assert [(each.status, each.at - PUBLISHED) for each in changes] == [
        ("Scheduled", 0 * HOUR),
        ("Executing", 2 * HOUR),
        ("Executed", 2 * HOUR + MINUTE),
    ]
    assert {each.event.not_before for each in changes} == {PUBLISHED + 2 * HOUR}
    assert [each.event.finish_time for each in changes] == [None, None, changes[-1].at]


def test_an_event_is_avoided_between_its_publication_and_its_time() -> None:
    life = parse("SystemMaintenance.Reboot:Scheduled,Avoided", "cloudmonitor")

    assert [each.at - PUBLISHED for each in course(life, "i-a", "e-1", PUBLISHED)] == [
        0 * HOUR,
        HOUR,
    ]


def test_the_times_do_not_go_back_in_any_order_of_statuses() -> None:
    life = parse("SystemMaintenance.Reboot:Executed,Scheduled", "cloudmonitor")
    first, second = course(life, "i-a", "e-1", PUBLISHED)

    assert first.at == second.at
