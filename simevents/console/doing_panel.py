"""Forms for what can be done: events, the clock, faults; each shows its command."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from nicegui.elements.mixins.text_element import TextElement

from ..errors import SimulatedEventsError
from ..fake.protocol.api_errors import FAULT_ERRORS
from ..models import EventCycleStatus, EventType, format_time
from ..schedule import parse
from . import commands
from .choosing import InstanceChoice
from .doing import ONLY_FAKE, Doing, Outcome
from .elements import Rows, Values, button, choice, copy_button, field, form, tag, text
from .model import Model, News

DEFAULT_REGION = "cn-hangzhou"
_RATES = ("1", "10", "60", "600", "3600")

Told = Callable[[Awaitable[Outcome]], Awaitable[None]]


class DoingPanel:
    """*told* takes the outcome of an action."""

    def __init__(self, model: Model, doing: Doing, told: Told) -> None:
        self._model = model
        self._doing = doing
        self._told = told
        self._values: Values = {}

    # The clock.

    def build_clock(self) -> None:
        with self._of_fake("Clock", "clock"):
            button("Next transition", self._next)
            advance = form("Advance the clock", self._advance, self._preview_advance)
            with advance, tag("span", "joined"):
                field("Advance by", "span", "1h")
                text("button", "Advance", type="submit")
            with form("Set the rate of the clock", self._rate), tag("span", "joined"):
                choice("Rate", "rate", _RATES, "1")
                text("button", "Set rate", type="submit")
            button("Freeze", self._freeze)
            button("Run", self._run)
        self._clock_line = self._command(self._clock("advance", "1h"))

    def _preview_advance(self, values: Values) -> None:
        self._clock_line.set_text(self._clock("advance", values.get("span", "")))

    def _clock(self, *words: str) -> str:
        return commands.command("clock", *words, options=[("--endpoint", self._doing.endpoint)])

    async def _turn(self, done: str, *words: str, **body: Any) -> None:
        line = self._clock(*words)
        self._clock_line.set_text(line)
        await self._told(self._doing.control(line, done, "POST", "clock", body))

    async def _next(self) -> None:
        await self._turn(
            "The clock went to the next transition.",
            "next",
            next=True,
        )

    async def _advance(self, values: Values) -> None:
        span = values.get("span", "").strip()
        await self._turn(f"The clock was advanced by {span}.", "advance", span, advance=span)

    async def _rate(self, values: Values) -> None:
        rate = values.get("rate", "1")
        await self._turn(f"The clock runs at {rate} times.", "rate", rate, rate=float(rate))

    async def _freeze(self) -> None:
        await self._turn("The clock is frozen.", "freeze", freeze=True)

    async def _run(self) -> None:
        await self._turn("The clock runs.", "run", freeze=False)

    # Events.

    def build_schedule(self) -> None:
        text("h2", "Schedule an event", id="schedule")
        with form("Schedule an event", self._schedule, self._preview_schedule):
            choice("Type", "event_type", EventType)
            field("When: a UTC time, or a time from now", "not_before", "+2h")
            self._on = InstanceChoice(self._model, self._preview_schedule)
            text("button", "Schedule", "main", type="submit")
        self._schedule_line = self._command("")
        self._preview_schedule({"event_type": str(next(iter(EventType))), "not_before": "+2h"})

    def _preview_schedule(self, values: Values | None = None) -> None:
        self._values = self._values if values is None else values
        region = self._on.region(self._doing.region or DEFAULT_REGION)
        where: list[commands.Option] = [("--region", region)]
        if self._doing.endpoint:
            where.insert(0, ("--endpoint", self._doing.endpoint))
        self._schedule_line.set_text(
            commands.schedule(
                where,
                self._values.get("event_type", ""),
                self._values.get("not_before", ""),
                self._on.chosen,
            )
        )

    async def _schedule(self, values: Values) -> None:
        region = self._on.region(self._doing.region or DEFAULT_REGION)
        event_type, moment = values.get("event_type", ""), values.get("not_before", "").strip()
        await self._told(self._doing.schedule(region, event_type, moment, self._on.chosen))

    def build_inject(self) -> None:
        with tag("summary"):
            text("h2", "Inject a real event", id="inject")
        with self._of_fake("Real event", "stacked"), form("Inject a real event", self._inject):
            field("Type", "event_type", "SystemMaintenance.Reboot")
            choice("Status", "status", ["", *EventCycleStatus], empty="that of the type")
            field("Due: a UTC time, or a time from now", "not_before", "+2h")
            field("Reason", "reason", hint="none")
            self._real_on = InstanceChoice(self._model, lambda: None)
            text("button", "Inject", "main", type="submit")

    async def _inject(self, values: Values) -> None:
        given = values.get("not_before", "").strip()
        try:
            moment = format_time(parse(given).resolve(_moment(self._model.now())))
        except SimulatedEventsError as error:
            await self._told(_refused(str(error)))
            return
        body: dict[str, Any] = {
            "instance_ids": self._real_on.chosen,
            "event_type": values.get("event_type", "").strip(),
            "not_before": moment,
            "region": self._real_on.region(DEFAULT_REGION),
        }
        for name in ("status", "reason"):
            if values.get(name, "").strip():
                body[name] = values[name].strip()
        line = commands.inject(self._doing.endpoint, body)
        done = f"Injected {body['event_type']}."
        await self._told(self._doing.control(line, done, "POST", "events", body))

    # Faults.

    def build_faults(self) -> None:
        with tag("summary"):
            text("h2", "Faults", id="faults")
        with self._of_fake("Faults", "stacked"):
            with form("Add a fault", self._add_fault):
                field("Action, or * for all", "action", "*")
                choice(
                    "What fails",
                    "effect",
                    ["cut before", "cut after", "timeout", "garbage", "partial", *FAULT_ERRORS],
                    "Throttling",
                )
                field("Seconds until the answer", "latency", kind="number")
                field("Number of calls, empty for all", "times", "1", kind="number")
                text("button", "Add fault", "main", type="submit")
            self._faults = Rows(
                "Faults that are set", ["Action", "Fault", "Calls"], "No faults.", _nothing
            )
            button("Clear faults", self._clear_faults)

    async def _add_fault(self, values: Values) -> None:
        action = values.get("action", "").strip()
        effect, times = values.get("effect", ""), values.get("times", "").strip()
        body: dict[str, Any] = {"action": action}
        if effect.startswith("cut "):
            body["cut"] = effect.removeprefix("cut ")
        elif effect in ("timeout", "garbage", "partial"):
            body[effect] = True
        else:
            body["error"] = effect
        try:
            if times:
                body["times"] = int(times)
            if latency := values.get("latency", "").strip():
                body["latency"] = float(latency)
        except ValueError as error:
            await self._told(_refused(f"Not a valid number: {error}."))
            return
        options = [(f"--{name}", value) for name, value in body.items() if name != "action"]
        line = commands.command(
            "faults", "add", action, options=[*options, ("--endpoint", self._doing.endpoint)]
        )
        await self._told(self._doing.control(line, "Added the fault.", "POST", "faults", body))

    async def _clear_faults(self) -> None:
        line = commands.command("faults", "clear", options=[("--endpoint", self._doing.endpoint)])
        await self._told(self._doing.control(line, "No faults.", "DELETE", "faults", {}))

    def show(self, news: News) -> None:
        if news.instances or news.gone_instances or news.is_reset:
            self._on.refresh()
            self._real_on.refresh()
        if news.has_faults or news.is_reset:
            self._faults.show([_fault(i, fault) for i, fault in enumerate(self._model.faults)])

    @contextmanager
    def _of_fake(self, legend: str, classes: str) -> Iterator[None]:
        """Greyed out, with the reason, where there is no fake cloud."""
        with tag("fieldset", classes) as group:
            text("legend", legend, "unseen")
            if self._doing.region:
                group.props["disabled"] = True
                text("p", ONLY_FAKE, "reason")
            yield

    def _command(self, line: str) -> TextElement:
        with tag("div", "command"):
            shown = text("code", line, tabindex=0)
            copy_button()
        return shown


def _fault(number: int, fault: Any) -> dict[str, Any]:
    words = [
        name if value is True else f"{name} {value}"
        for name, value in fault.items()
        if name not in ("action", "struck", "seed", "probability") and value not in (None, 0, False)
    ]
    return {
        "key": str(number),
        "tone": "",
        "cells": [fault["action"], ", ".join(words), str(fault["struck"])],
    }


def _nothing(_key: str, _action: str) -> None: ...


async def _refused(reason: str) -> Outcome:
    return Outcome(reason, "", is_done=False)


def _moment(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
