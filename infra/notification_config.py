"""Who is told of the events: the part ``simevents:notifications`` of the configuration."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import pulumi
from values import ConfigurationError, mapping, text, texts

from simevents.settings import nearest, without_userinfo

EVENT_TYPES = ("StatusNotification", "Exception", "Maintenance")
LEVELS = ("CRITICAL", "WARN", "INFO")

MOST_WORDS = 50
"""So many entries CloudMonitor takes in one list of a rule."""

_QUEUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
_EVENT_NAME = re.compile(r"[A-Z][A-Za-z]*:[^\s*]+")
_BUS_EVENT_TYPE = re.compile(r"ecs:[A-Z][A-Za-z]*:[^\s*]+")


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the messages go; at least one of the two is set."""

    queue: str | None
    """Name of a queue, which the stack creates."""
    webhook: str | None
    """URL that is called; it may hold a token, so it is a secret."""


@dataclass(frozen=True, slots=True)
class CloudMonitor:
    targets: Targets
    event_types: tuple[str, ...]
    """Of EVENT_TYPES; empty is all."""
    levels: tuple[str, ...]
    """Of LEVELS; empty is all."""
    names: tuple[str, ...]
    """Such as Instance:SystemMaintenance.Reboot:Scheduled; empty is all."""


@dataclass(frozen=True, slots=True)
class EventBridge:
    targets: Targets
    types: tuple[str, ...]
    """Such as ecs:Instance:SystemMaintenance.Reboot; empty is all of ECS."""


@dataclass(frozen=True, slots=True)
class Notifications:
    """At least one of the two is set."""

    cloud_monitor: CloudMonitor | None
    event_bridge: EventBridge | None


def notifications(key: str, found: object) -> Notifications | None:
    """The value of *key*, typed; None if it is not set. Raises ConfigurationError."""
    if found is None:
        return None
    parts = mapping(key, found, ("cloudMonitor", "eventBridge"))
    monitor = _cloud_monitor(f"{key}.cloudMonitor", parts.get("cloudMonitor"))
    bridge = _event_bridge(f"{key}.eventBridge", parts.get("eventBridge"))
    if monitor is None and bridge is None:
        raise ConfigurationError(key, found, "cloudMonitor, eventBridge or both")
    shared = monitor and bridge and monitor.targets.queue == bridge.targets.queue
    if bridge and bridge.targets.queue and shared:
        # Their bodies differ: what reads the one does not understand the other.
        raise ConfigurationError(
            f"{key}.eventBridge.queue",
            bridge.targets.queue,
            f"another queue than {key}.cloudMonitor.queue",
        )
    return Notifications(monitor, bridge)


def _cloud_monitor(key: str, found: object) -> CloudMonitor | None:
    if found is None:
        return None
    keys = ("queue", "webhook", "eventTypes", "levels", "names")
    given = mapping(key, found, keys)
    return CloudMonitor(
        targets=_targets(key, given.get("queue"), given.get("webhook")),
        event_types=_words(f"{key}.eventTypes", given.get("eventTypes"), EVENT_TYPES),
        levels=_words(f"{key}.levels", given.get("levels"), LEVELS),
        names=_names(
            f"{key}.names",
            given.get("names"),
            _EVENT_NAME,
            "a name such as Instance:SystemMaintenance.Reboot:Scheduled",
        ),
    )


def _event_bridge(key: str, found: object) -> EventBridge | None:
    if found is None:
        return None
    given = mapping(key, found, ("queue", "webhook", "types"))
    return EventBridge(
        targets=_targets(key, given.get("queue"), given.get("webhook")),
        types=_names(
            f"{key}.types",
            given.get("types"),
            _BUS_EVENT_TYPE,
            "a type such as ecs:Instance:SystemMaintenance.Reboot",
        ),
    )


def _targets(key: str, queue: object, webhook: object) -> Targets:
    if queue is None and webhook is None:
        raise ConfigurationError(
            f"{key}.queue", None, "the name of a queue that the stack creates, or set webhook"
        )
    return Targets(
        queue=None if queue is None else _queue(f"{key}.queue", queue),
        webhook=None if webhook is None else _webhook(f"{key}.webhook", webhook),
    )


def _queue(key: str, found: object) -> str:
    expected = "a name of at most 120 letters, digits and hyphens that begins with no hyphen"
    name = text(key, found, expected)
    if _QUEUE_NAME.fullmatch(name) is None:
        raise ConfigurationError(key, name, expected)
    return name


def _webhook(key: str, found: object) -> str:
    expected = "a URL such as https://handler.example.com/events"
    # Any part of it may hold a token, so no error shows it.
    url = found if isinstance(found, str) else ""
    if without_userinfo(url) != url:
        raise pulumi.RunError(f"{key} has a user name or password in it; use a URL without them")
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not url.isprintable() or " " in url:
        raise pulumi.RunError(f"{key} is not a valid URL; use {expected}")
    return url


def _words(key: str, found: object, known: tuple[str, ...]) -> tuple[str, ...]:
    words = texts(key, found, ", ".join(known))
    for index, word in enumerate(words):
        if word not in known:
            raise ConfigurationError(
                f"{key}[{index}]", word, nearest(word, known) or f"one of {', '.join(known)}"
            )
    return words


def _names(key: str, found: object, pattern: re.Pattern[str], expected: str) -> tuple[str, ...]:
    names = texts(key, found, expected)
    for index, name in enumerate(names):
        if pattern.fullmatch(name) is None:
            raise ConfigurationError(f"{key}[{index}]", name, expected)
    if len(names) > MOST_WORDS:
        raise pulumi.RunError(f"{key} has {len(names)} entries; use at most {MOST_WORDS}")
    return names
