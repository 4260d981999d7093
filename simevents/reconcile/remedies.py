"""Commands for a person: how to cancel by hand what could not be cancelled.

Ids and endpoints come from answers and settings, so each word is quoted for the shell.
"""

import shlex
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from ..models import format_time
from ..settings import Settings
from .intent import Intent

MOST_NAMED_IDS = 10
"""So many ids are written out in a command; more are written into a file."""


def sweep_command(settings: Settings, event_ids: Sequence[str]) -> str:
    """The command that cancels these events; many ids go into a file that it names."""
    return shlex.join([*_sweep(settings), *_ids("event", event_ids)])


def sweep_command_for(settings: Settings, intent: Intent, instance_ids: Sequence[str]) -> str:
    """The command that cancels what matches *intent* on these instances, whatever its ids are."""
    matching = ["--type", intent.event_type, "--not-before", format_time(intent.not_before)]
    return shlex.join([*_sweep(settings), *matching, *_ids("instance", instance_ids)])


def discard_ids(command: str) -> None:
    """Remove the file that *command*, one of the above, names; nothing is open any more."""
    for option, path in pairwise(shlex.split(command)):
        if option in ("--events-from", "--instances-from"):
            Path(path).unlink(missing_ok=True)


def _sweep(settings: Settings) -> list[str]:
    where = ["--endpoint", settings.endpoint] if settings.endpoint else []
    return ["simevents", "sweep", "--region", settings.region, *where]


def _ids(option: str, ids: Sequence[str]) -> list[str]:
    if len(ids) > MOST_NAMED_IDS:
        return [f"--{option}s-from", _written(ids)]
    return [word for id in ids for word in (f"--{option}", id)]


def _written(ids: Sequence[str]) -> str:
    """The path of a new file with the ids, one per line; it is not removed."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="simevents-left-open-", suffix=".txt", delete=False
    ) as kept:
        kept.write("".join(f"{id}\n" for id in ids))
    return kept.name
