"""Calls the targets in this process: on which thread, in which order, and what a failure does.

Whatever a test does to the cloud, such as `schedule`, is followed on the same thread by the
deliveries that it caused, and by those that these cause. What other callers cause, such as a
program that calls the API, is delivered on one worker thread.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from ...errors import SimulatedEventsError
from ...fake.control.client import Control
from ...fake.delivery.outbox.in_process import InProcess
from ...fake.http_server import ServerError
from ...fake.state.delivery_records import Delivery
from .asgi import AsgiLoop
from .targets import Target

# pytest shows the line of the test and those of the handler, not ours.
__tracebackhide__ = True

MOST_FOLLOWING = 1_000
"""Deliveries that may follow from deliveries, one after the other."""

PATIENCE_SECONDS = 30.0
"""Real time that the test's own thread waits for targets outside: longer than their time-outs."""

PATIENCE_ELSEWHERE_SECONDS = 1.0
"""The same for other threads: one of them may be the server that has to answer."""

SETTLE_SECONDS = 5.0
"""Real time that an expectation, and the end of the test, wait for the worker."""

T = TypeVar("T")


@dataclass
class _Run:
    """The deliveries that one thread makes in a row."""

    last_caused: int = 0
    """The id of the last delivery that the test itself has caused; what is newer follows."""
    following: int = 0
    is_over: bool = False


_current: ContextVar[_Run | None] = ContextVar("simevents_delivering", default=None)
"""The run in which this code is called; tasks and jobs that it starts have it too."""


