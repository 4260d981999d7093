"""``fake --list-actions`` and ``--list-switches``: what the fake cloud covers, and its switches."""

from collections.abc import Iterator
from dataclasses import fields

from ...fake.mns import calls
from ...fake.protocol import dispatch
from ...fake.protocol.registry import ACTIONS, CALLS_BY_PATH
from ...fake.state.switches import Switches


def actions() -> Iterator[str]:
    """Each covered action with the parameters that it acts on."""
    assert dispatch.PRODUCTS  # the imports register the actions
    assert calls.CALLS
    for action in sorted(ACTIONS.values(), key=lambda action: (action.product, action.name)):
        honoured = ", ".join(sorted(action.honoured)) or "no parameters"
        yield f"{action.product} {action.name}: {honoured}"
    for product, names in CALLS_BY_PATH.items():
        for name in sorted(names):
            yield f"{product} {name}: a call by its path"


def switches() -> Iterator[str]:
    """Each switch with its default, its other values and the question that it answers."""
    for switch in fields(Switches):
        default, *others = switch.metadata["values"]
        if isinstance(default, bool):
            others = [not default]
        named = f"or {', '.join(map(_text, others))}" if others else "or another value"
        yield f"{switch.name}={_text(default)} ({named}): {switch.metadata['question']}"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
