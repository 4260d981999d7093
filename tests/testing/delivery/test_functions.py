"""Handlers of Function Compute that a test lets be told of events."""

import asyncio
import functools
import json
from typing import Any

import pytest
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest

from simevents.errors import InvalidInput
from simevents.testing import FakeCloud

REBOOT = "SystemMaintenance.Reboot"
SCHEDULED = f"Instance:{REBOOT}:Scheduled"


def test_a_function_is_told_of_each_change_in_order(ecs_fake: FakeCloud) -> None:
    told: list[tuple[str, str, str]] = []

    def handler(event: bytes, context: Any) -> None:
        message = json.loads(event)
        told.append((message["name"], message["content"]["instanceId"], message["ruleName"]))

    (instance,) = ecs_fake.run_instances()
    subscription = ecs_fake.deliver_to(function=handler)
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert told == [(SCHEDULED, instance, "function-handler")]

    ecs_fake.clock.advance("3h")
    assert [name.rpartition(":")[2] for name, _, _ in told] == [
        "Scheduled",
        "Executing",
        "Executed",
    ]
    assert str(subscription) == "function-handler"
    ecs_fake.expect(instance).event_delivered("Executed", to=subscription)


def test_the_context_is_that_of_function_compute(ecs_fake: FakeCloud) -> None:
    contexts: list[Any] = []

    def handler(event: bytes, context: Any) -> None:
        contexts.append(context)
        context.logger.info("told")

    ecs_fake.region = "cn-beijing"
    ecs_fake.deliver_to(function=handler, names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(2), "+2h")

    first, second = contexts
    assert (first.region, first.account_id) == ("cn-beijing", "1000000000000001")
    assert (first.function.name, first.function.memory, first.function.timeout) == (
        "handler",
        512,
        60,
    )
    assert first.function.handler.endswith("test_functions.handler")
    assert (first.service.name, first.service.qualifier, first.service.log_project) == (
        "simevents",
        "LATEST",
        "",
    )
    assert first.request_id != second.request_id
    for secret in (first.credentials.access_key_secret, first.credentials.security_token):
        assert secret
        assert secret not in repr(first)


def test_the_keys_of_the_context_are_accepted(ecs_fake: FakeCloud) -> None:
    def handler(event: bytes, context: Any) -> None:
        message = json.loads(event)
        if message["name"] != SCHEDULED:
            return
        keys = context.credentials
        credential = StsTokenCredential(
            keys.access_key_id, keys.access_key_secret, keys.security_token
        )
        request = RebootInstanceRequest()
        request.set_InstanceId(message["content"]["instanceId"])
        AcsClient(region_id=context.region, credential=credential).do_action_with_exception(request)

    ecs_fake.deliver_to(function=handler)
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule(REBOOT, instance, "+2h")

    ecs_fake.expect(instance).event_delivered("Scheduled").rebooted().event_avoided()
    # What the handler itself has caused was delivered after it, before `schedule` returned.
    ecs_fake.expect(instance).event_delivered("Avoided")


def test_only_the_names_that_are_wanted_are_delivered(ecs_fake: FakeCloud) -> None:
    told: list[str] = []

    def handler(event: bytes, context: Any) -> None:
        told.append(json.loads(event)["name"])

    ecs_fake.deliver_to(function=handler, names=[f"Instance:{REBOOT}:Executed"])
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    ecs_fake.clock.advance("3h")

    assert told == [f"Instance:{REBOOT}:Executed"]


def test_states_of_instances_are_told_to_those_who_name_them(ecs_fake: FakeCloud) -> None:
    told: list[dict[str, Any]] = []

    def handler(event: bytes, context: Any) -> None:
        told.append(json.loads(event))

    ecs_fake.deliver_to(function=handler, names=["Instance:StateChange"])
    (instance,) = ecs_fake.run_instances()
    assert {message["name"] for message in told} == {"Instance:StateChange"}
    assert told[-1]["content"] == {
        "resourceId": instance,
        "resourceType": "ALIYUN::ECS::Instance",
        "state": "Running",
    }
    ecs_fake.expect(instance).event_delivered("Instance:StateChange")


