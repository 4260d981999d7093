"""The command line's `create` in the process of the test, on the cloud of the model.

Signals are given to the handler that is installed, at a chosen call of the API, so a run is
the same every time; tests/unit/test_cli_interrupted.py has real ones. Batches are small and
are sent one after the other.
"""

import io
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import ClassVar
from unittest import mock

from simevents import cli
from simevents.api import client
from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Answer
from simevents.cli import options, streams
from simevents.reconcile import create_events
from simevents.settings import Settings, find_credentials
from tests.conftest import REGION
from tests.model.inner_cloud import InnerCloud, KillableSdk, Killed

ENDPOINT = "http://127.0.0.1:1"
SIGKILL = signal.SIGKILL
SIGPIPE_CODE = 128 + signal.SIGPIPE


class SignalledSdk(KillableSdk):
    """Before and after each call the next of *signals* is due, if there is one.

    They are numbered: 0 is before the first call, 1 is after it.
    """

    signals: ClassVar[dict[int, signal.Signals]] = {}
    moment: ClassVar[int] = 0

    def call(
        self, action: str, *, seconds: float | None = None, **parameters: str | int | list[str]
    ) -> Answer:
        self._deliver()
        try:
            return super().call(action, seconds=seconds, **parameters)
        finally:
            self._deliver()

    @classmethod
    def _deliver(cls) -> None:
        number = cls.signals.get(cls.moment)
        cls.moment += 1
        if number is None:
            return
        handler = None if number == SIGKILL else signal.getsignal(number)
        if not callable(handler) or handler is signal.default_int_handler:
            raise Killed
        handler(number, None)


class GoneReader(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@dataclass
class Ended:
    """How a command ended; *code* is None when it was killed."""

    code: int | None = None
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    @property
    def said(self) -> str:
        return self.stderr.getvalue()


def run(
    cloud: InnerCloud,
    words: Sequence[str],
    signals: dict[int, signal.Signals],
    lost: Sequence[str] = (),
) -> Ended:
    """Run the command with the signals; *lost* names the streams whose reader has gone."""
    ended = Ended(
        stdout=GoneReader() if "stdout" in lost else io.StringIO(),
        stderr=GoneReader() if "stderr" in lost else io.StringIO(),
    )
    SignalledSdk.signals, SignalledSdk.moment = signals, 0

    def connect(region: str, endpoint: str | None) -> SystemEvents:
        target = Settings(region, endpoint)
        sdk = SignalledSdk(target, find_credentials(target, {}, lambda: None))
        sdk.cloud = cloud
        start = cloud.clock.now()
        patience = Patience(sleep=cloud.advance, clock=lambda: cloud.clock.now() - start)
        return SystemEvents(sdk, target, patience)

    def end(error: OSError) -> None:
        raise SystemExit(SIGPIPE_CODE)

    where = ["--region", REGION, "--endpoint", ENDPOINT]
    with ExitStack() as replaced:
        for patch in (
            mock.patch.object(options, "connect", connect),
            mock.patch.object(streams, "_end", end),
            mock.patch.object(client, "BATCH_LIMIT", 2),
            mock.patch.object(client, "PARALLEL_CALLS", 1),
            mock.patch.object(create_events, "PARALLEL_CALLS", 1),
            mock.patch.object(sys, "argv", ["simevents", words[0], *where, *words[1:]]),
            redirect_stdout(ended.stdout),
            redirect_stderr(ended.stderr),
        ):
            replaced.enter_context(patch)
        try:
            cli.main()
        except SystemExit as left:
            ended.code = int(left.code or 0)
        except Killed:
            ended.code = None
    return ended
