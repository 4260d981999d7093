"""Choosing instances by a search, for the forms that need some."""

from collections.abc import Callable
from functools import partial

from nicegui.element import Element

from ..models import is_instance_id
from .elements import button, on_value, tag, text
from .model import Model

_MOST_FOUND = 6
_MOST_NAMED = 4


class InstanceChoice:
    """A search, what it finds as buttons, and what is chosen. *changed* is told of each choice."""

    def __init__(self, model: Model, changed: Callable[[], None]) -> None:
        self._model = model
        self._changed = changed
        self._typed = ""
        self._chosen: dict[str, None] = {}
        self._buttons: dict[str, Element] = {}
        with tag("fieldset", "instances"):
            text("legend", "Instances")
            with tag("label", "field"):
                text("span", "Search, or an id")
                search = tag("input", type="search", spellcheck="false", placeholder="i-…")
            on_value(search, self._search)
            self._found = tag("div", "found")
            self._more = text("span", "", "facts")
            with tag("div", "buttons"):
                self._all = button("Choose all found", self._choose_all)
                button("Choose none", self._choose_none)
            self._summary = text("p", "None is chosen.", "facts", role="status")
        self.refresh()

    @property
    def chosen(self) -> list[str]:
        return list(self._chosen)

    def region(self, default: str) -> str:
        """That of the chosen instances, as far as they are known."""
        regions = {
            str(self._model.instances[id]["region"])
            for id in self._chosen
            if id in self._model.instances
        }
        return regions.pop() if len(regions) == 1 else default

    def refresh(self) -> None:
        """Search again: instances have come or gone."""
        matching = self._matching()
        wanted = matching[:_MOST_FOUND]
        # Those that stay are left alone: one of them may be about to be pressed.
        for id in [id for id in self._buttons if id not in wanted]:
            self._buttons.pop(id).delete()
        with self._found:
            for id in wanted:
                if id not in self._buttons:
                    pressed = "true" if id in self._chosen else "false"
                    act = partial(self._toggle, id)
                    self._buttons[id] = button(id, act, "chip", aria_pressed=pressed)
        more = len(matching) - len(wanted)
        self._more.set_text(f"and {more:,} more" if more else "")
        self._all.set_text(f"Choose all found ({len(matching):,})")

    def _matching(self) -> list[str]:
        found = [id for id in self._model.instances if self._typed in id]
        if is_instance_id(self._typed) and self._typed not in self._model.instances:
            # Not known here; the cloud knows whether it exists.
            found.insert(0, self._typed)
        return found

    def _search(self, typed: str) -> None:
        self._typed = typed.strip().lower()
        self.refresh()

    def _toggle(self, id: str) -> None:
        if id in self._chosen:
            del self._chosen[id]
        else:
            self._chosen[id] = None
        self._choice_changed()

    def _choose_all(self) -> None:
        self._chosen |= dict.fromkeys(self._matching())
        self._choice_changed()

    def _choose_none(self) -> None:
        self._chosen.clear()
        self._choice_changed()

    def _choice_changed(self) -> None:
        ids = self.chosen
        words = ", ".join(ids[:_MOST_NAMED])
        if len(ids) > _MOST_NAMED:
            words += f" and {len(ids) - _MOST_NAMED:,} more"
        self._summary.set_text(f"{len(ids):,} chosen: {words}" if ids else "None is chosen.")
        for id, shown in self._buttons.items():
            pressed = "true" if id in self._chosen else "false"
            if shown.props["aria-pressed"] != pressed:
                shown.props["aria-pressed"] = pressed
                shown.update()
        self._changed()
