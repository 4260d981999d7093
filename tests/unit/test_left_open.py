"""After a creation and its clean-up have failed: what may be open, and what to do."""

from collections.abc import Callable

import pytest

from simevents.api.client import SystemEvents
from simevents.errors import CloudError, TimePassed
from simevents.models import EventType, SystemEvent, format_time
from simevents.reconcile import event_steps, intent_steps
from simevents.reconcile.claims import Claims
from simevents.reconcile.create_events import Creation, take_back
from simevents.reconcile.intended_events import IntendedEvents
from simevents.schedule import parse
from tests.conftest import REGION, Cloud, Waiting

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
CREATE = "CreateSimulatedSystemEvents"
CANCEL = "CancelSimulatedSystemEvents"
HISTORY = "DescribeInstanceHistoryEvents"
INTERRUPTED = CloudError("It was interrupted.\nThe engine said more.")

Declare = Callable[[list[str]], IntendedEvents]


@pytest.fixture
def declare(api: SystemEvents) -> Declare:
    def declared(instances: list[str]) -> IntendedEvents:
        claims = Claims()
        intent = intent_steps.declare(api, claims, "sse-1", REBOOT, parse("+1h"), instances)
        return IntendedEvents(api, claims, intent)

    return declared


def event_ids(made: dict[str, SystemEvent]) -> list[str]:
    return [event.event_id for event in made.values()]


def nothing_created(events: IntendedEvents, instances: list[str]) -> Creation:
    return Creation(events, instances, lambda: True)


def test_events_that_may_be_open_are_counted_and_named_after_both_first_lines(
    declare: Declare, cloud: Cloud
) -> None:
    events = declare(cloud.instances(2))
    made = event_steps.create(events)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    text = str(take_back(events, made, INTERRUPTED))

    first, second = event_ids(made)
    assert text.startswith(
        "It was interrupted. What was created could not be cancelled: "
        "CancelSimulatedSystemEvents was refused"
    )
    assert f" 2 events may be open: {first}, {second}. The next pulumi up" in text
    assert "The engine said more" not in text


def test_created_events_that_do_not_show_up_yet_may_be_open(declare: Declare, cloud: Cloud) -> None:
    instances = cloud.instances(2)
    events = declare(instances)
    cloud.post("faults", action=CREATE, visibility_delay=3000)
    made = events.api.create(REBOOT, events.intent.not_before, instances)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    creation = nothing_created(events, instances)
    creation._event_ids += made

    text = str(creation.cancel_and_explain(INTERRUPTED))
    assert f" 2 events may be open: {made[0]}, {made[1]}. " in text


def test_the_last_look_has_time_of_its_own_when_the_operation_has_used_up_its_time(
    declare: Declare, cloud: Cloud, waiting: Waiting
) -> None:
    events = declare(cloud.instances(1))
    made = event_steps.create(events)
    cloud.post("faults", action=CANCEL, error="Forbidden.RAM")
    waiting.sleep(events.api.patience.budget_seconds)

    assert " 1 events may be open: " in str(take_back(events, made, INTERRUPTED))


def test_when_none_is_open_the_command_looks_for_late_ones(declare: Declare, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    events = declare([instance])
    cloud.post("faults", action=HISTORY, error="Forbidden.RAM", times=1)
    text = str(nothing_created(events, [instance]).cancel_and_explain(INTERRUPTED))

    assert f" None is open now on {instance}, but some may come late. The next" in text
    assert text.endswith(
        f"simevents sweep --region {REGION} --endpoint {cloud.url} --type {REBOOT} "
        f"--not-before {format_time(events.intent.not_before)} --instance {instance}"
    )


def test_events_that_cannot_be_listed_are_named_as_far_as_they_are_known(
    declare: Declare, cloud: Cloud
) -> None:
    (instance,) = cloud.instances(1)
    events = declare([instance])
    made = event_steps.create(events)
    cloud.post("faults", action="*", error="Forbidden.RAM")
    unknown = f" An unknown number of events may be open on {instance}"

    assert f"{unknown}, such as {event_ids(made)[0]}. The next" in str(
        take_back(events, made, INTERRUPTED)
    )
    assert f"{unknown}. The next" in str(
        nothing_created(events, [instance]).cancel_and_explain(INTERRUPTED)
    )


def test_an_error_of_another_library_is_named_but_its_text_is_not_repeated(
    declare: Declare, cloud: Cloud
) -> None:
    (instance,) = cloud.instances(1)
    events = declare([instance])
    cloud.post("faults", action=HISTORY, error="Forbidden.RAM")
    text = str(
        nothing_created(events, [instance]).cancel_and_explain(ValueError("may hold a secret"))
    )

    assert text.startswith("ValueError What was created could not be cancelled: ")
    assert "may hold a secret" not in text


def test_a_time_that_has_passed_says_how_to_have_it_resolved_again(
    declare: Declare, cloud: Cloud
) -> None:
    events = declare(cloud.instances(1))
    cloud.post("clock", advance="2h")
    with pytest.raises(TimePassed) as caught:
        event_steps.create(events)

    assert str(caught.value).endswith(
        " Change 'triggers' to have the time resolved again, or run pulumi up --replace with the "
        "URN of the intent."
    )


def test_after_a_lost_create_and_a_refused_one_the_clean_up_waits_for_late_events(
    declare: Declare, cloud: Cloud
) -> None:
    events = declare(cloud.instances(2))
    cloud.post("faults", action=CREATE, times=1, cut="after", visibility_delay=15)
    cloud.post("faults", action=CREATE, error="Forbidden.RAM")
    events.api.patience.sleep = lambda seconds: cloud.post("clock", advance=f"{seconds}s") and None
    with pytest.raises(CloudError, match=r"Forbidden\.RAM"):
        event_steps.create(events)

    assert cloud.statuses() == ["Canceled", "Canceled"]
