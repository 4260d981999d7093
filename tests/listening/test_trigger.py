"""What trigger sends, to a handler on this machine."""

from collections.abc import Iterator

import pytest

from simevents.listening.forwarder import Answer, Forwarder, Target
from simevents.listening.life_cycles import parse
from simevents.listening.trigger import sent
from tests.fake.delivery.receiver import Receiver, Reply
from tests.listening.events import PUBLISHED


@pytest.fixture
def handler() -> Iterator[Receiver]:
    with Receiver(lambda number: Reply(200 if number else 503, b"first\nsecond")) as made:
        yield made


def send(event: str, target: Target) -> tuple[list[Answer], list[str]]:
    """The answers, and in which order was sent and paused."""
    course: list[str] = []
    answers = []
    with Forwarder(target, "cn-hangzhou", wall=PUBLISHED.timestamp, seed=0) as forwarder:
        life = parse(event, target.via)
        for answer in sent(
            forwarder, life, "i-a", lambda: PUBLISHED, lambda: course.append("pause")
        ):
            course.append(answer.status)
            answers.append(answer)
    return answers, course


def test_a_course_is_sent_in_order_with_a_pause_between_two_messages(handler: Receiver) -> None:
    answers, course = send("SystemMaintenance.Reboot", Target(handler.url))
    contents = [each.json["content"] for each in handler.received]

    assert course == ["Scheduled", "pause", "Executing", "pause", "Executed"]
    assert [(each.http_status, each.is_acknowledged, each.text) for each in answers] == [
        (503, False, "first\nsecond"),
        (200, True, "first\nsecond"),
        (200, True, "first\nsecond"),
    ]
    # Nothing is sent again: whoever asks sees each answer.
    assert len(handler.received) == 3
    assert len({each["eventId"] for each in contents}) == 1
    assert contents[2] == {
        "eventId": contents[0]["eventId"],
        "eventType": "SystemMaintenance.Reboot",
        "eventStatus": "Executed",
        "instanceId": "i-a",
        "publishTime": "2027-01-31T09:30:00Z",
        "notBefore": "2027-01-31T11:30:00Z",
        "executeStartTime": "2027-01-31T11:30:00Z",
        "executeFinishTime": "2027-01-31T11:31:00Z",
    }
    assert [each.json["eventTime"] for each in handler.received] == [
        "20270131T173000.000+0800",
        "20270131T193000.000+0800",
        "20270131T193100.000+0800",
    ]


def test_a_failure_that_is_cancelled_began_when_it_was_published(handler: Receiver) -> None:
    send("SystemFailure.Reboot:Canceled", Target(handler.url, "eventbridge"))
    (received,) = handler.received

    assert received.json["type"] == "ecs:Instance:SystemFailure.Reboot"
    assert received.json["data"]["executeStartTime"] == "2027-01-31T09:30:00Z"
    assert received.json["data"]["executeFinishTime"] == "2027-01-31T09:30:30Z"


def test_the_states_of_an_instance(handler: Receiver) -> None:
    _, course = send("Instance:StateChange:Stopping,Stopped", Target(handler.url))

    assert course == ["Stopping", "pause", "Stopped"]
    assert handler.names() == ["Instance:StateChange"] * 2
    assert handler.received[1].json["content"] == {
        "resourceId": "i-a",
        "resourceType": "ALIYUN::ECS::Instance",
        "state": "Stopped",
    }


def test_the_interruption_of_a_preemptible_instance(handler: Receiver) -> None:
    answers, _ = send("Instance:PreemptibleInstanceInterruption", Target(handler.url))

    assert [each.name for each in answers] == ["Instance:PreemptibleInstanceInterruption"]
    assert handler.received[0].json["content"] == {"instanceId": "i-a", "action": "delete"}


def test_the_documented_form_has_fewer_members(handler: Receiver) -> None:
    target = Target(handler.url, switches={"cloudmonitor_body": "documented"})
    send("SystemMaintenance.Stop:Scheduled", target)

    assert "ruleName" not in handler.received[0].json


def test_a_handler_that_closes_its_connections_is_reached_each_time() -> None:
    with Receiver(lambda _: Reply(headers={"connection": "close"})) as handler:
        answers, _ = send("SystemMaintenance.Reboot", Target(handler.url))

    assert [each.http_status for each in answers] == [200, 200, 200]


def test_nobody_there() -> None:
    (answer,), _ = send("SystemMaintenance.Reboot:Scheduled", Target("http://127.0.0.1:1/"))

    assert (answer.http_status, answer.is_acknowledged) == (0, False)
    assert answer.text == "no connection: nobody listens there"


def test_a_stranger_is_not_called() -> None:
    (answer,), _ = send("SystemMaintenance.Reboot:Scheduled", Target("http://192.0.2.1/"))

    assert (answer.http_status, answer.is_acknowledged) == (0, False)
    assert answer.text.startswith("192.0.2.1 is not this machine, and a fake cloud calls no other")
