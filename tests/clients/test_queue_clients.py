"""The vendor's clients of queues and of CloudMonitor's rules, unchanged, in other languages.

Each makes its queue, its rule and its target by the vendor's host names, and consumes what comes.
The clients of queues for Go and Java obey no proxy: they are led as by ``simevents run --isolate``.
"""

import json
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from simevents.running.isolation import command_in_isolation
from simevents.testing import FakeCloud
from tests.clients.toolchains import HERE, go_program, java_program, node_program, python_program

pytestmark = pytest.mark.slow

QUEUES = HERE / "queues"
PROGRAMS: dict[str, Callable[[], list[str]]] = {
    "node": lambda: node_program(QUEUES / "node", "client.js"),
    "java": lambda: java_program(QUEUES / "java", "Client"),
    "go": lambda: go_program(QUEUES / "go"),
    "python": lambda: python_program(QUEUES / "python", "client.py"),
}
OBEY_NO_PROXY = ("go", "java")
ARN = "acs:mns:cn-hangzhou:1000000000000001:/queues/alarms"
NAME = "Instance:SystemMaintenance.Reboot:Scheduled"

CALLS = {
    *("CreateQueue", "SetQueueAttributes", "GetQueueAttributes", "ListQueue", "DeleteQueue"),
    *("SendMessage", "BatchSendMessage", "PeekMessage", "ReceiveMessage", "DeleteMessage"),
    *("ChangeMessageVisibility", "BatchReceiveMessage", "BatchDeleteMessage"),
}
PATH = "/queues/alarms"
COMMON = {
    "other": "QueueAlreadyExist",
    "attributes": ["alarms", 50, False],
    "listed": [PATH],
    # The clients for Go and Node send the text as it is.
    "sent": ["B8A9F715DBB64FD5C56E7783C6820A61", "DA2146FD3C82F660ADB5AA35522515A2"],
    "peeked": "one & <1>",
    "oldHandle": "MessageNotExist",
    "badHandle": "ReceiptHandleError",
    "received": ["two", "drei ü"],
    "gone": "QueueNotExist",
}
PEEKED = {"peekedAll": ["one & <1>", "two", "drei ü"]}
AS_BASE64 = {"sent": ["38A4018903D31425D2C533DD7E0B674C", "48EC15C3CFE814638453545D180164B6"]}
OF_ONE: dict[str, dict[str, Any]] = {
    "go": {
        "created": "none",
        "again": "mns queue already exist, and the attribute is the same, queue name: alarms",
        "attributes": ["alarms", 50, 65536],
        "deleted": "none",
        "deletedTwice": ["mns queue batch operation fail", 2],
    },
    "java": PEEKED
    | AS_BASE64
    | {
        "created": PATH,
        "again": PATH,
        "listedNames": ["alarms"],
        "exists": True,
        "deletedTwice": "MessageNotExist",
        "empty": "null",
        "existsNot": False,
    },
    "node": PEEKED
    | {
        "created": [201, PATH],
        "again": 204,
        "other": "MNSQueueAlreadyExistError",
        "attributes": ["alarms", "50", "False"],
        "oldHandle": "MNSMessageNotExistError",
        "badHandle": "MNSReceiptHandleErrorError",
        "deleted": 204,
        "empty": "MNSMessageNotExistError",
        "gone": "MNSQueueNotExistError",
    },
    "python": PEEKED
    | AS_BASE64
    | {
        "created": PATH,
        "again": PATH,
        "listed": [PATH, ""],
        "deletedTwice": "MessageNotExist",
        "empty": "MessageNotExist",
    },
}


def start(cloud: FakeCloud, language: str, *words: str) -> "subprocess.Popen[str]":
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [*PROGRAMS[language](), *words]
    if language in OBEY_NO_PROXY and cloud.url not in words[-1]:
        command = command_in_isolation(command, urlsplit(cloud.url).port or 0)
    started: subprocess.Popen[str] = cloud.popen(command, **pipes)
    return started


def ended(running: "subprocess.Popen[str]") -> list[str]:
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    return output.splitlines()


@pytest.mark.parametrize("protocol", ["http", "https"])
@pytest.mark.parametrize("language", list(PROGRAMS))
def test_a_consumer_of_its_own_rule(language: str, protocol: str, ecs_fake: FakeCloud) -> None:
    instance = ecs_fake.add_instance("i-web")
    running = start(ecs_fake, language, "consume", protocol)
    assert running.stdout is not None
    said = [running.stdout.readline() for _ in range(2)]
    assert said == [f"{ARN}\n", "ready\n"], running.communicate(timeout=60)[1]
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    body, after = ended(running)

    message = json.loads(body)
    assert (message["name"], message["content"]["instanceId"]) == (NAME, "i-web")
    assert "MessageNotExist" in after
    ecs_fake.expect(instance).event_delivered("Scheduled", to="alarms", times=1)
    assert ecs_fake.proxy_refusals == []


@pytest.mark.parametrize(("language", "path"), [("go", "/."), ("java", "")])
def test_who_obeys_no_proxy_takes_the_address_of_the_fake(
    language: str, path: str, ecs_fake: FakeCloud
) -> None:
    (answers,) = ended(start(ecs_fake, language, "calls", ecs_fake.url + path))

    assert json.loads(answers) == COMMON | OF_ONE[language]


@pytest.mark.parametrize("language", list(PROGRAMS))
def test_each_call_of_the_client(language: str, ecs_fake: FakeCloud) -> None:
    (answers,) = ended(start(ecs_fake, language, "calls", "http"))

    assert json.loads(answers) == COMMON | OF_ONE[language]
    assert {call.action for call in ecs_fake.calls} >= CALLS
    assert ecs_fake.proxy_refusals == []
