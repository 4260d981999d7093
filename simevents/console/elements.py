"""Elements of the page: plain HTML, whose texts are text nodes and never markup."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

Values = Mapping[str, str]
"""What a form has, by the names of its fields; several values of one name are lines."""

_ASSETS = Path(__file__).parent / "assets"

# Constants of ours: NiceGUI evaluates them in the page.
_FORM_VALUES = (
    "(e) => { e.preventDefault();"
    " const form = e.target.form ?? e.target.closest('form'); const found = {};"
    " new FormData(form).forEach((v, k) => { found[k] = k in found ? found[k] + '\\n' + v : v; });"
    " emit(found); }"
)
_TARGET_VALUE = "(e) => emit(e.target.value)"
_COPY = (
    "(e) => { const text = e.currentTarget.parentElement.querySelector('code').textContent;"
    " navigator.clipboard?.writeText(text); emit(); }"
)


def tag(name: str, /, classes: str = "", **attributes: str | int | bool) -> Element:
    """An element without a text; an underscore in an attribute's name is a hyphen."""
    made = Element(name)
    _dress(made, classes, attributes)
    return made


def text(
    name: str, words: str, /, classes: str = "", **attributes: str | int | bool
) -> TextElement:
    """An element with a text."""
    made = TextElement(tag=name, text=words)
    _dress(made, classes, attributes)
    return made


def button(
    words: str,
    act: Callable[[], Awaitable[None] | None],
    classes: str = "",
    **attributes: str | int | bool,
) -> TextElement:
    made = text("button", words, classes, type="button", **attributes)
    made.on("click", lambda _: act(), js_handler="() => emit()")
    return made


def copy_button() -> TextElement:
    """Copies the text of the ``code`` element beside it."""
    made = text("button", "Copy", type="button", aria_label="Copy the command")
    made.on("click", lambda _: made.set_text("Copied"), js_handler=_COPY)
    return made


def form(
    label: str,
    submit: Callable[[Values], Awaitable[None] | None],
    changed: Callable[[Values], None] | None = None,
) -> Element:
    """A form that gives all its values when it is submitted, and after changes."""
    made = tag("form", aria_label=label, novalidate=True, autocomplete="off")

    def values(arguments: GenericEventArguments) -> Values:
        given = arguments.args
        return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}

    made.on("submit", lambda e: submit(values(e)), js_handler=_FORM_VALUES)
    if changed is not None:
        made.on(
            "input",
            lambda e: changed(values(e)),
            throttle=0.15,
            leading_events=False,
            js_handler=_FORM_VALUES.replace("e.preventDefault();", ""),
        )
    return made


def field(label: str, name: str, value: str = "", *, kind: str = "text", hint: str = "") -> Element:
    """A labelled input."""
    with tag("label", "field"):
        text("span", label)
        made = tag("input", type=kind, name=name, spellcheck="false")
        if value:
            # As the attribute: the property would be set again at each change of the page.
            made.props["^value"] = value
        if hint:
            made.props["placeholder"] = hint
    return made


def choice(
    label: str, name: str, options: Iterable[str], chosen: str = "", empty: str = "any"
) -> Element:
    """A labelled list to choose from; *empty* is shown for the option without a text."""
    with tag("label", "field"):
        text("span", label)
        with tag("select", name=name) as made:
            for option in options:
                each = text("option", option or empty, value=option)
                if option == chosen:
                    each.props["selected"] = True
    return made


def on_value(element: Element, act: Callable[[str], None]) -> None:
    """Call *act* with what is typed or chosen in *element*."""
    element.on(
        "input",
        lambda e: act(str(e.args)),
        throttle=0.15,
        leading_events=False,
        js_handler=_TARGET_VALUE,
    )


class Rows(Element, component=_ASSETS / "rows.js"):
    """A table; `show` sends only the rows that differ from those shown before."""

    def __init__(
        self, caption: str, columns: Sequence[str], empty: str, act: Callable[[str, str], Any]
    ) -> None:
        """*act* is called with the key of a row and the action of a button in it."""
        super().__init__()
        self.props["caption"] = caption
        self.props["columns"] = list(columns)
        self.props["empty"] = empty
        self._shown: dict[str, Mapping[str, Any]] = {}
        self._order: list[str] | None = None
        self.on("act", lambda e: act(str(e.args.get("key", "")), str(e.args.get("action", ""))))

    def show(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each row has a key, cells, and the name of a tone."""
        order = [str(row["key"]) for row in rows]
        changed = [row for row in rows if self._shown.get(str(row["key"])) != row]
        if changed or order != self._order:
            self._shown = {str(row["key"]): row for row in rows}
            self._order = order
            self.run_method("patch", order, changed)


class Time(Element, component=_ASSETS / "time.js"):
    """The cloud's time, which runs on in the page."""

    def turn(self, epoch: float, rate: float) -> None:
        self.run_method("turn", epoch, rate)


class Picture(Element, component=_ASSETS / "picture.js", esm={"simevents-console": str(_ASSETS)}):
    """The live picture; it keeps what it was told, so that only changes are sent."""

    def __init__(
        self, light: Mapping[str, str], dark: Mapping[str, str], choose: Callable[[str, str], Any]
    ) -> None:
        """*choose* is called with the ids of an event and of an instance, one of them empty."""
        # NiceGUI registers the files of its chart when that is imported.
        import nicegui.elements.echart  # noqa: F401

        super().__init__()
        self.props["light"] = dict(light)
        self.props["dark"] = dict(dark)
        self.on(
            "choose",
            lambda e: choose(str(e.args.get("event", "")), str(e.args.get("instance", ""))),
        )

    def apply(self, news: Mapping[str, Any]) -> None:
        self.run_method("apply", news)

    def narrow(self, instance: str, status: str, action: str) -> None:
        self.run_method(
            "filter",
            {"instance": instance.lower(), "status": status, "action": action.lower()},
        )


def _dress(made: Element, classes: str, attributes: Mapping[str, str | int | bool]) -> None:
    if classes:
        made.classes(classes)
    for name, value in attributes.items():
        made.props[name.replace("_", "-")] = value
