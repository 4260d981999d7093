"""The test that a thread, a task or a job of an executor belongs to, also after the test has ended.

A thread belongs to the test that started it, or to that of the thread that started it. A task
has the context of the code that created it, a job that of the code that submitted it. Not
covered: a thread that a library starts outside Python's `threading`, and jobs that are handed to a
thread by other means, such as a queue: they belong to the test that started that thread.
"""

import functools
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as executor_threads
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Origin:
    """One test, as the origin of what it starts."""

    def __init__(self, test: str) -> None:
        self.test = test
        self.has_ended = False


_of_context: ContextVar[Origin | None] = ContextVar("simevents_origin", default=None)
_is_tracking = False
_of_thread: "weakref.WeakKeyDictionary[threading.Thread, Origin]" = weakref.WeakKeyDictionary()


def current() -> Origin | None:
    """The test that the running code belongs to; None for code of no test."""
    origin = _of_context.get()
    if origin is not None:
        return origin
    thread = threading.current_thread()
    # The threads of an executor are shared; their jobs have the origin.
    if thread in executor_threads._threads_queues:  # noqa: SLF001
        return None
    return _of_thread.get(thread)


def left_behind_by() -> str | None:
    """The name of the test that has ended and to which the running code belongs; else None."""
    origin = current()
    return origin.test if origin is not None and origin.has_ended else None


@contextmanager
def running(test: str) -> Iterator[Origin]:
    """What starts within the block belongs to *test*; what goes on after it was left behind."""
    _track_threads()
    before, origin = _of_context.get(), Origin(test)
    _of_context.set(origin)
    try:
        yield origin
    finally:
        origin.has_ended = True
        _of_context.set(before)


def _track_threads() -> None:
    """Note the origin of each thread and of each job from now on; does so once."""
    global _is_tracking  # noqa: PLW0603 - the functions are replaced once for the process
    if _is_tracking:
        return
    _is_tracking = True
    start: Any = threading.Thread.start
    submit: Any = ThreadPoolExecutor.submit

    @functools.wraps(start)
    def started(thread: threading.Thread) -> None:
        origin = current()
        if origin is not None:
            _of_thread[thread] = origin
        start(thread)

    @functools.wraps(submit)
    def submitted(
        executor: ThreadPoolExecutor, job: Callable[..., Any], /, *arguments: Any, **options: Any
    ) -> Any:
        origin = current()
        if origin is not None:
            job = functools.partial(_in_origin, origin, job)
        return submit(executor, job, *arguments, **options)

    threading.Thread.start = started  # type: ignore[method-assign, assignment]
    ThreadPoolExecutor.submit = submitted  # type: ignore[method-assign, assignment]


def _in_origin(origin: Origin, job: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    token = _of_context.set(origin)
    try:
        return job(*arguments, **options)
    finally:
        _of_context.reset(token)
