"""The fake cloud as an HTTP server: how it starts, serves and stops.

`FakeServer` serves in a thread of this process (tests) or in the foreground (the
command). All requests run in one event loop, so the store needs no locks. `daemon`
starts the server as a separate process.
"""

import asyncio
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import uvicorn

from ..hosts import is_loopback
from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from .application import Application, AsgiApplication, Guard
from .control.reads import Reads
from .ecs import instance_creation
from .metadata.service import MetadataService
from .protocol import dispatch
from .protocol.authority import Authority
from .protocol.connections import Connections
from .protocol.tunnels import Tunnels
from .proxy import Proxy
from .state import metadata_setting
from .state.access_keys import AccessKeys
from .state.answers import Answer, Answers
from .state.catalog import DEFAULT_REGION
from .state.clock import Clock
from .state.cloud import Cloud
from .state.journal import Entry, Journal
from .state.metadata_setting import MetadataSetting
from .state.store import Store
from .state.switches import Switches, Value

HOST = "127.0.0.1"
START_SECONDS = 30
TICK_SECONDS = 0.1
"""How often it looks whether a signal has ended it."""


class ServerError(Exception):
    """The server cannot start; the text gives the reason and the solution."""


class FakeServer:
    """A fake Alibaba Cloud. It listens on *host*, which is a loopback address by default.

    *data* is the file that stores the cloud across restarts; with None the cloud is in
    memory. With *port* 0 the server uses a free port. The constructor binds the address,
    so `url` is known when it returns. *access_keys* (id to secret) are accepted in
    addition to the published key pair. With *accept_any_key* all other keys are accepted
    too, and their signatures are not checked. *instance_ids* are created in *region* at
    the start. The metadata service speaks for *as_instance*, which is created too. *switches*
    set the behaviour that is not documented (the command ``simevents fake --list-switches``
    prints them).
    The control routes require *control_token*, as ``Authorization: Bearer``; if none is
    given and *host* is not loopback, one is generated and is in `control_token`. *wall*
    returns real time. *seed* makes the generated ids reproducible. *on_call* is called with
    the journal's entry of each API call, in the thread that serves. *answers* are for calls
    that the fake does not cover; the attribute `answers` takes more of them.

    The fake is a proxy as well. Over HTTPS it has certificates of *authority*, which is made
    at the first use when none is given. *allowed* says of a host outside whether clients may
    reach it through the proxy.

    Raises ServerError if the address cannot be used, StoreError if *data* cannot be used,
    and BadSwitch if a switch or its value is not valid.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        host: str = HOST,
        port: int = 0,
        control_token: str = "",
        switches: Mapping[str, Value] | None = None,
        access_keys: dict[str, str] | None = None,
        accept_any_key: bool = False,
        instance_ids: Iterable[str] = (),
        as_instance: str | None = None,
        region: str = DEFAULT_REGION,
        wall: Callable[[], float] = time.time,
        seed: int | None = None,
        on_call: Callable[[Entry], None] | None = None,
        answers: Iterable[Answer] = (),
        authority: Authority | None = None,
        allowed: Callable[[str], bool] = lambda _: False,
    ) -> None:
        given = Switches().changed(**(switches or {}))
        self.control_token = control_token
        if not control_token and not is_loopback(host):
            self.control_token = secrets.token_urlsafe(24)
        keys = {FAKE_ACCESS_KEY_ID: FAKE_ACCESS_KEY_SECRET} | (access_keys or {})
        self._thread: threading.Thread | None = None
        self._is_over = False
        self.answers = Answers(answers)
        self.authority = authority or Authority()
        self.way_in: Mapping[str, Any] | None = None
        """How other processes are led here, for the control route of this name; None if they
        have no files for it."""
        with ExitStack() as undo:
            self._socket = undo.enter_context(_bind(host, port))
            self.url = _url(self._socket)
            self._store = undo.enter_context(closing(Store(data)))
            cloud = Cloud(
                self._store,
                Clock(wall, self._store.clock_setting(), self._store.latest_time()),
                random.Random(seed),  # noqa: S311 - ids, and keys that open nothing else
                AccessKeys(keys, self._store, accept_any=accept_any_key),
                wall,
                given.changed(**self._store.switches()),
                answers=self.answers,
            )
            with self._store.transaction():
                wanted = [*instance_ids]
                if as_instance and as_instance not in wanted:
                    wanted.append(as_instance)
                missing = [id for id in wanted if self._store.get("instance", id) is None]
                instance_creation.create(cloud, region, missing, {})
                if as_instance:
                    metadata_setting.save(self._store, MetadataSetting(as_instance))
            self._server = self._http_server(cloud, Journal(on_call), given, allowed)
            undo.pop_all()

    def _http_server(
        self,
        cloud: Cloud,
        journal: Journal,
        switches: Switches,
        allowed: Callable[[str], bool],
    ) -> "_Server":
        token = self.control_token
        proxy = Proxy(journal.refusals, cloud.now, cloud.answers, allowed)
        connections = self._connections = Connections(Tunnels(proxy, self.authority))
        self._reads = Reads(cloud, journal)
        self._guard = Guard(lambda: self._control_routes(cloud, journal, switches), token)
        application = Application(
            dispatch.Rpc(cloud, journal),
            MetadataService(cloud, journal),
            self._guard,
            connections,
            proxy,
        )
        config = uvicorn.Config(
            application,
            http=connections.protocol(),
            lifespan="off",
            ws="none",
            proxy_headers=False,
            # Its warnings are a line for each malformed request, without any bound.
            log_level="error",
            access_log=False,
            # The answers already have a Date, in the cloud's time.
            date_header=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        return _Server(config, connections, at_end=self._store.close)

    def _control_routes(
        self, cloud: Cloud, journal: Journal, switches: Switches
    ) -> AsgiApplication:
        # Imported at the first use: the import of its framework is a third of the start-up time.
        from .control import routes

        return routes.routes(cloud, journal, switches, self.authority, lambda: self.way_in)

    def control(self, method: str, route: str, body: bytes) -> tuple[int, bytes]:
        """Run a control request from another thread of this process, without a connection.

        *route* is the part of the path after ``/_fake/``. Returns status and body. Raises
        ServerError if the server is not running in a thread.
        """
        if self._thread is None or not self._thread.is_alive():
            raise ServerError("This fake cloud is not running.")
        loop = self._server.loop
        if method == "GET":
            found = asyncio.run_coroutine_threadsafe(self._read(route), loop).result()
            if found is not None:
                return 200, orjson.dumps(found)
        path, _, query = route.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": f"/_fake/{path}",
            "query_string": query.encode(),
            "headers": [
                (b"host", HOST.encode()),
                (b"authorization", f"Bearer {self.control_token}".encode()),
            ],
        }
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        answered = self._guard(scope, receive, send)
        asyncio.run_coroutine_threadsafe(answered, loop).result()
        content = b"".join(message.get("body", b"") for message in sent)
        return int(sent[0]["status"]), content

    async def _read(self, route: str) -> Any:
        return self._reads.of(route)

    def serve(self) -> None:
        """Serve in the foreground until the process receives SIGINT or SIGTERM.

        When it ends, the data file is complete and released.
        """
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._store.close()

    def end(self) -> None:
        """Let `serve` return; may be called from a signal handler."""
        self._server.end()

    def start(self) -> None:
        """Serve in a thread; returns when the server accepts requests.

        Raises ServerError if it does not start, or was started or stopped before.
        """
        if self._thread is not None:
            raise ServerError("This fake cloud has been started already.")
        if self._is_over:
            raise ServerError("This fake cloud has been stopped; create another one.")
        self._thread = threading.Thread(target=self.serve, name="simevents-fake", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.ready.wait(0.05):
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise ServerError(f"The fake cloud at {self.url} did not start.")

    def stop(self) -> None:
        """Stop serving, and release the address and the data file, for good."""
        self._is_over = True
        if self._thread is not None:
            self._server.end()
            self._thread.join()
            self._thread = None
        self._socket.close()
        self._store.close()

    def move(self) -> None:
        """Listen at a new free port, which `url` then has, and close all connections.

        A program that still runs and knows the old address reaches nothing any more.
        """
        bound = _bind(HOST, 0)

        async def moved() -> None:
            await self._server.move(bound)
            self._connections.abort_all()

        asyncio.run_coroutine_threadsafe(moved(), self._server.loop).result()
        self._socket, self.url = bound, _url(bound)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn's server, with an event that is set when it accepts requests.

    *at_end* is called after the last request. uvicorn repeats the signal that ended it, which
    ends the process: code after `run` is not reached.
    """

    def __init__(
        self, config: uvicorn.Config, connections: Connections, at_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._at_end = at_end
        self._ending = asyncio.Event()
        self.ready = threading.Event()

    def end(self) -> None:
        """Let it return; from another thread, or from a signal handler."""
        self.should_exit = True
        if self.ready.is_set():
            # A loop that is closed has ended already.
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether it has to end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        protocol: Any = self.config.http_protocol_class
        self._connections.make_protocol = partial(
            protocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.ready.set()

    async def move(self, bound: socket.socket) -> None:
        """Serve *bound* instead of the sockets so far."""
        for server in self.servers:
            server.close()
        await super().startup([bound])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not self.server_state.connections and not self.server_state.tasks:
            # Nobody needs the tenth of a second that uvicorn leaves to clients.
            for each in (*self.servers, *(sockets or ())):
                each.close()
            self._at_end()
            return
        await super().shutdown(sockets)
        self._at_end()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        raise ServerError(
            f"Port {port} on {host} cannot be used ({reason}). Give another "
            "one with --port, or --port 0 for any free one; if an older fake cloud holds it, stop "
            "that one."
        ) from None
    # For such sockets asyncio does not disable Nagle's algorithm, which adds 40 ms per call.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
