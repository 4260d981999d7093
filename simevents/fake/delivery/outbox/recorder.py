"""Writes what the dispatcher has done, many changes in one transaction.

All changes of one turn of the event loop are written together: with several targets, one
transaction serves them all. It is not durable: after a power failure, what had been delivered
may be delivered again.
"""

import asyncio
from collections.abc import Callable

from ...state.store import Store

Change = Callable[[], None]


class Recorder:
    """Writes to *store* in the running event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changes: list[Change] = []
        self._written: asyncio.Future[None] | None = None
        self.is_writing = False
        """Whether a transaction of this object is being committed."""

    def write(self, change: Change) -> "asyncio.Future[None]":
        """Call *change* in a transaction soon; the future is done when it is committed.

        The future has the exception if the data file cannot be written.
        """
        self._changes.append(change)
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            loop.call_soon(self._flush)
        return self._written

    def _flush(self) -> None:
        changes, written = self._changes, self._written
        self._changes, self._written = [], None
        assert written is not None
        try:
            self.now(*changes)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if not written.cancelled():
                written.set_exception(error)
            return
        if not written.cancelled():
            written.set_result(None)

    def now(self, *changes: Change) -> None:
        """Call *changes* in one transaction at once."""
        self.is_writing = True
        try:
            with self._store.transaction(durable=False):
                for change in changes:
                    change()
        finally:
            self.is_writing = False
