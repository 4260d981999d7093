"""Exchanges are replayed without a network and recorded without a secret."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simevents.allow_list import SCRUBBED_ACCOUNT_ID
from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.errors import Unrecorded
from simevents.models import EventCycleStatus, EventType, parse_time
from simevents.settings import Credentials, Settings, find_credentials
from simevents.testing.key_shapes import assert_no_keys
from simevents.testing.recording.cassettes import recorder
from tests.conftest import REGION, Cloud, Waiting

CASSETTES = Path(__file__).parents[2] / "cassettes"

ARTICLE_INSTANCES = ["i-2zegswzznxbp168sc5c9", "i-2zeimxypwhnj04sbgf5t"]
ARTICLE_EVENTS = ["e-2zec65b85gi9zwcv1kpz", "e-2zec65b85gi9zwcv1kq0"]
ARTICLE_TIME = datetime(2018, 9, 1, tzinfo=UTC)

NO_KEYS = Credentials("no-key", "no-secret")


def replaying(region: str) -> tuple[Sdk, Settings]:
    target = Settings(region)
    return Sdk(target, NO_KEYS), target


def test_the_articles_exchange_replays_through_the_client(waiting: Waiting) -> None:
    sdk, target = replaying("cn-beijing")
    patience = Patience(sleep=waiting.sleep, clock=waiting.clock)
    api = SystemEvents(sdk, target, patience)
    with recorder(CASSETTES).use_cassette("article-2018.yaml") as cassette:
        made = api.create(EventType.SYSTEM_MAINTENANCE_REBOOT, ARTICLE_TIME, ARTICLE_INSTANCES)
        outcome = api.cancel(made[:1])

        assert cassette.all_played
    assert made == ARTICLE_EVENTS
    assert (outcome.unknown, outcome.real) == ([], [])


def test_replay_returns_the_request_ids_of_the_article() -> None:
    sdk, _ = replaying("cn-beijing")
    with recorder(CASSETTES).use_cassette("article-2018.yaml"):
        created = sdk.call(
            "CreateSimulatedSystemEvents",
            EventType="SystemMaintenance.Reboot",
            NotBefore="2018-09-01T00:00:00Z",
            InstanceIds=ARTICLE_INSTANCES,
        )
        canceled = sdk.call("CancelSimulatedSystemEvents", EventIds=ARTICLE_EVENTS[:1])

    assert created.request_id == "C1762464-CCC2-46EC-B233-92A4D9C1782C"
    assert canceled.request_id == "44286901-1BC3-4BA0-AAAF-C3CF20578E0F"


def test_an_unrecorded_request_is_reported_with_the_nearest_one() -> None:
    sdk, _ = replaying("cn-beijing")
    with recorder(CASSETTES).use_cassette("article-2018.yaml"), pytest.raises(Unrecorded) as caught:
        sdk.call("CancelSimulatedSystemEvents", EventIds=["e-another"])

    assert "EventId.1: 'e-2zec65b85gi9zwcv1kpz' recorded" in str(caught.value)
    assert "Signature" not in str(caught.value)


def exchange(api: SystemEvents, instance_ids: list[str]) -> list[str]:
    """Create, describe, cancel, describe: the content of the first recorded cassette."""
    not_before = (api.now() + timedelta(hours=2)).replace(microsecond=0)
    made = api.create(EventType.SYSTEM_MAINTENANCE_REBOOT, not_before, instance_ids)
    before = api.describe(made)
    api.cancel(made)
    after = api.describe(made)
    return [event.event_cycle_status.value for event in before + after]


def test_the_recorded_exchange_replays_without_a_network() -> None:
    sdk, target = replaying(REGION)
    with recorder(CASSETTES).use_cassette("create-describe-cancel.yaml") as cassette:
        statuses = exchange(SystemEvents(sdk, target, Patience()), ["i-bp1cassette0"])

        assert cassette.all_played
    assert statuses == [EventCycleStatus.SCHEDULED, EventCycleStatus.CANCELED]


def test_recording_leaves_no_secret_on_the_disk(cloud: Cloud, tmp_path: Path) -> None:
    cloud.post("instances", instance_ids=["i-bp1cassette0"])
    cloud.post("account", id="1234567890123456")
    target = Settings(REGION, cloud.url)
    sdk = Sdk(target, find_credentials(target, {}, lambda: None))
    with recorder(tmp_path, "once").use_cassette("new.yaml"):
        recorded = exchange(SystemEvents(sdk, target, Patience()), ["i-bp1cassette0"])
    text = (tmp_path / "new.yaml").read_text()

    assert "CreateSimulatedSystemEvents" in text
    assert SCRUBBED_ACCOUNT_ID in text
    assert_no_keys(tmp_path)
    assert re.findall("testid|testsecret|12345678901234", text) == []
    with recorder(tmp_path).use_cassette("new.yaml"):
        sdk = Sdk(Settings(REGION), NO_KEYS)
        replayed = exchange(SystemEvents(sdk, Settings(REGION), Patience()), ["i-bp1cassette0"])
    assert replayed == recorded


def test_no_committed_cassette_contains_a_secret() -> None:
    assert len(list(CASSETTES.rglob("*.yaml"))) > 50
    assert_no_keys(CASSETTES)


def test_parse_time_reads_the_time_of_the_article() -> None:
    assert parse_time("2018-09-01T00:00:00Z") == ARTICLE_TIME
