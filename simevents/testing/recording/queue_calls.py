"""The calls of the queues' data plane, which are no actions but methods, paths and XML.

A cassette has them as if they were actions: ``Action=SendMessage&QueueName=…``. The names are those
of the vendor's client. Source: the pages of SMQ's data plane, and that client.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from .documents import QUEUES

_PATH = re.compile(r"/queues(?:/(?P<queue>[^/]+)(?P<messages>/messages)?)?/?")
_NAMESPACE = re.compile(r"\{http://mns\.aliyuncs\.com/doc/v1/?\}")
_HEADERS = ("x-mns-marker", "x-mns-prefix", "x-mns-ret-number", "x-mns-with-meta")
_QUERY = {
    name.lower(): name
    for name in ("ReceiptHandle", "VisibilityTimeout", "numOfMessages", "waitseconds")
}
_OF_QUEUES = {
    "PUT": "CreateQueue",
    "GET": "GetQueueAttributes",
    "DELETE": "DeleteQueue",
}
_ROOTS = frozenset({"Message", "Messages", "Queue", "ReceiptHandles"})


class BadQueueCall(Exception):
    """A request of the data plane that is not understood; the text says why."""


def is_queue_call(headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers, in lower case, is for the queues."""
    return "x-mns-version" in headers or headers.get("authorization", "").startswith("MNS ")


def fields(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> dict[str, str]:
    """Action, version and parameters of a request. Raises BadQueueCall."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise BadQueueCall("a request of the queues at a path that has no queue")
    given = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given[_QUERY.get(name.lower(), name.lower())] = value
    given |= {name: headers[name] for name in _HEADERS if name in headers}
    given |= dict(_members(body))
    if found["queue"]:
        given["QueueName"] = unquote(found["queue"])
    action = _action(method.upper(), given, found)
    # The action says as much.
    given = {n: v for n, v in given.items() if n not in ("peekonly", "metaoverride")}
    return given | {"Action": action, "Version": QUEUES}


def local_name(tag: str) -> str:
    """The name of an element without the namespace of the queues."""
    return _NAMESPACE.sub("", tag, count=1)


def _action(method: str, given: Mapping[str, str], found: re.Match[str]) -> str:
    if not found["queue"]:
        action = "ListQueue" if method == "GET" else ""
    elif not found["messages"]:
        changes = method == "PUT" and "metaoverride" in given
        action = "SetQueueAttributes" if changes else _OF_QUEUES.get(method, "")
    else:
        action = _of_messages(method, given)
    if not action:
        raise BadQueueCall(f"a request of the queues with the method {method[:10]}")
    return action


def _of_messages(method: str, given: Mapping[str, str]) -> str:
    if method == "GET":
        read = "PeekMessage" if given.get("peekonly", "").lower() == "true" else "ReceiveMessage"
        return f"Batch{read}" if "numOfMessages" in given else read
    if method == "POST":
        return "BatchSendMessage" if "Message.1.MessageBody" in given else "SendMessage"
    if method == "DELETE":
        return "DeleteMessage" if "ReceiptHandle" in given else "BatchDeleteMessage"
    return "ChangeMessageVisibility" if method == "PUT" else ""


def _members(body: bytes) -> Iterator[tuple[str, str]]:
    if not body.strip():
        return
    unclear = BadQueueCall("a request of the queues whose body is not the API's XML")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise unclear
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without a DTD nothing expands
        if local_name(root.tag) not in _ROOTS:
            raise unclear
        yield from _flat(root, "", is_list=local_name(root.tag) in ("Messages", "ReceiptHandles"))
    except (ElementTree.ParseError, ValueError, RecursionError):
        raise unclear from None


def _flat(
    element: ElementTree.Element, above: str, *, is_list: bool = False
) -> Iterator[tuple[str, str]]:
    for position, child in enumerate(element, start=1):
        name = above + local_name(child.tag) + (f".{position}" if is_list else "")
        if child.attrib:
            raise ValueError
        if len(child):
            yield from _flat(child, f"{name}.")
        else:
            yield name, child.text or ""
