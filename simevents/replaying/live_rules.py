"""What is let through to the real cloud: reads, and changes of the instances that a person named.

A request is read strictly: what another reader could take for another call is refused, and so is
an action that this project does not know. Nothing here opens a connection.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ..allow_list import plain, shown_name

# Its import registers the actions.
from ..fake.protocol.dispatch import VERSIONS
from ..fake.protocol.registry import ACTIONS
from ..fake.protocol.wire import COMMON_PARAMETERS
from .gate import host_of
from .serving import Asked

_PRODUCTS = ("Ecs", "Sts", "Vpc")
_ALWAYS_KNOWN = COMMON_PARAMETERS | {"RegionId"}
_FORM = "application/x-www-form-urlencoded"
_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.-][A-Za-z0-9]+)*")
_OTHER_TARGETS = frozenset({"NetworkInterfaceId", "ResourceTag.Key", "ResourceTag.Value"})
"""Parameters that select what a change is done to, and name no instance."""


class NotLetThrough(Exception):
    """A request that stays here; the text says why."""


@dataclass(frozen=True)
class Targets:
    """What a call changes; a call that reads changes nothing."""

    instance_ids: frozenset[str] = frozenset()
    event_ids: frozenset[str] = frozenset()


class LiveRules:
    """The rules of one run."""

    def __init__(self, region: str, instance_ids: Iterable[str]) -> None:
        self._region = region
        self._instance_ids = frozenset(instance_ids)
        self._products = {
            host: product for product in _PRODUCTS for host in _hosts(product.lower(), region)
        }

    def check(self, asked: Asked) -> Targets:
        """What the call changes, of which the events are still to be looked up.

        Raises NotLetThrough.
        """
        product = self._products.get(_host(asked))
        if product is None:
            raise NotLetThrough(
                f"{asked.netloc} is no host of ecs, sts or vpc in {self._region}; only those are "
                "reached"
            )
        call = _read(asked)
        name, version = shown_name(call.get("Action", "")), call.get("Version", "")
        action = ACTIONS.get((version, call.get("Action", "").lower()))
        if action is None or action.product != product:
            known = "" if version in VERSIONS else f" (API version {shown_name(version)})"
            raise NotLetThrough(
                f"simevents does not know {name}{known} of {asked.netloc}, so it counts as a change"
            )
        region = call.get("RegionId", self._region)
        if region != self._region:
            raise NotLetThrough(f"{action.name} is for another region than {self._region}")
        if action.is_read:
            return Targets()
        unknown = [n for n in call if plain(n) not in action.documented | _ALWAYS_KNOWN]
        if unknown:
            raise NotLetThrough(f"{action.name} has a parameter {shown_name(unknown[0])}")
        targets = _targets(action.name, call)
        self.check_instances(action.name, targets.instance_ids)
        return targets

    def check_instances(self, what: str, instance_ids: Iterable[str]) -> None:
        """Raises NotLetThrough unless all were named."""
        others = sorted(frozenset(instance_ids) - self._instance_ids)
        if others:
            raise NotLetThrough(
                f"{what} changes {shown_name(others[0])}, which was not named with --instance"
            )


def _hosts(product: str, region: str) -> Iterator[str]:
    yield f"{product}.aliyuncs.com"
    for separator in ".-":
        for name in (product, f"{product}-vpc"):
            yield f"{name}{separator}{region}.aliyuncs.com"


def _host(asked: Asked) -> str:
    """The host, which the program has to name in one way only; else empty."""
    named = [value for name, value in asked.headers if name == b"host"]
    host, _, port = asked.netloc.partition(":")
    if len(named) != 1 or host_of(named[0].decode("latin-1")) != host_of(asked.netloc):
        return ""
    return host.lower() if port in ("", "80", "443") else ""


def _read(asked: Asked) -> dict[str, str]:
    """The parameters, with action and version. Raises NotLetThrough."""
    request = asked.request
    if request.method not in ("GET", "POST") or request.path not in ("", "/"):
        raise NotLetThrough(f"{request.method} at this path is no call of the API")
    pairs = _pairs(request.query)
    if request.body.strip():
        types = [value for name, value in asked.headers if name == b"content-type"]
        media_type = (
            types[0].decode("latin-1").partition(";")[0].strip().lower() if types else _FORM
        )
        if len(types) > 1 or media_type != _FORM:
            raise NotLetThrough("its body is no form")
        pairs += _pairs(request.body)
    for header, name in (
        ("x-acs-action", "Action"),
        ("x-acs-version", "Version"),
        ("x-acs-region-id", "RegionId"),
    ):
        if header in request.headers:
            pairs.append((name, request.headers[header]))
    found: dict[str, str] = {}
    spellings: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        if not _PARAMETER.fullmatch(name):
            raise NotLetThrough(f"{shown_name(name)} is no name of a parameter")
        if spellings.setdefault(name.lower(), (name, value)) != (name, value):
            raise NotLetThrough(f"it has {shown_name(name)} more than once")
        found[name] = value
    return found


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise NotLetThrough("its parameters are no text") from None


def _targets(action: str, call: dict[str, str]) -> Targets:
    """What the change is done to. Raises NotLetThrough unless it is instances, or their events."""
    instance_ids, event_ids = set(), set()
    for name, value in call.items():
        parameter = plain(name)
        if parameter == "InstanceId":
            instance_ids.add(value)
        elif parameter == "EventId":
            event_ids.add(value)
        elif parameter == "ResourceId" and call.get("ResourceType", "").lower() == "instance":
            instance_ids.add(value)
        elif parameter in _OTHER_TARGETS:
            raise NotLetThrough(f"{action} by {parameter} changes what was not named")
    if not instance_ids and not event_ids:
        raise NotLetThrough(f"{action} is a change that names no instance")
    if call.get("TriggerRealOps", "").lower() not in ("", "false"):
        raise NotLetThrough("TriggerRealOps=true really stops or releases instances")
    return Targets(frozenset(instance_ids), frozenset(event_ids))
