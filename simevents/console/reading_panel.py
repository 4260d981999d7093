"""What can be read: calls, deliveries, instances, and switches, a tab for each."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from nicegui.element import Element

from ..picture.reading import public_address
from ..picture.stories import Kind
from .compact import call_and_outcome, call_kind, lanes_of
from .doing import ONLY_FAKE, Doing, Outcome
from .elements import Rows, tag, text
from .event_panel import send_again
from .lists import PagedList, Row, Wanted, moment, push, tone
from .model import Entry, Model, News

_TABS = ("Calls", "Deliveries", "Instances", "Switches")

_ARROWS = (
    "(e) => { const by = {ArrowRight: 1, ArrowLeft: -1}[e.key]; if (!by) return;"
    " const tabs = [...e.currentTarget.querySelectorAll('[role=tab]')];"
    " const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];"
    " next.focus(); next.click(); }"
)

_CALLS = {
    Kind.CALL_UNEXPECTED: "unknown",
    Kind.CALL_FAILED: "failed",
    Kind.CALL_READ: "read",
    Kind.CALL_CHANGE: "change",
}


class ReadingPanel:
    """*told* takes the outcome of an action."""

    def __init__(
        self, model: Model, doing: Doing, told: Callable[[Awaitable[Outcome]], Awaitable[None]]
    ) -> None:
        self._model = model
        self._doing = doing
        self._told = told
        self._shown = _TABS[0]
        self._tabs: dict[str, Element] = {}
        self._panels: dict[str, Element] = {}
        self.wanted = Wanted()

    def build(self) -> None:
        text("h2", "What was said and done", id="reading")
        with tag("div", "tabs", role="tablist", aria_labelledby="reading") as strip:
            for name in _TABS:
                self._tabs[name] = text(
                    "button",
                    name,
                    type="button",
                    role="tab",
                    id=f"tab-{name}",
                    aria_controls=f"panel-{name}",
                )
                self._tabs[name].on(
                    "click", lambda _, n=name: self._turn(n), js_handler="() => emit()"
                )
        strip.on("keydown", js_handler=_ARROWS)
        for name in _TABS:
            with tag(
                "div", role="tabpanel", id=f"panel-{name}", aria_labelledby=f"tab-{name}"
            ) as self._panels[name]:
                if self._doing.region:
                    text("p", f"{name}: {ONLY_FAKE}", "reason")
        self._calls = self._list(
            "Calls",
            PagedList,
            "Calls of the API, newest first",
            ["Time", "Kind", "Call", "Outcome"],
            "No call fits.",
            self._call_rows,
        )
        self._deliveries = self._list(
            "Deliveries",
            PagedList,
            "Deliveries, newest first",
            ["Delivery", "Event", "State", "To", "Attempts", "Do"],
            "No delivery fits.",
            self._delivery_rows,
            self._act,
        )
        self._instances = self._list(
            "Instances",
            PagedList,
            "Instances",
            ["Instance", "Region", "Status", "Open events"],
            "No instance fits.",
            self._instance_rows,
        )
        self._switches = self._list(
            "Switches",
            Rows,
            "Switches that differ from their default",
            ["Switch", "Value"],
            "All switches have their default.",
            lambda *_: None,
        )
        self._turn(self._shown)

    def _list(self, tab: str, kind: Callable[..., Any], *words: Any) -> Any:
        with self._panels[tab]:
            return kind(*words)

    def _turn(self, name: str) -> None:
        self._shown = name
        for each, element in self._tabs.items():
            element.props["aria-selected"] = "true" if each == name else "false"
            element.props["tabindex"] = 0 if each == name else -1
            element.update()
            self._panels[each].set_visibility(each == name)
        self.show()

    def first_page(self) -> None:
        for each in (self._calls, self._deliveries, self._instances):
            each.first_page()

    def show(self, news: News | None = None) -> None:
        """Show what is in the open tab; nothing when *news* has none of it."""
        concerned = news is None or news.is_reset
        if self._shown == "Calls" and (concerned or (news and (news.calls or news.has_refusals))):
            self._calls.show()
        elif self._shown == "Deliveries" and (concerned or (news and news.deliveries)):
            self._deliveries.show()
        elif self._shown == "Instances" and (
            concerned or (news and (news.instances or news.gone_instances or news.events))
        ):
            self._instances.show()
        elif self._shown == "Switches":
            self._switches.show(
                [
                    {"key": name, "cells": [name, str(value)], "tone": ""}
                    for name, value in sorted(self._model.switches.items())
                ]
            )

    async def _act(self, key: str, action: str) -> None:
        if action == "send":
            await self._told(send_again(self._doing, key))

    def _call_rows(self) -> Sequence[Callable[[], Row]]:
        wanted = self.wanted
        rows: list[Callable[[], Row]] = [
            partial(_refusal_row, i, each)
            for i, each in enumerate(self._model.refusals)
            if not wanted.instance and wanted.action.lower() in str(each["action"]).lower()
        ]
        rows.reverse()
        rows += [
            partial(_call_row, call)
            for call in reversed(self._model.calls)
            if wanted.action.lower() in call["action"].lower()
            and (not wanted.instance or self._concerns(call, wanted.instance.lower()))
        ]
        return rows

    def _concerns(self, call: Entry, instance: str) -> bool:
        return any(instance in id for id in lanes_of(call, self._model))

    def _delivery_rows(self) -> Sequence[Callable[[], Row]]:
        wanted = self.wanted
        return [
            partial(_delivery_row, each)
            for each in reversed(self._model.deliveries.values())
            if wanted.fits(each["instance_id"], each["name"], each["status"])
        ]

    def _instance_rows(self) -> Sequence[Callable[[], Row]]:
        open_events: dict[str, int] = {}
        for event in self._model.events.values():
            if event["status"] in ("Scheduled", "Executing", "Inquiring"):
                id = event["instance_id"]
                open_events[id] = open_events.get(id, 0) + 1
        return [
            partial(_instance_row, each, open_events.get(each["instance_id"], 0))
            for each in self._model.instances.values()
            if self.wanted.instance.lower() in each["instance_id"]
        ]


def _call_row(call: Entry) -> Row:
    kind = call_kind(call)
    words, outcome = call_and_outcome(call)
    return {
        "key": f"c{call['number']}",
        "tone": "unknown" if kind is Kind.CALL_UNEXPECTED else "",
        "cells": [moment(call["at"]), tone(_CALLS[kind]), words, outcome],
    }


def _refusal_row(number: int, refusal: Entry) -> Row:
    return {
        "key": f"r{number}",
        "tone": "unknown",
        "cells": [
            moment(refusal["at"]),
            tone("refused"),
            f"{refusal['method']} {refusal['host']} {refusal['action']}",
            "nothing was sent",
        ],
    }


def _delivery_row(delivery: Entry) -> Row:
    id = str(delivery["delivery_id"])
    last = delivery["attempts"][-1] if delivery["attempts"] else None
    attempts = "none yet"
    if last is not None:
        status = f", HTTP {last['http_status']}" if last["http_status"] else ""
        attempts = f"{len(delivery['attempts'])}; last: {last['outcome']}{status}"
    state = "acknowledged" if delivery["acknowledged_at"] else delivery["state"]
    return {
        "key": id,
        "tone": "",
        "cells": [
            [f"{id}, ", moment(delivery["at"])],
            f"{delivery['name']} ({delivery['status']}) on {delivery['instance_id']}",
            tone(state),
            f"{delivery['kind']} {public_address(delivery['address'])}",
            attempts,
            [push("Send again", "send", f"Send delivery {id} again")],
        ],
    }


def _instance_row(instance: Entry, open_events: int) -> Row:
    return {
        "key": instance["instance_id"],
        "tone": "",
        "cells": [
            {"text": instance["instance_id"], "tone": "id"},
            instance["region"],
            tone(instance["status"]),
            str(open_events),
        ],
    }
