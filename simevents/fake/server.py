"""The fake cloud as an HTTP server: what it consists of.

`FakeServer` serves in a thread of this process (tests) or in the foreground (the
command), as `http_server` does it. All requests run in one event loop, so the store needs no
locks. `daemon` starts the server as a separate process.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import orjson

from ..hosts import is_loopback
from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from .application import Application, Guard, OnExchange
from .control.reads import Reads
from .delivering import Deliveries
from .delivery.outbox.functions import Function
from .delivery.outbox.functions import save as save_function
from .delivery.outbox.subscriptions import Subscription, replace_at_start
from .ecs import instance_creation
from .http_server import HOST, HttpServer, ServerError
from .metadata.service import MetadataService
from .mns.service import QueueService
from .protocol import dispatch
from .protocol.asgi import AsgiApplication
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

__all__ = ["FakeServer", "ServerError"]


class FakeServer(HttpServer):
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
    reach it through the proxy. The fake delivers to targets on this machine, and to the hosts of
    *allowed_deliveries*. *subscriptions*, unless they are None, replace those that an earlier start
    on the same data had; *functions* are served where they say.

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
        allowed_deliveries: Collection[str] = (),
        subscriptions: Iterable[Subscription] | None = None,
        functions: Iterable[Function] = (),
    ) -> None:
        given = Switches().changed(**(switches or {}))
        self.control_token = control_token
        if not control_token and not is_loopback(host):
            self.control_token = secrets.token_urlsafe(24)
        keys = {FAKE_ACCESS_KEY_ID: FAKE_ACCESS_KEY_SECRET} | (access_keys or {})
        self.answers = Answers(answers)
        self.authority = authority or Authority()
        self.way_in: Mapping[str, Any] | None = None
        """How other processes are led here, for the control route of this name; None if they
        have no files for it."""
        with ExitStack() as undo:
            super().__init__(host, port)
            undo.enter_context(self._socket)
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
            self.deliveries = Deliveries(cloud, allowed_deliveries, self._own_port)
            with self._store.transaction():
                if subscriptions is not None:
                    replace_at_start(cloud, subscriptions)
                for function in functions:
                    save_function(cloud, function)
            self._serve_cloud(cloud, Journal(on_call), given, allowed)
            undo.pop_all()

    def _serve_cloud(
        self,
        cloud: Cloud,
        journal: Journal,
        switches: Switches,
        allowed: Callable[[str], bool],
    ) -> None:
        token = self.control_token
        proxy = Proxy(journal.refusals, cloud.now, cloud.answers, allowed)
        connections = Connections(Tunnels(proxy, self.authority))
        self._reads = Reads(cloud, journal)
        self._guard = Guard(lambda: self._control_routes(cloud, journal, switches), token)
        self._queues = QueueService(cloud, journal)
        self._application = Application(
            dispatch.Rpc(cloud, journal),
            MetadataService(cloud, journal),
            self._queues,
            self._guard,
            connections,
            proxy,
        )
        self.serve_with(
            self._application,
            connections,
            at_end=self._store.close,
            at_start=self.deliveries.start,
            before_end=self._begin_to_end,
        )

    def _begin_to_end(self) -> None:
        self.deliveries.stop()
        self._queues.end_polls()

    def _own_port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _control_routes(
        self, cloud: Cloud, journal: Journal, switches: Switches
    ) -> AsgiApplication:
        # Imported at the first use: the import of its framework is a third of the start-up time.
        from .control import routes

        return routes.routes(
            cloud, journal, switches, self.authority, lambda: self.way_in, self.deliveries
        )

    def observe(self, on_exchange: OnExchange | None) -> None:
        """Call *on_exchange*, in the thread that serves, with each exchange before its answer."""
        self._application.on_exchange = on_exchange

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
