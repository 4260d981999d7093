"""A target of deliveries: an HTTP server on loopback that answers as a test says."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from types import TracebackType
from typing import Any, Self

PATIENCE = 20.0
"""Seconds to wait for a request; only a test that fails waits so long."""


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered; with *hangs* nothing is until the end, with *closes* the end comes now."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    closes: bool = False


class Receiver:
    """Answers each request with *reply* of the number of requests before it."""

    def __init__(self, reply: Callable[[int], Reply] = lambda _: Reply(), port: int = 0) -> None:
        self._reply = reply
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.received: list[Received] = []
        self._queue: Queue[Received] = Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.serve(self)

            def do_GET(self) -> None:
                receiver.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that is killed is none of ours."""

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.command, request.path, headers, body)
        with self._lock:
            reply = self._reply(len(self.received))
            self.received.append(received)
        self._queue.put(received)
        if reply.hangs:
            self._ended.wait()
        if reply.hangs or reply.closes:
            request.close_connection = True
            return
        request.send_response(reply.status)
        for name, value in reply.headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(reply.body)))
        request.end_headers()
        request.wfile.write(reply.body)

    def next(self) -> Received:
        """The next request; raises queue.Empty if none comes."""
        return self._queue.get(timeout=PATIENCE)

    def names(self) -> list[str]:
        """CloudMonitor's names of the changes in what has come."""
        return [each.json["name"] for each in self.received]

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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
