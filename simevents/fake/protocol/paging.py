"""The API's two ways to hand out a long list: by page number, and by token.

A token says where the last page ended, not how many items have been seen, so that
what is added meanwhile neither repeats an item nor hides one.
"""

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any

from ..state.cloud import Cloud
from .call import AnswerMembers, Call

LARGEST_PAGE = 100


def numbers(cloud: Cloud, call: Call) -> tuple[int, int]:
    """PageNumber and PageSize, 1 and 10 when they are not given."""
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
    """The items on the page asked for, and the members that tell of pages."""
    number, size = numbers(cloud, call)
    start = (number - 1) * size
    return list(items[start : start + size]), page_members(len(items), number, size)


def page_members(total: int, number: int, size: int) -> AnswerMembers:
    return {"TotalCount": total, "PageNumber": number, "PageSize": size}


def by_token(call: Call) -> bool:
    """Whether the caller pages by token; that wins over page numbers."""
    return bool(call.text("NextToken") or call.text("MaxResults"))


def most_results(call: Call, least: int = 1, default: int = 10) -> int:
    """MaxResults, brought into what the API allows."""
    return min(max(call.integer("MaxResults", default), least), LARGEST_PAGE)


def token(*position: object) -> str:
    return base64.urlsafe_b64encode(" ".join(map(str, position)).encode()).decode()


def position(call: Call) -> tuple[float, str] | None:
    """Where NextToken says that the last page ended; None at the start."""
    given = call.text("NextToken")
    if not given:
        return None
    try:
        text, _, last = base64.urlsafe_b64decode(given.encode()).decode().partition(" ")
        moment = float(text)
    except (ValueError, binascii.Error):
        moment, last = math.nan, ""
    if not math.isfinite(moment):
        raise call.refusal("NextToken", "not a token of an earlier answer")
    return moment, last
