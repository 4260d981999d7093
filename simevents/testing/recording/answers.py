"""What of an answer may be written: its members, parsed from JSON or XML, by the allow list.

Members on the list are kept, known others are replaced, unknown ones are left out.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any
from xml.etree import ElementTree

from ...allow_list import (
    ERROR_MEMBERS,
    Names,
    Scalar,
    clean,
    clean_message,
    masked,
)
from .documents import MESSAGE, QUEUES, document
from .queue_answers import ANSWER_ROOTS, renew_digests
from .queue_calls import local_name
from .requests import Asked, NotUnderstood, is_named

KEPT_HEADERS = frozenset({"content-type", "date", "x-acs-request-id"})
"""The headers of an answer that are written, in lower case."""
_QUEUE_HEADERS = frozenset({"location", "x-mns-request-id", "x-mns-version"})

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_NOTHING_LISTED = Names(frozenset(), frozenset())
_UNKNOWN = object()
_KEY = re.compile(r"\b(?:LTAI|STS\.|TMP\.)\w{8,}|-----BEGIN")


def kept_headers(version: str, headers: Mapping[str, Any]) -> dict[str, Any]:
    """The headers of an answer as they may be written. *version* is that of the request."""
    kept = {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    if version == QUEUES:
        # The address of a new queue has the account in its host.
        kept |= {
            name: [clean(text) for text in value] if isinstance(value, list) else clean(value)
            for name, value in headers.items()
            if name.lower() in _QUEUE_HEADERS
        }
    return kept


class Scrubbed:
    """The body of an answer as it may be written, and what of it was replaced or left out."""

    def __init__(self, asked: Asked, body: bytes) -> None:
        """Raises NotUnderstood."""
        self._names = asked.listed.members if asked.listed else _NOTHING_LISTED
        self._extra = asked.extra
        self._said: Collection[str] = set(asked.shown.values())
        self._action = asked.action
        self._version = asked.sent.get("Version", "")
        self._sent_messages = [
            value for name, value in asked.shown.items() if name.rpartition(".")[2] == MESSAGE
        ]
        self.changes: list[str] = []
        """The members, in the order of the answer."""
        self.body = self._page(asked.page, body) if asked.page else self._scrub(body)

    def _scrub(self, body: bytes) -> bytes:
        text = self._decoded(body, self._action)
        if not text.strip():
            return b""
        if text.lstrip().startswith("<"):
            return self._xml(text).encode()
        try:
            members = json.loads(text)
            if not isinstance(members, dict):
                raise ValueError
            kept = json.dumps(self._object(members, ""), ensure_ascii=False, separators=(",", ":"))
            return kept.encode()
        except (ValueError, RecursionError):
            raise NotUnderstood(
                f"an answer to {self._action} that is neither a JSON object nor XML. It cannot "
                "be recorded"
            ) from None

    def _page(self, page: str, body: bytes) -> bytes:
        text = self._decoded(body, page)
        if _KEY.search(text):
            raise NotUnderstood(f"an access key in {page}. It cannot be recorded")
        return text.encode()

    def _decoded(self, body: bytes, what: str) -> str:
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise NotUnderstood(
                f"an answer to {what} that is no text. It cannot be recorded"
            ) from None

    def _object(self, members: Mapping[str, Any], path: str) -> dict[str, Any]:
        kept = {}
        for name, member in members.items():
            below = f"{path}.{name}" if path else name
            scrubbed = self._value(member, below)
            if scrubbed is not _UNKNOWN:
                kept[name] = scrubbed
        return kept

    def _value(self, value: Any, path: str) -> Any:
        """What is written of a member; `_UNKNOWN` for one that is left out."""
        if isinstance(value, dict):
            found = self._object(value, path)
            return found if found or self._is_container(path) else self._left_out(path)
        if isinstance(value, list):
            items = [self._value(item, path) for item in value]
            found_items = [item for item in items if item is not _UNKNOWN]
            if not found_items and not self._is_known(path):
                return self._left_out(path)
            return found_items
        return self._scalar(value, path)

    def _scalar(self, value: Scalar, path: str) -> Any:
        is_allowed = is_named(path, self._extra)
        text = value if isinstance(value, str) else ""
        inside = document(self._version, path, text, is_allowed=is_allowed)
        if inside is not None and self._is_known(path):
            scrubbed: Scalar = inside
        elif is_allowed:
            scrubbed = clean(value) if isinstance(value, str) else value
        elif path in ERROR_MEMBERS:
            scrubbed = self._of_error(value, path)
        elif path in self._names.kept:
            scrubbed = self._kept(value, path)
        elif self._is_known(path):
            scrubbed = masked(value)
        else:
            return self._left_out(path)
        if scrubbed != value:
            self.changes.append(path)
        return scrubbed

    def _kept(self, value: Scalar, path: str) -> Scalar:
        if not isinstance(value, str):
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return int(clean(str(value))) if is_number else value
        is_prose = path.endswith((".Message", ".ErrorMessage"))
        return clean_message(value, self._said) if is_prose else clean(value)

    def _of_error(self, value: Scalar, name: str) -> Scalar:
        form = ERROR_MEMBERS[name]
        if form is None:
            return clean_message(str(value), self._said)
        if not form.fullmatch(str(value)):
            return masked(str(value))
        # The host of a queue has the account. A product has its code as a number.
        return clean(value) if isinstance(value, str) else value

    def _left_out(self, path: str) -> object:
        self.changes.append(path)
        return _UNKNOWN

    def _is_container(self, path: str) -> bool:
        beginning = f"{path}."
        return any(name.startswith(beginning) for name in self._names.kept | self._names.withheld)

    def _is_known(self, path: str) -> bool:
        return (
            path in self._names.kept
            or path in self._names.withheld
            or is_named(path, self._extra)
            or self._is_container(path)
        )

    def _xml(self, text: str) -> str:
        unclear = NotUnderstood(
            f"an answer to {self._action} whose XML is not the API's. It cannot be recorded"
        )
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise unclear
        try:
            root = ElementTree.fromstring(text)  # noqa: S314 - without a DTD nothing expands
        except (ElementTree.ParseError, ValueError):
            raise unclear from None
        is_of_queues = self._version == QUEUES and local_name(root.tag) in ANSWER_ROOTS
        if not is_of_queues and root.tag not in ("Error", f"{self._action}Response"):
            raise unclear
        try:
            kept = self._element(root, "")
        except RecursionError:
            raise unclear from None
        assert kept is not None
        if is_of_queues:
            renew_digests(kept, self._sent_messages)
        namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else None
        return _DECLARATION + ElementTree.tostring(
            kept, encoding="unicode", default_namespace=namespace
        )

    def _element(self, element: ElementTree.Element, path: str) -> ElementTree.Element | None:
        kept = ElementTree.Element(element.tag)
        if element.attrib:
            self.changes.append(f"{path} (attributes)")
        if not len(element) and path:
            scrubbed = self._scalar(element.text or "", path)
            if scrubbed is _UNKNOWN:
                return None
            kept.text = scrubbed
            return kept
        for child in element:
            name = local_name(child.tag)
            found = self._element(child, f"{path}.{name}" if path else name)
            if found is not None:
                kept.append(found)
        if path and not len(kept) and not self._is_container(path):
            self.changes.append(path)
            return None
        return kept
