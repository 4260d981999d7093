"""Writes the deliveries that a change causes, in the transaction of the change."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

from ...state.cloud import Cloud
from ...state.occurrences import Occurrence
from ...state.outbox_table import NewDelivery
from ..notice import Notice
from ..notices import notices


class Channel(Protocol):
    """A product or a person that has rules about which changes are delivered where."""

    def has_rules(self) -> bool:
        """Whether there is any rule; without one, nobody looks at changes."""
        ...

    def __call__(self, notices: Sequence[Notice]) -> Iterable[NewDelivery]:
        """What the rules ask for, in the order of *notices*."""
        ...


class Emitter:
    """Asks *channels* about each change in *cloud*, while any of them has a rule."""

    def __init__(self, cloud: Cloud, channels: Sequence[Channel]) -> None:
        self._cloud = cloud
        self._channels = channels
        self.is_listening = False
        """Whether there is any rule."""
        cloud.on_rules = self.look
        cloud.store.after_rollback = self.look
        self.look()

    def look(self) -> None:
        """Begin or end listening, after rules have changed."""
        self.is_listening = any(channel.has_rules() for channel in self._channels)
        self._cloud.listen(self._emit if self.is_listening else None)

    def _emit(self, occurrences: Sequence[Occurrence]) -> None:
        about = notices(self._cloud, occurrences)
        switches = self._cloud.switches
        wanted = chain.from_iterable(channel(about) for channel in self._channels)
        times = 1 + int(switches.delivery_duplicates)
        repeated = (new for new in wanted for _ in range(times))
        self._cloud.store.outbox.add(repeated, switches.delivery_delay)
