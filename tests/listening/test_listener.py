"""The course of listen, against a fake cloud and a handler on this machine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simevents.api.client import SystemEvents
from simevents.errors import CloudError, Refused
from simevents.listening import cursor as cursors
from simevents.listening.changes import Change, Unseen
from simevents.listening.cursor import Cursor, CursorFailed
from simevents.listening.forwarder import Answer, Forwarder, Target
from simevents.listening.listener import Counts, Listener
from simevents.models import EventType, SystemEvent, parse_time
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver, Reply

REBOOT = EventType.SYSTEM_MAINTENANCE_REBOOT
ACCOUNT = "1000000000000001"

Connect = Callable[[], SystemEvents]
Step = Callable[[], object]


@dataclass
class Told:
    """Takes a note of what is reported."""

    lines: list[str] = field(default_factory=list)

    def began(self, cursor: Cursor, resumed_after: datetime | None) -> None:
        self.lines.append("began" if resumed_after is None else "resumed")

    def forwarded(self, change: Change, answer: Answer | None, attempt: int) -> None:
        status = "no message" if answer is None else answer.http_status
        self.lines.append(f"{change.event.instance_id} {change.status} {status} {attempt}")

    def missed(self, unseen: Unseen) -> None:
        self.lines.append(f"{unseen.event.instance_id} {unseen.status} missed")

    def lost(self, event: SystemEvent) -> None:
        self.lines.append(f"{event.instance_id} lost")

    def look_failed(self, error: CloudError) -> None:
        self.lines.append(f"failed {type(error).__name__}")


@dataclass
class Listening:
    """Listens once for each run; between two looks it lets the steps of a test happen."""

    connect: Connect
    target: Target
    file: Path
    told: Told = field(default_factory=Told)
    reading: Callable[[], AbstractContextManager[None]] = nullcontext
    save: Callable[[Cursor], None] | None = None

    def run(self, *steps: Step, since: datetime | None = None) -> Counts:
        remaining = iter(steps)

        def wait(seconds: float) -> bool:
            if not seconds:
                return False
            step = next(remaining, None)
            if step is not None:
                step()
            return step is None

        with Forwarder(self.target, REGION, ACCOUNT) as forwarder:
            listener = Listener(
                self.connect(), forwarder, self.told, self.save or self._keep, wait, self.reading
            )
            listener.run(cursors.read(self.file), ACCOUNT, since, 10.0)
        return listener.counts

    def _keep(self, cursor: Cursor) -> None:
        cursors.write(self.file, cursor)


@pytest.fixture
def replies() -> list[Reply]:
    """How the handler answers, the first requests first; afterwards with 200."""
    return []


@pytest.fixture
def handler(replies: list[Reply]) -> Iterator[Receiver]:
    with Receiver(lambda number: replies[number] if number < len(replies) else Reply()) as made:
        yield made


@pytest.fixture
def listening(connect: Connect, cloud: Cloud, handler: Receiver, tmp_path: Path) -> Listening:
    cloud.post("clock", freeze=True)
    return Listening(connect, Target(f"{handler.url}/hook"), tmp_path / "cursor.json")


@pytest.fixture
def schedule(api: SystemEvents, cloud: Cloud) -> Callable[..., list[str]]:
    def scheduled(instances: Sequence[str], hours: float = 2) -> list[str]:
        now = parse_time(cloud.get("clock")["now"])
        return api.create(REBOOT, now + timedelta(hours=hours), instances)

    return scheduled


def advance(cloud: Cloud, span: str) -> Step:
    return lambda: cloud.post("clock", advance=span)


def statuses(handler: Receiver) -> list[str]:
    return [each.json["content"]["eventStatus"] for each in handler.received]


def test_each_change_is_forwarded_as_cloudmonitor_sends_it(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    cloud.post("switches", executing_seconds=600)
    (instance,) = cloud.instances(1)
    counts = listening.run(lambda: schedule([instance]), advance(cloud, "2h"), advance(cloud, "1h"))
    (event,) = cloud.get("events")
    began, finished = (each["at"] for each in event["history"][1:])
    last = handler.received[-1].json

    assert listening.told.lines == [
        "began",
        f"{instance} Scheduled 200 1",
        f"{instance} Executing 200 1",
        f"{instance} Executed 200 1",
    ]
    assert counts == Counts(forwarded=3)
    assert handler.names() == [
        f"Instance:SystemMaintenance.Reboot:{status}"
        for status in ("Scheduled", "Executing", "Executed")
    ]
    assert {each.path for each in handler.received} == {"/hook"}
    assert last["content"] == {
        "eventId": event["event_id"],
        "eventType": "SystemMaintenance.Reboot",
        "eventStatus": "Executed",
        "instanceId": instance,
        "publishTime": event["publish_time"],
        "notBefore": event["not_before"],
        "executeStartTime": began,
        "executeFinishTime": finished,
    }
    assert (last["userId"], last["regionId"], last["instanceName"]) == (ACCOUNT, REGION, instance)


def test_the_message_equals_that_of_the_fake_for_the_same_change(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    instances = cloud.instances(1)
    with Receiver() as told:
        cloud.post("subscriptions", kind="webhook", address=told.url, name="forward-to")
        listening.run(lambda: schedule(instances), advance(cloud, "3h"))
        by_fake = [told.next().json for _ in range(3)]
    by_us = {each.json["name"]: each.json for each in handler.received}
    of_same = [each for each in by_fake if each["name"] in by_us]

    assert [each["content"] for each in of_same] == [by_us[e["name"]]["content"] for e in of_same]
    # The API shows whole seconds, so the time of the publication and what is made of it differ.
    for name in ("resourceId", "instanceName", "level", "eventType", "ruleName", "userId"):
        assert [each[name] for each in of_same] == [by_us[e["name"]][name] for e in of_same]
    assert list(of_same[0]) == list(by_us[of_same[0]["name"]])


def test_by_eventbridge_the_message_is_a_signed_event(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    listening.target = Target(handler.url, "eventbridge")
    listening.run(lambda: schedule(cloud.instances(1)))
    (received,) = handler.received

    assert received.json["type"] == "ecs:Instance:SystemMaintenance.Reboot"
    assert received.json["data"]["eventStatus"] == "Scheduled"
    assert received.headers["x-eventbridge-signature-v2"]


def test_what_has_happened_before_is_known_and_not_forwarded(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    (instance,) = cloud.instances(1)
    (event_id,) = schedule([instance])
    listening.run(lambda: cloud.cancel(REGION, event_id))

    assert statuses(handler) == ["Canceled"]
    assert listening.told.lines == ["began", f"{instance} Canceled 200 1"]


def test_what_has_changed_since_a_time_is_forwarded(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    first, second, third = cloud.instances(3)
    schedule([first, second], hours=1)
    schedule([third], hours=6)
    cloud.post("clock", advance="30m")
    since = parse_time(cloud.get("clock")["now"])
    (fourth,) = cloud.instances(1)
    schedule([fourth])
    cloud.post("clock", advance="1h")
    listening.run(since=since)

    assert sorted(listening.told.lines[1:]) == sorted(
        [
            f"{first} Executed 200 1",
            f"{second} Executed 200 1",
            f"{fourth} Scheduled 200 1",
        ]
    )


def test_a_status_between_two_looks_may_have_been_missed(
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
) -> None:
    first, second = cloud.instances(2)
    schedule([first])

    def both() -> None:
        schedule([second], hours=1)
        cloud.post("clock", advance="3h")

    counts = listening.run(both)

    assert sorted(listening.told.lines[1:4]) == sorted(
        [f"{first} Executing missed", f"{second} Scheduled missed", f"{second} Executing missed"]
    )
    assert counts == Counts(forwarded=2, missed=3)


def test_a_change_that_fails_is_sent_again_and_later_ones_of_its_event_wait(
    listening: Listening,
    cloud: Cloud,
    handler: Receiver,
    replies: list[Reply],
    schedule: Callable[..., list[str]],
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
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
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
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
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
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    kept: list[tuple[int, int]] = []

    def keep(cursor: Cursor) -> None:
        waiting = sum(len(tracked.waiting) for tracked in cursor.events.values())
        kept.append((len(handler.received), waiting))

    listening.save = keep
    listening.run(lambda: schedule(cloud.instances(2)))

    assert kept == [(0, 0), (0, 2), (1, 1), (2, 0)]


def test_a_cursor_that_cannot_be_written_ends_it(
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
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
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
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


def test_an_event_that_the_cloud_no_longer_tells_of_is_lost(
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
) -> None:
    (instance,) = cloud.instances(1)
    schedule([instance])
    listening.run(lambda: cloud.post("reset"), lambda: None)

    assert listening.told.lines == ["began", f"{instance} lost"]


def test_names_that_cannot_be_read_do_not_stop_it(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Callable[..., list[str]]
) -> None:
    cloud.post("faults", action="DescribeInstances", error="Forbidden.RAM")
    (instance,) = cloud.instances(1)
    listening.run(lambda: schedule([instance]))

    assert handler.received[0].json["instanceName"] == instance


def test_an_event_of_a_status_without_a_message_is_not_sent(
    listening: Listening, cloud: Cloud, handler: Receiver, api: SystemEvents
) -> None:
    (instance,) = cloud.instances(1)
    (event_id,) = api.create("SystemFailure.Reboot", api.now() + timedelta(hours=1), [instance])
    counts = listening.run(lambda: cloud.cancel(REGION, event_id))

    assert listening.told.lines == ["began", f"{instance} Canceled no message 1"]
    assert (counts, handler.received) == (Counts(), [])


def test_an_event_that_was_published_long_ago_is_followed_to_its_end(
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
) -> None:
    (instance,) = cloud.instances(1)
    (event_id,) = schedule([instance], hours=24 * 20)
    listening.run(
        advance(cloud, "240h"),
        lambda: None,
        lambda: cloud.cancel(REGION, event_id),
        advance(cloud, "100h"),
        lambda: None,
    )

    assert listening.told.lines == ["began", f"{instance} Canceled 200 1"]


def test_looks_read_recent_and_open_events_only(
    listening: Listening, cloud: Cloud, schedule: Callable[..., list[str]]
) -> None:
    instances = cloud.instances(150)
    schedule(instances[:100], hours=1)
    schedule(instances[100:], hours=1)
    listening.run(advance(cloud, "72h"), lambda: None, lambda: None)
    looks: list[dict[str, Any]] = [
        call for call in cloud.get("calls") if call["action"] == "DescribeInstanceHistoryEvents"
    ]

    # All at first; then those of the days since the last look.
    asked = ["EventPublishTime.Start" in call["parameters"] for call in looks]
    assert asked == [False, False, True, True, True, True]
    assert looks[-1]["results"] == 0
