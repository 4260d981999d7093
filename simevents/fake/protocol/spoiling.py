"""What a fault makes of an answer: cut, late, garbage, or only half of it."""

from dataclasses import replace
from typing import Any

from ..state.faults import Fault
from .wire import Response

TIMEOUT_SECONDS = 3600.0
"""Time until a call with the fault "timeout" is closed; every client times out earlier."""


def halved(members: dict[str, Any]) -> dict[str, Any]:
    """An answer with half of each list, rounded down, such as EventIdSet.EventId."""
    return {
        name: {
            inner: item[: len(item) // 2] if isinstance(item, list) else item
            for inner, item in value.items()
        }
        if isinstance(value, dict)
        else value
        for name, value in members.items()
    }


def spoiled(answer: Response, fault: Fault) -> Response:
    if fault.cut is not None:
        return replace(answer, is_cut=True)
    if fault.timeout:
        return replace(answer, delay_seconds=TIMEOUT_SECONDS, is_cut=True)
    if fault.garbage:
        body = b"<html><head><title>502 Bad Gateway</title></head></html>"
        return Response(502, [(b"content-type", b"text/html")], body)
    return replace(answer, delay_seconds=fault.latency)
