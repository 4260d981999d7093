"""Whatever a drill holds, nothing of it is drawn outside of the picture, and all of it is told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simevents.picture.drill import Attempt, Call, Delivery, Drill, Event, Instance, Step
from tests.picture.drills import boxes, seen

_NEAR = datetime(2027, 1, 31, tzinfo=UTC)

instants = st.one_of(
    st.integers(0, 10_000_000).map(lambda seconds: _NEAR + timedelta(seconds=seconds)),
    st.integers(0, 20).map(lambda seconds: _NEAR + timedelta(seconds=seconds)),
    st.sampled_from(
        [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
    ),
)
names = st.one_of(
    st.sampled_from(["i-web", "i-db", "i-cache"]), st.text(max_size=20), st.just("W" * 120)
)
statuses = st.sampled_from(
    ["Inquiring", "Scheduled", "Executing", "Executed", "Avoided", "Canceled", "Failed", "New"]
)
steps = st.lists(st.builds(Step, instants, statuses), min_size=1, max_size=5).map(tuple)
events = st.builds(Event, names, names, names, instants, instants, steps, names)
calls = st.builds(
    Call,
    instants,
    names,
    st.dictionaries(st.sampled_from(["InstanceId", "RegionId", "EventId.1"]), names),
    code=st.sampled_from(["", "Throttling"]),
    is_read=st.booleans(),
    unexpected=st.booleans(),
)
attempts = st.lists(
    st.builds(Attempt, st.integers(1, 9), instants, st.sampled_from(["delivered", "failed"])),
    max_size=3,
).map(tuple)
deliveries = st.builds(
    Delivery,
    st.integers(1, 99),
    instants,
    names,
    statuses,
    st.just("delivered"),
    names,
    kind=st.sampled_from(["queue", "webhook"]),
    acknowledged_at=st.none() | instants,
    attempts=attempts,
)
drills = st.builds(
    Drill,
    instants,
    st.lists(events, max_size=12).map(tuple),
    st.lists(calls, max_size=12).map(tuple),
    st.lists(deliveries, max_size=6).map(tuple),
    st.lists(st.builds(Instance, names, names, names), max_size=6).map(tuple),
    names,
    st.lists(names, max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(drills)
def test_nothing_is_outside_of_the_picture(drill: Drill) -> None:
    root = seen(drill).root
    width, height = float(root.attrib["width"]), float(root.attrib["height"])

    outside = [
        box
        for box in boxes(root)
        if not (-0.1 <= box[1] <= box[3] <= width + 0.1)
        or not (-0.1 <= box[2] <= box[4] <= height + 0.1)
    ]
    assert outside == []


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(drills)
def test_every_event_and_every_call_of_few_lanes_is_there(drill: Drill) -> None:
    shown = seen(drill)
    hidden = sum(text.endswith("not drawn here") for text in shown.texts)

    assert len(shown.events) == len(drill.events) or hidden
    of_calls = sum(count for _, kind, count in shown.marks if kind.startswith("call"))
    assert of_calls >= len(drill.calls)
