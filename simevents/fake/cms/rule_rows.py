"""The event rules of the account and their targets, as they are stored.

Rules belong to the account, not to a region. Their targets have the members of the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..delivery.cloudmonitor_rules import EventPattern
from ..state.cloud import Cloud
from ..state.store import Resource

_KIND = "event_rule"
_EVERYWHERE = ""
"""The region of rules."""
_VERSION = "event_rules"

KINDS = (
    "MnsParameters",
    "WebhookParameters",
    "FcParameters",
    "SlsParameters",
    "ContactParameters",
    "OpenApiParameters",
)
"""The kinds of targets, as the API names their lists."""

Target = Mapping[str, str]
"""The members of ``MnsParameters.N`` and its relatives."""

ENABLED, DISABLED = "ENABLED", "DISABLED"
DEFAULT_SILENCE = 86_400
"""Seconds; documented."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One event rule."""

    name: str
    patterns: Sequence[EventPattern]
    description: str = ""
    event_type: str = "SYSTEM"
    group_id: str = ""
    state: str = ENABLED
    silence_time: int = DEFAULT_SILENCE
    """Seconds."""
    targets: Mapping[str, Sequence[Target]] = field(default_factory=dict)
    """By kind, in the order in which they were first put."""


def version(cloud: Cloud) -> str | None:
    """Changes with each write of rules; None if there was none."""
    return cloud.store.meta(_VERSION)


def all_rules(cloud: Cloud) -> list[Rule]:
    """All rules, by name."""
    return sorted(map(_rule, cloud.store.find(_KIND)), key=lambda rule: rule.name)


def find(cloud: Cloud, name: str) -> Rule | None:
    row = cloud.store.get(_KIND, name)
    return None if row is None else _rule(row)


def save(cloud: Cloud, rule: Rule) -> None:
    """Write a new rule, or replace the one of its name."""
    attributes = asdict(rule)
    cloud.store.put(Resource(_KIND, rule.name, _EVERYWHERE, cloud.now(), attributes))
    _changed(cloud)


def delete(cloud: Cloud, name: str) -> None:
    """Delete a rule and its targets."""
    cloud.store.delete(_KIND, name)
    _changed(cloud)


def _changed(cloud: Cloud) -> None:
    cloud.store.set_meta(_VERSION, cloud.new_letters(12))
    cloud.rules_changed()


def _rule(row: Resource) -> Rule:
    attributes: dict[str, Any] = dict(row.attributes)
    patterns = [EventPattern(**pattern) for pattern in attributes.pop("patterns")]
    return Rule(patterns=patterns, **attributes)
