"""`simevents:notifications` of the stack configuration: what is read, and what is refused."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest

INFRA = Path(__file__).parents[2] / "infra"
KEY = "simevents:notifications"
URL = "https://handler.example.com/events?token=t0ken"
TYPE = "Instance:SystemMaintenance.Reboot"
REBOOT = "Instance:SystemMaintenance.Reboot:Scheduled"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the engine imports it: by its bare name."""
    monkeypatch.syspath_prepend(str(INFRA))
    return importlib.import_module("notification_config")


def test_nothing_is_off(config: ModuleType) -> None:
    assert config.notifications(KEY, None) is None


def test_all_that_can_be_given(config: ModuleType) -> None:
    found = config.notifications(
        KEY,
        {
            "cloudMonitor": {
                "queue": "queue-1",
                "webhook": URL,
                "eventTypes": ["Maintenance", "Exception"],
                "levels": ["CRITICAL"],
                "names": [REBOOT],
            },
            "eventBridge": {"queue": "queue-2", "webhook": URL, "types": [f"ecs:{TYPE}"]},
        },
    )

    assert found == config.Notifications(
        config.CloudMonitor(
            config.Targets("queue-1", URL), ("Maintenance", "Exception"), ("CRITICAL",), (REBOOT,)
        ),
        config.EventBridge(config.Targets("queue-2", URL), (f"ecs:{TYPE}",)),
    )


def test_one_target_is_enough(config: ModuleType) -> None:
    found = config.notifications(KEY, {"eventBridge": {"webhook": "http://127.0.0.1:9000/hook"}})

    assert found == config.Notifications(
        None, config.EventBridge(config.Targets(None, "http://127.0.0.1:9000/hook"), ())
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (True, f"{KEY} is True; use a mapping with one or more of cloudMonitor, eventBridge"),
        ({}, f"{KEY} is {{}}; use a mapping with one or more of cloudMonitor, eventBridge"),
        ({"cloudmonitor": {}}, f"{KEY}.cloudmonitor is not a valid key; use {KEY}.cloudMonitor"),
        ({"queue": "q"}, f"{KEY}.queue is not a valid key; use cloudMonitor, eventBridge"),
        (
            {"cloudMonitor": None},
            f"{KEY} is {{'cloudMonitor': None}}; use cloudMonitor, eventBridge or both",
        ),
        (
            {"cloudMonitor": {"levels": ["CRITICAL"]}},
            (
                f"{KEY}.cloudMonitor.queue is not set; use the name of a queue that the stack "
                "creates, or set webhook"
            ),
        ),
        (
            {"eventBridge": {"webhok": URL}},
            f"{KEY}.eventBridge.webhok is not a valid key; use {KEY}.eventBridge.webhook",
        ),
        (
            {"cloudMonitor": {"queue": "a_b"}},
            (
                f"{KEY}.cloudMonitor.queue is 'a_b'; use a name of at most 120 letters, digits and "
                "hyphens that begins with no hyphen"
            ),
        ),
        (
            {"cloudMonitor": {"queue": "q", "eventTypes": ["maintenance"]}},
            f"{KEY}.cloudMonitor.eventTypes[0] is 'maintenance'; use Maintenance",
        ),
        (
            {"cloudMonitor": {"queue": "q", "levels": ["INFO", "high"]}},
            f"{KEY}.cloudMonitor.levels[1] is 'high'; use one of CRITICAL, WARN, INFO",
        ),
        (
            {"cloudMonitor": {"queue": "q", "names": REBOOT}},
            (
                f"{KEY}.cloudMonitor.names is '{REBOOT}'; use a list with one or more of: a name "
                f"such as {REBOOT}"
            ),
        ),
        (
            {"cloudMonitor": {"queue": "q", "names": [f"ecs:{REBOOT}"]}},
            f"{KEY}.cloudMonitor.names[0] is 'ecs:{REBOOT}'; use a name such as {REBOOT}",
        ),
        (
            {"cloudMonitor": {"queue": "q", "names": [f"Instance:{n}" for n in range(51)]}},
            f"{KEY}.cloudMonitor.names has 51 entries; use at most 50",
        ),
        (
            {"eventBridge": {"queue": "q", "types": [REBOOT]}},
            f"{KEY}.eventBridge.types[0] is '{REBOOT}'; use a type such as ecs:{TYPE}",
        ),
        (
            {"eventBridge": {"queue": "q", "types": ["ecs:Instance:*"]}},
            f"{KEY}.eventBridge.types[0] is 'ecs:Instance:*'; use a type such as ecs:{TYPE}",
        ),
        (
            {"cloudMonitor": {"queue": "q"}, "eventBridge": {"queue": "q"}},
            f"{KEY}.eventBridge.queue is 'q'; use another queue than {KEY}.cloudMonitor.queue",
        ),
    ],
)
def test_what_is_wrong_is_named_with_what_is_right(
    config: ModuleType, found: Any, expected: str
) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        config.notifications(KEY, found)

    assert str(refused.value) == expected


@pytest.mark.parametrize(
    "url",
    [
        "handler.example.com/t0ken",
        "htps://handler.example.com/t0ken",
        "https:///t0ken",
        "https://handler.example.com:port/t0ken",
        "https://handler.example.com/t0ken here",
        "https://user:t0ken@handler.example.com/",
        ["t0ken"],
        "",
    ],
)
def test_a_wrong_webhook_is_refused_without_showing_it(config: ModuleType, url: Any) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        config.notifications(KEY, {"cloudMonitor": {"webhook": url}})

    assert str(refused.value).startswith(f"{KEY}.cloudMonitor.webhook ")
    assert "; use a URL " in str(refused.value)
    assert "t0ken" not in str(refused.value)
