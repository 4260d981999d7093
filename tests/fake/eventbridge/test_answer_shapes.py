"""Answers with content fit the models of the newest SDK: no unknown member, no wrong type."""

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_eventbridge20200401 import models

from tests.fake.eventbridge.test_rules import HOOK
from tests.fake.test_answer_shapes import mismatches, shape

RULE = {"EventBusName": "default", "RuleName": "r"}
WHOLE = HOOK | {"ConcurrentConfig": {"Concurrency": 2}}
CALLS: dict[str, dict[str, Any]] = {
    "CreateEventBus": {"EventBusName": "b"},
    "GetEventBus": {"EventBusName": "default"},
    "ListEventBuses": {},
    "UpdateEventBus": {"EventBusName": "default", "Description": "d"},
    "GetRule": RULE,
    "ListRules": {"EventBusName": "default"},
    "UpdateRule": RULE,
    "EnableRule": RULE,
    "DisableRule": RULE,
    "PutTargets": RULE | {"Targets": [WHOLE]},
    "ListTargets": RULE,
    "PutEvents": {
        "EventBusName": "default",
        "EventList": [{"Id": "1"}, {"Id": "2", "Source": "a", "Type": "b"}],
    },
    "TestEventPattern": {"Event": "{}", "EventPattern": "{}"},
    "DeleteTargets": RULE | {"TargetIds": ["nobody"]},
    "DeleteRule": RULE,
    "DeleteEventBus": {"EventBusName": "b"},
}


@pytest.mark.parametrize("action", [*CALLS, "CreateRule"])
def test_an_answer_fits_the_model(call: Callable[..., dict[str, Any]], action: str) -> None:
    created = call("CreateRule", **RULE, FilterPattern="{}", EventTargets=[WHOLE])
    if action == "DeleteEventBus":
        call("CreateEventBus", EventBusName="b")
    answer = call(action, **CALLS[action]) if action in CALLS else created
    assert (answer.pop("status"), answer["Code"]) == (200, "Success")

    assert mismatches(answer, shape(models, getattr(models, f"{action}ResponseBody")), "") == []
