"""What listen sends again, keeps and resumes, and what it survives."""

from contextlib import nullcontext

import pytest

from simevents.errors import Refused
from simevents.listening import cursor as cursors
from simevents.listening.cursor import Cursor, CursorFailed
from simevents.listening.forwarder import Forwarder, Target
from simevents.listening.listener import Counts, Listener
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver, Reply
from tests.listening.runs import ACCOUNT, Listening, Schedule, Told, statuses


def test_a_change_that_fails_is_sent_again_and_later_ones_of_its_event_wait(
    listening: Listening,
    cloud: Cloud,
    handler: Receiver,
    replies: list[Reply],
    schedule: Schedule,
) -> None:
    replies += [Reply(500), Reply(503)]
    first, second = cloud.instances(2)
    cancelled: list[str] = []

    def both() -> None:
        cloud.cancel(REGION, cancelled[0])
        schedule([second])

    counts = listening.run(
        lambda: cancelled.extend(schedule([first])),
        both,
        lambda: None,
    )

    assert listening.told.lines == [
        "began",
        f"{first} Scheduled 500 1",
        # What has failed comes after what has not.
        f"{second} Scheduled 503 1",
        f"{first} Scheduled 200 2",
        f"{first} Canceled 200 1",
        f"{second} Scheduled 200 2",
    ]
    assert counts == Counts(forwarded=3)


def test_without_a_handler_everything_waits_and_the_cursor_keeps_it(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
) -> None:
    there, listening.target = listening.target, Target("http://127.0.0.1:1/")
    first, second = cloud.instances(2)
    events: list[str] = []
    counts = listening.run(
        lambda: events.extend(schedule([first, second])),
        lambda: cloud.cancel(REGION, events[0]),
    )
    assert counts == Counts(waiting=3)
    # One attempt for each look: nobody is there.
    assert [line.split()[-2] for line in listening.told.lines[1:]] == ["0", "0"]

    listening.target = there
    counts = listening.run()
    assert sorted(statuses(handler)) == ["Canceled", "Scheduled", "Scheduled"]
    assert counts == Counts(forwarded=3)


def test_it_resumes_where_it_stopped(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
) -> None:
    first, second, third = cloud.instances(3)
    schedule([first, second])
    listening.run()
    cloud.post("clock", advance="3h")
    schedule([third])
    listening.told.lines.clear()
    listening.run()
    listening.run()

    assert sorted(listening.told.lines) == sorted(
        [
            *("resumed", "resumed"),
            *(f"{first} Executing missed", f"{second} Executing missed"),
            *(f"{first} Executed 200 1", f"{second} Executed 200 1", f"{third} Scheduled 200 1"),
        ]
    )


def test_the_cursor_is_written_after_each_acknowledgement(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
) -> None:
    kept: list[tuple[int, int]] = []

    def keep(cursor: Cursor) -> None:
        waiting = sum(len(tracked.waiting) for tracked in cursor.events.values())
        kept.append((len(handler.received), waiting))

    listening.save = keep
    listening.run(lambda: schedule(cloud.instances(2)))

    assert kept == [(0, 0), (0, 2), (1, 1), (2, 0)]


def test_a_cursor_that_cannot_be_written_ends_it(
    listening: Listening, cloud: Cloud, schedule: Schedule
) -> None:
    listening.file = listening.file / "cursor.json"

    def write(cursor: Cursor) -> None:
        cursors.write(listening.file, cursor)

    with Forwarder(listening.target, REGION, ACCOUNT) as forwarder:
        listener = Listener(
            listening.connect(), forwarder, Told(), write, lambda _: True, nullcontext
        )
        with pytest.raises(CursorFailed, match="cannot be written: No such file or directory"):
            listener.run(None, ACCOUNT, None, 10.0)


def test_a_look_that_fails_is_told_and_the_next_one_finds_the_change(
    listening: Listening, cloud: Cloud, schedule: Schedule
) -> None:
    (instance,) = cloud.instances(1)

    def fail() -> None:
        schedule([instance])
        cloud.post("faults", action="DescribeInstanceHistoryEvents", error="Forbidden.RAM")

    listening.run(fail, lambda: cloud.delete("faults"))

    assert listening.told.lines == ["began", "failed Refused", f"{instance} Scheduled 200 1"]


def test_a_first_look_that_fails_ends_it(listening: Listening, cloud: Cloud) -> None:
    cloud.post("faults", action="DescribeInstanceHistoryEvents", error="Forbidden.RAM")
    with pytest.raises(Refused):
        listening.run()
