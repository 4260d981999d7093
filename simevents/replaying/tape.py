"""One cassette file of exchanges that go through a proxy, for replaying or for recording.

Format, scrubbing and matching are those of the pytest plugin, whose modules do all of it: what a
program in any language records replays in a test, and the other way round.
"""

import os
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from vcr.request import Request as VcrRequest

from ..errors import InvalidInput, Unrecordable, Unrecorded
from ..fake.protocol.wire import Request, Response
from ..testing.recording.cassettes import (
    business_parameters,
    recorded_at,
    recorded_instances,
    save,
    unpatched,
)
from .role_keys import asks_for_keys

_MOST_KEPT = 1_000

_HOW = (
    "with --record-allow, or with ecs_cassette_allow in pytest's configuration where a test "
    "replays it; or leave the call out of the program"
)


class ReplayedTape:
    """The exchanges of a file. Each is played once, in the order of the file."""

    def __init__(self, file: Path, allow: Iterable[str] = ()) -> None:
        """Raises InvalidInput if *file* cannot be replayed."""
        first, self._again = f"--record {file}", f"--record {file} --rewrite"
        if not file.is_file():
            raise InvalidInput("--replay", f"{file} is not there; record it with {first}")
        try:
            self._cassette = unpatched(file, allow, again=self._again)
        except OSError as error:
            raise InvalidInput("--replay", f"{file} cannot be read: {error.strerror}") from None
        self._file = file
        self._first = first
        self.unrecorded: list[Unrecorded] = []
        """The requests that the file has no answer to."""

    def __len__(self) -> int:
        return len(self._cassette)

    @property
    def recorded_at(self) -> datetime | None:
        """The cloud's time when it was recorded; None where the file does not say."""
        try:
            return recorded_at(self._cassette, datetime.now(UTC))
        except InvalidInput:
            return None

    def answer(self, url: str, request: Request) -> Response | None:
        """What was answered; None to a request that no cassette has: it is none of the cloud's.

        Raises Unrecorded when the file has no answer that was not played.
        """
        asked = self._cassette.filter_request(_asked(url, request))
        if asked is None:
            return None
        if self._cassette.can_play_response_for(asked):
            return _answer(self._cassette.play_response(asked))
        recorded = [business_parameters(each) for each in self._cassette.requests]
        unrecorded = Unrecorded(
            *(str(self._file), business_parameters(asked), recorded, self._again, self._first)
        )
        if len(self.unrecorded) < _MOST_KEPT:
            self.unrecorded.append(unrecorded)
        raise unrecorded

    def unplayed(self) -> list[dict[str, str]]:
        """The recorded calls that were not played, in the order of the file."""
        played = self._cassette.play_counts
        return [
            business_parameters(request)
            for index, request in enumerate(self._cassette.requests)
            if not played[index]
        ]


class RecordedTape:
    """Takes exchanges; `write` writes them to the file at once."""

    def __init__(self, file: Path, allow: Iterable[str] = (), *, rewrite: bool = False) -> None:
        """Raises InvalidInput if *file* exists and is not to be rewritten, or cannot be written."""
        if file.exists() and not (rewrite and file.is_file()):
            raise InvalidInput(
                "--record",
                f"{file} exists; add --rewrite to replace it, or name another file"
                if file.is_file()
                else f"{file} is not a file; use a path such as cassettes/drill.yaml",
            )
        _check_folder(file)
        self._file = file
        self._cassette = unpatched(file, allow, record=True, again=f"--record {file}")
        self._failures: Counter[str] = Counter()
        self._began: datetime | None = None

    def __len__(self) -> int:
        return len(self._cassette)

    def add(self, url: str, request: Request, answer: Response) -> None:
        """Keep one exchange, scrubbed. Keys of a role that the instance has are left out."""
        if asks_for_keys(request):
            return
        self._began = self._began or _date(answer)
        try:
            self._cassette.append(_asked(url, request), _recorded(answer))
        except Exception as error:  # noqa: BLE001 - the program has its answer all the same
            self._failures[f"an exchange that cannot be read ({type(error).__name__})"] += 1

    def write(self, instance_ids: Iterable[str], now: datetime) -> None:
        """Write the file. Raises Unrecordable; then it is as it was before.

        *now* is the cloud's time, for a recording without an exchange.
        """
        recorded_at(self._cassette, self._began or now)
        recorded_instances(self._cassette).extend(instance_ids)
        try:
            if self._failures:
                raise Unrecordable(str(self._file), self._failures)
            save(self._cassette)
        except Unrecordable as error:
            raise Unrecordable(error.cassette, error.met, _HOW) from None
        except OSError as error:
            raise InvalidInput(
                "--record", f"{self._file} cannot be written: {error.strerror}"
            ) from None


def _check_folder(file: Path) -> None:
    folder = next(parent for parent in file.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput("--record", f"{file} cannot be written: {folder} does not let it")


def _asked(url: str, request: Request) -> VcrRequest:
    return VcrRequest(request.method, url, request.body, dict(request.headers))


def _answer(recorded: dict[str, Any]) -> Response:
    headers = [
        (name.lower().encode("latin-1"), str(value).encode("latin-1"))
        for name, values in recorded["headers"].items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    body = recorded["body"].get("string") or b""
    return Response(recorded["status"]["code"], headers, body)


def _recorded(answer: Response) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {
        "status": {"code": answer.status, "message": ""},
        "headers": headers,
        "body": {"string": answer.body},
    }


def _date(answer: Response) -> datetime | None:
    for name, value in answer.headers:
        if name.lower() == b"date":
            try:
                return parsedate_to_datetime(value.decode("latin-1")).astimezone(UTC)
            except ValueError:
                return None
    return None
