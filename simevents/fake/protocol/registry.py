"""The registry of the actions that the fake covers, with the function of each.

`action` registers a function as the implementation of an action, with the parameters
that it honours. `parameters.json` contains the parameters that the vendor documents.

A call that changes something may have documented parameters that the fake ignores. A call
that reads may not, because an ignored filter gives a wrong answer: its other parameters
are refused, except those that are registered as ignored.
"""

import json
from collections.abc import Callable
from functools import partial
from importlib.resources import files

from . import api_errors
from .api_errors import Code
from .call import Action, Implementation

OWNERS = frozenset({"OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount"})
"""Parameters that nearly every action has, and that no action acts on."""

_FILTERED = ("Describe", "List")
"""Actions with these names answer lists; a filter that has no effect would be a wrong answer."""

ACTIONS: dict[tuple[str, str], Action] = {}
"""(API version, action name in lower case) to action; clients write names in different case."""

CALLS_BY_PATH: dict[str, tuple[str, ...]] = {}
"""Product to the names of its calls that are no actions: those of a data plane."""

_READS = ("Describe", "List", "Get", "Query", "Check")

_DOCUMENTED: dict[str, list[str]] = json.loads(
    files(__package__).joinpath("parameters.json").read_text()
)


def names() -> set[str]:
    """The names of everything that the fake covers; faults and limits can be for them."""
    by_path = {name for calls in CALLS_BY_PATH.values() for name in calls}
    return by_path | {action.name for action in ACTIONS.values()}


def is_read_name(name: str) -> bool:
    """Whether an action with this name changes nothing, by the API's rules for names."""
    return name.startswith(_READS)


def action(
    product: str,
    version: str,
    name: str,
    honours: str,
    ignores: str = "",
    missing: Code = api_errors.MISSING_PARAMETER,
    invalid: Code = api_errors.INVALID_PARAMETER,
    *,
    is_read: bool | None = None,
) -> Callable[[Implementation], Implementation]:
    """Register a function as the implementation of action *name* of *product* in *version*.

    *honours* is a list of the parameters that have an effect, separated by spaces. *ignores*
    is a list of those that cannot change the answer, for actions that read; ``*`` is all others.
    *is_read* is needed only where the name does not say whether the action changes anything.
    """

    def register(implementation: Implementation) -> Implementation:
        documented = frozenset(_DOCUMENTED[f"{product}/{version}/{name}"])
        honoured = frozenset(honours.split())
        assert honoured <= documented, f"{name} has no {honoured - documented}"
        ignored = documented if ignores == "*" else frozenset(ignores.split())
        assert ignored <= documented, f"{name} has no {ignored - documented}"
        harmless = honoured | ignored | OWNERS | {"RegionId"}
        refused = documented - harmless if name.startswith(_FILTERED) else frozenset()
        is_idempotent = "ClientToken" in honoured
        ACTIONS[version, name.lower()] = Action(
            product,
            version,
            name,
            implementation,
            documented,
            honoured,
            refused,
            missing,
            invalid,
            is_idempotent,
            is_read_name(name) if is_read is None else is_read,
        )
        return implementation

    return register


event_action = partial(
    action,
    "Ecs",
    "2014-05-26",
    missing=api_errors.EVENT_MISSING_PARAMETER,
    invalid=api_errors.EVENT_INVALID_PARAMETER,
)
"""`action` for system events: their documented statuses for bad parameters differ from ECS."""
