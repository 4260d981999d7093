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
from ..state_text import from_text

_EVENTS_TYPE = "pulumi-python:dynamic/simevents:Events"
_INTENT_TYPE = "pulumi-python:dynamic/simevents:Intent"

# How the engine marks a secret in an exported state.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark, not a secret


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
    """What the state of *stack* accounts for; InvalidInput when it cannot be read.

    Values that the state has encrypted are asked for once more, decrypted.
    """
    try:
        resources = _ours(_exported(stack))
        if any(_is_secret(value) for _, outputs in resources for value in outputs.values()):
            resources = _ours(_exported(stack, "--show-secrets"))
        return [
            _read(kind, {name: _revealed(value) for name, value in outputs.items()})
            for kind, outputs in resources
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            "--stack",
            f"the state of {stack} is not one that this version can read "
            f"({type(error).__name__}); see it with pulumi stack export --stack {stack}, and name "
            "what is open with --instance or --event",
        ) from None


def _exported(stack: str, *options: str) -> Any:
    command = ["pulumi", "stack", "export", "--stack", stack, *options]
    try:
        printed = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise InvalidInput("--stack", "no pulumi is on PATH; activate the environment") from None
    except subprocess.CalledProcessError as error:
        words = " ".join(str(error.stderr).split())
        raise InvalidInput("--stack", f"{stack} cannot be read here: {words}") from None
    return json.loads(printed.stdout.removeprefix("\ufeff"))["deployment"]


def _ours(deployment: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Type and outputs of the resources that account for events."""
    resources = deployment.get("resources") or []
    return [
        (resource["type"], resource.get("outputs") or {})
        for resource in resources
        if resource["type"] in (_EVENTS_TYPE, _INTENT_TYPE)
    ]


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def _revealed(value: Any) -> Any:
    """*value* as it was before the engine wrapped it as a secret; KeyError while encrypted."""
    return json.loads(value["plaintext"]) if _is_secret(value) else value


def by_cloud(
    entries: Iterable[Ownership],
) -> dict[tuple[str, str | None], list[Ownership]]:
    """*entries* by region and endpoint."""
    groups: dict[tuple[str, str | None], list[Ownership]] = {}
    for entry in entries:
        groups.setdefault((entry.region, entry.endpoint), []).append(entry)
    return groups


def _read(type: str, outputs: Mapping[str, Any]) -> Ownership:
    where = outputs["region"], outputs.get("endpoint")
    if type == _EVENTS_TYPE:
        event_ids = tuple(dict(from_text(outputs["event_ids"])).values())
        return Ownership(*where, event_ids, account_id=outputs["account_id"])
    return Ownership(
        *where,
        instance_ids=tuple(outputs["instance_ids"]),
        event_type=outputs["event_type"],
        not_before=outputs["not_before_at"],
        account_id=outputs["account_id"],
    )
