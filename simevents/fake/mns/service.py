"""The data plane of SMQ over HTTP: it answers what `requests.is_queue_request` says it is asked.

Each call is in the journal. The signature is checked before anything else; faults and limits
apply as they do to the actions of the API.
"""

import logging
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ..protocol import api_errors, wire
from ..protocol.api_errors import ApiError
from ..protocol.asgi import ClientLeft, Receive
from ..protocol.spoiling import spoiled
from ..protocol.wire import Request, Response
from ..state.cloud import Cloud
from ..state.faults import Fault
from ..state.journal import LONGEST_NAME, Entry, Journal, shortened
from . import calls, errors, queues, requests, signature, xml_bodies
from .endpoints import region_of
from .polls import Polls
from .requests import Asked
from .xml_bodies import Answer

MOST_LOG_LINES = 1_000
"""The limit for logged unexpected calls; the journal has the others."""

log = logging.getLogger(__name__)

_RECEIVES = ("ReceiveMessage", "BatchReceiveMessage")
_NOT_SENT = Answer(0)


@dataclass(slots=True)
class _Progress:
    """What is known about a request so far."""

    asked: Asked
    fault: Fault | None = None
    problem: str = ""
    """Why the call is unexpected."""
    has_left: bool = False


class QueueService:
    """The data plane of *cloud*."""

    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal
        self._polls = Polls(cloud)
        self._logged = 0

    def end_polls(self) -> None:
        """Answer all polls as if they had waited, and no longer wait for any."""
        self._polls.end()

    async def answer(self, request: Request, url: str, receive: Receive) -> Response | None:
        """The answer to *request*, which the client sent to *url*.

        None if the client has left while it waited for a message.
        """
        parts = urlsplit(url)
        host = parts.netloc
        progress = _Progress(Asked(f"{parts.scheme}://{host}", region_of(host)))
        request_id = self._cloud.new_request_id()
        try:
            answer = await self._run(request, progress, receive)
        except ClientLeft:
            progress.has_left = True
            answer = _NOT_SENT
        except ApiError as refused:
            if refused.is_gap:
                progress.problem = refused.text
            answer = xml_bodies.error(refused, request_id, host)
        response = _response(answer, request_id, self._cloud.now())
        if progress.fault is not None:
            response = spoiled(response, progress.fault)
        self._note(progress, answer, response, request_id)
        return None if progress.has_left else response

    async def _run(self, request: Request, progress: _Progress, receive: Receive) -> Answer:
        asked, cloud = progress.asked, self._cloud
        misread = None
        try:
            asked.read(request)
        except ApiError as error:
            misread = error
        signature.verify(request, cloud.access_keys.find, cloud.wall())
        if misread is not None:
            raise misread
        if asked.unknown:
            progress.problem = f"{asked.action} has no parameter {asked.unknown}."
        if not cloud.throttle.admits(asked.action, asked.region, cloud.now()):
            raise ApiError(errors.QPS_LIMIT)
        fault = progress.fault = cloud.faults.matching(asked.action, asked.parameters())
        if fault is not None and fault.error is not None:
            raise ApiError(api_errors.FAULT_ERRORS[fault.error])
        if fault is not None and fault.cut == "before":
            return _NOT_SENT
        if asked.action in _RECEIVES:
            answer = await self._received(asked, receive)
        else:
            answer = self._carry_out(asked)
        if fault is not None and fault.partial and answer.root in ("Messages", "Queues"):
            answer = replace(answer, members=answer.members[: len(answer.members) // 2])
        return answer

    def _carry_out(self, asked: Asked) -> Answer:
        with self._cloud.store.transaction():
            self._cloud.settle()
            queues.settle(self._cloud)
            return calls.CALLS[asked.action](self._cloud, asked)

    async def _received(self, asked: Asked, receive: Receive) -> Answer:
        queue = queues.existing(self._cloud, asked.region, asked.queue)
        store, now = self._cloud.store.queues, self._cloud.now
        found = await self._polls.wait(
            queues.subject(queue),
            lambda: self._look(asked),
            lambda: store.next_visible_at(queue, now()),
            calls.wait_seconds(self._cloud, asked),
            receive,
        )
        if found is None:
            raise ApiError(errors.MESSAGE_NOT_EXIST)
        return found

    def _look(self, asked: Asked) -> Answer | None:
        """The answer with messages; None if there are none."""
        try:
            return self._carry_out(asked)
        except ApiError as refused:
            if refused.code == errors.MESSAGE_NOT_EXIST.code:
                return None
            raise

    def _note(
        self, progress: _Progress, answer: Answer, response: Response, request_id: str
    ) -> None:
        asked, fault = progress.asked, progress.fault
        is_sent = not (response.is_cut or progress.has_left)
        carried_out = not answer.code and (fault is None or fault.cut != "before")
        is_list = answer.root in ("Messages", "Queues") and not answer.code
        listed = sum(name in ("Message", "Queue") for name, _ in answer.members)
        self._journal.record(
            Entry(
                at=self._cloud.now(),
                action=asked.action,
                parameters=asked.parameters(),
                status=response.status if is_sent else 0,
                code=answer.code,
                request_id=request_id,
                unexpected=bool(progress.problem),
                results=listed if is_list else None,
                problem=shortened(progress.problem, LONGEST_NAME),
                is_read=asked.action in requests.READS,
                carried_out=carried_out,
                answered=is_sent,
            )
        )
        if progress.problem:
            self._log_unexpected(asked.action, progress.problem)

    def _log_unexpected(self, action: str, why: str) -> None:
        if self._logged < MOST_LOG_LINES:
            text = ascii(shortened(why, LONGEST_NAME))[1:-1]
            log.warning("unexpected call: %s (%s)", ascii(action), text)
        self._logged += 1


def _response(answer: Answer, request_id: str, now: float) -> Response:
    headers = [
        (b"content-type", b"text/xml;charset=utf-8"),
        (b"date", wire.http_date(int(now))),
        (b"x-mns-request-id", request_id.encode()),
        (b"x-mns-version", signature.API_VERSION.encode()),
    ]
    if answer.location:
        headers.append((b"location", answer.location.encode()))
    return Response(answer.status, headers, xml_bodies.written(answer))
