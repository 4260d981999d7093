"""Calls EventBridge's data plane with the vendor's client, which knows nothing of the fake.

Usage: client.py ENDPOINT URL. Prints what the calls return as one JSON object; URL is where a
rule's target is.
"""

import json
import sys
from typing import Any

from alibabacloud_eventbridge import models
from alibabacloud_eventbridge.client import Client
from Tea.exceptions import TeaException

PATTERN = json.dumps({"source": ["shop.orders"], "data": {"amount": [{"numeric": [">", 1]}]}})
BUS, RULE = "orders", "large"


def target(url: str) -> models.TargetEntry:
    body = models.EBTargetParam(
        resource_key="Body", form="TEMPLATE", value='{"a":"$.data.amount"}', template="${a}"
    )
    return models.TargetEntry(id="hook", type="http", endpoint=url, param_list=[body])


def event(id: str, amount: int, content_type: str) -> models.CloudEvent:
    return models.CloudEvent(
        id=id,
        source="shop.orders",
        type="order:Created",
        datacontenttype=content_type,
        data=json.dumps({"amount": amount}).encode(),
        extensions={"aliyuneventbusname": BUS},
    )


def without_ids(answer: Any) -> Any:
    members = answer.to_map()
    assert len(members.pop("RequestId")) == 36
    return members


def main(endpoint: str, url: str) -> dict[str, Any]:
    config = models.Config(
        access_key_id="testid", access_key_secret="testsecret", endpoint=endpoint
    )
    client = Client(config)
    one = {"event_bus_name": BUS, "rule_name": RULE}
    found: dict[str, Any] = {}
    found["created"] = client.create_event_bus(
        models.CreateEventBusRequest(event_bus_name=BUS, description="of the shop")
    )
    found["bus"] = client.get_event_bus(models.GetEventBusRequest(event_bus_name=BUS))
    found["buses"] = client.list_event_buses(models.ListEventBusesRequest(name_prefix="o"))
    found["rule"] = client.create_rule(
        models.CreateRuleRequest(
            **one, filter_pattern=PATTERN, status="ENABLE", targets=[target(url)]
        )
    )
    found["targets"] = client.create_targets(
        models.CreateTargetsRequest(**one, targets=[target(url)])
    )
    found["listed"] = client.list_targets(models.ListTargetsRequest(**one))
    found["rules"] = client.list_rules(models.ListRulesRequest(event_bus_name=BUS))
    found["updated"] = client.update_rule(
        models.UpdateRuleRequest(**one, description="d", filter_pattern=PATTERN)
    )
    found["disabled"] = client.disable_rule(models.DisableRuleRequest(**one))
    found["enabled"] = client.enable_rule(models.EnableRuleRequest(**one))
    found["described"] = client.get_rule(models.GetRuleRequest(**one))
    found["tried"] = client.test_event_pattern(
        models.TestEventPatternRequest(
            event='{"source":"shop.orders","data":{"amount":7}}', event_pattern=PATTERN
        )
    )
    found["put"] = client.put_events(
        [
            event("1", 7, "application/json"),
            event("2", 8, "application/json; charset=utf-8"),
            event("3", 1, "application/json"),
        ]
    )
    found["removed"] = client.delete_targets(
        models.DeleteTargetsRequest(**one, target_ids=["nobody"])
    )
    found["deleted"] = client.delete_rule(models.DeleteRuleRequest(**one))
    found["gone"] = client.delete_event_bus(models.DeleteEventBusRequest(event_bus_name=BUS))
    answers = {name: without_ids(answer) for name, answer in found.items()}
    try:
        client.get_event_bus(models.GetEventBusRequest(event_bus_name=BUS))
    except TeaException as refused:
        answers["refused"] = [refused.code, refused.message.partition("] ")[2]]
    return answers


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
