"""The functions that targets of rules name, and where each of them is served.

A function of Function Compute has no server in the fake: a person or a test says at which URL
it is served (a custom runtime's ``/invoke``), or that it is in the test's process.
Source: Function Compute's page on custom runtimes.
"""

from dataclasses import dataclass, replace
from uuid import uuid4

from ...state.cloud import Cloud
from ...state.outbox_table import FAILED, Delivery, Outcome
from ...state.store import Resource
from .http_sender import HttpSender
from .in_process import InProcess

KIND = "function"


@dataclass(frozen=True, slots=True)
class Function:
    """*url* is where the function is served; *in_process* is its name in the test's process."""

    service: str
    name: str
    url: str = ""
    in_process: str = ""

    @property
    def address(self) -> str:
        return f"{self.service}/{self.name}"


def save(cloud: Cloud, function: Function) -> None:
    """Say where a function is served; call this within a transaction."""
    attributes = {"url": function.url, "in_process": function.in_process}
    cloud.store.put(Resource(KIND, function.address, "", cloud.now(), attributes))


def forget(cloud: Cloud, address: str) -> bool:
    """Whether there was one."""
    known = cloud.store.get(KIND, address) is not None
    if known:
        cloud.store.delete(KIND, address)
    return known


def found(cloud: Cloud, address: str) -> Function | None:
    row = cloud.store.get(KIND, address)
    return None if row is None else _function(row)


def listed(cloud: Cloud) -> list[Function]:
    return [_function(row) for row in cloud.store.find(KIND)]


class FunctionSender:
    """Calls the functions that are served somewhere."""

    def __init__(self, cloud: Cloud, http: HttpSender, in_process: InProcess) -> None:
        self._cloud = cloud
        self._http = http
        self._in_process = in_process

    async def send(self, delivery: Delivery) -> Outcome:
        address = delivery.new.address
        function = found(self._cloud, address)
        if function is None:
            return Outcome(
                FAILED,
                answer=f"nobody serves the function {address}; say where it is with "
                f"--function {address}=URL, or in a test with serve_function",
            )
        if function.in_process:
            led = replace(delivery.new, kind="in_process", address=function.in_process)
            return await self._in_process.send(replace(delivery, new=led))
        headers = {
            "x-fc-request-id": str(uuid4()),
            "x-fc-control-path": "/invoke",
            "x-fc-region": delivery.new.region,
            "x-fc-account-id": self._cloud.store.account_id,
            "x-fc-service-name": function.service,
            "x-fc-function-name": function.name,
        }
        body = delivery.new.body
        return await self._http.post(delivery, function.url, body, headers, is_function=True)


def _function(row: Resource) -> Function:
    service, _, name = row.id.partition("/")
    return Function(service, name, row.attributes["url"], row.attributes["in_process"])
