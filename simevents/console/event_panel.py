"""The list of events, and the history of the one that was chosen."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from nicegui.element import Element

from .compact import attempt_words, call_and_outcome, delivery_words, lanes_of
from .doing import Doing, Outcome
from .elements import Rows, button, tag, text
from .lists import PagedList, Row, Wanted, link, moment, push, tone
from .model import Entry, Model

_MOST_STEPS = 200
_OPEN = ("Scheduled", "Executing")
_KINDS = {True: "simulated", False: "real", None: "simulated or real (the API does not tell)"}


class EventPanel:
    """*told* takes the outcome of an action."""

    def __init__(
        self, model: Model, doing: Doing, told: Callable[[Awaitable[Outcome]], Awaitable[None]]
    ) -> None:
        self._model = model
        self._doing = doing
        self._told = told
        self._chosen = ""
        self.wanted = Wanted()

    def build_list(self) -> None:
        text("h2", "Events", id="events")
        self._list = PagedList(
            "Events, newest first",
            ["Event", "Instance", "Type", "Status", "Due", "Published"],
            "No event fits.",
            self._rows,
            lambda key, _: self.choose(key),
        )

    def build_history(self) -> None:
        """Hidden until an event is chosen."""
        with tag("section", "card history", aria_labelledby="history-title") as self._section:
            with tag("div", "heading"):
                self._title = text("h2", "History", id="history-title", tabindex=-1)
                button("Close", self._close)
            self._facts = text("p", "", "facts")
            self._reason = text("p", "", "facts reason")
            with tag("div", "buttons"):
                self._cancel = button("Cancel event", self._do_cancel)
                self._accept = button("Accept event", self._do_accept)
            self._steps = Rows(
                "What happened to this event, in the order of time",
                ["Time", "What", "Details"],
                "Nothing is known.",
                self._act,
            )
        self._section.set_visibility(False)

    def first_page(self) -> None:
        self._list.first_page()

    def show(self) -> None:
        self._list.show()
        if self._chosen:
            self._show_history()

    def choose(self, event_id: str) -> None:
        """Show the history of an event, and move the focus there."""
        if event_id not in self._model.events:
            return
        self._chosen = event_id
        self._section.set_visibility(True)
        self._show_history()
        # Ids of elements are numbers of NiceGUI's.
        self._title.run_method("focus")
        self._title.run_method("scrollIntoView", {"block": "nearest"})

    def _close(self) -> None:
        self._chosen = ""
        self._section.set_visibility(False)

    def _rows(self) -> Sequence[Callable[[], Row]]:
        fits = self.wanted.fits
        return [
            partial(_row, event)
            for event in reversed(self._model.events.values())
            if fits(event["instance_id"], event["event_type"], event["status"])
        ]

    def _show_history(self) -> None:
        event = self._model.events.get(self._chosen)
        if event is None:
            self._close()
            return
        words = f"{event['event_type']} on {event['instance_id']}"
        _set(self._title, words)
        kind = _KINDS[event["simulated"]]
        due = _time(event["not_before"])
        _set(
            self._facts,
            f"{event['event_id']}, {kind}, in {event['region']}; due {due}; {event['status']}",
        )
        _set(self._reason, f"Reason: {event['reason']}" if event["reason"] else "")
        is_open = event["status"] in _OPEN
        can_cancel = is_open and (event["simulated"] or bool(self._doing.region))
        _offer(
            self._cancel,
            "" if can_cancel else "Only an open simulated event can be cancelled.",
        )
        is_inquiring = event["status"] == "Inquiring"
        why = "" if is_inquiring else "Only an event in the status Inquiring can be accepted."
        _offer(self._accept, why)
        self._steps.show(self._history(event))

    def _history(self, event: Entry) -> list[Row]:
        found: list[tuple[str, int, Row]] = []

        def add(at: str, key: str, cells: list[Any]) -> None:
            row: Row = {"key": key, "cells": [moment(at), *cells], "tone": ""}
            found.append((at, len(found), row))

        for i, step in enumerate(event["history"]):
            add(step["at"], f"s{i}", [tone(step["status"] or "(not told)"), "status of the event"])
        instance = event["instance_id"]
        for call in reversed(self._model.calls):
            if len(found) > _MOST_STEPS:
                break
            if instance in lanes_of(call, self._model):
                result = tone("failed" if call["code"] else "call")
                words = " -> ".join(call_and_outcome(call))
                add(call["at"], f"c{call['number']}", [result, words])
        for delivery in self._model.deliveries.values():
            if delivery["event_id"] == event["event_id"]:
                self._add_delivery(delivery, add)
        return [row for _, _, row in sorted(found, key=lambda each: each[:2])]

    def _add_delivery(self, delivery: Entry, add: Callable[[str, str, list[Any]], None]) -> None:
        key, words = f"d{delivery['delivery_id']}", delivery_words(delivery)
        label = f"Send delivery {delivery['delivery_id']} again"
        again = push("Send again", "send", label)
        if not delivery["attempts"]:
            add(delivery["at"], key, [tone(delivery["state"]), [f"{words} ", again]])
        for attempt in delivery["attempts"]:
            cells: list[Any] = [tone(attempt["outcome"]), f"{words}, {attempt_words(attempt)}"]
            if attempt is delivery["attempts"][-1]:
                cells[1] = [f"{cells[1]} ", again]
            add(attempt["at"], f"{key}/{attempt['number']}", cells)
        if delivery["acknowledged_at"] and delivery["kind"] == "queue":
            add(
                delivery["acknowledged_at"],
                f"{key}/acknowledged",
                [tone("acknowledged"), f"{words}: deleted by its consumer"],
            )

    async def _act(self, key: str, action: str) -> None:
        if action == "send":
            await self._told(send_again(self._doing, key.removeprefix("d").partition("/")[0]))

    async def _do_cancel(self) -> None:
        await self._do(self._doing.cancel)

    async def _do_accept(self) -> None:
        await self._do(self._doing.accept)

    async def _do(self, action: Callable[[str, str], Awaitable[Outcome]]) -> None:
        event = self._model.events.get(self._chosen)
        if event is not None:
            await self._told(action(event["region"], event["event_id"]))


def send_again(doing: Doing, delivery_id: str) -> Awaitable[Outcome]:
    from .commands import command

    line = command("deliveries", "send", delivery_id, options=[("--endpoint", doing.endpoint)])
    done = f"Delivery {delivery_id} is sent again."
    return doing.control(line, done, "POST", f"deliveries/{delivery_id}/send", {})


def _row(event: Entry) -> Row:
    id = event["event_id"]
    return {
        "key": id,
        "tone": "",
        "cells": [
            link(id, "choose", f"History of {id}"),
            {"text": event["instance_id"], "tone": "id"},
            {"text": event["event_type"], "tone": "word"},
            tone(event["status"]),
            _time(event["not_before"]),
            _time(event["publish_time"]),
        ],
    }


def _time(time: str) -> str:
    return time.replace("T", " ").removesuffix("Z")


def _set(element: Any, words: str) -> None:
    if element.text != words:
        element.set_text(words)


def _offer(element: Element, reason: str) -> None:
    """Enable a button, or disable it with the reason why."""
    if element.props.get("title", "") != reason or "disabled" not in element.props:
        element.props["disabled"] = bool(reason)
        element.props["title"] = reason
        element.update()
