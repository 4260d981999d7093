"""The rules as they are stored, and as they are matched: with pattern and targets parsed.

Rules belong to the account; the region of a call is only in the ARNs of its answer.
"""

from dataclasses import dataclass
from functools import lru_cache

from ..delivery.eventbridge.patterns import Pattern, parse
from ..protocol.api_errors import ApiError
from ..state.cloud import Cloud
from ..state.store import Resource
from . import errors
from .answers import shown
from .deliveries import Target, parsed

KIND = "bus_rule"
ENABLE, DISABLE = "ENABLE", "DISABLE"

_PARSED_RULES = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be matched."""

    bus: str
    name: str
    is_enabled: bool
    pattern: Pattern
    targets: tuple[Target, ...]


def get(cloud: Cloud, bus: str, name: str) -> Resource:
    """The rule *name* of *bus*. Raises ApiError if there is none."""
    found = cloud.store.get(KIND, key(bus, name))
    if found is None:
        raise ApiError(errors.RULE_NOT_FOUND, rule=shown(name), bus=bus)
    return found


def key(bus: str, name: str) -> str:
    """The id of a rule; names have no slash."""
    return f"{bus}/{name}"


def names(rule: Resource) -> tuple[str, str]:
    """The names of the bus and of the rule."""
    bus, _, name = rule.id.partition("/")
    return bus, name


def of_bus(cloud: Cloud, bus: str) -> list[Resource]:
    """The rules of *bus* by name."""
    found = [rule for rule in cloud.store.find(KIND) if names(rule)[0] == bus]
    return sorted(found, key=lambda rule: rule.id)


def exist(cloud: Cloud) -> bool:
    return cloud.store.count(KIND) > 0


def to_match(cloud: Cloud, bus: str) -> list[Rule]:
    """The rules of *bus* that are enabled and have targets, by name."""
    rules = map(_parsed, of_bus(cloud, bus))
    return [rule for rule in rules if rule.is_enabled and rule.targets]


# By identity: the store returns the same resource until it changes.
@lru_cache(maxsize=_PARSED_RULES)
def _parsed(rule: Resource) -> Rule:
    attributes = rule.attributes
    return Rule(
        *names(rule),
        is_enabled=attributes["Status"] == ENABLE,
        pattern=parse(attributes["FilterPattern"]),
        targets=tuple(map(parsed, attributes["Targets"])),
    )
