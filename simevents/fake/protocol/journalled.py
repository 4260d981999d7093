"""What the journal has of a call: its parameters as they may be shown, and facts of its answer."""

from typing import Any

from ...allow_list import shown_parameters
from .registry import ACTIONS, is_read_name
from .wire import COMMON_PARAMETERS, Reading


def parameters(reading: Reading) -> dict[str, str]:
    """The parameters as they may be shown: names that are not on the list have no value."""
    return shown_parameters(
        {name: value for name, value in reading.parameters.items() if name not in COMMON_PARAMETERS}
    )


def is_read(reading: Reading) -> bool:
    """Whether the call, even a refused one, asks for no change."""
    action = ACTIONS.get((reading.version, reading.action.lower()))
    return is_read_name(reading.action) if action is None else action.is_read


def results(members: dict[str, Any]) -> int | None:
    """The length of the one list in an answer, as ``{"Instances": {"Instance": […]}}`` has it."""
    parts = [part for part in members.values() if isinstance(part, dict) and len(part) == 1]
    lists = [entries for part in parts for entries in part.values() if isinstance(entries, list)]
    return len(lists[0]) if len(lists) == 1 else None
