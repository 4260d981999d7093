"""The error of the stack's configuration, and the checks that all its parts use."""

from collections.abc import Mapping
from typing import Any

import pulumi

from simevents.settings import nearest

NAMESPACE = "simevents"


class ConfigurationError(pulumi.RunError):
    """A key of the stack configuration is missing or wrong; the engine prints it as it is."""

    def __init__(self, key: str, found: object, expected: str) -> None:
        what = "is not set" if found is None else f"is {found!r}"
        super().__init__(f"{key} {what}; use {expected}")


def full_key(name: str) -> str:
    """The key as it stands in the stack file."""
    return f"{NAMESPACE}:{name}"


def text(key: str, found: object, expected: str) -> str:
    """*found*, which must be text that is not empty."""
    if not isinstance(found, str) or not found:
        raise ConfigurationError(key, found, expected)
    return found


def mapping(key: str, found: object, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """*found*, which must be a mapping that has one of *keys* at least, and no other."""
    if not isinstance(found, Mapping) or not found:
        raise ConfigurationError(key, found, f"a mapping with one or more of {', '.join(keys)}")
    for name in found:
        if name not in keys:
            near = nearest(str(name), keys)
            expected = f"{key}.{near}" if near else ", ".join(keys)
            raise pulumi.RunError(f"{key}.{name} is not a valid key; use {expected}")
    return found


def texts(key: str, found: object, expected: str) -> tuple[str, ...]:
    """*found*, which must be a list of texts; nothing is an empty list."""
    if found is None:
        return ()
    if not isinstance(found, list) or not found:
        raise ConfigurationError(key, found, f"a list with one or more of: {expected}")
    return tuple(text(f"{key}[{index}]", entry, expected) for index, entry in enumerate(found))
