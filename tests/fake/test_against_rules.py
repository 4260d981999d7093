"""Compares the fake with a small model of the documented rules, over random histories.

The model knows the type and the time of each event and what was done to it, and computes
the status as the documentation says; the fake must agree after every step.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simevents.fake.protocol.wire import Request
from simevents.models import EventCycleStatus, EventType, format_time, parse_time
from tests.conftest import REGION
from tests.fake.requests import signed
from tests.model.inner_cloud import START, InnerCloud

INSTANCES = ["i-1", "i-2", "i-3"]
RETENTION = 30 * 24 * 3600


RUNS = int(os.environ.get("RULES_RUNS", "150"))


@dataclass
class Event:
    """One event as the documentation describes it."""

    instance: str
    type: str
    not_before: float
    ended_as: str = ""
    """Canceled or Avoided; empty if neither happened."""
    ended_at: float = 0.0

    def status(self, now: float) -> str:
        if self.ended_as:
            return self.ended_as
        if now >= self.not_before:
            return "Executed"
        return "Scheduled" if self.type.startswith("SystemMaintenance") else "Executing"

    def is_listed(self, now: float) -> bool:
        end = self.ended_at if self.ended_as else self.not_before
        return now < end or now - end <= RETENTION


class Rules(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.inner = InnerCloud(INSTANCES)
        self.now = parse_time(START).timestamp()
        self.events: dict[str, Event] = {}

    def teardown(self) -> None:
        if hasattr(self, "inner"):
            self.inner.store.close()

    def call(self, action: str, **parameters: str) -> tuple[int, dict[str, Any]]:
        fields = signed("POST", Action=action, RegionId=REGION, **parameters)
        answer = self.inner.rpc.answer(
            Request("POST", "/", urlencode(fields).encode(), {"host": "model"}, b"")
        )
        return answer.status, orjson.loads(answer.body)

    @rule(
        instances=st.lists(st.sampled_from([*INSTANCES, "i-nobody"]), min_size=1, max_size=4),
        type=st.sampled_from(list(EventType)),
        lead=st.integers(-60, 7200),
    )
    def create(self, instances: list[str], type: EventType, lead: int) -> None:
        not_before = self.now + lead
        status, body = self.call(
            "CreateSimulatedSystemEvents",
            EventType=type,
            NotBefore=_written(not_before),
            **{f"InstanceId.{n}": id for n, id in enumerate(instances, 1)},
        )
        if lead <= 0:
            assert (status, body["Code"]) == (403, "InvalidNotBefore.Passed")
        elif "i-nobody" in instances:
            assert (status, body["Code"]) == (404, "InvalidInstanceId.NotFound")
        else:
            assert status == 200
            ids = body["EventIdSet"]["EventId"]
            made = zip(ids, instances, strict=True)
            self.events |= {id: Event(each, type, not_before) for id, each in made}

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ids = data.draw(
            st.lists(st.sampled_from([*self.events, "e-unknown"]), min_size=1, max_size=3)
        )
        status, body = self.call(
            "CancelSimulatedSystemEvents", **{f"EventId.{n}": id for n, id in enumerate(ids)}
        )
        is_open = [
            id in self.events and self.events[id].status(self.now) in ("Scheduled", "Executing")
            for id in ids
        ]
        if all(is_open):
            assert status == 200
            self._end(ids, "Canceled")
        else:
            assert (status, body["Code"]) == (403, "InvalidEventId.NotFound")

    @rule(instance=st.sampled_from(INSTANCES))
    def reboot(self, instance: str) -> None:
        status, _ = self.call("RebootInstance", InstanceId=instance)
        assert status == 200
        self._end(
            [
                id
                for id, event in self.events.items()
                if (event.instance, event.type) == (instance, "SystemMaintenance.Reboot")
                and event.status(self.now) == "Scheduled"
            ],
            "Avoided",
        )

    @rule(seconds=st.sampled_from([1, 60, 3600, 7200, RETENTION]))
    def advance(self, seconds: int) -> None:
        self.inner.advance(seconds)
        self.now += seconds

    @invariant()
    def both_list_the_same(self) -> None:
        if not hasattr(self, "inner"):
            return
        asked = {
            f"InstanceEventCycleStatus.{n}": status.value
            for n, status in enumerate(EventCycleStatus, 1)
        }
        told: dict[str, str] = {}
        token = ""
        while True:
            _, body = self.call(
                "DescribeInstanceHistoryEvents", MaxResults="10", NextToken=token, **asked
            )
            entries = body["InstanceSystemEventSet"]["InstanceSystemEventType"]
            told |= {entry["EventId"]: entry["EventCycleStatus"]["Name"] for entry in entries}
            token = body.get("NextToken", "")
            if not token:
                break
        expected = {
            id: event.status(self.now)
            for id, event in self.events.items()
            if event.is_listed(self.now)
        }
        assert told == expected

    def _end(self, ids: list[str], status: str) -> None:
        for id in ids:
            self.events[id].ended_as = status
            self.events[id].ended_at = self.now


def _written(moment: float) -> str:
    return format_time(datetime.fromtimestamp(moment, UTC))


TestRules = Rules.TestCase
TestRules.settings = settings(
    max_examples=RUNS,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
