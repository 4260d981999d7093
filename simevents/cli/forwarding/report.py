"""What ``listen`` prints as it goes: a line for people, or an object of JSON, for each change."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CloudError
from ...models import SystemEvent, format_time
from .. import streams
from . import lines

if TYPE_CHECKING:
    from ...listening.changes import Change, Unseen
    from ...listening.cursor import Cursor
    from ...listening.forwarder import Answer
    from ...listening.listener import Counts

_NO_MESSAGE = "no message: it has none for this status"


class TextReport:
    """Lines for people; what is not about a change is on stderr."""

    def __init__(self, url: str, via: str, interval: float) -> None:
        self._url = url
        self._via = via
        self._interval = interval

    def began(self, cursor: "Cursor", resumed_after: datetime | None) -> None:
        where = f"{cursor.region} of account {cursor.account_id}"
        streams.say(
            f"Listening to {where} every {self._interval:g} s, forwarding to {self._url} as "
            f"{self._via} would."
        )
        if resumed_after is not None:
            streams.say(
                f"Resumed after {format_time(resumed_after)}: what changed more than once since "
                "then is seen once."
            )

    def forwarded(self, change: "Change", answer: "Answer | None", attempt: int) -> None:
        ended = f"{self._via} has {_NO_MESSAGE}" if answer is None else lines.outcome(answer)
        if answer is not None and not answer.is_acknowledged:
            ended += f" (attempt {attempt}; it is sent again)"
        click.echo(
            f"{format_time(change.at)}  {lines.of_event(change.event)}: {change.status} -> {ended}"
        )

    def missed(self, unseen: "Unseen") -> None:
        click.echo(f"{lines.of_event(unseen.event)}: {unseen.status} may have been missed")

    def lost(self, event: SystemEvent) -> None:
        click.echo(
            f"{lines.of_event(event)}: the cloud no longer tells of it; what became of it after "
            f"{event.event_cycle_status.value} may have been missed"
        )

    def look_failed(self, error: CloudError) -> None:
        streams.say(f"error: {error} The next look is in {self._interval:g} s.")

    def ended(self, counts: "Counts", cursor_file: Path | None) -> None:
        kept = f"kept in {cursor_file}" if cursor_file else "not kept: there is no --cursor"
        waiting = f", {counts.waiting} not acknowledged ({kept})" if counts.waiting else ""
        missed = f", {counts.missed} may have been missed" if counts.missed else ""
        click.echo(f"{counts.forwarded} forwarded{waiting}{missed}.")


class JsonReport(TextReport):
    """An object a line, with its ``kind``."""

    def forwarded(self, change: "Change", answer: "Answer | None", attempt: int) -> None:
        members = _event(change.event) | {"status": change.status, "at": format_time(change.at)}
        members |= {"name": None} if answer is None else lines.plain(answer)
        _print("forwarded", **members, attempt=attempt)

    def missed(self, unseen: "Unseen") -> None:
        _print("missed", **_event(unseen.event), status=unseen.status)

    def lost(self, event: SystemEvent) -> None:
        _print("lost", **_event(event), status=event.event_cycle_status.value)

    def ended(self, counts: "Counts", cursor_file: Path | None) -> None:
        _print(
            "ended",
            forwarded=counts.forwarded,
            waiting=counts.waiting,
            missed=counts.missed,
            cursor=str(cursor_file) if cursor_file else None,
        )


def _event(event: SystemEvent) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "instance_id": event.instance_id,
        "event_type": event.event_type,
        "not_before": format_time(event.not_before),
        "publish_time": format_time(event.publish_time),
    }


def _print(kind: str, **members: Any) -> None:
    click.echo(json.dumps({"kind": kind, **members}))