class Calls:
    """The targets of one test, by the address that their deliveries have."""

    def __init__(self, control: Control, in_process: InProcess, asgi: AsgiLoop) -> None:
        self._control = control
        self._in_process = in_process
        self._asgi = asgi
        self._targets: dict[str, Target] = {}
        self._home = threading.current_thread()
        self._lock = threading.Lock()
        self._pumping = 0
        """Threads of the test that deliver by themselves what they find."""
        self._under_way: set[int] = set()
        self._wake = threading.Event()
        self._worker: threading.Thread | None = None
        self._is_over = False
        self._failures: list[BaseException] = []
        in_process.on_offer = self._wake.set

    @property
    def is_delivering(self) -> bool:
        """Whether this code is called by a handler, or may not wait for one."""
        run = _current.get()
        return (run is not None and not run.is_over) or self._asgi.is_here()

    @property
    def stops_at_changes(self) -> bool:
        """Whether a turn of the clock has to stop at each change, since somebody is told of it."""
        return not self.is_delivering and bool(self._wait(0)["is_listening"])

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._targets)

    def add(self, address: str, target: Target) -> None:
        """Deliveries to *address* go to *target* from now on."""
        self._targets[address] = target
        if self._worker is None:
            # Of this thread, so that it belongs to the test.
            self._worker = threading.Thread(
                target=self._work, name="simevents-deliveries", daemon=True
            )
            self._worker.start()

    def causing(self, change: Callable[[], T]) -> T:
        """Make a change of the cloud, then the deliveries that it causes.

        Within a handler they follow after the handler. Raises what a handler raises.
        """
        if self.is_delivering or self._is_over:
            return change()
        with self._lock:
            self._pumping += 1
        try:
            changed = change()
            failures = self._pump()
        finally:
            with self._lock:
                self._pumping -= 1
            self._wake.set()
        _raise(failures)
        return changed

    def settle(self) -> None:
        """Wait a little for what other callers have caused, if a target here may be told of it."""
        if not self._targets or self.is_delivering or self._is_over:
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            waited = self._control.post("deliveries/wait", seconds=left)
            if waited["is_quiet"]:
                return
            if waited["in_process"]:
                # The worker is about to take it.
                self._wake.set()
                time.sleep(0.001)

    def end(self) -> list[BaseException]:
        """Call nothing any more; what handlers have raised on the worker."""
        if not self._is_over:
            self.settle()
            self._is_over = True
            self._wake.set()
            if self._worker is not None:
                self._worker.join(SETTLE_SECONDS)
                if self._worker.is_alive():
                    self._failures.append(_never_returned(SETTLE_SECONDS))
            self.clear()
            # The fake serves other tests: what is still on its way must not stay in its way.
            self._in_process.on_offer = self._refuse_all
            self._refuse_all()
            self._failures += self._asgi.end()
        failures, self._failures = self._failures, []
        return failures

    def clear(self) -> None:
        """Forget the targets; what is under way ends as failed."""
        self._targets.clear()
        for delivery_id in list(self._under_way):
            self._answer(delivery_id, is_delivered=False, text="the test has ended")
        if not self._is_over:
            self._refuse_all()

    # Delivering.

    def _pump(self) -> list[BaseException]:
        """Deliver on this thread until nothing is due or under way; what handlers have raised."""
        is_home = threading.current_thread() is self._home
        patience = PATIENCE_SECONDS if is_home else PATIENCE_ELSEWHERE_SECONDS
        run, failures = _Run(), list[BaseException]()
        try:
            waited = self._wait(patience)
            run.last_caused = waited["last_id"]
            while waited["in_process"]:
                self._deliver_all(run, failures, self._in_process.take)
                if patience <= 0:
                    break
                begun = time.monotonic()
                waited = self._wait(patience)
                patience -= time.monotonic() - begun
        finally:
            run.is_over = True
        return failures

    def _work(self) -> None:
        """The worker: delivers while no thread of the test does."""
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._is_over:
                return
            run = _Run()
            with suppress(ServerError):
                # A handler may return when the fake is gone.
                self._deliver_as_worker(run)
            run.is_over = True

    def _deliver_as_worker(self, run: _Run) -> None:
        waited = self._wait(0)
        run.last_caused = waited["last_id"]
        while waited["in_process"] and not self._is_over and not self._pumping:
            self._deliver_all(run, self._failures, self._take_as_worker)
            waited = self._wait(PATIENCE_ELSEWHERE_SECONDS)

    def _take_as_worker(self) -> Delivery | None:
        with self._lock:
            return None if self._pumping or self._is_over else self._in_process.take()

    def _wait(self, seconds: float) -> dict[str, Any]:
        waited = self._control.post("deliveries/wait", seconds=seconds)
        assert isinstance(waited, dict)
        return waited

    def _deliver_all(
        self, run: _Run, failures: list[BaseException], take: Callable[[], Delivery | None]
    ) -> None:
        while (delivery := take()) is not None:
            failure = self._deliver(delivery, run)
            if failure is not None:
                failures.append(failure)

    def _deliver(self, delivery: Delivery, run: _Run) -> BaseException | None:
        id = delivery.delivery_id
        self._under_way.add(id)
        target = self._targets.get(delivery.new.address)
        if target is None:
            self._answer(id, is_delivered=False, text="the test has no such target")
            return None
        run.following += id > run.last_caused
        if run.following > MOST_FOLLOWING:
            self._answer(id, is_delivered=False, text="not called: too many deliveries followed")
            return _endless(target) if run.following == MOST_FOLLOWING + 1 else None
        token = _current.set(run)
        try:
            answer = target.call(delivery)
        except KeyboardInterrupt:
            self._answer(id, is_delivered=False, text="interrupted")
            raise
        # pytest.fail raises no Exception, and on the worker's thread it would end nothing.
        except BaseException as error:  # noqa: BLE001
            self._answer(id, is_delivered=False, text=f"raised {type(error).__name__}")
            error.add_note(
                f"Raised by {target.description}, which was told of {delivery.new.name} on "
                f"{delivery.new.instance_id}."
            )
            return error
        finally:
            _current.reset(token)
        self._answer(
            id, is_delivered=answer.is_delivered, text=answer.text, status=answer.http_status
        )
        return None

    def _answer(self, id: int, *, is_delivered: bool, text: str, status: int = 0) -> None:
        with self._lock:
            if id not in self._under_way:
                # A handler has returned after the end of its test.
                return
            self._under_way.discard(id)
        self._in_process.answer(id, is_delivered=is_delivered, text=text, http_status=status)

    def _refuse_all(self) -> None:
        while (delivery := self._in_process.take()) is not None:
            self._in_process.answer(
                delivery.delivery_id, is_delivered=False, text="the test has ended"
            )


def _raise(failures: list[BaseException]) -> None:
    if not failures:
        return
    first, *others = failures
    for other in others:
        first.add_note(f"After it a handler has raised {type(other).__name__}: {other}")
    raise first


def _endless(target: Target) -> SimulatedEventsError:
    return SimulatedEventsError(
        f"{target.description} was told of more than {MOST_FOLLOWING} changes that followed from "
        "what it was told of, and is told no more: does it cause a change each time? Let it look "
        "at the name of the change first."
    )


def _never_returned(seconds: float) -> SimulatedEventsError:
    return SimulatedEventsError(
        f"A handler that was told of a change has not returned {seconds:g} s after the end of the "
        "test. Let it wait for nothing that never comes."
    )
