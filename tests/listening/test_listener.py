"""What listen forwards, from a fake cloud to a handler on this machine."""

from datetime import timedelta
from typing import Any

from simevents.api.client import SystemEvents
from simevents.listening.forwarder import Target
from simevents.listening.listener import Counts
from simevents.models import parse_time
from tests.conftest import REGION, Cloud
from tests.fake.delivery.receiver import Receiver
from tests.listening.runs import ACCOUNT, Listening, Schedule, advance, statuses


def test_each_change_is_forwarded_as_cloudmonitor_sends_it(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
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
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
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
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
) -> None:
    listening.target = Target(handler.url, "eventbridge")
    listening.run(lambda: schedule(cloud.instances(1)))
    (received,) = handler.received

    assert received.json["type"] == "ecs:Instance:SystemMaintenance.Reboot"
    assert received.json["data"]["eventStatus"] == "Scheduled"
    assert received.headers["x-eventbridge-signature-v2"]


def test_what_has_happened_before_is_known_and_not_forwarded(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
) -> None:
    (instance,) = cloud.instances(1)
    (event_id,) = schedule([instance])
    listening.run(lambda: cloud.cancel(REGION, event_id))

    assert statuses(handler) == ["Canceled"]
    assert listening.told.lines == ["began", f"{instance} Canceled 200 1"]


def test_what_has_changed_since_a_time_is_forwarded(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
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
    listening: Listening, cloud: Cloud, schedule: Schedule
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


def test_an_event_that_the_cloud_no_longer_tells_of_is_lost(
    listening: Listening, cloud: Cloud, schedule: Schedule
) -> None:
    (instance,) = cloud.instances(1)
    schedule([instance])
    listening.run(lambda: cloud.post("reset"), lambda: None)

    assert listening.told.lines == ["began", f"{instance} lost"]


def test_names_that_cannot_be_read_do_not_stop_it(
    listening: Listening, cloud: Cloud, handler: Receiver, schedule: Schedule
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
    listening: Listening, cloud: Cloud, schedule: Schedule
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
    listening: Listening, cloud: Cloud, schedule: Schedule
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
