"""What each step claims, asks for, waits for and says; whole lives are in test_reconcile."""

from typing import Any

import pytest

from simevents.api.client import SystemEvents
from simevents.errors import CloudError, InvalidInput, LeftOpen, Taken, WrongAccount
from simevents.models import EventType, format_time
from simevents.reconcile import event_steps, intent_steps
from simevents.reconcile.cancel_events import cancel_until_closed
from simevents.reconcile.claims import Claims
from simevents.reconcile.event_steps import EXPIRED, MISSED, Observation
from simevents.reconcile.intended_events import IntendedEvents
from simevents.reconcile.intent import Intent
from simevents.schedule import parse
from tests.conftest import REGION, Cloud, Waiting

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
SETTLED_SECONDS = 10.0


@pytest.fixture
def claims() -> Claims:
    return Claims()


def declare(
    api: SystemEvents, claims: Claims, instances: list[str], id: str = "sse-1", time: str = "+1h"
) -> IntendedEvents:
    intent = intent_steps.declare(api, claims, id, REBOOT, parse(time), instances)
    return IntendedEvents(api, claims, intent)


def scheduled(events: IntendedEvents) -> Observation:
    made = event_steps.create(events)
    return Observation(
        {id: event.event_id for id, event in made.items()},
        {id: event.event_cycle_status.value for id, event in made.items()},
    )


def moment(intent: Intent) -> str:
    return format_time(intent.not_before)


def test_an_extended_intent_claims_what_was_added(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first], time="2099-01-01T00:00:00Z")
    intent_steps.extend(old, [first, second])

    with pytest.raises(Taken, match=f"on {second}"):
        declare(api, claims, [second], "sse-2", "2099-01-01T00:00:00Z")


def test_an_intent_is_not_extended_by_an_instance_that_does_not_exist(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    old = declare(api, claims, cloud.instances(1))

    with pytest.raises(InvalidInput) as caught:
        intent_steps.extend(old, [*old.intent.instance_ids, "i-nobody"])
    assert str(caught.value) == (
        f"instance_ids: 1 of 1 do not exist in {REGION} of account {old.intent.account_id}: "
        "i-nobody. Correct the ids or the region"
    )
    assert caught.value.field == "instance_ids"


def test_an_extended_intent_gives_up_what_was_removed_only(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first, second], time="2099-01-01T00:00:00Z")
    smaller = intent_steps.extend(old, [first])

    assert smaller.instance_ids == (first,)
    declare(api, claims, [second], "sse-2", "2099-01-01T00:00:00Z")
    with pytest.raises(Taken, match=f"on {first}"):
        declare(api, claims, [first], "sse-3", "2099-01-01T00:00:00Z")


def test_a_failed_removal_says_what_to_do_when_it_is_reverted(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first, second])
    scheduled(old)
    cloud.post("faults", action="CancelSimulatedSystemEvents", error="Forbidden.RAM")

    with pytest.raises(CloudError) as caught:
        intent_steps.extend(old, [first])
    assert str(caught.value).endswith(
        " Some events may be cancelled already. If you revert the change, run pulumi refresh first."
    )
    assert "CancelSimulatedSystemEvents was refused" in str(caught.value)


