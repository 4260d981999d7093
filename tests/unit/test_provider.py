"""The two providers, called with the engine's protocol through Pulumi's own servicer.

Values pass through the engine's encoding: numbers become floats, None disappears and
unknown values are marked.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import proto, rpc

from simevents import provider as provider_module
from simevents.fake.server import FakeServer
from simevents.provider import EventsProvider, IntentProvider
from simevents.state_text import from_text, to_text
from tests.conftest import REGION, Cloud
from tests.servicer import servicer

Properties = dict[str, Any]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
URN = "urn:pulumi:test::simevents::pulumi-python:dynamic/simevents:Intent::drill"


def encoded(properties: Properties) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(rpc.serialize_properties(properties, {}))
    finally:
        loop.close()


class Engine:
    """Calls one provider as the engine does."""

    def __init__(self, provider: IntentProvider | EventsProvider) -> None:
        self._provider = {"__provider": serialize_provider(provider)}
        self._servicer = servicer()

    def check(self, news: Properties, olds: Properties | None = None) -> tuple[Any, dict[str, str]]:
        request = proto.CheckRequest(
            urn=URN,
            olds=encoded((olds or {}) | self._provider),
            news=encoded(news | self._provider),
        )
        answer = self._servicer.Check(request, None)
        failures = {failure.property: failure.reason for failure in answer.failures}
        return rpc.deserialize_properties(answer.inputs, True), failures

    def diff(self, id: str, olds: Properties, news: Properties) -> Any:
        request = proto.DiffRequest(
            id=id, olds=encoded(olds | self._provider), news=encoded(news | self._provider)
        )
        return self._servicer.Diff(request, None)

    def create(self, inputs: Properties) -> tuple[str, Properties]:
        request = proto.CreateRequest(properties=encoded(inputs | self._provider))
        answer = self._servicer.Create(request, None)
        return answer.id, self._decoded(answer.properties)

    def read(self, id: str, outputs: Properties) -> tuple[str, Properties, Properties]:
        request = proto.ReadRequest(id=id, properties=encoded(outputs | self._provider))
        answer = self._servicer.Read(request, None)
        return answer.id, self._decoded(answer.properties), self._decoded(answer.inputs)

    def update(self, id: str, olds: Properties, news: Properties) -> Properties:
        request = proto.UpdateRequest(
            id=id, olds=encoded(olds | self._provider), news=encoded(news | self._provider)
        )
        return self._decoded(self._servicer.Update(request, None).properties)

    def delete(self, id: str, outputs: Properties) -> None:
        self._servicer.Delete(
            proto.DeleteRequest(id=id, properties=encoded(outputs | self._provider)), None
        )

    def _decoded(self, properties: Any) -> Properties:
        decoded = rpc.deserialize_properties(properties)
        decoded.pop("__provider", None)
        return dict(decoded)


@pytest.fixture
def intent() -> Iterator[Engine]:
    return Engine(IntentProvider())  # type: ignore[return-value]


@pytest.fixture
def events() -> Iterator[Engine]:
    return Engine(EventsProvider())  # type: ignore[return-value]


def inputs(cloud: Cloud, instances: list[str], **change: Any) -> Properties:
    return {
        "event_type": "SystemMaintenance.Reboot",
        "not_before": "+1h",
        "instance_ids": instances,
        "region": REGION,
        "endpoint": cloud.url,
        **change,
    }


def events_inputs(id: str, outputs: Properties) -> Properties:
    """The inputs that the component passes from the intent to the events."""
    names = (
        *("event_type", "not_before_at", "region"),
        *("endpoint", "account_id", "declared_at"),
    )
    passed = {name: outputs[name] for name in names}
    return passed | {"intent": id, "instance_ids": to_text(outputs["instance_ids"])}


def test_create_read_and_delete_through_the_engines_encoding(
    intent: Engine, events: Engine, cloud: Cloud
) -> None:
    instances = cloud.instances(2)
    _, failures = intent.check(inputs(cloud, instances, triggers=[1, None, "x"]))
    assert failures == {}
    id, declared = intent.create(inputs(cloud, instances, triggers=[1, "x"]))
    events_id, made = events.create(events_inputs(id, declared))

    assert id.startswith("sse-")
    assert sorted(from_text(made["event_ids"])) == instances
    assert from_text(made["statuses"]) == dict.fromkeys(instances, "Scheduled")
    unchanged = intent.diff(id, declared, inputs(cloud, instances[::-1], triggers=[1.0, "x"]))
    assert unchanged.changes == proto.DiffResponse.DIFF_NONE
    same = events.diff(events_id, made, events_inputs(id, declared))
    assert same.changes == proto.DiffResponse.DIFF_NONE

    read_id, outputs, read_inputs = events.read(events_id, made)
    assert (read_id, outputs) == (events_id, made)
    assert read_inputs == events_inputs(id, declared)
    assert intent.read(id, declared)[2] == inputs(cloud, instances, triggers=[1, "x"])

    for _ in range(2):
        events.delete(events_id, made)
        intent.delete(id, declared)
    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_a_state_with_lists_and_mappings_is_unchanged_refreshed_and_deleted(
    intent: Engine, events: Engine, cloud: Cloud
) -> None:
    id, declared = intent.create(inputs(cloud, cloud.instances(2)))
    events_id, made = events.create(events_inputs(id, declared))
    earlier = made | {n: from_text(made[n]) for n in ("instance_ids", "event_ids", "statuses")}

    diff = events.diff(events_id, earlier, events_inputs(id, declared))
    assert diff.changes == proto.DiffResponse.DIFF_NONE
    assert events.read(events_id, earlier)[1] == earlier
    updated = events.update(events_id, earlier, events_inputs(id, declared))
    assert {n: from_text(updated[n]) for n in ("event_ids", "statuses")} == {
        n: earlier[n] for n in ("event_ids", "statuses")
    }
    assert updated["instance_ids"] == made["instance_ids"]
    events.delete(events_id, earlier)
    assert cloud.statuses() == ["Canceled", "Canceled"]


def test_deleted_events_have_no_id(intent: Engine, events: Engine, cloud: Cloud) -> None:
    id, declared = intent.create(inputs(cloud, cloud.instances(1)))
    events_id, made = events.create(events_inputs(id, declared))
    events.delete(events_id, made)

    assert events.read(events_id, made)[0] == ""


def test_an_update_keeps_the_time_and_all_outputs(
    intent: Engine, events: Engine, cloud: Cloud
) -> None:
    first, second = cloud.instances(2)
    id, declared = intent.create(inputs(cloud, [first]))
    events_id, made = events.create(events_inputs(id, declared))
    wider = inputs(cloud, [first, second])
    assert intent.diff(id, declared, wider).changes == proto.DiffResponse.DIFF_SOME
    assert list(intent.diff(id, declared, wider).replaces) == []
    declared = intent.update(id, declared, wider | {"account_id": None})
    updated = events.update(events_id, made, events_inputs(id, declared))

    event_ids = from_text(updated["event_ids"])
    assert event_ids[first] == from_text(made["event_ids"])[first]
    assert sorted(event_ids) == [first, second]
    assert updated["not_before_at"] == made["not_before_at"]


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"event_type": "SystemFailure.Stop"}, ["event_type"]),
        ({"not_before": "+2h"}, ["not_before"]),
        ({"region": "cn-shanghai"}, ["region"]),
        ({"triggers": [2]}, ["triggers"]),
    ],
)
def test_changes_that_replace_an_intent(
    intent: Engine, cloud: Cloud, change: Properties, replaced: list[str]
) -> None:
    id, declared = intent.create(inputs(cloud, cloud.instances(1)))
    diff = intent.diff(id, declared, inputs(cloud, declared["instance_ids"]) | change)

    assert (list(diff.replaces), diff.deleteBeforeReplace) == (replaced, True)


def test_an_unknown_or_another_intent_replaces_the_events(
    intent: Engine, events: Engine, cloud: Cloud
) -> None:
    id, declared = intent.create(inputs(cloud, cloud.instances(1)))
    events_id, made = events.create(events_inputs(id, declared))
    for other in (UNKNOWN, "sse-other"):
        news = events_inputs(id, declared) | {"intent": other, "not_before_at": UNKNOWN}
        assert list(events.diff(events_id, made, news).replaces) == ["intent"]
    unknown_outputs = events_inputs(id, declared) | {
        "not_before_at": UNKNOWN,
        "account_id": UNKNOWN,
    }
    diff = events.diff(events_id, made, unknown_outputs)
    assert diff.changes == proto.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"event_type": "Reboot"}, "event_type", "'Reboot' is not a valid event type; use one of"),
        ({"not_before": "soon"}, "not_before", "'soon' is not a valid time; use"),
        ({"not_before": 5}, "not_before", "is not a text; use"),
        ({"not_before": "2018-09-01T00:00:00Z"}, "not_before", "has passed (it is"),
        ({"instance_ids": []}, "instance_ids", "no instance is given"),
        ({"instance_ids": ["i-a", "i-a"]}, "instance_ids", "i-a is named more than once"),
        ({"instance_ids": ["vm-1"]}, "instance_ids", "'vm-1' is not a valid instance id"),
        (
            {"instance_ids": [f"i-{number}" for number in range(10_001)]},
            "instance_ids",
            "10001 instances are too many for one resource; use at most 10000",
        ),
        ({"instance_ids": [7]}, "instance_ids", "7.0 is not a valid instance id"),
        ({"region": ""}, "region", "no region is given"),
        ({"endpoint": "http://example.com"}, "endpoint", "would send credentials unencrypted"),
    ],
)
def test_the_error_for_bad_input_names_the_property(
    intent: Engine, cloud: Cloud, change: Properties, field: str, expected: str
) -> None:
    _, failures = intent.check(inputs(cloud, ["i-a"]) | change)

    assert list(failures) == [field]
    assert expected in failures[field]


@pytest.mark.parametrize(
    "field", ["event_type", "not_before", "instance_ids", "region", "endpoint"]
)
def test_a_value_that_is_not_known_yet_passes(intent: Engine, cloud: Cloud, field: str) -> None:
    assert intent.check(inputs(cloud, ["i-a"]) | {field: UNKNOWN})[1] == {}


def test_an_instance_that_is_not_known_yet_passes(intent: Engine, cloud: Cloud) -> None:
    assert intent.check(inputs(cloud, ["i-a", UNKNOWN]))[1] == {}


def test_an_unchanged_time_that_has_passed_is_accepted(intent: Engine, cloud: Cloud) -> None:
    old = inputs(cloud, ["i-a"], not_before="2018-09-01T00:00:00Z")

    assert intent.check(old | {"instance_ids": ["i-a", "i-b"]}, old)[1] == {}


def test_check_accepts_a_passed_time_if_the_cloud_cannot_be_asked(intent: Engine) -> None:
    nobody = {
        "event_type": "SystemMaintenance.Reboot",
        "not_before": "2018-09-01T00:00:00Z",
        "instance_ids": ["i-a"],
        "region": REGION,
    }

    # Without credentials the provider does not call the cloud.
    assert intent.check(nobody)[1] == {}


@pytest.fixture
def old_and_new(cloud: Cloud) -> Iterator[tuple[Cloud, Cloud]]:
    """The cloud of the stack, and another one at another endpoint."""
    with FakeServer(seed=1) as server:
        other = Cloud(server.url)
        yield cloud, other
        other.close()


def test_a_new_endpoint_must_have_the_known_instances(
    intent: Engine, old_and_new: tuple[Cloud, Cloud]
) -> None:
    old, new = old_and_new
    instances = old.instances(2)
    here = inputs(old, instances)
    there = inputs(new, [*instances, UNKNOWN])
    _, failures = intent.check(there, here)

    assert failures == {
        "endpoint": f"the events cannot move from cn-hangzhou of {old.url} to cn-hangzhou of "
        f"{new.url}: 2 of 2 instances do not exist in cn-hangzhou of {new.url}, account "
        f"{new.get('health')['account_id']}: {', '.join(instances)}. Use instances that exist "
        f"there. The events of cn-hangzhou of {old.url} stay until this is corrected; or change "
        "endpoint back"
    }
    new.post("instances", instance_ids=instances, region=REGION)
    assert intent.check(there, here)[1] == {}
    assert intent.check(there | {"instance_ids": UNKNOWN}, here)[1] == {}
    assert [call for call in old.actions() if call != "DescribeInstances"] == []


def test_a_new_endpoint_must_answer(
    intent: Engine, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "MOVE_SECONDS", 0.5)
    dead = {"endpoint": "http://127.0.0.1:9"}
    here = inputs(cloud, cloud.instances(1))
    for ids in (here["instance_ids"], UNKNOWN):
        _, failures = intent.check(here | dead | {"instance_ids": ids}, here)
        assert list(failures) == ["endpoint"]
        assert "GetCallerIdentity got no answer from 127.0.0.1:9" in failures["endpoint"]
        assert failures["endpoint"].endswith("or change endpoint back")
    assert intent.check(here | dead)[1] == {}
    assert intent.check(here | dead | {"not_before": "+2h"}, here | dead)[1] == {}
    assert intent.check(here | {"endpoint": UNKNOWN}, here)[1] == {}


def test_a_new_region_must_have_the_known_instances(intent: Engine, cloud: Cloud) -> None:
    here = inputs(cloud, cloud.instances(1))
    _, failures = intent.check(here | {"region": "cn-shanghai"}, here)

    assert list(failures) == ["region"]
    assert f"1 of 1 instances do not exist in cn-shanghai of {cloud.url}" in failures["region"]


def test_the_providers_have_no_state_and_keep_their_import_path() -> None:
    for provider in (IntentProvider(), EventsProvider()):
        assert vars(provider) == {}
        assert type(provider).__module__ == "simevents.provider"
    assert [IntentProvider.__name__, EventsProvider.__name__] == [
        "IntentProvider",
        "EventsProvider",
    ]
