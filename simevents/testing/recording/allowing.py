"""What a project allows its cassettes to hold beside the allow list: ``ecs_cassette_allow``.

DescribeScalingGroups                    record this action, with nothing of it kept
DescribeScalingGroups.ScalingGroupId     and keep this parameter or member
*.SourceApp                              keep it for every action
api.example.com/                         calls at this host are Alibaba Cloud's
100.100.100.200/latest/meta-data/zone-id record this page as it is
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import InvalidInput

_CALL = re.compile(r"(?P<action>\*|[A-Za-z]\w*)(?:\.(?P<name>[A-Za-z][\w.-]*))?")
_PAGE = re.compile(r"(?:https?://)?(?P<host>[\w.-]+)(?::\d+)?(?P<path>/[^\s?#]*)")


@dataclass(frozen=True, slots=True)
class Allowed:
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By action in lower case, ``*`` for all."""
    hosts: frozenset[str] = frozenset()
    pages: frozenset[tuple[str, str]] = frozenset()

    def has_action(self, action: str) -> bool:
        return action.lower() in self.names

    def of(self, action: str) -> frozenset[str]:
        """The names that are kept for *action*."""
        return self.names.get(action.lower(), frozenset()) | self.names.get("*", frozenset())


def allowed(entries: Iterable[str]) -> Allowed:
    """The entries of ``ecs_cassette_allow``. Raises InvalidInput for a wrong one."""
    names: dict[str, set[str]] = {}
    hosts, pages = set(), set()
    for entry in entries:
        call, page = _CALL.fullmatch(entry), _PAGE.fullmatch(entry)
        if page is not None and page["path"] == "/":
            hosts.add(page["host"].lower())
        elif page is not None:
            pages.add((page["host"].lower(), page["path"]))
        elif call is not None and (call["name"] or call["action"] != "*"):
            found = names.setdefault(call["action"].lower(), set())
            if call["name"]:
                found.add(call["name"])
        else:
            raise InvalidInput(
                "ecs_cassette_allow",
                f"{entry!r} is not a valid entry; use Action, Action.Name, *.Name, host/ or "
                "host/path",
            )
    return Allowed(
        {action: frozenset(found) for action, found in names.items()},
        frozenset(hosts),
        frozenset(pages),
    )


def entries_of(configured: Iterable[str], markers: Iterable[Mapping[str, Any]]) -> list[str]:
    """The entries of the configuration and of the arguments of a test's markers.

    Raises InvalidInput for a wrong entry or another argument than ``allow``.
    """
    entries = list(configured)
    for arguments in markers:
        given = arguments.get("allow", [])
        if arguments.keys() - {"allow"} or not isinstance(given, list | tuple):
            raise InvalidInput(
                "ecs_cassette", f"{dict(arguments)} is not valid; use allow=[…], a list of entries"
            )
        entries += given
    allowed(entries)
    return entries
