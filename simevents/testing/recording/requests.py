"""Reads a request of any client: which call of the API it is, and what of it is understood.

A query, a form and a JSON object as the body are understood, signed in the query or in headers; of
the queues' data plane also paths and XML (`queue_calls`).
Nothing here reads or writes a file.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...allow_list import Listed, clean, is_kept_parameter, listed, masked, plain, shown_name
from ...hosts import is_alibaba
from ...settings import is_loopback
from .allowing import Allowed
from .documents import document
from .queue_calls import BadQueueCall, is_queue_call
from .queue_calls import fields as queue_fields

RECORDED_HOST = "ecs.aliyuncs.com"
"""In a cassette, whatever the host of the recording was."""

PROTOCOL_PARAMETERS = frozenset(
    {
        "AccessKeyId",
        "BearerToken",
        "ClientToken",
        "Format",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
    }
)
"""Secret, or another in each request; never written, never compared."""


class NotUnderstood(Exception):
    """A part of an exchange that is not written; the text says what, and how to allow it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the API, or for a page of one of the vendor's hosts."""

    sent: dict[str, str]
    """Action, version and parameters as they were sent, or the page."""
    problem: str = ""
    """What is not understood; empty when the request may be written."""
    page: str = ""
    """The address of a page; empty for a call."""
    listed: Listed | None = field(default=None, repr=False)
    extra: frozenset[str] = frozenset()
    """Names that the project allows for the action."""

    @property
    def action(self) -> str:
        return self.sent.get("Action", "")

    @property
    def shown(self) -> dict[str, str]:
        """What may be written and shown of it."""
        if self.page:
            return self.sent
        return {shown_name(name): self._shown(name, value) for name, value in self.sent.items()}

    @property
    def uri(self) -> str:
        """The address to be written."""
        if self.page:
            return self.page
        query = urlencode(sorted(self.shown.items()))
        return urlunsplit(("https", RECORDED_HOST, "/", "" if self.problem else query, ""))

    def matches(self, recorded: "Asked") -> bool:
        """Whether *recorded* is the same request; a replaced value stands for every value."""
        return self.sent.keys() == recorded.sent.keys() and all(
            _is_same(value, recorded.sent[name])
            or self._shown(name, value) == self._shown(name, recorded.sent[name])
            for name, value in self.sent.items()
        )

    def _shown(self, name: str, value: str) -> str:
        is_allowed = is_named(plain(name), self.extra)
        found = document(self.sent.get("Version", ""), name, value, is_allowed=is_allowed)
        if found is not None:
            return found
        return clean(value) if self._is_kept(name) else str(masked(value))

    def unknown_names(self) -> Iterator[str]:
        """Parameters that are neither on the list nor allowed."""
        for name in self.sent:
            if name not in ("Action", "Version") and not self._is_known(plain(name)):
                yield name

    def _is_known(self, name: str) -> bool:
        known = self.listed is not None and (
            name in self.listed.parameters.kept or name in self.listed.parameters.withheld
        )
        return known or is_named(name, self.extra)

    def _is_kept(self, name: str) -> bool:
        if name in ("Action", "Version") or is_named(plain(name), self.extra):
            return True
        if self.listed is None:
            return is_kept_parameter(name)
        return plain(name) in self.listed.parameters.kept


def is_named(dotted: str, names: frozenset[str]) -> bool:
    """Whether *names* has a name or the end of it: ``Tag.Key`` for ``Resource.Tag.Key``."""
    return any(f".{dotted}".endswith(f".{name}") for name in names)


def read(
    method: str, uri: str, headers: Mapping[str, Any], body: Any, allowed: Allowed
) -> Asked | None:
    """The request as far as it is understood; None when it is none of the vendor's."""
    said = {str(name).lower(): _text(value) for name, value in headers.items()}
    parts = urlsplit(uri)
    host, is_local = parts.hostname or "", is_loopback(uri)
    if is_local and is_alibaba(urlsplit(f"//{said.get('host', '')}").hostname or ""):
        # A request that was led to the fake says its own host in this header.
        host = urlsplit(f"//{said['host']}").hostname or ""
    if is_queue_call(said):
        return _queue_call(method, uri, host, said, body, allowed)
    problem = ""
    fields = dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        fields |= _body_fields(_bytes(body), said.get("content-type", ""))
    except NotUnderstood as unclear:
        problem = str(unclear)
    action = said.get("x-acs-action") or fields.get("Action", "")
    is_vendors = is_alibaba(host) or host in allowed.hosts
    if (host, parts.path or "/") in allowed.pages or (is_vendors and not action):
        return _page(method, host, parts.path, allowed)
    if not action:
        return None
    named = {"Action": action, "Version": said.get("x-acs-version") or fields.get("Version", "")}
    sent = {n: v for n, v in (fields | named).items() if n not in PROTOCOL_PARAMETERS}
    found = Asked(sent, "", "", listed(named["Version"], action), allowed.of(action))
    problem = problem or _problem(found, host, parts.path, allowed, is_known=is_vendors or is_local)
    return Asked(sent, problem, "", found.listed, found.extra)


