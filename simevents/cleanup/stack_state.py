"""Which events a stack's state accounts for, read from ``pulumi stack export``.

Reads the engine's output and knows the two resources' types and properties; it
neither imports Pulumi nor changes a state.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidInput

_EVENTS_TYPE = "pulumi-python:dynamic/simevents:Events"
_INTENT_TYPE = "pulumi-python:dynamic/simevents:Intent"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Events by id, or those on some instances, in one cloud."""

    region: str
    endpoint: str | None
    event_ids: tuple[str, ...] = ()
    instance_ids: tuple[str, ...] = ()
    event_type: str = ""
    """With *instance_ids*: only events of this type; empty is any."""
    not_before: str = ""
    """With *instance_ids*: only events of this time; empty is any."""
    account_id: str = ""
    """Whose these are; empty is not known."""
    whole_region: bool = False
    """Every event of the region; never set for a stack."""


def accounted(stack: str) -> list[Ownership]:
    """What the state of *stack* accounts for; InvalidInput when it cannot be read."""
    command = ["pulumi", "stack", "export", "--stack", stack]
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=True)
        deployment = json.loads(printed.stdout)["deployment"]
    except FileNotFoundError:
        raise InvalidInput("--stack", "no pulumi is on PATH; activate the environment") from None
    except subprocess.CalledProcessError as error:
        words = " ".join(str(error.stderr).split())
        raise InvalidInput("--stack", f"{stack} cannot be read here: {words}") from None
    resources = deployment.get("resources") or []
    found = [_read(resource["type"], resource.get("outputs") or {}) for resource in resources]
    return [entry for entry in found if entry is not None]


def by_cloud(
    entries: Iterable[Ownership],
) -> dict[tuple[str, str | None], list[Ownership]]:
    """*entries* by region and endpoint."""
    groups: dict[tuple[str, str | None], list[Ownership]] = {}
    for entry in entries:
        groups.setdefault((entry.region, entry.endpoint), []).append(entry)
    return groups


def _read(type: str, outputs: Mapping[str, Any]) -> Ownership | None:
    if type == _EVENTS_TYPE:
        return Ownership(
            outputs["region"],
            outputs.get("endpoint"),
            tuple((outputs.get("event_ids") or {}).values()),
            account_id=outputs["account_id"],
        )
    if type == _INTENT_TYPE:
        return Ownership(
            outputs["region"],
            outputs.get("endpoint"),
            instance_ids=tuple(outputs["instance_ids"]),
            event_type=outputs["event_type"],
            not_before=outputs["not_before_at"],
            account_id=outputs["account_id"],
        )
    return None
