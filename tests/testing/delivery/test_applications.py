"""WSGI and ASGI applications that a test lets be told of events, and webhooks by their URL."""

import asyncio
import base64
import http.server
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from fastapi import FastAPI, Request, Response
from flask import Flask
from flask import request as flask_request

from simevents.errors import InvalidInput
from simevents.testing import FakeCloud, fake_cloud
from tests.testing.delivery.calls import cancel, reboot

REBOOT = "SystemMaintenance.Reboot"
SCHEDULED = f"Instance:{REBOOT}:Scheduled"


@pytest.fixture
def instance(ecs_fake: FakeCloud) -> str:
    return ecs_fake.add_instance("i-web")


def test_a_flask_application_gets_the_request_of_cloudmonitor(
    ecs_fake: FakeCloud, instance: str
) -> None:
    application = Flask("hook")
    got: list[Any] = []

    @application.post("/hook")
    def hook() -> dict[str, int]:
        message = flask_request.get_json()
        got.append((flask_request.url, flask_request.content_type, message["traceId"]))
        got.append((message["id"], message["name"], message["content"]["instanceId"]))
        got.append([name for name, _ in flask_request.headers if "Signature" in name])
        return {"code": 0}

    ecs_fake.deliver_to(wsgi=application, path="/hook?key=1", names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")

    (url, content_type, trace_id), (id, *named), signed = got
    assert (url, content_type) == (
        "http://localhost/hook?key=1",
        "application/json;charset=UTF-8",
    )
    assert (trace_id, named, signed) == (id, [SCHEDULED, instance], [])
    ecs_fake.expect(instance).event_delivered("Scheduled")
    assert [(a.http_status, a.answer) for d in ecs_fake.deliveries for a in d.attempts] == [
        (200, '{"code":0}\n')
    ]


def test_a_request_of_eventbridge_is_signed(ecs_fake: FakeCloud, instance: str) -> None:
    """A receiver verifies it as the vendor's page says, with the certificate at its address."""
    application = Flask("hook")
    verified: list[str] = []

    @application.post("/")
    def hook() -> str:
        headers, body = flask_request.headers, flask_request.get_data()
        names = ("timestamp", "hash-method", "version", "url")
        in_order = [f"x-eventbridge-{'' if n == 'hash-method' else 'signature-'}{n}" for n in names]
        signed = "\n".join([flask_request.url, *(f"{n}: {headers[n]}" for n in in_order)])
        address = headers["x-eventbridge-signature-url"]
        certificate = x509.load_pem_x509_certificate(requests.get(address, timeout=10).content)
        key = certificate.public_key()
        assert isinstance(key, RSAPublicKey)
        signature = base64.b64decode(headers["x-eventbridge-signature-v2"])
        key.verify(signature, signed.encode() + b"\n" + body, PKCS1v15(), SHA256())
        verified.append(json.loads(body)["data"]["eventStatus"])
        return ""

    ecs_fake.deliver_to(wsgi=application, via="eventbridge")
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert verified == ["Scheduled"]
    assert f"ecs:Instance:{REBOOT} (Scheduled) on i-web to wsgi-Flask" in ecs_fake.timeline()


def test_an_answer_other_than_2xx_is_no_delivery(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(wsgi=Flask("hook"), path="/elsewhere", names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")

    (delivery,) = ecs_fake.deliveries
    assert (delivery.state, delivery.attempts[0].http_status) == ("failed", 404)


def test_what_a_view_raises_is_raised_where_it_was_caused(
    ecs_fake: FakeCloud, instance: str
) -> None:
    application = Flask("hook")

    @application.post("/")
    def hook() -> str:
        raise LookupError("no node")

    ecs_fake.deliver_to(wsgi=application)
    with pytest.raises(LookupError, match="no node") as raised:
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert raised.traceback[-1].name == "hook"
    assert [d.attempts[0].answer for d in ecs_fake.deliveries] == ["raised LookupError"]


def test_a_wsgi_application_is_called_on_the_thread_that_schedules(
    ecs_fake: FakeCloud, instance: str
) -> None:
    threads: list[threading.Thread] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        threads.append(threading.current_thread())
        json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("204 No Content", [])
        return []

    ecs_fake.deliver_to(wsgi=application)
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert threads == [threading.current_thread()]


class Application:
    """An application of FastAPI that notes what happens to it."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.notes: list[str] = []
        self.loops: set[int] = set()
        self.is_held = True
        self.api = FastAPI(lifespan=self._lifespan)

        @self.api.post("/coroutine")
        async def coroutine(request: Request) -> None:
            message = await request.json()
            self._note(message["name"])
            if message["name"] == SCHEDULED:
                # On the loop of the application, as a careless handler calls.
                reboot(message["content"]["instanceId"])
                cloud.schedule("SystemMaintenance.Redeploy", cloud.add_instance("i-other"), "+9h")
            self._note("returned")

        @self.api.post("/function")
        def function(message: dict[str, Any]) -> None:
            self.notes.append(message["name"])
            if message["name"] == SCHEDULED:
                cloud.schedule("SystemMaintenance.Redeploy", cloud.add_instance("i-other"), "+9h")
            self.notes.append("returned")

        @self.api.post("/busy")
        async def busy() -> Response:
            return Response(status_code=503)

        @self.api.post("/state")
        async def state(request: Request) -> dict[str, Any]:
            return {"kept": request.state.kept}

        @self.api.post("/raises")
        async def raises() -> None:
            raise LookupError("no node")

    def _note(self, text: str) -> None:
        self.notes.append(text)
        self.loops.add(id(asyncio.get_running_loop()))

    @asynccontextmanager
    async def _lifespan(self, _api: FastAPI) -> AsyncIterator[dict[str, str]]:
        self._note("start")
        ticking = asyncio.create_task(asyncio.Event().wait())
        yield {"kept": "from the start"}
        ticking.cancel()
        self._note("end")


def test_an_asgi_application_has_one_loop_and_one_lifespan(
    ecs_fake: FakeCloud, instance: str
) -> None:
    application = Application(ecs_fake)
    names = [SCHEDULED, f"Instance:{REBOOT}:Avoided"]
    ecs_fake.deliver_to(asgi=application.api, path="/coroutine", names=names)
    ecs_fake.deliver_to(asgi=application.api, path="/state", names=names[:1])
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert application.notes == ["start", SCHEDULED, "returned", names[1], "returned"]
    assert '{"kept":"from the start"}' in [
        a.answer for d in ecs_fake.deliveries for a in d.attempts
    ]
    ecs_fake.end_deliveries()
    assert application.notes[-1] == "end"
    assert (application.notes.count("start"), len(application.loops)) == (1, 1)


def test_an_endpoint_that_is_a_function_may_call_the_fake(
    ecs_fake: FakeCloud, instance: str
) -> None:
    application = Application(ecs_fake)
    redeploy = "Instance:SystemMaintenance.Redeploy:Scheduled"
    ecs_fake.deliver_to(asgi=application.api, path="/function", names=[SCHEDULED, redeploy])
    ecs_fake.schedule(REBOOT, instance, "+2h")

    assert application.notes == [
        "start",
        *(SCHEDULED, "returned"),
        *(redeploy, "returned"),
    ]


@pytest.mark.asyncio
async def test_a_coroutine_of_a_test_is_told_by_an_asgi_application(
    ecs_fake: FakeCloud, instance: str
) -> None:
    ecs_fake.deliver_to(asgi=Application(ecs_fake).api, path="/busy", names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    assert [d.attempts[0].http_status for d in ecs_fake.deliveries] == [503]


def test_what_an_endpoint_raises_is_raised_where_it_was_caused(
    ecs_fake: FakeCloud, instance: str
) -> None:
    ecs_fake.deliver_to(asgi=Application(ecs_fake).api, path="/raises")
    with pytest.raises(LookupError, match="no node") as raised:
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert raised.traceback[-1].name == "raises"


def test_what_others_cause_reaches_an_asgi_application(ecs_fake: FakeCloud, instance: str) -> None:
    application = Application(ecs_fake)
    canceled = f"Instance:{REBOOT}:Canceled"
    ecs_fake.deliver_to(asgi=application.api, path="/coroutine", names=[canceled])
    (event,) = ecs_fake.schedule(REBOOT, instance, "+2h")
    cancel(event.event_id)
    ecs_fake.expect(instance).event_delivered("Canceled")
    assert application.notes == ["start", canceled, "returned"]


async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_an_application_need_not_know_of_lifespans(ecs_fake: FakeCloud, instance: str) -> None:
    ecs_fake.deliver_to(asgi=without_lifespan)
    ecs_fake.schedule(REBOOT, instance, "+2h")
    ecs_fake.expect(instance).event_delivered("Scheduled")


@asynccontextmanager
async def broken_start(_api: FastAPI) -> AsyncIterator[None]:
    raise LookupError("no data base")
    yield


@asynccontextmanager
async def broken_end(_api: FastAPI) -> AsyncIterator[None]:
    yield
    raise LookupError("nothing to close")


def test_what_an_application_raises_at_its_start_is_raised(ecs_fake: FakeCloud) -> None:
    with pytest.raises(LookupError, match="no data base"):
        ecs_fake.deliver_to(asgi=FastAPI(lifespan=broken_start))


def test_what_an_application_raises_at_its_end_fails_the_test() -> None:
    def block() -> None:
        with fake_cloud() as cloud:
            cloud.deliver_to(asgi=FastAPI(lifespan=broken_end))

    with pytest.raises(LookupError, match="nothing to close"):
        block()


def test_a_start_that_failed_is_bad_input(ecs_fake: FakeCloud) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no port"})

    with pytest.raises(InvalidInput, match="asgi: application did not start: no port"):
        ecs_fake.deliver_to(asgi=application)


# Webhooks by their URL, at a server of the test


@contextmanager
def server(answers: list[int], got: list[Any]) -> Iterator[str]:
    """A server that answers with the statuses of *answers*, and then with 200."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(json.loads(body)["name"])
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_address[1]}/hook"
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def test_a_webhook_has_been_called_when_the_clock_was_advanced(
    ecs_fake: FakeCloud, instance: str
) -> None:
    got: list[str] = []
    with server([], got) as url:
        subscription = ecs_fake.deliver_to(url=url)
        ecs_fake.schedule(REBOOT, instance, "+2h")
        assert got == [SCHEDULED]
        ecs_fake.clock.advance("3h")
        assert [name.rpartition(":")[2] for name in got] == ["Scheduled", "Executing", "Executed"]
    ecs_fake.expect(instance).event_delivered("Executed", to=subscription)
    ecs_fake.expect(instance).event_delivered("Executed", to=url)


def test_a_webhook_is_called_again_when_the_clock_is_advanced(
    ecs_fake: FakeCloud, instance: str
) -> None:
    got: list[str] = []
    ecs_fake.clock.freeze()
    with server([500, 500], got) as url:
        ecs_fake.deliver_to(url=url, names=[SCHEDULED])
        ecs_fake.schedule(REBOOT, instance, "+2h")
        assert got == [SCHEDULED]
        ecs_fake.clock.advance("10s")
    (delivery,) = ecs_fake.deliveries
    assert [attempt.http_status for attempt in delivery.attempts] == [500, 500, 200]
    assert [attempt.is_repeat for attempt in delivery.attempts] == [False, True, True]


def test_a_webhook_that_nobody_serves_fails(ecs_fake: FakeCloud, instance: str) -> None:
    with server([], []) as url:
        pass
    ecs_fake.deliver_to(url=url, names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    (delivery,) = ecs_fake.deliveries
    assert delivery.attempts[0].answer == "no connection: nobody listens there"
    assert delivery.acknowledged_at is None


@pytest.mark.parametrize("url", ["http://203.0.113.7/hook", "http://192.0.2.1:9000/"])
def test_a_webhook_on_another_machine_is_refused(
    ecs_fake: FakeCloud, instance: str, url: str
) -> None:
    ecs_fake.deliver_to(url=url, names=[SCHEDULED])
    ecs_fake.schedule(REBOOT, instance, "+2h")
    (delivery,) = ecs_fake.deliveries
    assert delivery.state == "refused"
    with pytest.raises(AssertionError, match="Scheduled was not delivered"):
        ecs_fake.expect(instance).event_delivered("Scheduled")


def test_a_webhook_that_schedules_while_it_is_called_is_not_held_up(
    ecs_fake: FakeCloud, instance: str
) -> None:
    """Its server is a thread of the test, which may call the fake, too."""
    got: list[str] = []

    class Recording(list[int]):
        def pop(self, _index: Any = 0) -> int:
            if len(got) == 1:
                ecs_fake.schedule("SystemMaintenance.Redeploy", instance, "+5h")
            return 200

    with server(Recording([1]), got) as url:
        ecs_fake.deliver_to(url=url)
        ecs_fake.schedule(REBOOT, instance, "+2h")
    assert got == [SCHEDULED, "Instance:SystemMaintenance.Redeploy:Scheduled"]
    assert [d.attempts[0].http_status for d in ecs_fake.deliveries] == [200, 200]
