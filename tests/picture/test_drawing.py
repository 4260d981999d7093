"""What is drawn of a drill: lanes, bars and marks."""

from dataclasses import replace
from itertools import pairwise

from simevents.picture.drill import Attempt, Call, Delivery, Drill, Instance
from tests.picture.drills import at, event, poll, reboot, seen

REBOOT = "Instance:SystemMaintenance.Reboot"
DELIVERY = Delivery(
    *(1, at(0), REBOOT, "Scheduled", "delivered", "i-web"),
    kind="webhook",
    address="http://127.0.0.1/hook",
)


def test_a_lane_for_each_instance_and_one_for_calls_that_name_none() -> None:
    avoided = event("i-web", (0, "Scheduled"), (3, "Avoided"))
    shown = seen(
        Drill(
            now=at(60),
            events=(avoided, event("i-db", (1, "Scheduled"))),
            calls=(poll(0), reboot("i-web", 2)),
            instances=(Instance("i-quiet", "cn-hangzhou", "Running"),),
        )
    )

    assert shown.lanes == ["", "i-web", "i-db", "i-quiet"]
    assert shown.events == [("i-web", "Avoided"), ("i-db", "Scheduled")]
    assert shown.marks == [("", "call-read", 1), ("i-web", "call-change", 1)]
    assert shown.spoken == [
        "Calls that name no instance: 1 call",
        "i-web: SystemMaintenance.Reboot Avoided, 1 call",
        "i-db: SystemMaintenance.Reboot Scheduled",
        "i-quiet: nothing happened",
    ]


def test_hover_texts_tell_the_history_and_the_outcome() -> None:
    shown = seen(
        Drill(
            now=at(60),
            events=(event("i-web", (0, "Scheduled"), (3, "Avoided"), event_id="e-1"),),
            calls=(reboot("i-web", 2, "IncorrectInstanceStatus"),),
        )
    )

    bar, mark = shown.hover_texts
    assert bar.splitlines() == [
        "SystemMaintenance.Reboot e-1 on i-web",
        "2027-01-31T09:30:00Z Scheduled",
        "2027-01-31T09:30:03Z Avoided",
        "2027-01-31T11:30:00Z due",
    ]
    assert mark == ("09:30:02 RebootInstance InstanceId=i-web -> IncorrectInstanceStatus")


def test_each_kind_of_call_has_its_mark() -> None:
    named = {"InstanceId": "i-web"}
    calls = (
        Call(at(0), "DescribeInstanceStatus", named, is_read=True),
        Call(at(60), "RebootInstance", named),
        Call(at(120), "RebootInstance", named, code="Throttling"),
        Call(at(180), "RebootInstance", named, answered=False),
        Call(at(240), "RebootInstances", named, code="InvalidAction", unexpected=True),
    )

    assert [kind for _, kind, _ in seen(Drill(now=at(300), calls=calls)).marks] == [
        *("call-read", "call-change", "call-failed", "call-failed", "call-unexpected"),
    ]


def test_each_attempt_at_a_delivery_has_its_mark() -> None:
    tried = (Attempt(1, at(0), "failed", 500, "boom"), Attempt(2, at(60), "delivered", 200))
    shown = seen(
        Drill(now=at(99), deliveries=(replace(DELIVERY, acknowledged_at=at(60), attempts=tried),))
    )

    assert shown.marks == [
        ("i-web", "delivery-failed", 1),
        ("i-web", "delivery-acknowledged", 1),
    ]
    to = f"{REBOOT} (Scheduled) to webhook http://127.0.0.1/hook"
    assert shown.hover_texts == [
        f"09:30:00 {to}, attempt 1: failed, HTTP 500: boom",
        f"09:31:00 {to}, attempt 2: delivered, HTTP 200",
    ]


def test_a_message_is_in_the_queue_until_its_consumer_deletes_it() -> None:
    sent = (Attempt(1, at(0), "delivered"),)
    queued = replace(DELIVERY, kind="queue", address="q", attempts=sent)
    deleted = replace(queued, acknowledged_at=at(90))

    assert seen(Drill(now=at(99), deliveries=(queued,))).marks == [("i-web", "delivery-sent", 1)]
    assert seen(Drill(now=at(99), deliveries=(deleted,))).marks == [
        ("i-web", "delivery-sent", 1),
        ("i-web", "delivery-acknowledged", 1),
    ]


