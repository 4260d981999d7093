"""Who is told in a test, and checks of what the test says about it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import InvalidInput
from ...fake.control.client import Control, ControlError
from ...fake.delivery.event_names import INTERRUPTION, STATE_CHANGE
from ...fake.delivery.outbox.http_sender import BadTarget, split
from ...models import EventCycleStatus
from ..records import Delivery, Subscription, delivery
from .asgi import AsgiLoop, AsgiTarget
from .calling import Calls
from .function_compute import FunctionTarget, Handler, label
from .targets import Target
from .wsgi import WsgiTarget

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True

TARGETS = ("url", "function", "wsgi", "asgi", "queue")
CHANNELS = ("cloudmonitor", "eventbridge")

_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,119}")
_NAME = re.compile(r"(?:Instance|Disk):[A-Za-z.]+(?::[A-Za-z]+)?")
_PATH = re.compile(r"/[!-~]*")
_SERVICE = re.compile(r"[A-Za-z0-9_.-]{0,128}")
_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Subscriptions:
    """The subscriptions of a test, and the deliveries in its cloud."""

    def __init__(self, control: Control, calls: Calls, asgi: AsgiLoop) -> None:
        self._control = control
        self._calls = calls
        self._asgi = asgi
        self._names: set[str] = set()

    def deliver_to(
        self,
        region: str,
        given: Mapping[str, Any],
        via: str,
        names: Iterable[str] | None,
        pattern: Mapping[str, Any] | None,
        path: str,
    ) -> Subscription:
        """See `FakeCloud.deliver_to`; *given* are the targets, None for those left out."""
        kind = _only_one(given)
        names, pattern = _filters(via, names, pattern)
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise InvalidInput("path", f"{path!r} is not a valid path; use one such as /hook")
        if path != "/" and kind not in ("wsgi", "asgi"):
            raise InvalidInput("path", f"{kind}= takes no path; it is for wsgi= and asgi=")
        body: dict[str, Any] = {"via": via, "names": names, "pattern": pattern}
        if kind == "url":
            address, body["kind"] = _url(given[kind]), "webhook"
        elif kind == "queue":
            address, body["kind"], body["region"] = _queue(given[kind]), "queue", region
        else:
            target = self._target(kind, given[kind], path)
            address, body["kind"] = self._unused(f"{kind}-{label(given[kind])}"), "in_process"
            self._calls.add(address, target)
        name = (
            self._unused(f"queue-{address}" if kind == "queue" else "url")
            if kind
            in (
                "url",
                "queue",
            )
            else address
        )
        self._post("subscriptions", kind, address=address, name=name, **body)
        self._names.add(name)
        return Subscription(name, kind, address)

    def serve_function(self, service: str, function: str, handler: Handler) -> Subscription:
        """See `FakeCloud.serve_function`."""
        for field, text, valid in (
            ("service", service, _SERVICE),
            ("function", function, _FUNCTION),
        ):
            if not isinstance(text, str) or not valid.fullmatch(text):
                raise InvalidInput(
                    field, f"{text!r} is not a valid name; use letters, digits, _ and -"
                )
        target = FunctionTarget("handler", handler, self._account_id, service, function)
        address = f"function-{service}-{function}"
        self._calls.add(address, target)
        self._post("functions", "function", service=service, function=function, in_process=address)
        return Subscription("", "function", f"{service}/{function}")

    def deliveries(self) -> list[Delivery]:
        """All deliveries of the cloud, in the order of their changes."""
        return [delivery(entry) for entry in self._control.get("deliveries")]

    def clear(self) -> None:
        """The cloud is empty again, without any subscription."""
        self._names.clear()
        self._calls.clear()

    def _target(self, kind: str, given: Any, path: str) -> Target:
        if kind == "function":
            return FunctionTarget("function", given, self._account_id)
        if kind == "wsgi":
            return WsgiTarget(given, path)
        return AsgiTarget(given, path, self._asgi)

    def _account_id(self) -> str:
        return str(self._control.get("health")["account_id"])

    def _unused(self, name: str) -> str:
        number, made = 1, name
        while made in self._names:
            number += 1
            made = f"{name}-{number}"
        return made

    def _post(self, route: str, field: str, **body: Any) -> None:
        try:
            self._control.post(route, **body)
        except ControlError as error:
            text = str(error)
            named = next((name for name in ("names", "pattern") if name in text.lower()), field)
            raise InvalidInput(named, text) from None


def _only_one(given: Mapping[str, Any]) -> str:
    kinds = [kind for kind in TARGETS if given[kind] is not None]
    if len(kinds) != 1:
        found = "none is given" if not kinds else f"{' and '.join(kinds)} are given"
        raise InvalidInput(
            ", ".join(kinds) or "target",
            f"deliver_to takes exactly one of {', '.join(TARGETS)}, and {found}; call it once for "
            "each target",
        )
    return kinds[0]


def _filters(
    via: str, names: Iterable[str] | None, pattern: Mapping[str, Any] | None
) -> tuple[list[str] | None, dict[str, Any] | None]:
    if via not in CHANNELS:
        raise InvalidInput("via", f"{via!r} is not a valid channel; use {' or '.join(CHANNELS)}")
    if names is not None and via != "cloudmonitor":
        raise InvalidInput(
            "names", 'these are names of CloudMonitor; with via="eventbridge" use pattern='
        )
    if pattern is not None and via != "eventbridge":
        raise InvalidInput(
            "pattern", 'this is one of EventBridge; use it with via="eventbridge", or names='
        )
    if names is not None:
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise InvalidInput("names", f"{names!r} is not a list; use a list of names")
        names = list(names)
        for name in names or [""]:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise InvalidInput(
                    "names",
                    f"{name!r} is not a valid name of a change; use one such as "
                    "Instance:SystemMaintenance.Reboot:Scheduled",
                )
            # Only these two have no status: a rule for another name without one never matches.
            is_whole = name in (STATE_CHANGE, INTERRUPTION)
            if not is_whole and name.rpartition(":")[2] not in set(EventCycleStatus):
                raise InvalidInput(
                    "names",
                    f"{name!r} does not end in a status, as CloudMonitor's names of events do; "
                    f"use one for each status, such as {':'.join(name.split(':')[:2])}:Scheduled",
                )
    if pattern is not None:
        try:
            pattern = json.loads(json.dumps(dict(pattern)))
        except (TypeError, ValueError):
            raise InvalidInput(
                "pattern",
                f"{pattern!r} is not a valid event pattern; use an object such as "
                '{"source": ["acs.ecs"]}',
            ) from None
    return names, pattern  # type: ignore[return-value]


def _url(url: Any) -> str:
    try:
        split(url if isinstance(url, str) else "")
    except BadTarget:
        raise InvalidInput(
            "url",
            f"{url!r} is not a valid URL of a target; use one such as http://127.0.0.1:9000/hook",
        ) from None
    return str(url)


def _queue(name: Any) -> str:
    if not isinstance(name, str) or not _QUEUE.fullmatch(name):
        raise InvalidInput(
            "queue",
            f"{name!r} is not a valid queue name; use letters, digits and hyphens, at most 120",
        )
    return name