@pytest.mark.parametrize("via", ["cloudmonitor", "eventbridge"])
def test_who_names_no_change_is_told_of_events_only(ecs_fake: FakeCloud, via: str) -> None:
    told: list[Any] = []
    ecs_fake.deliver_to(function=lambda event, context: told.append(event), via=via)
    instances = ecs_fake.run_instances()
    assert told == []
    ecs_fake.schedule(REBOOT, instances, "+2h")
    assert len(told) == 1


def test_a_pattern_selects_events_of_the_bus(ecs_fake: FakeCloud) -> None:
    told: list[dict[str, Any]] = []

    def handler(event: bytes, context: Any) -> None:
        told.append(json.loads(event))

    pattern = {"source": ["acs.ecs"], "data": {"eventStatus": ["Executing"]}}
    ecs_fake.deliver_to(function=handler, via="eventbridge", pattern=pattern)
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.clock.advance("3h")

    (event,) = told
    assert (event["type"], event["data"]["instanceId"], event["data"]["eventStatus"]) == (
        f"ecs:Instance:{REBOOT}",
        instance,
        "Executing",
    )
    ecs_fake.expect(instance).event_delivered("Executing")


def test_what_can_be_called_as_a_function_is_taken(ecs_fake: FakeCloud) -> None:
    told: list[str] = []

    class Handler:
        def __call__(self, event: bytes, context: Any) -> None:
            told.append("object")

        def method(self, event: bytes, context: Any, retries: int = 3) -> None:
            told.append("method")

    def with_name(name: str, event: bytes, context: Any) -> None:
        told.append(name)

    ecs_fake.deliver_to(function=Handler(), names=[SCHEDULED])
    ecs_fake.deliver_to(function=Handler().method, names=[SCHEDULED])
    ecs_fake.deliver_to(function=functools.partial(with_name, "partial"), names=[SCHEDULED])
    ecs_fake.deliver_to(function=lambda *_: told.append("lambda"), names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")

    assert sorted(told) == ["lambda", "method", "object", "partial"]
    assert sorted(delivery.address for delivery in ecs_fake.deliveries) == [
        "function-Handler",
        "function-handler",
        "function-method",
        "function-partial",
    ]


async def coroutine(event: bytes, context: Any) -> None:
    raise AssertionError("must not run")


def test_a_coroutine_function_is_refused(ecs_fake: FakeCloud) -> None:
    with pytest.raises(InvalidInput, match="function: coroutine is a coroutine function; Function"):
        ecs_fake.deliver_to(function=coroutine)


def _in_a_coroutine(event: bytes, context: Any) -> Any:
    return coroutine(event, context)


def test_a_function_that_returns_a_coroutine_fails_the_test(ecs_fake: FakeCloud) -> None:
    ecs_fake.deliver_to(function=_in_a_coroutine)
    with pytest.raises(TypeError, match="has returned a coroutine; Function Compute calls a plain"):
        ecs_fake.schedule(REBOOT, ecs_fake.add_instance("i-web"), "+2h")


def test_a_function_may_run_a_loop_of_its_own(ecs_fake: FakeCloud) -> None:
    told: list[str] = []

    async def handle(event: bytes) -> None:
        await asyncio.sleep(0)
        told.append(json.loads(event)["name"])

    ecs_fake.deliver_to(
        function=lambda event, context: asyncio.run(handle(event)), names=[SCHEDULED]
    )
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    assert told == [SCHEDULED]


@pytest.mark.asyncio
async def test_a_test_that_is_a_coroutine_is_told_too(ecs_fake: FakeCloud) -> None:
    told: list[bytes] = []
    ecs_fake.deliver_to(function=lambda event, context: told.append(event), names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    assert len(told) == 1


def nothing(event: bytes, context: Any) -> None:
    pass


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "target: deliver_to takes exactly one of url, function, wsgi, asgi, queue, and none"),
        (
            {"url": "http://127.0.0.1:1/", "queue": "q"},
            "url, queue: deliver_to takes exactly one of .* and url and queue are given; call it",
        ),
        ({"function": 5}, "function: 5 is not a function; use one such as handler"),
        ({"function": lambda event: None}, r"cannot be called as handler\(event, context\)"),
        ({"function": nothing, "via": "sms"}, "via: 'sms' is not a valid channel; use cloudmon"),
        (
            {"function": nothing, "via": "eventbridge", "names": [SCHEDULED]},
            'names: these are names of CloudMonitor; with via="eventbridge" use pattern=',
        ),
        (
            {"function": nothing, "pattern": {}},
            'pattern: this is one of EventBridge; use it with via="eventbridge"',
        ),
        ({"function": nothing, "names": SCHEDULED}, "names: .* is not a list; use a list"),
        ({"function": nothing, "names": []}, "names: '' is not a valid name of a change"),
        ({"function": nothing, "names": ["Scheduled"]}, "names: 'Scheduled' is not a valid name"),
        (
            {"function": nothing, "names": [f"Instance:{REBOOT}"]},
            (
                f"names: 'Instance:{REBOOT}' does not end in a status, as CloudMonitor's names of "
                f"events do; use one for each status, such as Instance:{REBOOT}:Scheduled"
            ),
        ),
        (
            {"function": nothing, "names": [f"Instance:{REBOOT}:Schedule"]},
            (
                f"names: 'Instance:{REBOOT}:Schedule' does not end in a status, as .* such as "
                f"Instance:{REBOOT}:Scheduled"
            ),
        ),
        ({"function": nothing, "names": [7]}, "names: 7 is not a valid name of a change; use one"),
        (
            {"function": nothing, "via": "eventbridge", "pattern": "acs.ecs"},
            "pattern: 'acs.ecs' is not a valid event pattern; use an object such as",
        ),
        (
            {"function": nothing, "via": "eventbridge", "pattern": {"source": {1, 2}}},
            "pattern: .* is not a valid event pattern; use an object",
        ),
        (
            {"function": nothing, "via": "eventbridge", "pattern": {"source": "acs.ecs"}},
            "pattern: .*[Pp]attern",
        ),
        (
            {"function": nothing, "via": "eventbridge", "pattern": {"source": [{"like": "x"}]}},
            "pattern: .*like",
        ),
        ({"url": "127.0.0.1:9000"}, "url: '127.0.0.1:9000' is not a valid URL of a target; use"),
        ({"url": "ftp://127.0.0.1/"}, "url: .* is not a valid URL of a target"),
        ({"url": 9000}, "url: 9000 is not a valid URL of a target"),
        ({"queue": "my_queue"}, "queue: 'my_queue' is not a valid queue name; use letters"),
        ({"queue": ""}, "queue: '' is not a valid queue name"),
        ({"queue": "q", "path": "/hook"}, "path: queue= takes no path; it is for wsgi= and asgi="),
        ({"function": nothing, "path": "hook"}, "path: 'hook' is not a valid path; use one such"),
        ({"wsgi": 5}, "wsgi: 5 is not a WSGI application; use one such as Flask"),
        ({"asgi": 5}, r"asgi: 5 is not an ASGI application; use one such as FastAPI\(\)"),
        ({"wsgi": coroutine}, "wsgi: coroutine is not called with environ and start_response"),
        ({"wsgi": lambda event: []}, "wsgi: handler is not called with environ and start_resp"),
        ({"asgi": nothing}, "asgi: nothing is not called with scope, receive and send; for a WSGI"),
    ],
)
def test_bad_input_is_refused(
    ecs_fake: FakeCloud, arguments: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InvalidInput, match=expected):
        ecs_fake.deliver_to(**arguments)
    ecs_fake.schedule(REBOOT, ecs_fake.run_instances(), "+2h")
    assert ecs_fake.deliveries == []


@pytest.mark.parametrize(
    ("service", "function", "expected"),
    [
        ("orders/x", "drain", "service: 'orders/x' is not a valid name; use letters, digits"),
        ("orders", "", "function: '' is not a valid name"),
    ],
)
def test_a_served_function_needs_a_valid_name(
    ecs_fake: FakeCloud, service: str, function: str, expected: str
) -> None:
    with pytest.raises(InvalidInput, match=expected):
        ecs_fake.serve_function(service, function, nothing)


def test_a_served_function_is_a_function(ecs_fake: FakeCloud) -> None:
    with pytest.raises(InvalidInput, match="handler: coroutine is a coroutine function"):
        ecs_fake.serve_function("orders", "drain", coroutine)