def test_a_time_that_is_now_has_passed(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    cloud.post("clock", set="2026-01-01T00:00:00Z")
    cloud.post("clock", freeze=True)

    with pytest.raises(InvalidInput) as caught:
        declare(api, claims, cloud.instances(1), time="2026-01-01T00:00:00Z")
    assert caught.value.field == "not_before"
    assert str(caught.value) == (
        "not_before: 2026-01-01T00:00:00Z has passed (it is 2026-01-01T00:00:00Z in the cloud); "
        "use a later time, or one from now such as +30m"
    )


def test_a_taken_event_is_named_with_what_to_do(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    (instance,) = cloud.instances(1)
    time = "2099-01-01T00:00:00Z"
    event_id = scheduled(declare(api, claims, [instance], time=time)).event_ids[instance]

    with pytest.raises(Taken) as caught:
        declare(api, Claims(), [instance], "sse-2", time)
    assert str(caught.value) == (
        f"{REBOOT} at {time} is scheduled already on {instance}: {event_id}. If another stack or a "
        "person created it, use another time; if nobody needs it, cancel it: simevents sweep "
        f"--region {REGION} --endpoint {cloud.url} --event {event_id}"
    )


def test_an_intent_that_found_its_event_taken_claims_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    time = "2099-01-01T00:00:00Z"
    scheduled(declare(api, Claims(), [first], time=time))
    with pytest.raises(Taken):
        declare(api, claims, [first, second], "sse-2", time)

    assert declare(api, claims, [second], "sse-3", time).intent.instance_ids == (second,)


def test_two_resources_of_one_run_with_the_same_event_are_refused(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    (instance,) = cloud.instances(1)
    declare(api, claims, [instance], time="2099-01-01T00:00:00Z")

    with pytest.raises(Taken) as caught:
        declare(api, claims, [instance], "sse-2", "2099-01-01T00:00:00Z")
    assert str(caught.value) == (
        f"Another resource of this stack asks for the same: {REBOOT} at 2099-01-01T00:00:00Z on "
        f"{instance}. Give one of them another time or other instances."
    )


def test_another_account_is_named_beside_the_recorded_one(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    events = declare(api, claims, cloud.instances(1))
    recorded = cloud.get("health")["account_id"]
    cloud.post("account", id="2000000000000002")

    with pytest.raises(WrongAccount) as caught:
        events.require_account()
    assert str(caught.value) == (
        f"These events belong to the account {recorded}, but the credentials are those of "
        f"2000000000000002. Nothing was changed. Use credentials of {recorded}."
    )


def test_matches_are_asked_for_at_the_second_of_the_intent(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    events = declare(api, claims, cloud.instances(1), time="2099-01-01T00:00:00Z")
    events.matches(events.intent.instance_ids)

    asked = [c for c in cloud.get("calls") if c["action"] == "DescribeInstanceHistoryEvents"][-1]
    assert (asked["parameters"]["NotBefore.Start"], asked["parameters"]["NotBefore.End"]) == (
        "2098-12-31T23:59:59Z",
        "2099-01-01T00:00:01Z",
    )


def test_renewed_events_have_the_same_claims_and_intent(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    events = declare(api, claims, cloud.instances(1))
    waiting.sleep(1000)
    renewed = events.renewed()

    assert (renewed.claims, renewed.intent) == (claims, events.intent)
    assert (events.api.patience.is_over, renewed.api.patience.is_over) == (True, False)


def test_the_look_at_events_waits_for_those_that_do_not_show(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    events = declare(api, claims, cloud.instances(2))
    seen = scheduled(events)
    before = waiting.seconds
    assert event_steps.observe(events, seen) == seen
    assert waiting.seconds == before

    lost = Observation(seen.event_ids | {events.intent.instance_ids[0]: "e-lost"}, seen.statuses)
    with pytest.raises(CloudError, match="1 events cannot be found"):
        event_steps.observe(events, lost)
    assert waiting.seconds - before >= SETTLED_SECONDS


def test_the_look_at_events_of_a_month_ago_waits_for_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    events = declare(api, claims, cloud.instances(1))
    seen = scheduled(events)
    cloud.post("clock", advance="31d")
    events.api.account_id()
    before = waiting.seconds
    found = event_steps.observe(events, seen)

    assert found == Observation(seen.event_ids, dict.fromkeys(seen.statuses, EXPIRED))
    assert waiting.seconds == before


def test_an_event_that_is_lost_is_named_with_its_instance_and_the_remedy(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    events = declare(api, claims, cloud.instances(1))
    (instance,) = events.intent.instance_ids

    with pytest.raises(CloudError) as caught:
        event_steps.observe(events, Observation({instance: "e-lost"}, {instance: "Scheduled"}))
    assert str(caught.value) == (
        f"1 events cannot be found in {REGION} of account {events.intent.account_id}: e-lost on "
        f"{instance}. Check that this is the right cloud. If it is, and they are lost, schedule "
        "them again: pulumi up --replace with the URN of the events."
    )


def test_an_added_instance_is_claimed_by_an_update(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first], time="2099-01-01T00:00:00Z")
    seen = scheduled(old)
    wider = IntendedEvents(api, claims, intent_steps.extend(old, [first, second]))
    claims.release("sse-1")
    updated = event_steps.update(wider, seen)

    assert list(updated.event_ids) == [first, second]
    assert claims.held_by_others("other", wider.intent.keys([first, second])) == {first, second}


def at(cloud: Cloud, api: SystemEvents, time: str) -> None:
    """Stop the cloud's clock at *time*, and let our side see it."""
    cloud.post("clock", set=time)
    cloud.post("clock", freeze=True)
    api.account_id()


def test_an_event_cancelled_by_the_second_that_it_is_due_stays_cancelled(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    at(cloud, api, "2026-01-01T00:00:00Z")
    events = declare(api, claims, cloud.instances(1))
    seen = scheduled(events)
    (instance,) = seen.event_ids
    cloud.cancel(REGION, seen.event_ids[instance])
    at(cloud, api, "2026-01-01T01:00:00Z")

    assert event_steps.observe(events, seen) == Observation(seen.event_ids, {instance: "Canceled"})


def test_an_instance_without_an_event_keeps_its_status(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    events = declare(api, claims, [first, second])
    event_ids = {first: scheduled(events).event_ids[first]}
    seen = Observation(event_ids, {first: "Scheduled", second: MISSED})

    assert event_steps.observe(events, seen) == seen


def test_an_instance_without_an_event_can_be_removed(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first])
    seen = scheduled(old)
    wider = Observation(seen.event_ids, seen.statuses | {second: MISSED})

    assert event_steps.update(old, wider) == seen


def test_added_instances_are_scheduled_before_the_time_and_missed_from_that_second_on(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    at(cloud, api, "2026-01-01T00:00:00Z")
    first, second, third = cloud.instances(3)
    old = declare(api, claims, [first])
    seen = scheduled(old)
    two = IntendedEvents(api, claims, intent_steps.extend(old, [first, second]))
    seen = event_steps.update(two, seen)
    assert seen.statuses == {first: "Scheduled", second: "Scheduled"}
    assert list(seen.event_ids) == [first, second]

    at(cloud, api, "2026-01-01T01:00:00Z")
    three = IntendedEvents(api, claims, intent_steps.extend(two, [first, second, third]))
    late = event_steps.update(three, seen)
    assert late == Observation(seen.event_ids, seen.statuses | {third: MISSED})


def test_a_late_update_keeps_what_was_cancelled_and_warns_of_nothing(
    api: SystemEvents, claims: Claims, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    events = declare(api, claims, cloud.instances(1))
    seen = scheduled(events)
    (instance,) = seen.event_ids
    cloud.cancel(REGION, seen.event_ids[instance])
    cloud.post("clock", advance="2h")
    events.api.account_id()

    assert event_steps.update(events, seen) == seen
    assert caplog.messages == []


def test_late_instances_are_named_in_a_warning(
    api: SystemEvents, claims: Claims, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = cloud.instances(2)
    old = declare(api, claims, [first])
    seen = scheduled(old)
    wider = IntendedEvents(api, claims, intent_steps.extend(old, [first, second]))
    cloud.post("clock", advance="2h")
    event_steps.update(wider, seen)

    (warning,) = caplog.messages
    assert warning == (
        f"{second} came after {moment(old.intent)}, when {REBOOT} was due: no event was created. "
        "To run the drill again on all instances, change 'triggers'."
    )


def test_an_ended_intent_is_explained(api: SystemEvents, claims: Claims, cloud: Cloud) -> None:
    events = declare(api, claims, cloud.instances(1))
    intent_steps.withdraw(events)

    with pytest.raises(Taken) as caught:
        event_steps.create(events)
    assert str(caught.value) == (
        "The intent sse-1 has been deleted in this run, so nothing is scheduled for it. Target the "
        "whole component: name its URN with --target, and add --target-dependents."
    )


def real_event(cloud: Cloud, instance: str, not_before: str) -> str:
    (event,) = cloud.post(
        "events",
        instance_ids=[instance],
        event_type=REBOOT,
        not_before=not_before,
        simulated=False,
        region=REGION,
    )
    return str(event["event_id"])


def test_a_real_event_that_matches_is_left_alone_and_named(
    api: SystemEvents, claims: Claims, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    events = declare(api, claims, cloud.instances(1))
    (instance,) = events.intent.instance_ids
    event_id = real_event(cloud, instance, moment(events.intent))
    cancel_until_closed(events, [instance], [])

    assert caplog.messages == [f"{event_id} is not a simulated event and is left alone."]
    assert [event["event_id"] for event in cloud.open_events()] == [event_id]


def test_cancelling_an_unknown_event_waits_and_says_what_it_may_have_been(
    api: SystemEvents,
    claims: Claims,
    cloud: Cloud,
    waiting: Waiting,
    caplog: pytest.LogCaptureFixture,
) -> None:
    events = declare(api, claims, cloud.instances(1))
    before = waiting.seconds
    cancel_until_closed(events, [], ["e-b", "e-a"])

    assert waiting.seconds - before >= SETTLED_SECONDS
    (warning,) = caplog.messages
    assert warning == (
        f"The cloud does not know e-a, e-b in {REGION} of account {events.intent.account_id}: they "
        "finished more than 30 days ago, or were events of another cloud."
    )


def test_created_events_that_stay_unknown_may_be_open(
    api: SystemEvents, claims: Claims, cloud: Cloud
) -> None:
    events = declare(api, claims, cloud.instances(1))

    with pytest.raises(LeftOpen) as caught:
        cancel_until_closed(events, [], ["e-b", "e-a"], just_created=True)
    assert str(caught.value) == (
        "2 events were created and cannot be found to be cancelled: e-a, e-b."
    )


def test_cancelling_known_events_does_not_wait_unless_late_ones_are_expected(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    events = declare(api, claims, cloud.instances(1))
    seen = scheduled(events)
    before = waiting.seconds
    cancel_until_closed(events, [], list(seen.event_ids.values()))
    assert waiting.seconds == before

    cancel_until_closed(events, events.intent.instance_ids, [], wait_for_late=True)
    assert waiting.seconds - before >= SETTLED_SECONDS
    assert cloud.open_events() == []


def test_events_that_stay_open_are_named_with_the_command(
    api: SystemEvents, claims: Claims, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = declare(api, claims, cloud.instances(1))
    (event_id,) = scheduled(events).event_ids.values()

    class Deaf(SystemEvents):
        def cancel(self, event_ids: Any) -> Any:
            return type(api).cancel(self, [])

    deaf = IntendedEvents(Deaf(api._sdk, api.settings, api.patience), claims, events.intent)
    with pytest.raises(LeftOpen) as caught:
        cancel_until_closed(deaf, events.intent.instance_ids, [])
    assert str(caught.value) == (
        f"1 events are still open: {event_id}. Cancel them: simevents sweep --region {REGION} "
        f"--endpoint {cloud.url} --event {event_id}"
    )


def test_events_of_a_month_ago_are_cancelled_when_they_are_still_open(
    api: SystemEvents, claims: Claims, cloud: Cloud, waiting: Waiting
) -> None:
    cloud.post("switches", executing_seconds=90 * 24 * 3600)
    events = declare(api, claims, cloud.instances(1))
    seen = scheduled(events)
    cloud.post("clock", advance="31d")
    assert cloud.statuses() == ["Executing"]
    events.api.account_id()
    before = waiting.seconds
    event_steps.cancel(events, seen.event_ids.values())

    assert waiting.seconds == before
    assert cloud.statuses() == ["Canceled"]
