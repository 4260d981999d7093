"""The form of EventBridge's answers, and its lists by token."""

from collections.abc import Sequence
from typing import Any

from ...hosts import plain
from ..protocol import paging
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..state.catalog import REGIONS
from ..state.cloud import Cloud
from . import errors

PRODUCT = ("EventBridge", "2020-04-01")

MOST_LISTED = 100
"""Documented maximum of Limit."""
DEFAULT_LISTED = 10
DEFAULT_REGION = "cn-hangzhou"
"""Of calls that name none, by a parameter or by their host."""

_LONGEST_SHOWN = 127
"""Characters of a name in an error; valid names are not longer."""


def success(data: Any = None) -> AnswerMembers:
    """The members of a success; *data* None is for actions that answer no data."""
    members = {"Code": "Success", "Message": "success", "Success": True}
    return members if data is None else members | {"Data": data}


def page(call: Call, name: str, items: Sequence[AnswerMembers]) -> AnswerMembers:
    """The items that the call asks for, as a success; *name* is that of the list."""
    limit = call.integer("Limit", DEFAULT_LISTED)
    if not 0 < limit <= MOST_LISTED:
        raise ApiError(errors.LIMIT_INVALID, most=str(MOST_LISTED))
    seen = paging.position(call)
    start = 0 if seen is None else int(max(min(seen[0], len(items)), 0))
    end = start + limit
    following = paging.token(end) if end < len(items) else ""
    return success({name: list(items[start:end]), "NextToken": following, "Total": len(items)})


def region(call: Call) -> str:
    """The region of a call: that of RegionId, else that of the host."""
    named = call.text("RegionId")
    if named:
        return named
    labels = plain(call.host.partition(":")[0]).split(".")
    return next((label for label in labels if label in REGIONS), DEFAULT_REGION)


def arn(cloud: Cloud, call: Call, resource: str) -> str:
    return f"acs:eventbridge:{region(call)}:{cloud.store.account_id}:{resource}"


def shown(name: str) -> str:
    """*name*, for an error."""
    return name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
