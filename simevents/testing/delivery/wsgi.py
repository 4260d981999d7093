"""A WSGI application in this process, such as one of Flask."""

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import InvalidInput
from ...fake.state.delivery_records import Delivery
from . import web_requests
from .function_compute import label
from .targets import Answer

# pytest shows the line of the test and those of the handler, not ours.
__tracebackhide__ = True


class WsgiTarget:
    """*application*, called on the thread of whoever calls `call`."""

    def __init__(self, application: Any, path: str) -> None:
        if not callable(application):
            raise InvalidInput(
                "wsgi",
                f"{application!r} is not a WSGI application; use one such as Flask(__name__)",
            )
        if is_asgi(application) or not takes(application, 2):
            raise InvalidInput(
                "wsgi",
                f"{label(application)} is not called with environ and start_response; for an ASGI "
                "application use asgi=",
            )
        self._application = application
        self._path = path
        self.description = f"the WSGI application {label(application)}"

    def call(self, delivery: Delivery) -> Answer:
        import httpx

        asked = web_requests.request(delivery, self._path)
        with (
            _flask_errors(self._application) as errors,
            httpx.WSGITransport(app=self._application, raise_app_exceptions=True) as transport,
        ):
            response = transport.handle_request(asked)
            try:
                response.read()
            finally:
                response.close()
        if errors:
            raise errors[0]
        return web_requests.answer(response)


def is_asgi(application: Any) -> bool:
    """Whether *application* is a coroutine function, or an object that is called as one."""
    call = getattr(application, "__call__", None)  # noqa: B004
    return inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(call)


def takes(application: Any, count: int) -> bool:
    """Whether *application* can be called with *count* arguments, as far as it says."""
    try:
        inspect.signature(application).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        return True
    return True


@contextmanager
def _flask_errors(application: Any) -> Iterator[list[BaseException]]:
    """What a view of Flask raises meanwhile; Flask only answers with status 500."""
    errors: list[BaseException] = []
    flask = sys.modules.get("flask")
    if flask is None or not isinstance(application, flask.Flask):
        yield errors
        return

    def note(_sender: Any, exception: BaseException, **_: Any) -> None:
        errors.append(exception)

    with flask.got_request_exception.connected_to(note, application):
        yield errors
