"""What a request of the data plane asks for: by its method, its path, its query and its body.

The vendor names the calls; their clients spell the query in different cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from ...allow_list import clean
from ..protocol.api_errors import ApiError
from ..protocol.wire import Request
from ..state.journal import LONGEST_NAME, shortened
from . import errors, xml_reader
from .xml_reader import Element

READS = frozenset(
    {
        *("ListQueue", "GetQueueAttributes", "ReceiveMessage", "BatchReceiveMessage"),
        *("PeekMessage", "BatchPeekMessage"),
    }
)
"""The calls that change nothing in the account; a consumer that receives changes no resource."""

_QUERY = {
    name.lower(): name
    for name in (
        *("waitseconds", "numOfMessages", "peekonly", "metaoverride"),
        *("ReceiptHandle", "VisibilityTimeout"),
    )
}
_SHOWN = ("waitseconds", "numOfMessages", "VisibilityTimeout")
_MOST_QUERY = 50


@dataclass(slots=True)
class Asked:
    """One call of the data plane. `read` fills it, as far as the request can be understood."""

    base_url: str
    """Scheme and host that the client asked, without a path."""
    region: str
    """That of the host; empty for hosts that say none."""
    action: str = ""
    queue: str = ""
    query: dict[str, str] = field(default_factory=dict)
    """By the names of the API, in the vendor's usual spelling."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Element | None = None
    unknown: str = ""
    """A name in the query that the API does not have."""

    def read(self, request: Request) -> None:
        """Parse *request* into this object. Raises ApiError."""
        self.headers = request.headers
        self._read_query(request.query)
        if request.path.startswith("/topics") or not request.path.startswith("/queues"):
            what = "accounts" if request.path in ("", "/") else "other paths"
            self.action = f"{request.method} {shown_path(request.path)}"
            raise ApiError(errors.NOT_SERVED, name=what)
        _, _, self.queue, *rest = [*request.path.split("/"), ""]
        parts = [part for part in rest if part]
        if parts == ["messages"]:
            self._read_message_call(request)
        elif not parts:
            self._read_queue_call(request)
        if not self.action:
            self.action = f"{request.method} {shown_path(request.path)}"
            raise ApiError(errors.REQUEST_URL_INVALID)

    def parameters(self) -> dict[str, str]:
        """What the journal may show, and faults and limits may depend on."""
        named = {"QueueName": self.queue} if self.queue else {}
        given = {name: self.query[name] for name in _SHOWN if name in self.query}
        return {
            name: shortened(clean(text), LONGEST_NAME) for name, text in (named | given).items()
        }

    @property
    def queue_url(self) -> str:
        return f"{self.base_url}/queues/{quote(self.queue)}"

    def _read_query(self, query: bytes) -> None:
        pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True)
        for given, value in pairs[:_MOST_QUERY]:
            name = _QUERY.get(given.lower())
            if name is None:
                self.unknown = given
            else:
                self.query[name] = value

    def _flag(self, name: str) -> bool:
        value = self.query.get(name, "").lower()
        if value not in ("", "true", "false"):
            raise ApiError(errors.QUERY_STRING_INVALID, name=name)
        return value == "true"

    def _read_queue_call(self, request: Request) -> None:
        if not self.queue:
            self.action = "ListQueue" if request.method == "GET" else ""
            return
        is_override = self._flag("metaoverride")
        self.action = {
            "GET": "GetQueueAttributes",
            "DELETE": "DeleteQueue",
            "PUT": "SetQueueAttributes" if is_override else "CreateQueue",
        }.get(request.method, "")
        if request.method == "PUT" and request.body:
            self.body = xml_reader.read(request.body)

    def _read_message_call(self, request: Request) -> None:
        if request.method == "GET":
            what = "Peek" if self._flag("peekonly") else "Receive"
            batch = "Batch" if "numOfMessages" in self.query else ""
            self.action = f"{batch}{what}Message"
        elif request.method == "PUT":
            self.action = "ChangeMessageVisibility"
        elif request.method == "POST":
            self.action = "SendMessage"
            self.body = xml_reader.read(request.body)
            if self.body.name == "Messages":
                self.action = "BatchSendMessage"
        elif request.method == "DELETE":
            self.action = "DeleteMessage"
            if request.body and "ReceiptHandle" not in self.query:
                self.action = "BatchDeleteMessage"
                self.body = xml_reader.read(request.body)


def is_queue_request(path: str, query: bytes) -> bool:
    """Whether a request is for the data plane, by its path or by what only it has."""
    first = path.split("/", 2)[1:2]
    return first in (["queues"], ["topics"]) or (path == "/" and query.startswith(b"accountmeta"))


def shown_path(path: str) -> str:
    return shortened(clean(path), LONGEST_NAME)
