"""The coverage that the fake documents agrees with its code."""

import re
from pathlib import Path

import pytest

from simevents.fake.protocol import dispatch
from simevents.fake.protocol.call import Action
from simevents.fake.protocol.registry import ACTIONS
from tools import fake_docs

DOCS = Path(__file__).parent.parent.parent / "docs"
SOURCE = "\n".join(Path(module.__file__ or "").read_text() for module in dispatch.PRODUCTS)


@pytest.mark.parametrize("page", fake_docs.PAGES)
def test_the_pages_agree_with_the_code(page: str) -> None:
    assert (DOCS / page).read_text() == fake_docs.PAGES[page](), "run: python tools/fake_docs.py"


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_honoured_parameter_is_read(action: Action) -> None:
    """The opposite, that every parameter read is honoured, is asserted at each read."""
    # ClientToken is read for all actions in one place, RegionId as `call.region`, tags as
    # `call.tags()`, and the ends of a range or the members of a pair by their stem.
    elsewhere = {"ClientToken", "RegionId", "Tag.Key", "Tag.Value", "MaxResults", "NextToken"}
    elsewhere |= {"PageNumber", "PageSize", "Limit"}
    unread = {
        name
        for name in action.honoured - elsewhere
        if not re.search(rf"[\"']{re.escape(name.partition('.')[0])}[\"'.]", SOURCE)
    }

    assert unread == set()
