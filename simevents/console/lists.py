"""Lists on the page: a table with pages, which shows only what fits a filter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from .elements import Rows, button, tag, text

PER_PAGE = 10

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants to see; empty for everything."""

    instance: str = ""
    """A part of an instance's id."""
    action: str = ""
    """A part of an action's or an event's name."""
    status: str = ""

    def fits(self, instance: str, action: str, status: str) -> bool:
        return (
            self.instance.lower() in instance.lower()
            and self.action.lower() in action.lower()
            and self.status in ("", status)
        )


class PagedList:
    """A table of which one page is shown. *rows* returns the rows that fit, in their order.

    Rows are given as functions, so that only those of the page are written out.
    """

    def __init__(
        self,
        caption: str,
        columns: Sequence[str],
        empty: str,
        rows: Callable[[], Sequence[Callable[[], Row]]],
        act: Callable[[str, str], Any] = lambda _key, _action: None,
    ) -> None:
        self._rows = rows
        self._page = 0
        self._caption = caption
        self._table = Rows(caption, columns, empty, act)
        with tag("div", "pages", role="group", aria_label=f"Pages of: {caption}") as self.pages:
            self._back = button("Previous", lambda: self._turn(-1), aria_label="Previous page")
            self._where = text("span", "")
            self._on = button("Next", lambda: self._turn(1), aria_label="Next page")

    def show(self) -> None:
        """Show the current page; what is shown already is not sent again."""
        found = self._rows()
        last = max((len(found) - 1) // PER_PAGE, 0)
        self._page = min(self._page, last)
        start = self._page * PER_PAGE
        self._table.show([row() for row in found[start : start + PER_PAGE]])
        end = min(start + PER_PAGE, len(found))
        words = f"{start + 1:,} to {end:,} of {len(found):,}" if found else ""
        if self._where.text != words:
            self._where.set_text(words)
        _enable(self._back, is_on=self._page > 0)
        _enable(self._on, is_on=self._page < last)

    def first_page(self) -> None:
        self._page = 0

    def _turn(self, by: int) -> None:
        self._page = max(self._page + by, 0)
        self.show()


def _enable(element: Element, *, is_on: bool) -> None:
    if element.props.get("disabled", False) == is_on:
        element.props["disabled"] = not is_on
        element.update()


def tone(status: str) -> dict[str, str]:
    """A cell with a status, which has its colour and always its word."""
    return {"text": status, "tone": status.lower().replace(" ", "-")}


def moment(time: str) -> dict[str, str]:
    """A cell with a time of the API, which stays in one line."""
    return {"text": time.replace("T", " ").removesuffix("Z"), "tone": "word"}


def link(words: str, action: str, label: str = "") -> dict[str, Any]:
    """A cell with a button that looks like a link."""
    return {"text": words, "action": action, "label": label or words, "link": True}


def push(words: str, action: str, label: str) -> dict[str, Any]:
    """A cell with a button."""
    return {"text": words, "action": action, "label": label}


def newest(entries: Iterable[Row]) -> list[Row]:
    return list(entries)[::-1]
