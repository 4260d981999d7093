"""The request log of ``fake --log``: a line for each call of the API."""

from typing import TextIO

from ...fake.state.clock import iso_time
from ...fake.state.journal import Entry
from ...picture.sentences import sentence

_LONGEST_LINE = 2_000


class RequestLog:
    """Writes to *stream*; stops when it cannot be written any more, and the fake goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def __call__(self, call: Entry) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(f"{line(call)}\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


def line(call: Entry) -> str:
    """``2027-01-31T09:30:00Z  DescribeInstances in cn-hangzhou -> 1 result [200, request id …]``.

    The time is the cloud's. Secrets are not in an entry.
    """
    text = sentence(call)
    if len(text) > _LONGEST_LINE:
        text = f"{text[:_LONGEST_LINE]}…"
    return f"{iso_time(call.at)}  {text} [{call.status}, request id {call.request_id}]"
