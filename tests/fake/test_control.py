"""The control routes."""

from typing import Any

import httpx
import pytest

from tests.conftest import Cloud


def test_health_reports_counts_and_ids(cloud: Cloud) -> None:
    cloud.instances(2)
    health = cloud.get("health")

    assert (health["instances"], health["open_events"]) == (2, 0)
    assert health["account_id"] == "1000000000000001"
    assert len(health["cloud_id"]) == 32


def test_reset_creates_a_new_cloud(cloud: Cloud) -> None:
    before = cloud.get("health")["cloud_id"]
    cloud.instances(1)
    cloud.post("clock", set="2018-01-01T00:00:00Z")
    cloud.post("faults", action="*", error="InternalError")
    after = cloud.post("reset")

    assert after["cloud_id"] != before
    assert (after["instances"], cloud.get("faults")) == (0, [])
    assert after["now"] > "2026"


def test_an_advance_passes_through_every_status(cloud: Cloud) -> None:
    cloud.post("clock", set="2026-01-01T00:00:00Z")
    cloud.post("clock", freeze=True)
    instances = cloud.instances(1)
    for event_type in ("SystemMaintenance.Reboot", "SystemFailure.Reboot"):
        cloud.post(
            "events",
            instance_ids=instances,
            event_type=event_type,
            not_before="2026-01-01T01:00:00Z",
        )
    cloud.post("clock", advance="2h")
    start, due = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"
    histories = {event["event_type"]: event["history"] for event in cloud.get("events")}

    assert histories == {
        "SystemMaintenance.Reboot": [
            {"at": start, "status": "Scheduled"},
            {"at": due, "status": "Executing"},
            {"at": due, "status": "Executed"},
        ],
        "SystemFailure.Reboot": [
            {"at": start, "status": "Executing"},
            {"at": due, "status": "Executed"},
        ],
    }


def test_a_rate_makes_time_run_faster(cloud: Cloud) -> None:
    cloud.post("clock", set="2026-01-01T00:00:00Z")

    assert cloud.post("clock", rate=1_000_000)["rate"] == 1_000_000
    assert cloud.get("clock")["now"] > "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("route", "body", "expected"),
    [
        ("instances", {}, 'give either "instance_ids", a list, or "count"'),
        ("instances", {"count": 0}, '"count" must be a whole number from 1'),
        ("instances", {"count": True}, '"count" must be a whole number from 1'),
        (
            "instances",
            {"instance_ids": ["vm-1"]},
            "\"instance_ids\" must be a list of instance ids (i-…), at least one, not ['vm-1']",
        ),
        ("clock", {"advance": 60}, '"advance" must be a duration such as 30s'),
        ("instances", {"instances": 1}, 'unknown field "instances"; known are'),
        ("instances", {"instance_ids": ["i-a", "i-a"]}, "The instance i-a exists already"),
        ("clock", {}, "give exactly one of"),
        ("clock", {"advance": "soon"}, "must be a duration such as 30s"),
        ("clock", {"advance": "-1h"}, "must not be negative"),
        ("clock", {"set": "2026"}, '"set" must be a UTC time'),
        ("clock", {"rate": -1}, '"rate" must be a number from 0'),
        ("clock", {"freeze": "yes"}, '"freeze" must be true or false'),
        ("account", {"id": "me"}, '"id" must be an account id'),
        ("events", {"instance_ids": ["i-a"]}, '"event_type" must be given'),
        (
            "events",
            {
                "instance_ids": ["i-a"],
                "event_type": "SystemMaintenance.Reboot",
                "not_before": "2099-01-01T00:00:00Z",
                "status": "Cancelled",
            },
            '"status" must be one of Inquiring',
        ),
        ("faults", {"action": "Nonsense"}, '"action" must be'),
        ("faults", {"action": "*", "error": "Nonsense"}, '"error" must be one of Throttling'),
        ("faults", {"action": "*", "cut": "off"}, '"cut" must be'),
        ("faults", {"action": "*", "latency": -1}, '"latency" must be a number'),
    ],
)
def test_a_bad_body_changes_nothing_and_the_error_says_what_is_valid(
    cloud: Cloud, route: str, body: dict[str, Any], expected: str
) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/{route}", json=body)

    assert answer.status_code == 400
    assert expected in answer.json()["error"]
    assert (cloud.get("instances"), cloud.get("events"), cloud.get("faults")) == ([], [], [])


def test_a_body_that_is_not_json_is_refused(cloud: Cloud) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/clock", content=b"{")

    assert answer.json() == {"error": "the body must be a JSON object"}
