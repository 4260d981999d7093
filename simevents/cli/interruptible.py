"""The course of ``create`` by hand: nothing that ends it leaves an event that is not named.

A signal, a closed terminal or a broken pipe takes back what was created. Against SIGKILL the
command that would cancel the events is on stderr before the first of them exists.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ..errors import CloudError, LeftOpen
from ..models import SystemEvent
from ..reconcile.create_events import take_back
from ..reconcile.event_steps import create
from ..reconcile.intended_events import IntendedEvents
from ..reconcile.remedies import discard_ids, sweep_command_for
from . import output, streams

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_NOTED = b"Interrupted: what was created is being cancelled; a second signal changes nothing.\n"


def create_and_show(
    events: IntendedEvents, show: Callable[[Collection[SystemEvent]], None]
) -> None:
    """Give each instance of the intent its event and *show* the events; on failure none.

    Raises what `event_steps.create` raises, CloudError after a signal or when the ids
    cannot be printed anywhere, and OSError when stdout has failed and stderr has the ids.
    """
    count = len(events.intent.instance_ids)
    with _signals_noted() as interrupted, _trace(events):
        with output.progress(f"Scheduling on {count} instances"):
            made = create(events, lambda: not interrupted.is_set())
        if interrupted.is_set():
            raise take_back(events, made, CloudError("The command was interrupted."))
        lost = streams.lost_output(lambda: show(made.values()))
        if lost is None:
            return
        ids = " ".join(sorted(event.event_id for event in made.values()))
        if not streams.say(f"stdout cannot be written; {count} events are scheduled: {ids}"):
            raise take_back(events, made, CloudError("Their ids could not be printed."))
        if sys.stdout is not None:
            raise lost


@contextmanager
def _trace(events: IntendedEvents) -> Iterator[None]:
    """Print how to cancel the events if the process is killed, before any exists."""
    intent = events.intent
    command = sweep_command_for(events.api.settings, intent, intent.instance_ids)
    streams.say(f"If this is killed, cancel what it leaves: {command}")
    try:
        yield
    except LeftOpen:
        raise
    except BaseException:
        discard_ids(command)
        raise
    discard_ids(command)


@contextmanager
def _signals_noted() -> Iterator[threading.Event]:
    """An event that is set by the first signal to end; further ones change nothing.

    A signal that was ignored stays ignored, as nohup and background jobs need it.
    """
    interrupted = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        if not interrupted.is_set() and sys.stderr is not None:
            # Not by the stream: the signal may have come while it was being written.
            with suppress(OSError):
                os.write(2, _NOTED)
        interrupted.set()

    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    noted = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in noted:
        signal.signal(number, note)
    try:
        yield interrupted
    finally:
        for number in noted:
            signal.signal(number, before[number])