def _queue_call(
    method: str, uri: str, host: str, said: Mapping[str, str], body: Any, allowed: Allowed
) -> Asked:
    parts = urlsplit(uri)
    try:
        sent = queue_fields(method, parts.path, parts.query, said, _bytes(body))
    except BadQueueCall as unclear:
        # With an action that the list does not have: nothing of the request is written.
        return Asked({"Action": "", "Version": ""}, f"{unclear}. It cannot be recorded")
    found = Asked(sent, "", "", listed(sent["Version"], sent["Action"]), allowed.of(sent["Action"]))
    is_known = is_alibaba(host) or is_loopback(uri) or host in allowed.hosts
    problem = _problem(found, host, "/", allowed, is_known=is_known)
    return Asked(sent, problem, "", found.listed, found.extra)


def _page(method: str, host: str, path: str, allowed: Allowed) -> Asked:
    problem = ""
    if (host, path or "/") not in allowed.pages:
        problem = f"a page of {host}. To record it as it is, allow {host}{path or '/'}"
    address = urlunsplit(("https", host, path, "", ""))
    return Asked({"Page": f"{method} {address}"}, problem, address)


def _problem(asked: Asked, host: str, path: str, allowed: Allowed, *, is_known: bool) -> str:
    action = shown_name(asked.action)
    if not is_known:
        return f"{action} of {host}, which is not a host of Alibaba Cloud. Allow {host}/"
    if asked.listed is None and not allowed.has_action(asked.action):
        version = asked.sent["Version"] or "none"
        return (
            f"{action} (API version {version}), an action that the allow list does not have. Allow "
            f"{action}, and {action}.Name for each parameter or member to keep"
        )
    if path not in ("", "/"):
        return f"{action} at the path {path}. Allow {host}{path} to record it as it is"
    unknown = [shown_name(name) for name in asked.unknown_names()]
    if unknown:
        names = ", ".join(f"{action}.{plain(name)}" for name in dict.fromkeys(unknown))
        return f"parameters of {action} that the allow list does not have. Allow {names}"
    return ""


def _body_fields(body: bytes, content_type: str) -> dict[str, str]:
    if not body.strip():
        return {}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotUnderstood("a request whose body is no text. It cannot be recorded") from None
    if "json" in content_type.lower() or text.lstrip()[:1] in "{[":
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise NotUnderstood("a request whose body is no JSON object. It cannot be recorded")
        return dict(_flat(members, ""))
    pairs = text.strip().split("&")
    is_form = "form-urlencoded" in content_type.lower() or not content_type
    # One field without a value is a text that ends with "=", such as base64.
    is_form = is_form and (len(pairs) > 1 or pairs[0].partition("=")[2].strip("=") != "")
    if not is_form or not all("=" in pair for pair in pairs if pair):
        raise NotUnderstood("a request whose body is no form. It cannot be recorded")
    return dict(parse_qsl(text.strip(), keep_blank_values=True))


def _flat(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """The members of a JSON body under the names that a form has: ``Tag.1.Key``."""
    prefix = f"{name}." if name else ""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _flat(member, f"{prefix}{key}")
    elif isinstance(value, list):
        for position, member in enumerate(value, start=1):
            yield from _flat(member, f"{prefix}{position}")
    elif value is not None:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _is_same(value: str, recorded: str) -> bool:
    return (
        value == recorded
        or (recorded != "" and recorded == masked(recorded))
        or clean(value) == clean(recorded)
    )


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return _text(value[0]) if value else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _bytes(body.read())
    return b"".join(_bytes(part) for part in body)
