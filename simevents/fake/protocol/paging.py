"""The API's two methods of paging: by page number, and by token.

A token contains the position of the last item, not a count of items. Therefore an item
that is added between two pages causes no duplicates and no gaps.
"""

import base64
import binascii
import math
import re
from collections.abc import Sequence
from typing import Any

from ..state.cloud import Cloud
from .call import AnswerMembers, Call

LARGEST_PAGE = 100

# What `token` writes: a float, and an id or a number.
_POSITION = re.compile(
    r"(?P<moment>-?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?)( (?P<last>[ -~]{0,200}))?"
)


def numbers(cloud: Cloud, call: Call) -> tuple[int, int]:
    """PageNumber and PageSize; the defaults are 1 and 10."""
    number, size = call.integer("PageNumber", 1), call.integer("PageSize", 10)
    good = max(number, 1), min(max(size, 1), LARGEST_PAGE)
    if cloud.switches.page_size_out_of_range == "refuse":
        for name, given, nearest in zip(
            ("PageNumber", "PageSize"), (number, size), good, strict=True
        ):
            if given != nearest:
                raise call.refusal(name, f"{given} is out of range")
    return good


def page(cloud: Cloud, call: Call, items: Sequence[Any]) -> tuple[list[Any], AnswerMembers]:
    """The items on the requested page, and the paging members of the answer."""
    number, size = numbers(cloud, call)
    start = (number - 1) * size
    return list(items[start : start + size]), page_members(len(items), number, size)


def page_members(total: int, number: int, size: int) -> AnswerMembers:
    return {"TotalCount": total, "PageNumber": number, "PageSize": size}


def by_token(call: Call) -> bool:
    """Whether the caller pages by token; if so, page numbers are ignored."""
    return bool(call.text("NextToken") or call.text("MaxResults"))


def most_results(call: Call, least: int = 1, default: int = 10) -> int:
    """MaxResults, limited to the range that the API allows."""
    return min(max(call.integer("MaxResults", default), least), LARGEST_PAGE)


def page_or_token(
    cloud: Cloud,
    call: Call,
    items: Sequence[tuple[tuple[float, str], Any]],
    largest: int = LARGEST_PAGE,
) -> tuple[list[Any], AnswerMembers]:
    """The items on the requested page, by token if the caller pages so, otherwise by number.

    Each item has a time and an id as its position. By token, the newest comes first.
    """
    if not by_token(call):
        shown, members = page(cloud, call, [item for _, item in items])
        return shown, {"NextToken": ""} | members
    size = min(most_results(call), largest)
    seen = position(call)
    ordered = sorted(items, key=lambda item: _rank(*item[0]))
    left = [
        (where, item) for where, item in ordered if seen is None or _rank(*where) > _rank(*seen)
    ]
    last = left[size - 1][0] if len(left) > size else None
    following = "" if last is None else token(repr(last[0]), last[1])
    members = {"NextToken": following} | page_members(len(items), 1, size)
    return [item for _, item in left[:size]], members


def slice_by_token(call: Call, items: Sequence[Any], default: int = 100) -> tuple[list[Any], str]:
    """The next items of a list in a fixed order, and the token for the rest; empty if none."""
    can_choose = "MaxResults" in call.action.honoured
    size = most_results(call, default=default) if can_choose else default
    seen = position(call)
    start = 0 if seen is None else int(max(min(seen[0], len(items)), 0))
    end = start + size
    return list(items[start:end]), token(end) if end < len(items) else ""


def _rank(moment: float, id: str) -> tuple[float, str]:
    return -moment, id


def token(*position: object) -> str:
    return base64.urlsafe_b64encode(" ".join(map(str, position)).encode()).decode()


def position(call: Call) -> tuple[float, str] | None:
    """The position in NextToken, where the last page ended; None for the first page."""
    given = call.text("NextToken")
    if not given:
        return None
    try:
        found = _POSITION.fullmatch(base64.urlsafe_b64decode(given.encode()).decode())
    except (ValueError, binascii.Error):
        found = None
    if found is None or not math.isfinite(moment := float(found["moment"])):
        raise call.refusal("NextToken", "not a token of an earlier answer")
    return moment, found["last"] or ""
