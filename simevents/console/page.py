"""The page of one browser: its parts, its filter, and what keeps it up to date."""

import logging
from collections.abc import Awaitable, Callable

from nicegui import ui

from ..models import EventCycleStatus
from ..picture.style import DARK, LIGHT
from .compact import of_news
from .doing import Doing, Outcome
from .doing_panel import DoingPanel
from .elements import Picture, Time, Values, button, choice, copy_button, field, form, tag, text
from .event_panel import EventPanel
from .lists import Wanted
from .model import Missed, News
from .reading_panel import ReadingPanel
from .watch import Watch

log = logging.getLogger(__name__)

_MOST_MISSED = 500
"""News that a paused page keeps."""

_LEGEND = (
    ("scheduled", "scheduled"),
    ("executing", "executing"),
    ("inquiring", "inquiring"),
    ("executed", "executed"),
    ("avoided", "avoided"),
    ("canceled", "canceled"),
    ("failed", "failed"),
)

_MARKS = (
    "▼ due",
    "▲ call that changes",
    "○ call that reads",
    "⬣ call unknown to the fake",
    "☑ delivery acknowledged",
    "□ delivery in the queue, or waiting (dashed)",
    "⊗ ☒ failed",
)


class Page:
    """Built before anything is known; `start` shows what is."""

    def __init__(self, watch: Watch, doing: Doing) -> None:
        self._watch = watch
        self._doing = doing
        self._is_paused = False
        self._missed = Missed(_MOST_MISSED)
        self._said = ("", "")
        self._events = EventPanel(watch.model, doing, self._told)
        self._reading = ReadingPanel(watch.model, doing, self._told)
        self._panel = DoingPanel(watch.model, doing, self._told)
        self._build()

    def start(self) -> None:
        """Show what is known, and from now on each change."""
        client = ui.context.client
        leave: Callable[[], None] = self._watch.listen(self._news)
        client.on_delete(leave)
        self._where.set_text(self._doing.where)
        self._show(self._watch.model.everything())
        self._say_state()
        self._ready.props["data-ready"] = "true"
        self._ready.update()

    # What changes.

    def _news(self, news: News) -> None:
        self._say_state()
        if not news.is_any:
            return
        if self._is_paused:
            self._missed.add(news)
            return
        self._show(news)

    def _show(self, news: News) -> None:
        model = self._watch.model
        if news.has_clock:
            self._time.turn(model.now(), model.rate)
        told = of_news(news, model)
        if told:
            self._picture.apply(told)
        if news.events or news.calls or news.deliveries or news.is_reset:
            self._events.show()
        self._reading.show(news)
        self._panel.show(news)

    def _say_state(self) -> None:
        said = (self._watch.lost, self._watch.note)
        if said == self._said:
            return
        self._said = said
        self._lost.set_text(self._watch.lost)
        self._lost.set_visibility(bool(self._watch.lost))
        self._note.set_text("" if self._watch.lost else self._watch.note)

    async def _told(self, action: Awaitable[Outcome]) -> None:
        self._outcome.set_text("Working …")
        try:
            outcome = await action
        except Exception as error:
            log.exception("an action has failed")
            outcome = Outcome(
                f"The console has a fault: {type(error).__name__}.", "", is_done=False
            )
        self._outcome.set_text(outcome.text)
        self._outcome.classes(
            add="done" if outcome.is_done else "refused",
            remove="refused" if outcome.is_done else "done",
        )
        self._line.set_text(outcome.command)
        self._command.set_visibility(bool(outcome.command))
        self._result.set_visibility(True)
        self._watch.look_now()

    # What a person wants to see.

    def _filter(self, values: Values) -> None:
        wanted = Wanted(
            values.get("instance", "").strip(),
            values.get("action", "").strip(),
            values.get("status", ""),
        )
        self._events.wanted = self._reading.wanted = wanted
        self._events.first_page()
        self._reading.first_page()
        self._picture.narrow(wanted.instance, wanted.status, wanted.action)
        self._events.show()
        self._reading.show()

    def _pause(self) -> None:
        self._is_paused = not self._is_paused
        self._pause_button.set_text("Go on" if self._is_paused else "Pause")
        self._pause_button.props["aria-pressed"] = "true" if self._is_paused else "false"
        if self._is_paused:
            return
        for news in self._missed.take(self._watch.model.everything):
            self._show(news)

    def _choose(self, event_id: str, instance_id: str) -> None:
        if event_id:
            self._events.choose(event_id)
        elif instance_id:
            ui.run_javascript(_FILTER_INSTANCE % _script_text(instance_id))

    # The parts.

    def _build(self) -> None:
        ui.context.client.content.classes(remove="nicegui-content")
        self._ready = tag("div", "console")
        with self._ready:
            text("a", "Skip to the events", "skip", href="#events")
            with tag("header", "top"):
                with tag("div", "name"):
                    text("h1", "simevents")
                    self._where = text("span", "", "where")
                self._time = Time()
                with tag("div", "clock-forms"):
                    self._panel.build_clock()
            self._lost = text("p", "", "lost", role="alert")
            self._lost.set_visibility(False)
            self._note = text("p", "", "note", role="status")
            with tag("div", "result", role="status") as self._result:
                self._outcome = text("p", "", "outcome")
                with tag("div", "command") as self._command:
                    self._line = text("code", "", tabindex=0)
                    copy_button()
            self._result.set_visibility(False)
            with tag("div", "body"):
                self._build_main()

    def _build_main(self) -> None:
        with tag("div", "left"):
            with tag("section", "card", aria_labelledby="picture"):
                with tag("div", "heading"):
                    text("h2", "Picture", id="picture")
                    self._build_filter()
                self._picture = Picture(LIGHT, DARK, self._choose)
                self._build_legend()
            self._events.build_history()
            with tag("section", "card", aria_labelledby="events"):
                self._events.build_list()
            with tag("section", "card", aria_labelledby="reading"):
                self._reading.build()
        with tag("div", "right"):
            with tag("section", "card", aria_labelledby="schedule"):
                self._panel.build_schedule()
            with tag("section", "card", aria_labelledby="inject"), tag("details"):
                self._panel.build_inject()
            with tag("section", "card", aria_labelledby="faults"), tag("details"):
                self._panel.build_faults()

    def _build_filter(self) -> None:
        with form("Filter", self._filter, self._filter).classes("filter"):
            field("Instance", "instance", hint="any")
            field("Action or type", "action", hint="any")
            choice("Status", "status", ["", *EventCycleStatus])
            self._pause_button = button("Pause", self._pause, aria_pressed="false")

    def _build_legend(self) -> None:
        with tag("ul", "legend", aria_label="Legend"):
            for name, words in _LEGEND:
                with tag("li"):
                    tag("span", f"sample {name}", aria_hidden="true")
                    text("span", words)
            for words in _MARKS:
                text("li", words)


# Typed into the field of the filter, as a person would.
_FILTER_INSTANCE = (
    "const field = document.querySelector('form.filter [name=instance]');"
    " field.value = %s; field.dispatchEvent(new Event('input', {bubbles: true}));"
)


def _script_text(words: str) -> str:
    """*words* as a text of JavaScript, whatever they contain."""
    import json

    return json.dumps(words).replace("<", "\\u003c")
