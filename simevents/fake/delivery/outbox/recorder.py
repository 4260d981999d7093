"""Writes which attempts have begun and ended, many in one transaction.

All of one turn of the event loop are written together: with several targets, one transaction
serves them all. It is not durable: after a power failure, what had been delivered may be
delivered again.
"""

import asyncio
from collections.abc import Callable, Sequence

from ...state.delivery_records import Delivery, Ended
from ...state.store import Store


class Recorder:
    """Writes to *store* in the running event loop.

    *bury* puts a delivery that has failed for good into its dead-letter queue.
    """

    def __init__(self, store: Store, bury: Callable[[Delivery], None]) -> None:
        self._store = store
        self._bury = bury
        self._begun: list[int] = []
        self._ended: list[Ended] = []
        self._written: asyncio.Future[None] | None = None
        self._cleared = 0
        self.is_writing = False
        """Whether a transaction of this object is being committed."""

    def write(self, begun: int | None, ended: Ended | None) -> "asyncio.Future[None]":
        """An attempt at the delivery *begun* begins, and that of *ended* has ended.

        The future is done when that is committed; it has the exception if the data file cannot be
        written.
        """
        if self._written is None:
            loop = asyncio.get_running_loop()
            self._written = loop.create_future()
            self._cleared = self._store.outbox.cleared
            loop.call_soon(self._flush)
        if begun is not None:
            self._begun.append(begun)
        if ended is not None:
            self._ended.append(ended)
        return self._written

    def _flush(self) -> None:
        begun, ended, written = self._begun, self._ended, self._written
        self._begun, self._ended, self._written = [], [], None
        assert written is not None
        try:
            # The cloud may have been emptied in the same turn.
            if self._cleared == self._store.outbox.cleared:
                self._now(lambda: self._record(begun, ended))
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if not written.cancelled():
                written.set_exception(error)
            return
        if not written.cancelled():
            written.set_result(None)

    def _record(self, begun: Sequence[int], ended: Sequence[Ended]) -> None:
        self._store.outbox.record(begun, ended)
        for each in ended:
            if each.dead is not None:
                self._bury(each.dead)

    def _now(self, change: Callable[[], None]) -> None:
        """Call *change* in a transaction at once."""
        self.is_writing = True
        try:
            with self._store.transaction(durable=False):
                change()
        finally:
            self.is_writing = False

    def place(self, place: Callable[[], Sequence[Ended]]) -> None:
        """Call *place*, which makes attempts, and record these in the same transaction."""

        def change() -> None:
            ended = place()
            self._record([each.delivery_id for each in ended], ended)

        self._now(change)
