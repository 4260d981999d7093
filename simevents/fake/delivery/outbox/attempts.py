"""Makes attempts at deliveries, and says what follows from how each has ended."""

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ...state.cloud import Cloud
from ...state.outbox_table import FAILED, Delivery, Ended, Outcome
from ..retries import wait_before_retry

MOST_ANSWER_CHARACTERS = 500
"""Of an answer, or of the reason why there is none, that are kept."""

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Makes one attempt; it never raises for what the target does."""

    async def __call__(self, delivery: Delivery) -> Outcome: ...


Place = Callable[[Delivery], Outcome]
"""Makes an attempt within the transaction that records it."""


class Attempts:
    """*senders* and *places* by kind of target."""

    def __init__(
        self, cloud: Cloud, senders: Mapping[str, Sender], places: Mapping[str, Place]
    ) -> None:
        self._cloud = cloud
        self._senders = senders
        self._places = places

    def is_placed(self, delivery: Delivery) -> bool:
        """Whether the attempt is made within a transaction, by `place`; else by `send`."""
        return delivery.new.kind in self._places

    async def send(self, delivery: Delivery) -> Ended:
        sender = self._senders.get(delivery.new.kind)
        if sender is None:
            outcome = Outcome(
                FAILED, answer=f"the fake does not deliver to {delivery.new.kind[:100]}"
            )
            return self._ended(delivery, outcome)
        try:
            outcome = await sender(delivery)
        except Exception as error:  # noqa: BLE001 - it is logged
            outcome = _failed_here(delivery, error)
        return self._ended(delivery, outcome)

    def place(self, batch: Sequence[Delivery]) -> list[Ended]:
        """Make the attempts at *batch*, up to the first failure that later ones wait for."""
        made = []
        for delivery in batch:
            try:
                outcome = self._places[delivery.new.kind](delivery)
            except sqlite3.Error:
                raise
            except Exception as error:  # noqa: BLE001 - it is logged
                outcome = _failed_here(delivery, error)
            made.append(self._ended(delivery, outcome))
            if holds_up(made[-1], delivery):
                break
        return made

    def _ended(self, delivery: Delivery, outcome: Outcome) -> Ended:
        """An attempt with the time of the next one; the last that fails is for the dead letters."""
        number, now, retry_at = delivery.attempts + 1, self._cloud.now(), None
        if outcome.outcome == FAILED:
            wait = wait_before_retry(delivery.new.retry, number, self._cloud.random)
            retry_at = None if wait is None else now + wait
        is_dead = outcome.outcome == FAILED and retry_at is None and delivery.new.dead_letter
        kept = replace(outcome, answer=outcome.answer[:MOST_ANSWER_CHARACTERS])
        dead = delivery if is_dead else None
        return Ended(delivery.delivery_id, number, kept, now, retry_at, dead)


def holds_up(ended: Ended, delivery: Delivery) -> bool:
    """Whether the later deliveries of the lane have to wait after this attempt."""
    return delivery.new.blocks and ended.outcome.outcome == FAILED


def _failed_here(delivery: Delivery, error: Exception) -> Outcome:
    # A lane must not end because of one delivery.
    log.error("the attempt at delivery %s failed", delivery.delivery_id, exc_info=error)
    return Outcome(FAILED, answer=f"{type(error).__name__} in the fake")
