"""Many instances: those with the same story are one lane, and what is not drawn is counted."""

from simevents.picture.drill import Call, Drill, Instance
from tests.picture.drills import at, event, poll, reboot, seen


def drill(count: int, failing: frozenset[int] = frozenset()) -> Drill:
    """Each instance is restarted early; *failing* ones are refused."""
    events, calls = [], [poll(0)]
    for number in range(count):
        name = f"i-{number:04}"
        if number in failing:
            events.append(event(name, (0, "Scheduled")))
            calls.append(reboot(name, 5 + number, "Throttling"))
        else:
            events.append(event(name, (0, "Scheduled"), (5 + number, "Avoided")))
            calls.append(reboot(name, 5 + number))
    return Drill(now=at(count + 60), events=tuple(events), calls=tuple(calls))


def test_a_thousand_instances_with_two_stories_are_two_lanes() -> None:
    shown = seen(drill(1_000, frozenset(range(400, 420))))

    assert shown.lanes == ["", "i-0000", "i-0400"]
    assert [text for text in shown.texts if text.startswith("…")] == [
        "… and 979 more instances with the same story",
        "… and 19 more instances with the same story",
    ]
    assert shown.spoken[1].endswith("979 more instances with the same story")
    assert shown.marks[1:] == [("i-0000", "call-change", 1), ("i-0400", "call-failed", 1)]


def test_few_instances_have_a_lane_each() -> None:
    assert seen(drill(24)).lanes[1:] == [f"i-{number:04}" for number in range(24)]


def test_one_of_a_kind_keeps_its_lane() -> None:
    assert seen(drill(100, frozenset({7, 30}))).lanes[1:] == ["i-0000", "i-0007", "i-0030"]


def test_how_often_a_handler_has_polled_makes_no_other_story() -> None:
    calls: list[Call] = []
    for number in range(30):
        named = {"InstanceId": f"i-{number:04}"}
        times = number % 3 + 1
        calls += [Call(at(number), "DescribeInstanceStatus", named, is_read=True)] * times

    assert seen(Drill(now=at(60), calls=tuple(calls))).lanes == ["i-0000"]


def test_lanes_beyond_what_can_be_looked_at_are_counted() -> None:
    events = [event(f"i-{number:04}", event_type=f"Type{number}") for number in range(1_500)]
    shown = seen(Drill(now=at(60), events=tuple(events)))

    assert len(shown.events) == len(shown.lanes) == 100
    assert shown.texts[-1] == "… and 1,400 more instances with 1,400 events: not drawn here"


def test_instances_to_which_nothing_happened_are_counted() -> None:
    quiet = tuple(Instance(f"i-{number:04}", "cn-hangzhou", "Running") for number in range(100))
    shown = seen(Drill(now=at(60), events=(event("i-0000"),), instances=quiet))

    assert shown.lanes == ["i-0000"]
    assert shown.texts[-1] == "… and 99 more instances to which nothing happened"
