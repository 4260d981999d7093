"""A function of Function Compute, called in this process as its Python runtime calls it.

Sources: the vendor's pages on event handlers and on the context of Python runtimes.
"""

import inspect
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ...errors import InvalidInput
from ...fake.state.delivery_records import Delivery
from .targets import Answer

# pytest shows the line of the test and those of the handler, not ours.
__tracebackhide__ = True

MEMORY_MEBIBYTES = 512
TIMEOUT_SECONDS = 60

Handler = Callable[[bytes, Any], Any]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary keys, which the fake cloud accepts."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    name: str
    handler: str
    memory: int = MEMORY_MEBIBYTES
    timeout: int = TIMEOUT_SECONDS
    """Seconds. The fake does not enforce it."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    name: str
    log_project: str = ""
    log_store: str = ""
    qualifier: str = "LATEST"
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """The second argument of a handler."""

    request_id: str
    credentials: Credentials
    function: FunctionSettings
    service: ServiceSettings
    region: str
    account_id: str
    logger: logging.Logger


class FunctionTarget:
    """*handler* as *service*/*name*; *account_id* returns the id of the cloud's account."""

    def __init__(
        self,
        argument: str,
        handler: Handler,
        account_id: Callable[[], str],
        service: str = "simevents",
        name: str = "",
    ) -> None:
        _check(argument, handler)
        own_name = label(handler)
        self._handler = handler
        self._account_id = account_id
        self._service = ServiceSettings(service)
        module = getattr(handler, "__module__", "") or "index"
        self._function = FunctionSettings(name or own_name, f"{module}.{own_name}")
        self.description = f"the function {own_name}"

    def call(self, delivery: Delivery) -> Answer:
        result = self._handler(delivery.new.body, self._context(delivery.new.region))
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise TypeError(f"{self.description} has returned a coroutine; {_NOT_ASYNC}")
        return Answer(is_delivered=True, text="returned")

    def _context(self, region: str) -> FunctionContext:
        return FunctionContext(
            request_id=str(uuid4()),
            credentials=Credentials(
                f"STS.{secrets.token_hex(11)}", secrets.token_hex(22), secrets.token_hex(100)
            ),
            function=self._function,
            service=self._service,
            region=region,
            account_id=self._account_id(),
            logger=logging.getLogger(self._function.name),
        )


_NOT_ASYNC = (
    "Function Compute calls a plain function: use one that calls asyncio.run, or asgi= for an "
    "application"
)


def label(target: Any) -> str:
    """What to call *target*: the name of a function, a module's application, or its class."""
    name = getattr(target, "__name__", "") or type(target).__name__
    return str(name) if str(name).isidentifier() else "handler"


def _check(argument: str, handler: Any) -> None:
    if not callable(handler):
        raise InvalidInput(
            argument, f"{handler!r} is not a function; use one such as handler(event, context)"
        )
    if any(map(inspect.iscoroutinefunction, (handler, getattr(handler, "__call__", None)))):  # noqa: B004
        raise InvalidInput(argument, f"{label(handler)} is a coroutine function; {_NOT_ASYNC}")
    try:
        inspect.signature(handler).bind(b"", None)
    except TypeError:
        raise InvalidInput(
            argument,
            f"{label(handler)}{inspect.signature(handler)} cannot be called as "
            "handler(event, context); use a function with these two arguments",
        ) from None
    except ValueError:
        # A function of C, which does not say what it takes.
        return
