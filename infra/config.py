"""The stack's configuration, typed, read in one place.

An error names the key, the value and what is valid, before any resource is declared.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from notification_config import Notifications, notifications
from pulumi.runtime import get_config_env
from values import NAMESPACE, ConfigurationError, full_key, text

from simevents.settings import STACK_KEYS, nearest

KEYS = (
    *STACK_KEYS,
    *("zone", "instanceType", "imageId", "instanceCount", "events", "notifications"),
)


@dataclass(frozen=True, slots=True)
class ScheduledEvent:
    name: str
    """Names the resource; unique within the stack."""
    type: str
    not_before: str
    instances: tuple[int, ...] | None
    """Which of the stack's instances, counted from 0; None is all of them."""


@dataclass(frozen=True, slots=True)
class Configuration:
    region: str
    zone: str
    instance_type: str
    image_id: str
    instance_count: int
    events: tuple[ScheduledEvent, ...]
    notifications: Notifications | None
    """Who is told of events; None is nobody."""
    endpoint: str | None
    """URL of a local fake cloud; None is Alibaba Cloud."""


def load() -> Configuration:
    """The configuration of the current stack; raises ConfigurationError."""
    config = pulumi.Config(NAMESPACE)
    _refuse_unknown_keys()
    count = _whole_number(full_key("instanceCount"), _parsed(config, "instanceCount"))
    return Configuration(
        region=_region(),
        zone=text(
            full_key("zone"), config.get("zone"), "a zone of the region, such as cn-hangzhou-b"
        ),
        instance_type=text(
            full_key("instanceType"),
            config.get("instanceType"),
            "an instance type, such as ecs.g6.large",
        ),
        image_id=text(
            full_key("imageId"), config.get("imageId"), "the id of an image of the region"
        ),
        instance_count=count,
        events=_events(_parsed(config, "events"), count),
        notifications=notifications(full_key("notifications"), _parsed(config, "notifications")),
        endpoint=config.get("endpoint"),
    )


def _refuse_unknown_keys() -> None:
    """A misspelt key would be ignored, and the default or another error take its place."""
    for full_name in sorted(get_config_env()):
        namespace, _, name = full_name.partition(":")
        if namespace == NAMESPACE and name not in KEYS:
            near = nearest(name, KEYS)
            expected = full_key(near) if near else ", ".join(full_key(key) for key in KEYS)
            raise pulumi.RunError(f"{full_name} is not a valid key of this stack; use {expected}")


def _region() -> str:
    # The same order as that of the events.
    region = pulumi.Config(NAMESPACE).get("region") or pulumi.Config("alicloud").get("region")
    if not region:
        raise ConfigurationError("alicloud:region", None, "a region such as cn-hangzhou")
    return region


def _parsed(config: pulumi.Config, key: str) -> Any:
    """The value of JSON text; other text is returned unchanged and reported later."""
    text = config.get(key)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _whole_number(key: str, found: object) -> int:
    expected = "a whole number, 1 or more"
    if isinstance(found, bool) or not isinstance(found, int | float) or found != int(found):
        raise ConfigurationError(key, found, expected)
    if found < 1:
        raise ConfigurationError(key, int(found), expected)
    return int(found)


def _events(found: object, count: int) -> tuple[ScheduledEvent, ...]:
    if found is None:
        return ()
    if not isinstance(found, list):
        raise ConfigurationError(full_key("events"), found, "a list of events")
    events = tuple(
        _event(f"{full_key('events')}[{index}]", entry, count) for index, entry in enumerate(found)
    )
    names = [event.name for event in events]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise ConfigurationError(f"{full_key('events')}[{index}].name", name, "a unique name")
    return events


def _event(key: str, found: object, count: int) -> ScheduledEvent:
    if not isinstance(found, Mapping):
        raise ConfigurationError(key, found, "name, type and notBefore, and instances if not all")
    unknown = sorted(set(found) - {"name", "type", "notBefore", "instances"})
    if unknown:
        raise ConfigurationError(
            f"{key}.{unknown[0]}",
            found[unknown[0]],
            "only name, type, notBefore and instances",
        )
    return ScheduledEvent(
        name=text(f"{key}.name", found.get("name"), "a name for the resource"),
        # Type and time are checked by the resource itself, which also names what is right.
        type=text(f"{key}.type", found.get("type"), "a type such as SystemMaintenance.Reboot"),
        not_before=text(
            f"{key}.notBefore", found.get("notBefore"), "a UTC time, or +30m for a time from now"
        ),
        instances=_instances(f"{key}.instances", found.get("instances"), count),
    )


def _instances(key: str, found: Any, count: int) -> tuple[int, ...] | None:
    if found is None:
        return None
    if not isinstance(found, list) or not found:
        raise ConfigurationError(key, found, "a list of instance numbers, or nothing for all")
    for number in found:
        if isinstance(number, bool) or number not in range(count):
            raise ConfigurationError(
                key, number, f"instances that the stack has: numbers from 0 to {count - 1}"
            )
    return tuple(int(number) for number in found)
