"""A server on loopback that answers with any bytes, for answers that the fake cannot give."""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

Say = Callable[[str], Iterable[bytes]]
"""Given the text of a request, the bytes of the answer, piece by piece."""

PAUSE_SECONDS = 0.02
"""Between two pieces of an answer."""


class RawServer:
    """Gives each request on its port the answer of *say*, and closes the connection."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self.requests: list[str] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        # Wakes the thread, which may be waiting for a connection.
        socket.create_connection(self._listening.getsockname(), timeout=5).close()
        self._thread.join(timeout=10)
        self._listening.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listening.accept()
            with connection:
                try:
                    request = connection.recv(65536).decode("latin-1")
                    if not request:
                        continue
                    self.requests.append(request)
                    for piece in self._say(request):
                        connection.sendall(piece)
                        if self._ended.wait(PAUSE_SECONDS):
                            return
                except OSError:
                    continue


def answer(body: bytes | dict[str, Any], *headers: str) -> bytes:
    """The bytes of an answer with status 200."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(content)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def page(*events: object, total: object = None) -> dict[str, object]:
    """The body of a page of the history; without a count when *total* is None."""
    members: dict[str, object] = {"InstanceSystemEventSet": {"InstanceSystemEventType": [*events]}}
    return members if total is None else members | {"TotalCount": total}


def event(id: str) -> dict[str, object]:
    """An event as the history has it."""
    return {
        "EventId": id,
        "InstanceId": "i-a",
        "EventType": {"Name": "SystemMaintenance.Reboot"},
        "EventCycleStatus": {"Name": "Scheduled"},
        "NotBefore": "2030-01-01T00:00:00Z",
        "EventPublishTime": "2029-01-01T00:00:00Z",
    }