def test_a_delivery_that_nobody_has_tried_is_waiting() -> None:
    assert seen(Drill(now=at(9), deliveries=(replace(DELIVERY, state="waiting"),))).marks == [
        ("i-web", "delivery-waiting", 1)
    ]


def test_a_call_is_on_the_lanes_of_all_it_names() -> None:
    calls = (
        Call(at(1), "RebootInstances", {"InstanceId.1": "i-a", "InstanceId.2": "i-b"}),
        Call(at(2), "DescribeInstances", {"InstanceIds": '["i-a", 7]'}, is_read=True),
        Call(at(3), "CancelSimulatedSystemEvents", {"EventId.1": "e-1"}),
        Call(at(4), "DescribeInstances", {"InstanceIds": "[" * 9_000}, is_read=True),
    )
    shown = seen(Drill(now=at(9), events=(event("i-c", event_id="e-1"),), calls=calls))

    assert sorted(shown.marks) == [
        ("", "call-read", 1),
        ("i-a", "call-change", 1),
        ("i-a", "call-read", 1),
        ("i-b", "call-change", 1),
        ("i-c", "call-change", 1),
    ]


def test_marks_in_one_place_are_one_with_their_number() -> None:
    shown = seen(Drill(now=at(100), calls=tuple(poll(n / 1000) for n in range(250))))

    assert shown.marks == [("", "call-read", 250)]
    assert shown.hover_texts[0].splitlines()[-1] == "… and 242 more"
    assert "99+" in shown.texts


def test_a_mark_of_another_kind_is_beside() -> None:
    calls = (poll(0), poll(1), reboot("none", 1), poll(99))
    shown = seen(Drill(now=at(100), calls=calls))

    assert shown.marks == [
        *(("", "call-read", 2), ("", "call-change", 1), ("", "call-read", 1)),
    ]


def test_events_that_overlap_are_in_rows_of_their_own() -> None:
    shown = seen(Drill(now=at(60), events=(event("i-web", (0, "Scheduled")),) * 3))
    tops = {rect.get("y") for rect in shown.root.iter() if rect.get("class") == "s-scheduled"}

    assert shown.events == [("i-web", "Scheduled")] * 3
    # One is in the legend.
    assert len(tops) == 4


def test_events_without_a_row_are_counted() -> None:
    shown = seen(Drill(now=at(60), events=(event("i-web", (0, "Scheduled")),) * 500))

    assert len(shown.events) == 12
    assert "… and 488 more events not drawn here" in shown.texts


def test_the_parts_of_a_bar_follow_the_statuses() -> None:
    steps = ((0, "Inquiring"), (300, "Scheduled"), (600, "Executing"), (900, "Executed"))
    shown = seen(Drill(now=at(1200), events=(event("i-web", *steps, due=600),)))
    (bar,) = [each for each in shown.root.iter() if each.get("class") == "event"]
    parts = [
        (
            each.get("class") or each.get("fill"),
            float(each.attrib["x"]),
            float(each.attrib["width"]),
        )
        for each in bar
        if each.tag.endswith("rect") and each.get("class") != "bar"
    ]

    assert [name for name, _, _ in parts] == [
        *("url(#simevents-dots)", "s-scheduled", "url(#simevents-hatch)"),
    ]
    lengths = [wide for _, _, wide in parts]
    assert max(lengths) - min(lengths) < 0.2
    for (_, x, wide), (_, next_x, _) in pairwise(parts):
        assert abs(x + wide - next_x) < 0.2


def test_nothing_happened() -> None:
    shown = seen(Drill(now=at(0)))

    assert (shown.lanes, shown.events, shown.marks) == ([], [], [])
    assert shown.texts[1] == (
        "0 instances with events; 0 events; 0 calls; 0 deliveries. The cloud's now is "
        "2027-01-31T09:30:00Z."
    )


def test_it_has_a_title_and_a_description_that_name_it() -> None:
    root = seen(Drill(now=at(0), title="a drill")).root

    assert [each.text for each in root[:2]] == ["a drill", seen(Drill(now=at(0))).texts[1]]
    assert root.get("aria-labelledby") == " ".join(each.attrib["id"] for each in root[:2])


def test_a_name_that_has_the_status_already_is_told_as_it_is() -> None:
    named = replace(DELIVERY, name=f"{REBOOT}:Scheduled")

    assert (named.what, DELIVERY.what) == (f"{REBOOT}:Scheduled", f"{REBOOT} (Scheduled)")
