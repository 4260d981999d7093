"""What the fake says that it covers is what its code does."""

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
def test_the_pages_are_what_the_code_says(page: str) -> None:
    assert (DOCS / page).read_text() == fake_docs.PAGES[page](), "run: python tools/fake_docs.py"


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_a_parameter_that_is_acted_on_is_read_somewhere(action: Action) -> None:
    """The other way round is asserted with every read of a parameter."""
    # ClientToken is read for all actions in one place, RegionId as `call.region`, tags as
    # `call.tags()`, and the ends of a range or the members of a pair by their stem.
    elsewhere = {"ClientToken", "RegionId", "Tag.Key", "Tag.Value", "MaxResults", "NextToken"}
    elsewhere |= {"PageNumber", "PageSize"}
    unread = {
        name
        for name in action.honoured - elsewhere
        if not re.search(rf"[\"']{re.escape(name.partition('.')[0])}[\"'.]", SOURCE)
    }

    assert unread == set()
